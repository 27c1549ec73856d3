//! Who is in the same sets.

use crate::field::mixed;
use roaring::RoaringBitmap;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Neighbouring numbers of people that are looked at together: what is written down of them stays in the processor's cache.
const PART: u32 = 1 << 13;

/// Sets of which atoms are made: their numbers are kept in 16 bits, since all atoms together name them tens of millions of times.
pub(super) const SETS_MAX: usize = 1 << 16;

/// Groups of people who are in the same sets, each with its sets; in the order of their first people.
pub(super) struct Atoms {
    people: Vec<u32>,
    starts: Vec<usize>,
    sets: Vec<u16>,
}

impl Atoms {
    /// Of these sets, [`SETS_MAX`] at most. Whoever is in none of them is in no atom.
    pub(super) fn of(sets: &[&RoaringBitmap]) -> Self {
        let mut all = Self { people: Vec::new(), starts: vec![0], sets: Vec::new() };
        let mut known: HashMap<u64, u32, BuildHasherDefault<Unchanged>> = HashMap::default();
        let mut next: Vec<Option<u32>> = sets.iter().map(|set| set.min()).collect();
        let mut part = Part::default();
        while let Some(from) = next.iter().flatten().min() {
            let from = from - from % PART;
            let to = from + (PART - 1);
            part.clear();
            for ((index, set), next) in (0..=u16::MAX).zip(sets).zip(&mut next) {
                if next.is_some_and(|person| person <= to) {
                    part.note(index, set.range(from..=to).map(|person| person - from));
                    *next = to.checked_add(1).and_then(|after| set.range(after..).next());
                }
            }
            all.add(&part, &mut known);
        }
        all
    }

    /// Adds people. A mark is a sum of one number of 64 bits per set: people of one mark are in the same sets.
    fn add(&mut self, part: &Part, known: &mut HashMap<u64, u32, BuildHasherDefault<Unchanged>>) {
        let mut filled = vec![usize::MAX; part.people.len()];
        for (person, (mark, sets)) in part.people.iter().enumerate().filter(|(_, (_, sets))| *sets > 0) {
            let next = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
            let atom = *known.entry(*mark).or_insert(next);
            // One person speaks for an atom.
            if atom == next {
                let start = self.starts.last().copied().unwrap_or_default();
                if let Some(at) = filled.get_mut(person) {
                    *at = start;
                }
                self.people.push(0);
                self.starts.push(start + *sets as usize);
            }
            if let Some(people) = self.people.get_mut(atom as usize) {
                *people += 1;
            }
        }
        let len = self.starts.last().copied().unwrap_or_default();
        if len == self.sets.len() {
            return;
        }
        self.sets.resize(len, 0);
        let mut inside = part.inside.iter();
        for (index, len) in &part.lens {
            for person in inside.by_ref().take(*len) {
                let Some(at) = filled.get_mut(usize::from(*person)) else { continue };
                if let Some(place) = self.sets.get_mut(*at) {
                    *place = *index;
                    *at += 1;
                }
            }
        }
    }

    /// How many atoms there are.
    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// How many people are in it.
    pub(super) fn people(&self, atom: usize) -> u64 {
        self.people.get(atom).copied().map_or(0, u64::from)
    }

    /// The sets it is in, in ascending order.
    pub(super) fn sets(&self, atom: usize) -> &[u16] {
        let (Some(from), Some(to)) = (self.starts.get(atom), self.starts.get(atom + 1)) else { return &[] };
        self.sets.get(*from..*to).unwrap_or_default()
    }
}

/// Some people beside one another.
#[derive(Default)]
struct Part {
    /// For each the sum of the marks of the sets they are in, and how many these are.
    people: Vec<(u64, u32)>,
    /// The sets' people, one set after the other, and how many of each.
    inside: Vec<u16>,
    lens: Vec<(u16, usize)>,
}

impl Part {
    fn clear(&mut self) {
        self.people.clear();
        self.people.resize(PART as usize, (0, 0));
        self.inside.clear();
        self.lens.clear();
    }

    fn note(&mut self, set: u16, inside: impl Iterator<Item = u32>) {
        let mark = mixed(u64::from(set));
        let before = self.inside.len();
        inside.for_each(|person| {
            if let Some((of, sets)) = self.people.get_mut(person as usize) {
                *of = of.wrapping_add(mark);
                *sets += 1;
            }
            self.inside.push(u16::try_from(person).unwrap_or_default());
        });
        self.lens.push((set, self.inside.len() - before));
    }
}

/// Marks look random already.
#[derive(Default)]
struct Unchanged(u64);

impl Hasher for Unchanged {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, mark: u64) {
        self.0 = mark;
    }
}
