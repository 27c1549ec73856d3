//! Many entries, as far as comparing needs them: small enough to be read with every comparison, and in the order in which near
//! sets are looked for.

use crate::entry::{Asked, Entry, LedgerError, Once, Place, Published, Union, number, read, written};
use crate::people::Signature;
use cloister_model::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The form of the bytes.
const FORM: u8 = 1;

/// A set of people that numbers of an entry are of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Set {
    pub(crate) signature: Signature,
    /// The entry, by its place among those of the index.
    pub(crate) entry: u32,
    /// Whose entry has the people, by its place among the names, and which of its sets they are.
    pub(crate) owner: (u32, u32),
    /// Its numbers: where they begin, and how many they are.
    pub(crate) cells: (u32, u32),
}

/// A number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    /// Its place in its entry.
    pub(crate) at: u32,
    pub(crate) made_of: u32,
    pub(crate) measure: u32,
    pub(crate) versions: u32,
    /// What stands for how it was asked.
    pub(crate) asked: [u8; 16],
    pub(crate) published: Option<Published>,
    pub(crate) union: Option<Union>,
}

/// Entries that follow one another, without their texts and people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// The entries' queries and projects, oldest first.
    pub(crate) entries: Vec<(String, String)>,
    /// Queries whose entries have people.
    pub(crate) owners: Vec<String>,
    pub(crate) made_of: Vec<BTreeSet<String>>,
    pub(crate) measures: Vec<String>,
    pub(crate) versions: Vec<String>,
    /// In the order of how many people they have.
    pub(crate) sets: Vec<Set>,
    pub(crate) cells: Vec<Cell>,
}

/// What stands for how a number was asked: no two that differ have the same.
pub(crate) fn mark(asked: &Asked) -> [u8; 16] {
    let mut text = asked.rows.clone();
    for condition in &asked.conditions {
        text.push('\0');
        text.push_str(condition);
    }
    let mut mark = [0u8; 16];
    mark.iter_mut().zip(Digest::of(text.as_bytes()).as_bytes()).for_each(|(to, from)| *to = *from);
    mark
}

/// A value by its place; a place that there is not has none.
pub(crate) fn at<T>(all: &[T], place: u32) -> Result<&T, LedgerError> {
    all.get(place as usize).ok_or(LedgerError::Unreadable)
}

/// An index under way.
struct Making {
    entries: Vec<(String, String)>,
    owners: Once<String>,
    made_of: Once<BTreeSet<String>>,
    measures: Once<String>,
    versions: Once<String>,
    sets: Vec<(Set, Vec<Cell>)>,
}

impl Making {
    fn new() -> Self {
        Self {
            entries: Vec::new(),
            owners: Once::new(),
            made_of: Once::new(),
            measures: Once::new(),
            versions: Once::new(),
            sets: Vec::new(),
        }
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let place = number(self.entries.len());
        self.entries.push((entry.request.clone(), entry.project.clone()));
        let mut cells: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
        for (index, kept) in entry.cells.iter().enumerate() {
            let cell = Cell {
                at: number(index),
                made_of: self.made_of.place(at(&entry.made_of, kept.made_of)?),
                measure: self.measures.place(at(&entry.measures, kept.measure)?),
                versions: self.versions.place(at(&entry.versions, kept.versions)?),
                asked: mark(at(&entry.asked, kept.asked)?),
                published: kept.published,
                union: kept.union,
            };
            cells.entry(kept.set).or_default().push(cell);
        }
        for (set, cells) in cells {
            let Place { request, set: of_owner } = at(&entry.places, set)?;
            let owner = self.owners.place(request.as_ref().unwrap_or(&entry.request));
            let signature = *at(&entry.signatures, set)?;
            let set = Set { signature, entry: place, owner: (owner, *of_owner), cells: (0, 0) };
            self.sets.push((set, cells));
        }
        Ok(())
    }

