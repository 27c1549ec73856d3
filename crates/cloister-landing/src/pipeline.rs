//! Reader → validators → collector: one thread reads, several validate, the caller collects in order.

use crate::LandingError;
use crate::column::{Builder, ColumnPlan, Context, Landing};
use crate::identity::{Identity, pseudonym};
use crate::inputs::InputFile;
use crate::memo::Memo;
use crate::progress::Progress;
use crate::reader::{Chunk, read};
use crate::records::Record;
use crate::reject::Reject;
use arrow::array::{ArrayRef, FixedSizeBinaryBuilder};
use cloister_governance::TableContract;
use cloister_model::Ident;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

/// Chunks that may wait between two threads.
const WAITING_MAX: usize = 4;

/// A validated chunk.
pub(crate) struct Validated {
    pub(crate) file: u16,
    /// Records read.
    pub(crate) read: u64,
    /// The people of the rows that passed; empty for a reference table.
    pub(crate) people: Vec<Identity>,
    /// The row numbers that passed.
    pub(crate) rows: Vec<u64>,
    /// The landed columns but the person, in the contract's order.
    pub(crate) columns: Vec<ArrayRef>,
    /// The hash of the columns that must be unique for a person, where the contract names some.
    pub(crate) keys: Option<ArrayRef>,
    pub(crate) rejects: Vec<Reject>,
    /// Rows with at least one objection.
    pub(crate) rejected: u64,
}

/// A table's columns made ready.
pub(crate) struct TablePlan<'a> {
    pub(crate) table: &'a TableContract,
    pub(crate) context: Context<'a>,
    columns: Vec<ColumnPlan<'a>>,
    /// The columns, but the person's, that must be unique for a person; none for the person's own.
    unique: Vec<Option<usize>>,
}

type Numbered = (u64, Result<Validated, LandingError>);

impl<'a> TablePlan<'a> {
    pub(crate) fn new(table: &'a TableContract, context: Context<'a>) -> Result<Self, LandingError> {
        let columns = table.columns.iter().map(|c| ColumnPlan::new(c, table.is_person(c)));
        let columns = columns.collect::<Result<_, _>>().map_err(|e| LandingError::Internal(e.to_string()))?;
        let place = |name: &Ident| table.columns.iter().position(|c| c.name == *name && !table.is_person(c));
        let unique = table.unique.iter().map(place).collect();
        Ok(Self { table, context, columns, unique })
    }

    /// Reads and validates every file; `collect` gets the chunks in order.
    pub(crate) fn run(
        &self,
        files: &[InputFile],
        threads: usize,
        progress: &dyn Progress,
        mut collect: impl FnMut(Validated) -> Result<(), LandingError>,
    ) -> Result<(), LandingError> {
        std::thread::scope(|scope| {
            let (chunks, to_validate) = sync_channel::<(u64, Chunk)>(WAITING_MAX);
            let (validated, to_collect) = sync_channel::<Numbered>(WAITING_MAX);
            let to_validate = Arc::new(Mutex::new(to_validate));
            let reading = scope.spawn(move || self.read_all(files, &chunks));
            for _ in 0..threads.max(1) {
                let (from, to) = (to_validate.clone(), validated.clone());
                scope.spawn(move || self.validate_all(&from, &to, progress));
            }
            drop(validated);
            drop(to_validate);
            let collected = in_order(&to_collect, &mut collect);
            // Where collecting failed, the others stop as soon as nobody takes what they give.
            drop(to_collect);
            let read = reading.join().map_err(|_| LandingError::Internal("a reader stopped".to_owned()))?;
            collected.and(read)
        })
    }

    fn read_all(&self, files: &[InputFile], chunks: &SyncSender<(u64, Chunk)>) -> Result<(), LandingError> {
        let mut number = 0u64;
        for (index, file) in (0u16..).zip(files) {
            read(file, index, self.table, &mut |chunk| {
                number += 1;
                chunks.send((number - 1, chunk)).is_ok()
            })?;
        }
        Ok(())
    }

    fn validate_all(
        &self,
        from: &Mutex<Receiver<(u64, Chunk)>>,
        to: &SyncSender<Numbered>,
        progress: &dyn Progress,
    ) {
        let mut memos: Vec<Memo> = self.columns.iter().map(|_| Memo::default()).collect();
        loop {
            let next = match from.lock() {
                Ok(from) => from.recv(),
                Err(_) => return,
            };
            let Ok((number, chunk)) = next else { return };
            progress.advance(chunk.bytes, chunk.records.len() as u64);
            if to.send((number, self.validate(&chunk, &mut memos))).is_err() {
                return;
            }
        }
    }

