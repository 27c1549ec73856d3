//! The ledger as it lies in the vault: entries and their people, and indexes of entries that follow one another.

use crate::frame;
use crate::job::{CompareJob, IndexJob, Past, SealedEntry};
use crate::report::{Message, Telling};
use crate::work::Desk;
use cloister_ledger::{Entry, Index, LedgerError, Sets, Source, examine};
use cloister_model::LEDGER;
use cloister_store::{KeyWrap, VaultKey};
use std::collections::BTreeMap;
use std::io::{Error, Result, Write};
use std::path::Path;

/// How many entries an index is of, by its level: an index of the second is as many of the first.
pub const INDEX_ENTRIES: [u64; 2] = [64, 64 * 64];

/// The name of an index's file: the `number`th of its level, from 0.
pub fn index_name(level: usize, number: u64) -> String {
    format!("index-{level}-{number}")
}

/// A part of an entry, opened.
fn opened(vault: &Path, key: &VaultKey, request: &str, what: &str) -> Result<Vec<u8>> {
    let sealed = std::fs::read(vault.join(LEDGER).join(format!("{request}.{what}")))?;
    unsealed(key, request, what, &sealed)
}

pub(crate) fn unsealed(key: &VaultKey, request: &str, what: &str, sealed: &[u8]) -> Result<Vec<u8>> {
    let opened = key.open(&format!("ledger|{what}|{request}"), sealed).map_err(Error::other)?;
    Ok(opened.to_vec())
}

pub(crate) fn sealed(key: &VaultKey, request: &str, what: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    key.seal(&format!("ledger|{what}|{request}"), bytes).map_err(Error::other)
}

/// Entries that are asked for one by one.
pub(crate) struct Earlier<'a> {
    vault: &'a Path,
    key: &'a VaultKey,
    /// Those that are not in the vault yet.
    beside: BTreeMap<String, (Entry, Sets)>,
}

impl<'a> Earlier<'a> {
    pub(crate) fn new(vault: &'a Path, key: &'a VaultKey) -> Self {
        Self { vault, key, beside: BTreeMap::new() }
    }
}

impl Source for Earlier<'_> {
    fn entry(&mut self, request: &str) -> std::result::Result<Entry, LedgerError> {
        if let Some((entry, _)) = self.beside.get(request) {
            return Ok(entry.clone());
        }
        Entry::from_bytes(&opened(self.vault, self.key, request, "entry").map_err(|_| LedgerError::Missing)?)
    }

    fn sets(&mut self, request: &str) -> std::result::Result<Sets, LedgerError> {
        if let Some((_, sets)) = self.beside.get(request) {
            return Ok(sets.clone());
        }
        Sets::from_bytes(&opened(self.vault, self.key, request, "people").map_err(|_| LedgerError::Missing)?)
    }
}

/// What was released, by indexes as far as there are any below a level.
pub(crate) fn indexes(vault: &Path, key: &VaultKey, past: &Past, below: usize) -> Result<Vec<Index>> {
    let mut all = Vec::new();
    let mut loose: Vec<Entry> = Vec::new();
    let mut rest = past.requests.as_slice();
    let mut number = past.first;
    while let Some((request, after)) = rest.split_first() {
        let levels = INDEX_ENTRIES.iter().enumerate().take(below).rev();
        let mut found = levels.filter_map(|(level, size)| {
            let covered = rest.get(..usize::try_from(*size).ok()?)?;
            if number == 0 || !(number - 1).is_multiple_of(*size) {
                return None;
            }
            let name = index_name(level, (number - 1) / size);
            // It is made of entries, so that one that is not as it should be is passed over.
            let index = Index::from_bytes(&opened(vault, key, &name, "index").ok()?).ok()?;
            index.requests().eq(covered.iter().map(String::as_str)).then_some((index, covered.len()))
        });
        if let Some((index, covered)) = found.next() {
            if !loose.is_empty() {
                all.push(Index::of(&std::mem::take(&mut loose)).map_err(Error::other)?);
            }
            all.push(index);
            rest = rest.get(covered..).unwrap_or_default();
            number += covered as u64;
            continue;
        }
        loose.push(Entry::from_bytes(&opened(vault, key, request, "entry")?).map_err(Error::other)?);
        (rest, number) = (after, number + 1);
    }
    if !loose.is_empty() {
        all.push(Index::of(&loose).map_err(Error::other)?);
    }
    Ok(all)
}

impl Desk {
    /// Compares a result that is kept with what was released since, and with what would leave with it.
    pub(crate) fn compare(&self, job: &CompareJob, out: &mut impl Write) -> Result<()> {
        let key = self.key()?;
        let read = |request: &str, (entry, people): &SealedEntry| -> Result<(Entry, Sets)> {
            let entry = Entry::from_bytes(&unsealed(key, request, "entry", entry)?).map_err(Error::other)?;
            let sets = Sets::from_bytes(&unsealed(key, request, "people", people)?).map_err(Error::other)?;
            Ok((entry, sets))
        };
        let (entry, sets) = read(&job.request, &job.sealed)?;
        let mut past = indexes(self.vault(), key, &job.past, INDEX_ENTRIES.len())?;
        let mut source = Earlier::new(self.vault(), key);
        for (request, sealed) in &job.beside {
            let (entry, sets) = read(request, sealed)?;
            past.push(Index::of([&entry]).map_err(Error::other)?);
            source.beside.insert(request.clone(), (entry, sets));
        }
        let examined = examine(&entry, &sets, &past, &mut source, &job.rules).map_err(Error::other)?;
        frame::write(out, &Message::Compared(examined.found), &[])
    }

    /// Tells what an entry says.
    pub(crate) fn tell(&self, request: &str, out: &mut impl Write) -> Result<()> {
        let bytes = opened(self.vault(), self.key()?, request, "entry")?;
        let entry = Entry::from_bytes(&bytes).map_err(Error::other)?;
        let telling = Telling {
            numbers: entry.published().map(|(name, published)| (name.to_owned(), published)).collect(),
        };
        frame::write(out, &Message::Telling(telling), &[])
    }

    /// Makes an index of entries that follow one another, sealed.
    pub(crate) fn index(&self, job: &IndexJob, out: &mut impl Write) -> Result<()> {
        let key = self.key()?;
        let below = indexes(self.vault(), key, &job.past, job.level)?;
        let index = Index::joined(&below).map_err(Error::other)?;
        let bytes = sealed(key, &index_name(job.level, job.number), "index", &index.to_bytes())?;
        frame::write(out, &Message::Indexed, &bytes)
    }
}
