//! Whether numbers, added and subtracted, leave those of fewer than enough people.
//!
//! People who are in the same sets form an atom: nobody can tell them apart. A combination of the sets leaves a small group
//! where it is nothing on every atom of enough people, and something on a few others.

mod atoms;
mod solutions;
#[cfg(test)]
mod tests;
mod words;

use crate::field::{inverse, mixed, multiply, random};
use atoms::Atoms;
use roaring::RoaringBitmap;
use solutions::{Solutions, total};
use std::collections::{BTreeMap, BTreeSet};
use words::{Group, Words};

/// Leftovers after which no more are looked for.
const FOUND_MAX: usize = 200;
/// Directions that combinations may have for all of them to be looked at together.
const DIRECTIONS_MAX: usize = 128;
/// How often pivots are chosen anew, where not all combinations could be looked at.
const ROUNDS: usize = 2;

/// A number's people.
pub(crate) struct Row {
    pub(crate) people: RoaringBitmap,
    /// Whether it would be released now.
    pub(crate) new: bool,
}

/// The rows of combinations, new ones among them, that leave 1 to `people_min` − 1 people. Those of fewest rows first.
pub(crate) fn leftovers(rows: &[Row], people_min: u64) -> Vec<Vec<usize>> {
    let rows_of = |found: Vec<(usize, u64)>| found.into_iter().map(|(row, _)| row).collect::<Vec<usize>>();
    let all: BTreeSet<Vec<usize>> = combinations(rows, people_min).into_iter().map(rows_of).collect();
    let mut all: Vec<Vec<usize>> = all.into_iter().collect();
    all.sort_by_key(Vec::len);
    all
}

/// Such combinations: the rows in ascending order, each with its coefficient.
fn combinations(rows: &[Row], people_min: u64) -> Vec<Vec<(usize, u64)>> {
    let speaking = distinct(rows);
    let sets: Vec<&RoaringBitmap> =
        speaking.iter().filter_map(|row| rows.get(*row)).map(|r| &r.people).collect();
    let new: Vec<bool> = speaking.iter().filter_map(|row| rows.get(*row)).map(|r| r.new).collect();
    if !new.contains(&true) {
        return Vec::new();
    }
    let atoms = Atoms::of(&sets);
    let (mut great, mut small): (Vec<usize>, Vec<usize>) =
        (0..atoms.len()).partition(|atom| atoms.people(*atom) >= people_min);
    // An equation of one set settles it, one of two ties them: such come first, and what they settle shortens the others.
    great.sort_by_key(|atom| atoms.sets(*atom).len());
    let mut solutions = Solutions::new(new.clone());
    for atom in great {
        solutions.take(atoms.sets(atom));
    }
    small.retain(|atom| !solutions.is_nothing(atoms.sets(*atom)));
    let groups = loop {
        let groups = grouped(&solutions, &atoms, &small);
        let before = small.len();
        for group in groups.iter().filter(|group| group.people >= people_min) {
            solutions.take(atoms.sets(group.atom));
        }
        small.retain(|atom| !solutions.is_nothing(atoms.sets(*atom)));
        if small.len() == before {
            break groups;
        }
    };
    let found = search(&mut solutions, &atoms, groups, &new, people_min);
    let of_rows = |times: Vec<u64>| speaking.iter().copied().zip(times).filter(|(_, t)| *t != 0).collect();
    found.into_iter().map(of_rows).collect()
}

/// Combinations that leave few people.
fn search(
    solutions: &mut Solutions,
    atoms: &Atoms,
    mut groups: Vec<Group>,
    new: &[bool],
    people_min: u64,
) -> Vec<Vec<u64>> {
    let mut found: Vec<Vec<u64>> = Vec::new();
    if groups.is_empty() {
        return found;
    }
    // What is still free when nothing may be left at all is a set that others add up to: it is left out.
    let mut settled = solutions.clone();
    for group in &groups {
        settled.take(atoms.sets(group.atom));
    }
    solutions.leave_out(&settled.free());
    drop(settled);
    let mut tried: BTreeSet<usize> = BTreeSet::new();
    for round in 0..ROUNDS {
        groups.sort_by_key(|group| {
            let chance = mixed(group.atom as u64 ^ (round as u64) << 40);
            (tried.contains(&group.atom), std::cmp::Reverse(group.people), chance)
        });
        let mut narrowed = solutions.clone();
        let mut free = narrowed.free().len();
        for group in &groups {
            if free <= DIRECTIONS_MAX {
                break;
            }
            if narrowed.take(atoms.sets(group.atom)) {
                free -= 1;
                tried.insert(group.atom);
            }
        }
        let words = Words::of(narrowed, atoms, &groups, people_min);
        tried.extend(words.pivots().map(|group| group.atom));
        let result = words.search(new, FOUND_MAX);
        found.extend(result.found);
        if (result.complete && solutions.free().len() <= DIRECTIONS_MAX) || found.len() >= FOUND_MAX {
            break;
        }
    }
    found
}

/// One row of each set of people, a new one where there is one.
fn distinct(rows: &[Row]) -> Vec<usize> {
    let mut by_size: BTreeMap<(u64, Option<u32>, Option<u32>), Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.people.is_empty()) {
        let alike = by_size.entry((row.people.len(), row.people.min(), row.people.max())).or_default();
        let same = |other: &&mut usize| rows.get(**other).is_some_and(|other| other.people == row.people);
        match alike.iter_mut().find(same) {
            Some(other) if row.new && rows.get(*other).is_some_and(|other| !other.new) => *other = index,
            Some(_) => {}
            None => alike.push(index),
        }
    }
    let mut all: Vec<usize> = by_size.into_values().flatten().collect();
    all.sort_unstable();
    all
}

/// The atoms, those together on which every solution is the same but for a factor.
fn grouped(solutions: &Solutions, atoms: &Atoms, small: &[usize]) -> Vec<Group> {
    let one = solutions.solution(|variable| random(u64::from(variable) << 1));
    let other = solutions.solution(|variable| random(u64::from(variable) << 1 | 1));
    let pairs: Vec<(u64, u64)> =
        small.iter().map(|atom| (total(&one, atoms.sets(*atom)), total(&other, atoms.sets(*atom)))).collect();
    // All inverses by one (Montgomery's trick): of the product of all, and back.
    let mut products = Vec::with_capacity(pairs.len());
    let mut product = 1;
    for (a, _) in &pairs {
        products.push(product);
        if *a != 0 {
            product = multiply(product, *a);
        }
    }
    let mut back = inverse(product);
    let mut ratios: Vec<(u64, usize)> = Vec::with_capacity(pairs.len());
    for (((a, b), before), atom) in pairs.iter().zip(&products).zip(small).rev() {
        if *a == 0 {
            continue;
        }
        ratios.push((multiply(*b, multiply(back, *before)), *atom));
        back = multiply(back, *a);
    }
    ratios.sort_unstable();
    let of = |same: &[(u64, usize)]| {
        let people = same.iter().map(|(_, atom)| atoms.people(*atom)).sum();
        same.first().map(|(_, atom)| Group { atom: *atom, people })
    };
    ratios.chunk_by(|a, b| a.0 == b.0).filter_map(of).collect()
}
