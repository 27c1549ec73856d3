//! Whether numbers, added and subtracted, leave those of fewer than enough people.
//!
//! People who are in the same sets form an atom: nobody can tell them apart. A combination gives each set a coefficient. It
//! leaves a small group where it is nothing on everybody else, and something on each of fewer than enough people. What the new
//! sets give away is a group for which there is such a combination with new sets, and none of old sets alone. (An old set of
//! exactly a new one's people counts as new: the new number can stand for it.)
//!
//! How such groups are found, modulo a prime of 61 bits:
//! 1. a combination is nothing on every great atom, one of enough people. These equations are solved exactly ([`Solutions`]).
//!    Atoms on which all solutions are the same but for a factor count as one, and are great if they are enough people together;
//! 2. sets to which others add up are left out, new ones first: without them the same groups can be told apart, and what is left
//!    has a combination in one way only. So a group is the new sets' where its one combination has a new set;
//! 3. small atoms that do not depend on one another become pivots: every combination is a sum of words, each of which is one on a
//!    pivot of its own and nothing on the other pivots. A group that has one pivot is a word. Where there are few words and few
//!    atoms, two, three and more of them are combined as well ([`Words`]). This is how codewords of least weight are looked for
//!    by information sets (Prange 1962; Lee and Brickell 1988).
//!
//! What is complete. Few words and atoms: every smallest group is found (`tests.rs` compares with all groups), unless that is
//! more work than a bound, or there are more than [`FOUND_MAX`]. A group of one atom, so one person whom nobody is like: always
//! found where all words are looked at together, 457 of 320 sets and 183 of 2,000. Of more words, all but so many are first taken
//! to be nothing, which may hide a group that has one of the pivots then chosen; so it is done twice, with other pivots. One atom
//! is then missed only if the second time none could be spared. A group of more atoms is missed if it has two pivots, or a hidden
//! one, both times: of *t* atoms among *n* with *r* independent sets about (*t r* / *n*)² of the time. That is little where
//! people are many, and much where sets are nearly as many as atoms: there, that a group is not found does not mean that it is
//! not given away. What is found is given away, but with a chance of 2^-25 for a million atoms (that two are taken for one).
//!
//! Everything that looks random is computed from the sets' places: the same sets give the same answer.

mod atoms;
mod solutions;
#[cfg(test)]
mod tests;
mod words;

use crate::field::{inverse, mixed, multiply, random};
use atoms::{Atoms, SETS_MAX};
use roaring::RoaringBitmap;
use solutions::{Solutions, total};
use std::collections::{BTreeMap, BTreeSet};
use words::{Group, Words};

/// Leftovers after which no more are looked for.
const FOUND_MAX: usize = 200;
/// Words that are looked at together in any case.
const WORDS_MIN: usize = 128;
/// Multiplications that it may take to write down all words, for more of them to be looked at together.
const WORDS_WORK_MAX: usize = 1 << 26;
/// How often pivots are chosen anew, where not all combinations could be looked at.
const ROUNDS: u64 = 2;
/// Groups from everywhere that are tried as pivots first, where there are many.
const SAMPLE: usize = 1 << 14;

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
    let mut speaking = distinct(rows);
    speaking.truncate(SETS_MAX);
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
    let groups = loop {
        let groups = grouped(&mut solutions, &atoms, &mut small);
        let mut taken = false;
        for group in groups.iter().filter(|group| group.people >= people_min) {
            taken |= solutions.take(atoms.sets(group.atom));
        }
        if !taken {
            break groups;
        }
    };
    let found = search(&mut solutions, &atoms, &groups, &new, people_min);
    let of_rows = |times: Vec<u64>| speaking.iter().copied().zip(times).filter(|(_, t)| *t != 0).collect();
    found.into_iter().map(of_rows).collect()
}

