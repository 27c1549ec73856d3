//! One bucket's rows from several runs, merged in order, without those that are there twice.

use crate::LandingError;
use crate::run::{CHUNK_ROWS, Cursor, person_column};
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, interleave_record_batch};
use arrow::datatypes::{UInt16Type, UInt64Type};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

/// Merges cursors; ties go to the earlier run, which has the earlier rows. Gives the rows away in chunks.
pub(crate) fn merge(
    mut cursors: Vec<Cursor<'_>>,
    mut give: impl FnMut(RecordBatch) -> Result<(), LandingError>,
) -> Result<(), LandingError> {
    if let [only] = cursors.as_mut_slice() {
        while let Some(batch) = only.next()? {
            give(batch)?;
        }
        return Ok(());
    }
    // For each cursor the batch it is in (its place in `held`) and the row.
    let mut held: Vec<RecordBatch> = Vec::new();
    let mut at: Vec<(usize, usize)> = Vec::new();
    let mut heap = BinaryHeap::new();
    for (index, cursor) in cursors.iter_mut().enumerate() {
        let batch = cursor.next()?.ok_or_else(|| LandingError::Internal("an empty run".to_owned()))?;
        heap.push(Reverse((person_at(&batch, 0)?, index)));
        at.push((held.len(), 0));
        held.push(batch);
    }
    let mut order: Vec<(usize, usize)> = Vec::with_capacity(CHUNK_ROWS);
    while let Some(Reverse((_, index))) = heap.pop() {
        let (Some(place), Some(cursor)) = (at.get_mut(index), cursors.get_mut(index)) else { break };
        order.push(*place);
        place.1 += 1;
        if held.get(place.0).is_some_and(|b| place.1 == b.num_rows()) {
            match cursor.next()? {
                Some(batch) => {
                    *place = (held.len(), 0);
                    held.push(batch);
                }
                None => place.0 = usize::MAX,
            }
        }
        if let Some(batch) = held.get(place.0) {
            heap.push(Reverse((person_at(batch, place.1)?, index)));
        }
        if order.len() == CHUNK_ROWS {
            give(taken(&mut held, &mut order, &mut at)?)?;
        }
    }
    if order.is_empty() { Ok(()) } else { give(taken(&mut held, &mut order, &mut at)?) }
}

fn person_at(batch: &RecordBatch, row: usize) -> Result<u32, LandingError> {
    person_column(batch)?.get(row).copied().ok_or_else(|| LandingError::Internal("an empty chunk".to_owned()))
}

/// The ordered rows as one batch; batches that no cursor is in any more are let go.
fn taken(
    held: &mut Vec<RecordBatch>,
    order: &mut Vec<(usize, usize)>,
    at: &mut [(usize, usize)],
) -> Result<RecordBatch, LandingError> {
    let batches: Vec<&RecordBatch> = held.iter().collect();
    let merged = interleave_record_batch(&batches, order)?;
    order.clear();
    let mut kept = Vec::new();
    for (batch, _) in at.iter_mut() {
        if let Some(current) = held.get(*batch) {
            kept.push(current.clone());
            *batch = kept.len() - 1;
        }
    }
    *held = kept;
    Ok(merged)
}

/// Drops rows whose key the same person had before. The last three columns are the hidden ones: the key,
/// the file and the row.
#[derive(Default)]
pub(crate) struct Unique {
    person: Option<u32>,
    seen: HashSet<[u8; 16]>,
    pub(crate) duplicates: Vec<(u16, u64)>,
}

impl Unique {
    /// The rows that stay, without the hidden columns.
    pub(crate) fn keep(&mut self, batch: &RecordBatch) -> Result<RecordBatch, LandingError> {
        let visible = batch.num_columns().saturating_sub(3);
        let wrong = || LandingError::Internal("rows without keys".to_owned());
        let column = |offset: usize| batch.columns().get(visible + offset).ok_or_else(wrong);
        let keys = column(0)?.as_fixed_size_binary_opt().ok_or_else(wrong)?;
        let files = column(1)?.as_primitive_opt::<UInt16Type>().ok_or_else(wrong)?;
        let rows = column(2)?.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?;
        let mut keep = Vec::with_capacity(batch.num_rows());
        for (row, person) in person_column(batch)?.iter().enumerate() {
            if self.person != Some(*person) {
                self.person = Some(*person);
                self.seen.clear();
            }
            let key = keys.value(row).first_chunk::<16>().copied().ok_or_else(wrong)?;
            let new = self.seen.insert(key);
            if !new {
                self.duplicates.push((files.value(row), rows.value(row)));
            }
            keep.push(new);
        }
        let columns: Vec<usize> = (0..visible).collect();
        Ok(filter_record_batch(&batch.project(&columns)?, &BooleanArray::from(keep))?)
    }
}
