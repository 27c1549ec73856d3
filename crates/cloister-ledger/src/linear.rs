//! Whether numbers, added and subtracted, leave those of fewer than enough people.
//!
//! People who are in the same sets form an atom: nobody can tell them apart. A combination of the sets leaves a small group
//! where it is nothing on every atom of enough people, and something on a few others. So the combinations that are nothing on
//! the great atoms are computed first, exactly, modulo a prime of 61 bits; the great atoms are thrown together at random
//! beforehand, which changes no such combination but with a chance of one in 2^50. Mostly there is none but those that are
//! nothing on the small atoms too.

use crate::field::{add, inverse, multiply, subtract};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};

/// Pairs of leftovers that are combined further, to find smaller ones.
const PAIRS_MAX: usize = 200;
/// How many places each great atom is thrown to.
const THROWS: u64 = 3;

/// A number's people.
pub(crate) struct Row {
    pub(crate) people: RoaringBitmap,
    /// Whether it would be released now.
    pub(crate) new: bool,
}

/// People who are in the same sets.
struct Atom {
    people: u64,
    rows: Vec<usize>,
}

/// A combination: its coefficients of the rows, and what it is on the small atoms.
#[derive(Clone)]
struct Combination {
    of_rows: Vec<u64>,
    on_atoms: Vec<u64>,
}

/// The rows of combinations, new ones among them, that leave 1 to `people_min` − 1 people.
pub(crate) fn leftovers(rows: &[Row], people_min: u64) -> Vec<Vec<usize>> {
    let atoms = atoms(rows);
    let small: Vec<&Atom> = atoms.iter().filter(|a| a.people < people_min).collect();
    if small.is_empty() {
        return Vec::new();
    }
    let great: Vec<&Atom> = atoms.iter().filter(|a| a.people >= people_min).collect();
    let mut left: Vec<Combination> = nothing_on(&great, rows.len())
        .into_iter()
        .map(|of_rows| {
            let on = |atom: &&Atom| {
                let terms = atom.rows.iter().filter_map(|row| of_rows.get(*row));
                terms.fold(0, |sum, term| add(sum, *term))
            };
            Combination { on_atoms: small.iter().map(on).collect(), of_rows }
        })
        .filter(|c| c.on_atoms.iter().any(|x| *x != 0))
        .collect();
    reduce(&mut left);
    let mut found = BTreeSet::new();
    let mut note = |c: &Combination| {
        let weight: u64 =
            c.on_atoms.iter().zip(&small).filter(|(x, _)| **x != 0).map(|(_, a)| a.people).sum();
        let used: Vec<usize> =
            c.of_rows.iter().enumerate().filter(|(_, x)| **x != 0).map(|(i, _)| i).collect();
        if (1..people_min).contains(&weight) && used.iter().any(|row| rows.get(*row).is_some_and(|r| r.new)) {
            found.insert(used);
        }
    };
    left.iter().for_each(&mut note);
    let pairs = left.iter().enumerate().flat_map(|(i, a)| left.iter().skip(i + 1).map(move |b| (a, b)));
    for (a, b) in pairs.take(PAIRS_MAX) {
        for column in 0..small.len() {
            let (x, y) = (value(&a.on_atoms, column), value(&b.on_atoms, column));
            if x != 0 && y != 0 {
                note(&less(a, b, multiply(x, inverse(y))));
            }
        }
    }
    found.into_iter().collect()
}

fn value(all: &[u64], index: usize) -> u64 {
    all.get(index).copied().unwrap_or_default()
}

/// One less so many times another.
fn less(a: &Combination, b: &Combination, times: u64) -> Combination {
    let of = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| subtract(*a, multiply(times, *b))).collect();
    Combination { of_rows: of(&a.of_rows, &b.of_rows), on_atoms: of(&a.on_atoms, &b.on_atoms) }
}

