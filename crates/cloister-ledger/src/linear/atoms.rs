//! Who is in the same sets.

use crate::field::mixed;
use roaring::RoaringBitmap;

/// People of one container of a set share the high half of their number.
const BLOCK: usize = 1 << 16;

/// Groups of people who are in the same sets, each with its sets, in an order that depends on nothing but the sets.
pub(super) struct Atoms {
    people: Vec<u32>,
    starts: Vec<usize>,
    sets: Vec<u32>,
}

impl Atoms {
    /// Of these sets. Whoever is in none of them is in no atom.
    pub(super) fn of(sets: &[&RoaringBitmap]) -> Self {
        let places = Places::of(sets);
        let mut by_mark = places.marks(sets);
        by_mark.sort_unstable();
        // A mark is a sum of one number of 64 bits per set: people of one mark are in the same sets.
        let mut people: Vec<u32> = Vec::new();
        let mut starts = vec![0usize];
        let mut atom_of = vec![u32::MAX; places.len];
        let mut firsts: Vec<u32> = Vec::new();
        for same in by_mark.chunk_by(|a, b| a.mark == b.mark) {
            let Some(first) = same.first() else { continue };
            let atom = u32::try_from(people.len()).unwrap_or(u32::MAX);
            if let Some(of) = atom_of.get_mut(places.of_person(first.person)) {
                *of = atom;
            }
            firsts.push(first.person);
            people.push(u32::try_from(same.len()).unwrap_or(u32::MAX));
            starts.push(starts.last().copied().unwrap_or_default() + first.sets as usize);
        }
        drop(by_mark);
        firsts.sort_unstable();
        let firsts: RoaringBitmap = firsts.into_iter().collect();
        let mut filled = starts.clone();
        let mut of_atoms = vec![0u32; starts.last().copied().unwrap_or_default()];
        for (index, set) in (0u32..).zip(sets) {
            let mut note = |person: u32| {
                let atom = atom_of.get(places.of_person(person)).copied().unwrap_or(u32::MAX);
                if let Some(at) = filled.get_mut(atom as usize) {
                    if let Some(place) = of_atoms.get_mut(*at) {
                        *place = index;
                    }
                    *at += 1;
                }
            };
            // One person speaks for an atom. Where that leaves most people out, they are left out container by container.
            if firsts.len() < set.len() / 2 {
                (&firsts & *set).iter().for_each(&mut note);
            } else {
                set.iter().for_each(&mut note);
            }
        }
        Self { people, starts, sets: of_atoms }
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
    pub(super) fn sets(&self, atom: usize) -> &[u32] {
        let (Some(from), Some(to)) = (self.starts.get(atom), self.starts.get(atom + 1)) else { return &[] };
        self.sets.get(*from..*to).unwrap_or_default()
    }
}

/// A person with the sum of the marks of the sets they are in.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Marked {
    mark: u64,
    person: u32,
    sets: u32,
}

/// Where people are kept: only for the blocks of numbers that occur, so that a great number costs no memory.
struct Places {
    blocks: Vec<u32>,
    len: usize,
}

impl Places {
    fn of(sets: &[&RoaringBitmap]) -> Self {
        let mut blocks = vec![u32::MAX; BLOCK];
        let mut used = 0u32;
        for set in sets {
            let mut next = set.min();
            while let Some(person) = next {
                if let Some(block) = blocks.get_mut(person as usize / BLOCK).filter(|b| **b == u32::MAX) {
                    *block = used;
                    used += 1;
                }
                let after = (person as usize / BLOCK + 1) * BLOCK;
                next = u32::try_from(after).ok().and_then(|from| set.range(from..).next());
            }
        }
        Self { blocks, len: used as usize * BLOCK }
    }

    fn of_person(&self, person: u32) -> usize {
        let block = self.blocks.get(person as usize / BLOCK).copied().unwrap_or_default();
        block as usize * BLOCK + person as usize % BLOCK
    }

    /// Everybody who is in a set.
    fn marks(&self, sets: &[&RoaringBitmap]) -> Vec<Marked> {
        let mut all = vec![Marked::default(); self.len];
        for (index, set) in (0u64..).zip(sets) {
            let mark = mixed(index);
            for person in *set {
                if let Some(of) = all.get_mut(self.of_person(person)) {
                    of.mark = of.mark.wrapping_add(mark);
                    of.person = person;
                    of.sets += 1;
                }
            }
        }
        all.retain(|of| of.sets > 0);
        all
    }
}
