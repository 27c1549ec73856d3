//! A result beside what was released before, and what is done about it.

use crate::job::{GrantedDataset, LedgerPast};
use crate::ledger::{Earlier, INDEX_ENTRIES, indexes, sealed};
use crate::report::Left;
use crate::work::Desk;
use cloister_disclosure::{LedgerBeyond, LedgerRemedy, Policy, Protected, Table, protect_withholding};
use cloister_ledger::{Entry, Examined, Finding, Index, Key, Rules, Sets, Shown, Told, examine};
use cloister_query::{Reads, Standing, WhoIsWho};
use cloister_store::VaultKey;
use std::collections::BTreeSet;
use std::io::{Error, Result};

/// How often cells are taken away before a checker looks instead.
const ROUNDS_MAX: usize = 6;
/// The share of a table's cells that are taken away at most: what is left of one that loses more is of no use. One may be.
const WITHHELD_SHARE_MAX: usize = 4;

/// What is found, and what the result leaves in the ledger itself.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) found: Vec<Finding>,
    /// Keys without which the grouping would say nothing.
    pub(crate) coarser: Vec<String>,
    /// The result as it is protected then.
    pub(crate) protected: Vec<Protected>,
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

/// By what a policy has results compared.
pub fn rules(policy: &Policy) -> Rules {
    let (combined_max, beyond) = policy.ledger_combines();
    Rules {
        people_min: policy.contributors_min(),
        zeros_shown: policy.permits(0),
        combined_max,
        beyond_found: beyond == LedgerBeyond::Hold,
    }
}

/// A result under comparison.
pub(crate) struct Comparison<'a> {
    pub(crate) request: &'a str,
    pub(crate) policy: &'a Policy,
    /// What is judged.
    pub(crate) tables: &'a [Table],
    pub(crate) named: &'a WhoIsWho,
    pub(crate) past: &'a LedgerPast,
}

/// What was released before, and what new sets are signed with.
struct Before<'a> {
    of_signatures: Key,
    indexes: Vec<Index>,
    source: Earlier<'a>,
}

/// What one look at a result says.
struct Look {
    entry: Entry,
    sets: Sets,
    standing: Vec<Standing>,
    examined: Examined,
}

impl Comparison<'_> {
    fn look(&self, protected: &[Protected], before: &mut Before<'_>) -> Result<Look> {
        let (told, standing) = self.named.told(protected).map_err(|e| Error::other(format!("{e:?}")))?;
        let (entry, sets, examined) = self.compared(&told, before)?;
        // An entry has what is shown, in this order.
        let shown = told.iter().zip(standing).filter(|(told, _)| told.shown == Shown::Yes);
        let standing = shown.map(|(_, standing)| standing).collect();
        Ok(Look { entry, sets, standing, examined })
    }

    /// What numbers would leave, and what they say beside the earlier ones.
    fn compared(&self, told: &[Told], before: &mut Before<'_>) -> Result<(Entry, Sets, Examined)> {
        let (entry, sets) = Entry::new(&before.of_signatures, self.request, &self.past.project, told);
        let (past, source) = (&before.indexes, &mut before.source);
        let examined = examine(&entry, &sets, past, source, &rules(self.policy)).map_err(Error::other)?;
        Ok((entry, sets, examined))
    }

    /// The cells to take away for what was found: of each finding that one of the new numbers that has fewest people. None
    /// where one cannot be taken away, or too much would be.
    fn to_withhold(&self, look: &Look, withheld: &BTreeSet<Standing>) -> Option<BTreeSet<Standing>> {
        let mut more = withheld.clone();
        for finding in &look.examined.found {
            let numbers = finding.cells.iter().flat_map(|cell| look.entry.numbers_of(*cell));
            let standing: Vec<Standing> =
                numbers.filter_map(|n| look.standing.get(n)).filter(|s| s.group.is_some()).copied().collect();
            if standing.iter().any(|s| more.contains(s)) {
                continue;
            }
            let people = |s: &Standing| {
                let group = self.tables.get(s.boundary)?.groups.get(s.group?)?;
                Some(group.cells.get(s.column)?.contributors)
            };
            more.insert(*standing.iter().min_by_key(|s| (people(s), **s))?);
        }
        let cells: usize = self.tables.iter().map(|t| t.groups.len() * t.columns.len()).sum();
        (more.len() > withheld.len() && more.len() <= (cells / WITHHELD_SHARE_MAX).max(1)).then_some(more)
    }

    fn protected(&self, withheld: &BTreeSet<Standing>) -> Vec<Protected> {
        let of = |(number, table): (usize, &Table)| {
            let here = withheld.iter().filter(|s| s.boundary == number);
            let cells: BTreeSet<(usize, usize)> = here.filter_map(|s| Some((s.group?, s.column))).collect();
            protect_withholding(table, self.policy, &cells)
        };
        self.tables.iter().enumerate().map(of).collect()
    }

    /// Keys without which a grouping says nothing beside the earlier ones.
    fn coarser(&self, before: &mut Before<'_>) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        for (key, told) in self.named.coarser().map_err(|e| Error::other(format!("{e:?}")))? {
            if self.compared(&told, before)?.2.found.is_empty() {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// Compares, does what the policy says about what is found, and seals what the result leaves.
    pub(crate) fn made(&self, desk: &Desk, protected: Vec<Protected>) -> Result<Beside> {
        let key: &VaultKey = desk.key()?;
        let mut before = Before {
            of_signatures: Key::new(key.derived("ledger").map_err(Error::other)?),
            indexes: indexes(desk.vault(), key, &self.past.past, INDEX_ENTRIES.len())?,
            source: Earlier::new(desk.vault(), key),
        };
        let (mut look, mut shown) = (self.look(&protected, &mut before)?, protected);
        let remedy = self.policy.ledger_remedy();
        if remedy == LedgerRemedy::Suppress && !look.examined.found.is_empty() {
            let mut withheld = BTreeSet::new();
            let mut next = self.to_withhold(&look, &withheld);
            for _ in 0..ROUNDS_MAX {
                let Some(more) = next else { break };
                withheld = more;
                let protected = self.protected(&withheld);
                let again = self.look(&protected, &mut before)?;
                if again.examined.found.is_empty() {
                    (look, shown) = (again, protected);
                    break;
                }
                next = self.to_withhold(&again, &withheld);
            }
        }
        let coarser = match remedy {
            LedgerRemedy::Coarsen if !look.examined.found.is_empty() => self.coarser(&mut before)?,
            _ => Vec::new(),
        };
        let Look { mut entry, sets, examined, .. } = look;
        let sets = entry.without(sets, &examined.elsewhere);
        let mut bytes = sealed(key, self.request, "entry", &entry.to_bytes())?;
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let left =
            Left { entry: bytes.len(), numbers: count(entry.numbers()), repeated: count(examined.repeated) };
        bytes.extend(sealed(key, self.request, "people", &sets.to_bytes())?);
        Ok(Beside { found: examined.found, coarser, protected: shown, bytes, left })
    }
}