/// Combinations that leave few people.
fn search(
    solutions: &mut Solutions,
    atoms: &Atoms,
    groups: &[Group],
    new: &[bool],
    people_min: u64,
) -> Vec<Vec<u64>> {
    let mut found: Vec<Vec<u64>> = Vec::new();
    if groups.is_empty() {
        return found;
    }
    // What is still free when nothing may be left at all is a set that others add up to: it is left out.
    let mut tried: BTreeSet<usize> = BTreeSet::new();
    let mut settled = solutions.clone();
    let mut pivots: Vec<usize> = Vec::new();
    for index in order(groups, &tried, 0) {
        if groups.get(index).is_some_and(|group| settled.take(atoms.sets(group.atom))) {
            pivots.push(index);
        }
    }
    solutions.leave_out(&settled.free());
    drop(settled);
    let directions = pivots.len();
    // Each pivot changes the coefficients of all sets, each of which has up to so many words.
    let together = (WORDS_WORK_MAX / new.len().max(1)).isqrt().max(WORDS_MIN);
    for round in 0..ROUNDS {
        if round > 0 {
            pivots = order(groups, &tried, round).collect();
        }
        let mut narrowed = solutions.clone();
        let mut free = directions;
        for index in &pivots {
            if free <= together {
                break;
            }
            if groups.get(*index).is_some_and(|group| narrowed.take(atoms.sets(group.atom))) {
                free -= 1;
                tried.insert(*index);
            }
        }
        let words = Words::of(narrowed, atoms, groups, &pivots, people_min);
        tried.extend(words.pivots());
        let result = words.search(new, FOUND_MAX);
        found.extend(result.found);
        if (result.complete && directions <= together) || found.len() >= FOUND_MAX {
            break;
        }
    }
    found
}

/// The groups by their places, in the order in which they are made pivots: those tried before last; of few groups those of most
/// people first; of many some from everywhere first, and then all as they are kept in memory.
fn order<'a>(
    groups: &'a [Group],
    tried: &'a BTreeSet<usize>,
    round: u64,
) -> impl Iterator<Item = usize> + 'a {
    let mut first: Vec<usize> = if groups.len() <= SAMPLE {
        (0..groups.len()).collect()
    } else {
        let any = |i: u64| usize::try_from(mixed(i ^ round << 40) % groups.len() as u64).unwrap_or_default();
        (0..SAMPLE as u64).map(any).collect()
    };
    first.retain(|index| !tried.contains(index));
    if groups.len() <= SAMPLE {
        first.sort_by_key(|index| {
            let people = groups.get(*index).map_or(0, |group| group.people);
            (std::cmp::Reverse(people), mixed(*index as u64 ^ round << 40))
        });
    }
    let rest = (0..groups.len()).filter(|index| groups.len() > SAMPLE && !tried.contains(index));
    first.into_iter().chain(rest).chain(tried.iter().copied())
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

/// The atoms, those together on which every solution is the same but for a factor. Leaves out those on which all are nothing.
fn grouped(solutions: &mut Solutions, atoms: &Atoms, small: &mut Vec<usize>) -> Vec<Group> {
    let one = solutions.solution(|variable| random(u64::from(variable) << 1));
    let other = solutions.solution(|variable| random(u64::from(variable) << 1 | 1));
    let mut values: Vec<(u64, u64)> = Vec::with_capacity(small.len());
    small.retain(|atom| {
        let value = total(&one, atoms.sets(*atom));
        if value != 0 {
            values.push((value, total(&other, atoms.sets(*atom))));
        }
        value != 0
    });
    // All inverses by one (Montgomery's trick): of the product of all, and back.
    let mut products = Vec::with_capacity(values.len());
    let mut product = 1;
    for (a, _) in &values {
        products.push(product);
        product = multiply(product, *a);
    }
    let mut back = inverse(product);
    let mut ratios: Vec<(u64, usize)> = Vec::with_capacity(values.len());
    for (((a, b), before), atom) in values.iter().zip(&products).zip(small.iter()).rev() {
        ratios.push((multiply(*b, multiply(back, *before)), *atom));
        back = multiply(back, *a);
    }
    drop((values, products));
    ratios.sort_unstable();
    let of = |same: &[(u64, usize)]| {
        let people = same.iter().map(|(_, atom)| atoms.people(*atom)).sum();
        same.first().map(|(_, atom)| Group { atom: *atom, people })
    };
    let mut groups: Vec<Group> = ratios.chunk_by(|a, b| a.0 == b.0).filter_map(of).collect();
    groups.sort_unstable_by_key(|group| group.atom);
    groups
}