    fn index(&mut self, index: &Index) -> Result<(), LedgerError> {
        let before = number(self.entries.len());
        self.entries.extend(index.entries.iter().cloned());
        let places = |names: &mut Once<String>, all: &[String]| -> Vec<u32> {
            all.iter().map(|name| names.place(name)).collect()
        };
        let owners = places(&mut self.owners, &index.owners);
        let measures = places(&mut self.measures, &index.measures);
        let versions = places(&mut self.versions, &index.versions);
        let made_of: Vec<u32> = index.made_of.iter().map(|of| self.made_of.place(of)).collect();
        for set in &index.sets {
            let mut cells = Vec::new();
            for cell in index.cells_of(set)? {
                cells.push(Cell {
                    made_of: *at(&made_of, cell.made_of)?,
                    measure: *at(&measures, cell.measure)?,
                    versions: *at(&versions, cell.versions)?,
                    ..cell.clone()
                });
            }
            let owner = (*at(&owners, set.owner.0)?, set.owner.1);
            let entry = before.checked_add(set.entry).ok_or(LedgerError::Unreadable)?;
            self.sets.push((Set { entry, owner, ..set.clone() }, cells));
        }
        Ok(())
    }

    fn made(mut self) -> Index {
        self.sets.sort_by_key(|(set, _)| (set.signature.people, set.entry, set.owner));
        let mut cells = Vec::new();
        let mut sets = Vec::with_capacity(self.sets.len());
        for (mut set, of_set) in self.sets {
            set.cells = (number(cells.len()), number(of_set.len()));
            cells.extend(of_set);
            sets.push(set);
        }
        Index {
            entries: self.entries,
            owners: self.owners.0,
            made_of: self.made_of.0,
            measures: self.measures.0,
            versions: self.versions.0,
            sets,
            cells,
        }
    }
}

impl Index {
    /// Of entries, oldest first.
    ///
    /// # Errors
    /// Where one does not hang together.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Self, LedgerError> {
        let mut making = Making::new();
        for entry in entries {
            making.entry(entry)?;
        }
        Ok(making.made())
    }

    /// Of several that follow one another.
    ///
    /// # Errors
    /// Where one does not hang together.
    pub fn joined(all: &[Self]) -> Result<Self, LedgerError> {
        let mut making = Making::new();
        for index in all {
            making.index(index)?;
        }
        Ok(making.made())
    }

    /// The queries whose entries it is of, oldest first.
    pub fn requests(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(request, _)| request.as_str())
    }

    /// Its bytes, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        written(FORM, self)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LedgerError> {
        let index: Self = read(FORM, bytes)?;
        let ordered = index.sets.is_sorted_by_key(|set| set.signature.people);
        let whole = index.sets.iter().all(|set| {
            at(&index.entries, set.entry).is_ok()
                && at(&index.owners, set.owner.0).is_ok()
                && index.cells_of(set).is_ok()
        });
        (ordered && whole).then_some(index).ok_or(LedgerError::Unreadable)
    }

    /// The numbers of a set.
    pub(crate) fn cells_of(&self, set: &Set) -> Result<&[Cell], LedgerError> {
        let (first, count) = (set.cells.0 as usize, set.cells.1 as usize);
        first.checked_add(count).and_then(|end| self.cells.get(first..end)).ok_or(LedgerError::Unreadable)
    }

    /// Where the people of a set are written down: whose entry, and which of its sets.
    pub(crate) fn owner(&self, set: &Set) -> Result<Place, LedgerError> {
        let request = Some(at(&self.owners, set.owner.0)?.clone());
        Ok(Place { request, set: set.owner.1 })
    }

    /// The sets that have about so many people.
    pub(crate) fn about(&self, people: u32, apart_max: u32) -> &[Set] {
        let from = self.sets.partition_point(|s| s.signature.people < people.saturating_sub(apart_max));
        let to = self.sets.partition_point(|s| s.signature.people <= people.saturating_add(apart_max));
        self.sets.get(from..to).unwrap_or_default()
    }
}
