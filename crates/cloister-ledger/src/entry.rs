//! What a released table leaves in the ledger.

use crate::people::{Key, People, Signature};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The form of the bytes.
const FORM: u8 = 1;

/// Why the ledger cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// Bytes that are no entry, or of another form.
    #[error("the ledger has an entry that cannot be read")]
    Unreadable,
    /// An entry without its sets.
    #[error("the ledger lacks the people of an entry")]
    Missing,
}

/// Whom a number was asked of, as the query says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Asked {
    /// The rows, without the conditions on them.
    pub rows: String,
    /// The conditions, those that tell a group from others among them.
    pub conditions: BTreeSet<String>,
}

/// A number that is released.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it is made of: numbers that have something of it in common can be subtracted from one another.
    pub made_of: BTreeSet<String>,
    /// Whom it was asked of.
    pub asked: Asked,
    /// The dataset versions that it rests on.
    pub versions: String,
    /// Its people.
    pub people: People,
    /// Numbers that are made of the same on one level are those of groups beside one another.
    pub level: String,
    /// What it is called, for a checker.
    pub label: String,
}

/// What is kept of a number beside its people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) made_of: u32,
    pub(crate) asked: u32,
    pub(crate) versions: u32,
    pub(crate) set: u32,
    pub(crate) label: String,
    /// How many shown groups of a level it is all of; none for a number of its own.
    pub(crate) union_of: Option<u32>,
}

/// What a released table leaves in the ledger, but for the people themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub(crate) request: String,
    pub(crate) project: String,
    pub(crate) made_of: Vec<BTreeSet<String>>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) versions: Vec<String>,
    pub(crate) signatures: Vec<Signature>,
    pub(crate) cells: Vec<Kept>,
}

/// The people of an entry: equal sets once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sets(pub(crate) Vec<RoaringBitmap>);

/// A place in a list without doubles.
fn placed<T: Ord + Clone>(all: &mut Vec<T>, places: &mut BTreeMap<T, u32>, value: T) -> u32 {
    if let Some(place) = places.get(&value) {
        return *place;
    }
    let place = u32::try_from(all.len()).unwrap_or(u32::MAX);
    places.insert(value.clone(), place);
    all.push(value);
    place
}

impl Entry {
    /// What a table leaves: its numbers, and for each level the people of all its groups together.
    pub fn new(key: &Key, request: &str, project: &str, told: Vec<Told>) -> (Self, Sets) {
        let mut entry = Self {
            request: request.to_owned(),
            project: project.to_owned(),
            made_of: Vec::new(),
            asked: Vec::new(),
            versions: Vec::new(),
            signatures: Vec::new(),
            cells: Vec::new(),
        };
        let (mut made_of, mut asked, mut versions) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut sets: Vec<People> = Vec::new();
        let mut known: BTreeMap<(u64, u32), Vec<u32>> = BTreeMap::new();
        let mut set_of = |people: &People| -> u32 {
            let first = (people.len(), people.0.min().unwrap_or_default());
            let same = known.entry(first).or_default();
            let found = same.iter().find(|place| sets.get(**place as usize) == Some(people));
            if let Some(place) = found {
                return *place;
            }
            let place = u32::try_from(sets.len()).unwrap_or(u32::MAX);
            same.push(place);
            sets.push(people.clone());
            place
        };
        let mut levels: BTreeMap<(u32, String), (People, u64, u32, usize)> = BTreeMap::new();
        for one in told {
            let of = placed(&mut entry.made_of, &mut made_of, one.made_of);
            let kept = Kept {
                made_of: of,
                asked: placed(&mut entry.asked, &mut asked, one.asked),
                versions: placed(&mut entry.versions, &mut versions, one.versions),
                set: set_of(&one.people),
                label: one.label,
                union_of: None,
            };
            let level =
                levels.entry((of, one.level)).or_insert_with(|| (People::default(), 0, 0, entry.cells.len()));
            level.0.0 |= &one.people.0;
            level.1 += one.people.len();
            level.2 += 1;
            entry.cells.push(kept);
        }
        for (people, sum, groups, first) in levels.into_values() {
            // Groups that share people do not add up to all of them.
            if groups < 2 || people.len() != sum {
                continue;
            }
            let Some(of) = entry.cells.get(first).cloned() else { continue };
            let label = format!("all {groups} groups beside “{}”", of.label);
            entry.cells.push(Kept { set: set_of(&people), label, union_of: Some(groups), ..of });
        }
        entry.signatures = sets.iter().map(|people| Signature::of(key, people)).collect();
        (entry, Sets(sets.into_iter().map(|people| people.0).collect()))
    }