    fn validate(&self, chunk: &Chunk, memos: &mut [Memo]) -> Result<Validated, LandingError> {
        let rows = chunk.records.len();
        let mut builders: Vec<Option<Builder>> = self
            .columns
            .iter()
            .map(|c| c.contract.landed().and_then(|landed| Builder::new(landed.landed_type, rows)))
            .collect();
        let unique = !self.unique.is_empty();
        let mut keys = unique.then(|| FixedSizeBinaryBuilder::with_capacity(rows, 16));
        let mut out = Validated {
            file: chunk.file,
            read: rows as u64,
            people: Vec::with_capacity(rows),
            rows: Vec::with_capacity(rows),
            columns: Vec::new(),
            keys: None,
            rejects: Vec::new(),
            rejected: 0,
        };
        let mut values: Vec<Landing<'_>> = Vec::with_capacity(self.columns.len());
        for (row, record) in (chunk.first_row..).zip(chunk.records.iter()) {
            values.clear();
            let before = out.rejects.len();
            if record.len() == chunk.width {
                self.validate_record(chunk, row, record, memos, &mut values, &mut out.rejects);
            } else {
                out.rejects.push(Reject { row, column: None, code: "ragged-row" });
            }
            if out.rejects.len() > before {
                out.rejected += 1;
                continue;
            }
            for (builder, value) in builders.iter_mut().zip(&values) {
                if let Some(builder) = builder {
                    builder.push(value).map_err(|e| LandingError::Internal(e.to_owned()))?;
                } else if let Landing::Person(identity) = value {
                    out.people.push(identity.clone());
                }
            }
            if let Some(keys) = &mut keys {
                keys.append_value(self.unique_key(chunk, record))?;
            }
            out.rows.push(row);
        }
        out.columns = builders.into_iter().flatten().map(Builder::finish).collect();
        out.keys = keys.map(|mut k| Arc::new(k.finish()) as ArrayRef);
        Ok(out)
    }

    fn validate_record<'t>(
        &self,
        chunk: &Chunk,
        row: u64,
        record: Record<'t>,
        memos: &mut [Memo],
        values: &mut Vec<Landing<'t>>,
        rejects: &mut Vec<Reject>,
    ) {
        let field = |place: Option<usize>| place.map_or(Some(""), |p| record.text(p));
        let days = OnceCell::new();
        let shift = || *days.get_or_init(|| self.shift_days(chunk, record));
        let columns = self.columns.iter().zip(chunk.places.iter()).zip(memos);
        for (index, ((column, place), memo)) in columns.enumerate() {
            match column.land(field(*place), &self.context, memo, &shift) {
                Ok(value) => values.push(value),
                Err(code) => {
                    values.push(Landing::Null);
                    rejects.push(Reject { row, column: Some(index), code });
                }
            }
        }
    }

    /// The days that the dates of this row's person move by; 0 where the person is not known, in which
    /// case the row does not land.
    fn shift_days(&self, chunk: &Chunk, record: Record<'_>) -> i64 {
        let place =
            self.columns.iter().position(|c| c.person).and_then(|i| chunk.places.get(i).copied().flatten());
        let text = place.and_then(|p| record.text(p)).unwrap_or_default();
        let scheme = &self.context.contract.person_scheme;
        let identity = crate::identity::identity(scheme, text.trim());
        identity.map_or(0, |id| self.context.keys.date_shift_days(pseudonym(self.context.keys, scheme, &id)))
    }

    /// 128 bits of SHA-256 over the fields that must be unique, each after its length.
    fn unique_key(&self, chunk: &Chunk, record: Record<'_>) -> [u8; 16] {
        use sha2::Digest;
        let mut hasher = sha2::Sha256::new();
        for column in &self.unique {
            let place = column.and_then(|i| chunk.places.get(i).copied().flatten());
            let field = place.map_or(&b""[..], |p| record.bytes(p)).trim_ascii();
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        let mut key = [0u8; 16];
        key.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
        key
    }
}

fn in_order(
    from: &Receiver<Numbered>,
    collect: &mut impl FnMut(Validated) -> Result<(), LandingError>,
) -> Result<(), LandingError> {
    let (mut next, mut early) = (0u64, BTreeMap::new());
    for (number, validated) in from {
        early.insert(number, validated);
        while let Some(validated) = early.remove(&next) {
            collect(validated?)?;
            next += 1;
        }
    }
    Ok(())
}