/// Brings combinations into the form in which each has a small atom of its own.
fn reduce(all: &mut Vec<Combination>) {
    let columns = all.first().map_or(0, |c| c.on_atoms.len());
    let mut done = 0;
    for column in 0..columns {
        let Some(at) =
            (done..all.len()).find(|i| all.get(*i).is_some_and(|c| value(&c.on_atoms, column) != 0))
        else {
            continue;
        };
        all.swap(done, at);
        let Some(pivot) = all.get(done).cloned() else { break };
        let unit = inverse(value(&pivot.on_atoms, column));
        for (i, other) in all.iter_mut().enumerate() {
            let here = value(&other.on_atoms, column);
            if i != done && here != 0 {
                *other = less(other, &pivot, multiply(here, unit));
            }
        }
        done += 1;
        if done == all.len() {
            break;
        }
    }
    all.retain(|c| c.on_atoms.iter().any(|x| *x != 0));
}

/// A number that looks random and is the same for the same seed.
fn mixed(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Who is in the same sets.
fn atoms(rows: &[Row]) -> Vec<Atom> {
    let most = rows.iter().filter_map(|row| row.people.max()).max().unwrap_or_default();
    let mut marks = vec![0u64; most as usize + 1];
    for (index, row) in rows.iter().enumerate() {
        let mark = mixed(index as u64);
        for person in &row.people {
            if let Some(of_person) = marks.get_mut(person as usize) {
                *of_person = of_person.wrapping_add(mark);
            }
        }
    }
    let mut by_mark: BTreeMap<u64, (u32, u64)> = BTreeMap::new();
    for (person, mark) in (0u32..).zip(&marks) {
        by_mark.entry(*mark).or_insert((person, 0)).1 += 1;
    }
    let of = |(person, people): (u32, u64)| {
        let inside = rows.iter().enumerate().filter(|(_, row)| row.people.contains(person));
        Atom { people, rows: inside.map(|(index, _)| index).collect() }
    };
    by_mark.into_values().map(of).filter(|atom| !atom.rows.is_empty()).collect()
}

/// The combinations of the rows that are nothing on every one of these atoms.
fn nothing_on(atoms: &[&Atom], rows: usize) -> Vec<Vec<u64>> {
    let width = atoms.len().min(2 * rows + 16);
    let mut sums = vec![vec![0u64; width]; rows];
    for (index, atom) in atoms.iter().enumerate() {
        for throw in 0..THROWS {
            let seed = mixed(index as u64 * THROWS + throw);
            let place = match width == atoms.len() {
                // Few enough: each has a place of its own.
                true if throw > 0 => continue,
                true => index,
                false => usize::try_from(seed % width.max(1) as u64).unwrap_or_default(),
            };
            let weight = mixed(seed) % crate::field::PRIME;
            for row in &atom.rows {
                if let Some(sum) = sums.get_mut(*row).and_then(|row| row.get_mut(place)) {
                    *sum = add(*sum, weight);
                }
            }
        }
    }
    // Elimination, each row with the combination that it is by now.
    let mut all: Vec<(Vec<u64>, Vec<u64>)> = sums
        .into_iter()
        .enumerate()
        .map(|(row, sums)| (sums, (0..rows).map(|other| u64::from(other == row)).collect()))
        .collect();
    let mut done = 0;
    for column in 0..width {
        let Some(at) =
            (done..all.len()).find(|i| all.get(*i).is_some_and(|(sums, _)| value(sums, column) != 0))
        else {
            continue;
        };
        all.swap(done, at);
        let (before, after) = all.split_at_mut(done + 1);
        let Some((pivot, pivot_of)) = before.last() else { break };
        let unit = inverse(value(pivot, column));
        for (sums, of) in after {
            let here = value(sums, column);
            if here == 0 {
                continue;
            }
            let times = multiply(here, unit);
            for (a, b) in sums.iter_mut().zip(pivot).chain(of.iter_mut().zip(pivot_of)) {
                if *b != 0 {
                    *a = subtract(*a, multiply(times, *b));
                }
            }
        }
        done += 1;
        if done == all.len() {
            break;
        }
    }
    all.into_iter().skip(done).map(|(_, of)| of).collect()
}