    /// The query whose table it is of.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// Its project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// How many numbers it holds.
    pub fn numbers(&self) -> usize {
        self.cells.iter().filter(|cell| cell.union_of.is_none()).count()
    }

    /// How many different sets of people stand behind them.
    pub fn sets(&self) -> usize {
        self.signatures.len()
    }

    /// Its bytes, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        // Writing into memory does not fail.
        bytes.extend(postcard::to_stdvec(self).unwrap_or_default());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LedgerError> {
        let (form, rest) = bytes.split_first().ok_or(LedgerError::Unreadable)?;
        let (entry, left) = postcard::take_from_bytes::<Self>(rest).map_err(|_| LedgerError::Unreadable)?;
        (*form == FORM && left.is_empty() && entry.is_whole()).then_some(entry).ok_or(LedgerError::Unreadable)
    }

    /// Whether every number is of what is there.
    fn is_whole(&self) -> bool {
        let within = |place: u32, len: usize| usize::try_from(place).is_ok_and(|place| place < len);
        self.signatures.iter().all(Signature::is_whole)
            && self.cells.iter().all(|cell| {
                within(cell.made_of, self.made_of.len())
                    && within(cell.asked, self.asked.len())
                    && within(cell.versions, self.versions.len())
                    && within(cell.set, self.signatures.len())
            })
    }

    /// What a number is made of.
    pub(crate) fn made_of(&self, cell: &Kept) -> Option<&BTreeSet<String>> {
        self.made_of.get(cell.made_of as usize)
    }

    pub(crate) fn asked(&self, cell: &Kept) -> Option<&Asked> {
        self.asked.get(cell.asked as usize)
    }

    pub(crate) fn versions(&self, cell: &Kept) -> &str {
        self.versions.get(cell.versions as usize).map_or("", String::as_str)
    }

    pub(crate) fn signature(&self, cell: &Kept) -> Option<&Signature> {
        self.signatures.get(cell.set as usize)
    }
}

impl Sets {
    /// Their bytes, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        bytes.extend(u32::try_from(self.0.len()).unwrap_or(u32::MAX).to_le_bytes());
        for set in &self.0 {
            let mut of_set = Vec::with_capacity(set.serialized_size());
            // Writing into memory does not fail.
            let _ = set.serialize_into(&mut of_set);
            bytes.extend(u64::try_from(of_set.len()).unwrap_or(u64::MAX).to_le_bytes());
            bytes.extend(of_set);
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LedgerError> {
        let read = || -> Option<Self> {
            let (form, rest) = bytes.split_first()?;
            let (count, mut rest) = rest.split_first_chunk::<4>()?;
            if *form != FORM {
                return None;
            }
            let mut sets = Vec::new();
            for _ in 0..u32::from_le_bytes(*count) {
                let (length, after) = rest.split_first_chunk::<8>()?;
                let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
                let (of_set, after) = after.split_at_checked(length)?;
                sets.push(RoaringBitmap::deserialize_from(of_set).ok()?);
                rest = after;
            }
            rest.is_empty().then_some(Self(sets))
        };
        read().ok_or(LedgerError::Unreadable)
    }
}
