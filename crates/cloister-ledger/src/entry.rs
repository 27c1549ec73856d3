//! What a released table leaves in the ledger.

use crate::people::{Key, PARTS, People, Signature};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The form of the bytes.
const FORM: u8 = 2;

/// The measure of a number that says how many people there are, and nothing else of them.
pub const PEOPLE: &str = "people";

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

/// A number as it was published.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// The number.
    pub value: f64,
    /// How far the true one may be from it at most, in the same unit; none where that is not known, because there is noise in it.
    pub within: Option<f64>,
    /// Whether the same true number is always published as this one: not where there is noise in it, or where the whole table
    /// decides how it is rounded.
    pub fixed: bool,
}

/// What becomes of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// It is shown, or is part of one that is.
    #[default]
    Yes,
    /// A mark stands in its place that says that it is of too few people.
    TooFew,
    /// It is not shown for another reason.
    No,
}

/// A number that is released, or that has a mark in its place in what is.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it is made of: numbers that have something of it in common can be subtracted from one another.
    pub made_of: BTreeSet<String>,
    /// Whom it was asked of.
    pub asked: Asked,
    /// What it says of them, as text that is equal for equal statistics; [`PEOPLE`] for how many they are.
    pub measure: String,
    /// What becomes of it.
    pub shown: Shown,
    /// As what it is published; none for what is a part of a number only, and for what is not shown.
    pub published: Option<Published>,
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
    pub(crate) measure: u32,
    pub(crate) versions: u32,
    pub(crate) set: u32,
    pub(crate) level: u32,
    pub(crate) published: Option<Published>,
    pub(crate) label: String,
    /// What it is all of; none for a number of its own.
    pub(crate) union: Option<Union>,
}

/// All groups of a level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Union {
    /// How many of too few people are marked, and are part of it; none where only what is shown is.
    pub(crate) marked: u32,
    /// What those that are shown were published as, together; none where that cannot be said.
    pub(crate) sum: Option<Published>,
}

/// As what a number was published; of all shown groups, their sum. None where some of them are marked.
pub(crate) fn known(union: Option<Union>, published: Option<Published>) -> Option<Published> {
    match union {
        Some(union) if union.marked > 0 => None,
        Some(union) => union.sum,
        None => published,
    }
}

/// Where the people of a set are written down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The query whose entry has them; none for the entry's own.
    pub(crate) request: Option<String>,
    /// Which of its sets.
    pub(crate) set: u32,
}

/// What a released table leaves in the ledger, but for the people themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub(crate) request: String,
    pub(crate) project: String,
    pub(crate) made_of: Vec<BTreeSet<String>>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) measures: Vec<String>,
    pub(crate) versions: Vec<String>,
    pub(crate) signatures: Vec<Signature>,
    pub(crate) places: Vec<Place>,
    pub(crate) cells: Vec<Kept>,
}

/// The people of an entry: equal sets once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sets(pub(crate) Vec<RoaringBitmap>);

/// A place in a list.
pub(crate) fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A list without doubles, and where what is in it stands.
pub(crate) struct Once<T>(pub(crate) Vec<T>, BTreeMap<T, u32>);

impl<T: Ord + Clone> Once<T> {
    pub(crate) fn new() -> Self {
        Self(Vec::new(), BTreeMap::new())
    }

    /// Where a value stands, from now on where it did not.
    pub(crate) fn place(&mut self, value: &T) -> u32 {
        if let Some(place) = self.1.get(value) {
            return *place;
        }
        let place = number(self.0.len());
        self.1.insert(value.clone(), place);
        self.0.push(value.clone());
        place
    }
}

/// Sets without doubles.
#[derive(Default)]
struct OnceSets(Vec<People>, BTreeMap<(u64, u32), Vec<u32>>);

impl OnceSets {
    fn place(&mut self, people: &People) -> u32 {
        let same = self.1.entry((people.len(), people.0.min().unwrap_or_default())).or_default();
        if let Some(place) = same.iter().find(|place| self.0.get(**place as usize) == Some(people)) {
            return *place;
        }
        let place = number(self.0.len());
        same.push(place);
        self.0.push(people.clone());
        place
    }
}

