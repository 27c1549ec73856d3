//! A result beside what was released before.

use crate::frame;
use crate::job::{CompareJob, GrantedDataset, LedgerPast};
use crate::report::{Left, Message};
use crate::work::Desk;
use cloister_ledger::{Entry, Finding, Key, LedgerError, Rules, SetSource, Sets, Told, examine};
use cloister_model::LEDGER;
use cloister_query::Reads;
use cloister_store::{KeyWrap, VaultKey};
use std::collections::BTreeSet;
use std::io::{Error, Result, Write};
use std::path::Path;

/// What is found, and what the result leaves in the ledger itself.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) found: Vec<Finding>,
    /// The entry and the people, sealed, one after the other.
    pub(crate) bytes: Vec<u8>,
    pub(crate) left: Left,
}

/// The dataset versions that a query read.
pub(crate) fn versions(datasets: &[GrantedDataset], reads: &Reads) -> String {
    let read: BTreeSet<String> = datasets
        .iter()
        .map(|dataset| &dataset.manifest)
        .filter(|manifest| {
            let schema = manifest.schema_name().to_string();
            // What a workspace table was made of is not told apart: all that is granted may stand behind it.
            !reads.objects.is_empty() || reads.tables.iter().any(|(of, _)| *of == schema)
        })
        .map(|manifest| format!("{} {}", manifest.dataset, manifest.version))
        .collect();
    read.into_iter().collect::<Vec<_>>().join(", ")
}

/// The people of earlier entries, which are opened where they are needed.
struct Earlier<'a> {
    vault: &'a Path,
    key: &'a VaultKey,
    requests: &'a [String],
    beside: Vec<Sets>,
}

impl SetSource for Earlier<'_> {
    fn sets(&mut self, place: usize) -> std::result::Result<Sets, LedgerError> {
        match self.requests.get(place) {
            Some(request) => {
                let bytes =
                    opened(self.vault, self.key, request, "people").map_err(|_| LedgerError::Missing)?;
                Sets::from_bytes(&bytes)
            }
            None => self.beside.get(place - self.requests.len()).cloned().ok_or(LedgerError::Missing),
        }
    }
}

fn opened(vault: &Path, key: &VaultKey, request: &str, what: &str) -> Result<Vec<u8>> {
    let sealed = std::fs::read(vault.join(LEDGER).join(format!("{request}.{what}")))?;
    let opened = key.open(&format!("ledger|{what}|{request}"), &sealed).map_err(Error::other)?;
    Ok(opened.to_vec())
}

fn past(vault: &Path, key: &VaultKey, requests: &[String]) -> Result<Vec<Entry>> {
    let read =
        |request: &String| Entry::from_bytes(&opened(vault, key, request, "entry")?).map_err(Error::other);
    requests.iter().map(read).collect()
}

impl Desk {
    /// Compares a new result with what was released, and seals what it leaves.
    pub(crate) fn beside(
        &self,
        ledger: &LedgerPast,
        request: &str,
        told: Vec<Told>,
        rules: Rules,
    ) -> Result<Beside> {
        let key = self.key()?;
        let of_signatures = Key::new(key.derived("ledger").map_err(Error::other)?);
        let (entry, sets) = Entry::new(&of_signatures, request, &ledger.project, told);
        let earlier = past(self.vault(), key, &ledger.requests)?;
        let mut source = Earlier { vault: self.vault(), key, requests: &ledger.requests, beside: Vec::new() };
        let found = examine(&entry, &sets, &earlier, &mut source, &rules).map_err(Error::other)?;
        let seal = |what: &str, bytes: Vec<u8>| {
            key.seal(&format!("ledger|{what}|{request}"), &bytes).map_err(Error::other)
        };
        let mut bytes = seal("entry", entry.to_bytes())?;
        let numbers = u64::try_from(entry.numbers()).unwrap_or(u64::MAX);
        let left = Left { entry: bytes.len(), numbers };
        bytes.extend(seal("people", sets.to_bytes())?);
        Ok(Beside { found, bytes, left })
    }

    /// Compares a result that is kept with what was released since, and with what would leave with it.
    pub(crate) fn compare(&self, job: &CompareJob, out: &mut impl Write) -> Result<()> {
        let key = self.key()?;
        let open = |request: &str, what: &str, sealed: &[u8]| {
            key.open(&format!("ledger|{what}|{request}"), sealed).map_err(Error::other)
        };
        let entry = Entry::from_bytes(&open(&job.request, "entry", &job.sealed.0)?).map_err(Error::other)?;
        let sets = Sets::from_bytes(&open(&job.request, "people", &job.sealed.1)?).map_err(Error::other)?;
        let mut earlier = past(self.vault(), key, &job.past)?;
        let mut beside = Vec::new();
        for (request, entry, people) in &job.beside {
            earlier.push(Entry::from_bytes(&open(request, "entry", entry)?).map_err(Error::other)?);
            beside.push(Sets::from_bytes(&open(request, "people", people)?).map_err(Error::other)?);
        }
        let mut source = Earlier { vault: self.vault(), key, requests: &job.past, beside };
        let rules = Rules { people_min: job.people_min, zeros_shown: job.zeros_shown };
        let found = examine(&entry, &sets, &earlier, &mut source, &rules).map_err(Error::other)?;
        frame::write(out, &Message::Compared(found), &[])
    }
}