/// The groups of a level so far.
struct Level {
    /// Those of the groups that are shown, and those of the marked ones.
    people: [People; 2],
    /// How many they would be if they shared nobody.
    many: u64,
    shown: u32,
    marked: u32,
    /// Whether one is not shown for another reason.
    open: bool,
    sum: Option<Published>,
    /// What a number of it is like.
    like: Kept,
}

impl Level {
    fn new(like: Kept) -> Self {
        let sum = Some(Published { value: 0.0, within: Some(0.0), fixed: true });
        let people = [People::default(), People::default()];
        Self { people, many: 0, shown: 0, marked: 0, open: false, sum, like }
    }

    fn take(&mut self, one: &Told) {
        let of = match one.shown {
            Shown::Yes => 0,
            Shown::TooFew => 1,
            Shown::No => {
                self.open = true;
                return;
            }
        };
        self.many += one.people.len();
        if let Some(people) = self.people.get_mut(of) {
            people.0 |= &one.people.0;
        }
        if of == 1 {
            self.marked += 1;
            return;
        }
        self.shown += 1;
        self.sum = self.sum.zip(one.published).map(|(sum, one)| Published {
            value: sum.value + one.value,
            within: sum.within.zip(one.within).map(|(sum, one)| sum + one),
            fixed: sum.fixed && one.fixed,
        });
    }

    /// All its shown groups, and with the marked ones, where those are all that is not shown.
    fn unions(self) -> Vec<(People, Kept)> {
        let [shown, marked] = self.people;
        let mut unions = Vec::new();
        // Groups that share people do not add up to all of them.
        if shown.len() + marked.len() != self.many || (!shown.is_empty() && !shown.0.is_disjoint(&marked.0)) {
            return unions;
        }
        let mut push = |people: People, marked: u32, label: String| {
            let union = Some(Union { marked, sum: self.sum });
            unions.push((people, Kept { label, union, published: None, ..self.like.clone() }));
        };
        let label = &self.like.label;
        if self.marked > 0 && !self.open {
            let all = People::all([&shown, &marked].into_iter());
            push(all, self.marked, format!("all {} groups beside “{label}”", self.shown + self.marked));
        }
        if self.shown > 1 {
            push(shown, 0, format!("all {} groups beside “{label}” that are shown", self.shown));
        }
        unions
    }
}

impl Entry {
    /// What a table leaves: its shown numbers, in the order in which they are told; and for each level the people of all its
    /// groups together.
    pub fn new(key: &Key, request: &str, project: &str, told: &[Told]) -> (Self, Sets) {
        let (mut made_of, mut asked, mut measures) = (Once::new(), Once::new(), Once::new());
        let (mut versions, mut levels_named) = (Once::new(), Once::new());
        let mut sets = OnceSets::default();
        let mut cells = Vec::new();
        let mut levels: BTreeMap<(u32, u32, u32), Level> = BTreeMap::new();
        for one in told {
            let kept = Kept {
                made_of: made_of.place(&one.made_of),
                asked: asked.place(&one.asked),
                measure: measures.place(&one.measure),
                versions: versions.place(&one.versions),
                set: 0,
                level: levels_named.place(&one.level),
                published: one.published,
                label: one.label.clone(),
                union: None,
            };
            levels
                .entry((kept.made_of, kept.measure, kept.level))
                .or_insert_with(|| Level::new(kept.clone()))
                .take(one);
            if one.shown == Shown::Yes {
                cells.push(Kept { set: sets.place(&one.people), ..kept });
            }
        }
        for (people, kept) in levels.into_values().flat_map(Level::unions) {
            cells.push(Kept { set: sets.place(&people), ..kept });
        }
        let entry = Self {
            request: request.to_owned(),
            project: project.to_owned(),
            made_of: made_of.0,
            asked: asked.0,
            measures: measures.0,
            versions: versions.0,
            signatures: sets.0.iter().map(|people| Signature::of(key, people)).collect(),
            places: (0u32..).zip(&sets.0).map(|(set, _)| Place { request: None, set }).collect(),
            cells,
        };
        (entry, Sets(sets.0.into_iter().map(|people| people.0).collect()))
    }

    /// The query whose table it is of.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// How many numbers it holds.
    pub fn numbers(&self) -> usize {
        self.cells.iter().filter(|cell| cell.union.is_none()).count()
    }

    /// How many different sets of people stand behind them.
    pub fn sets(&self) -> usize {
        self.signatures.len()
    }

    /// The numbers that a number is made of, by their places: all groups of its level for the rest of a table, itself otherwise.
    pub fn numbers_of(&self, cell: usize) -> Vec<usize> {
        let Some(kept) = self.cells.get(cell) else { return Vec::new() };
        let of = |kept: &Kept| (kept.made_of, kept.measure, kept.level);
        let beside = |other: &Kept| other.union.is_none() && of(other) == of(kept);
        match kept.union {
            None => vec![cell],
            Some(_) => self.cells.iter().enumerate().filter(|(_, c)| beside(c)).map(|(i, _)| i).collect(),
        }
    }

    /// Each number's name and what it was published as, in order.
    pub fn published(&self) -> impl Iterator<Item = (&str, Option<Published>)> {
        let numbers = self.cells.iter().filter(|cell| cell.union.is_none());
        numbers.map(|cell| (cell.label.as_str(), cell.published))
    }

    /// Says of sets that are written down elsewhere where that is, and keeps those that are not.
    pub fn without(&mut self, sets: Sets, elsewhere: &[Elsewhere]) -> Sets {
        let mut kept = Vec::new();
        for (at, place) in (0u32..).zip(&mut self.places) {
            if place.request.is_some() {
                continue;
            }
            match elsewhere.iter().find(|one| one.set == at) {
                Some(other) => *place = other.place.clone(),
                None => {
                    let own = sets.0.get(place.set as usize).cloned().unwrap_or_default();
                    place.set = number(kept.len());
                    kept.push(own);
                }
            }
        }
        Sets(kept)
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
        let entry: Self = read(FORM, bytes)?;
        entry.is_whole().then_some(entry).ok_or(LedgerError::Unreadable)
    }

    /// Whether every number is of what is there.
    fn is_whole(&self) -> bool {
        let within = |place: u32, len: usize| usize::try_from(place).is_ok_and(|place| place < len);
        self.places.len() == self.signatures.len()
            && self.cells.iter().all(|cell| {
                within(cell.made_of, self.made_of.len())
                    && within(cell.asked, self.asked.len())
                    && within(cell.measure, self.measures.len())
                    && within(cell.versions, self.versions.len())
                    && within(cell.set, self.signatures.len())
            })
    }
}

/// Bytes that begin with their form.
pub(crate) fn written(form: u8, value: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![form];
    // Writing into memory does not fail.
    bytes.extend(postcard::to_stdvec(value).unwrap_or_default());
    bytes
}

/// Reads what [`written`] wrote.
pub(crate) fn read<'a, T: Deserialize<'a>>(form: u8, bytes: &'a [u8]) -> Result<T, LedgerError> {
    let (first, rest) = bytes.split_first().ok_or(LedgerError::Unreadable)?;
    let (value, left) = postcard::take_from_bytes::<T>(rest).map_err(|_| LedgerError::Unreadable)?;
    (*first == form && left.is_empty()).then_some(value).ok_or(LedgerError::Unreadable)
}

/// A set of a new entry that is written down in an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub(crate) set: u32,
    pub(crate) place: Place,
}

impl Sets {
    /// How many sets they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

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

/// As bytes: a list of numbers would be read one by one.
impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = [0u8; PARTS + 4];
        let (people, parts) = bytes.split_at_mut(4);
        people.copy_from_slice(&self.people.to_le_bytes());
        parts.copy_from_slice(&self.parts);
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?;
        let whole = || {
            let (people, parts) = bytes.split_first_chunk::<4>()?;
            Some(Self { people: u32::from_le_bytes(*people), parts: parts.try_into().ok()? })
        };
        whole().ok_or_else(|| serde::de::Error::custom("a signature of another length"))
    }
}
