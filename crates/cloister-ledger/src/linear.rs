//! Whether numbers, added and subtracted, leave those of fewer than enough people.
//!
//! People who are in the same sets form an atom: nobody can tell them apart. A combination gives each set a coefficient. It
//! leaves a small group where it is nothing on everybody else, and something on each of fewer than enough people. What the new
//! sets give away is a group for which there is such a combination with new sets, and none of old sets alone. (An old set of
//! exactly a new one's people counts as new: the new number can stand for it.)
//!
//! How such groups are found, modulo a prime of 61 bits:
//! 1. a combination is nothing on every great atom, one of enough people. These equations are solved exactly ([`Solutions`]).
//!    Atoms on which all solutions are the same count as one. Those on which they are the same but for a factor are great if they
//!    are enough people together and not light, as below;
//! 2. sets to which others add up are left out, new ones first: without them the same groups can be told apart, and what is left
//!    has a combination in one way only. So a group is the new sets' where its one combination has a new set;
//! 3. small atoms that do not depend on one another become pivots: every combination is a sum of words, each of which is one on a
//!    pivot of its own and nothing on the other pivots. A group that has one pivot is a word. Where there are few words and few
//!    atoms, two, three and more of them are combined as well ([`Words`]). This is how codewords of least weight are looked for
//!    by information sets (Prange 1962; Lee and Brickell 1988).
//!
//! What is divided. Eight times one person and once seven others are 15: she is one at most, though all of them are eight people.
//! In whole numbers *c*, a combination with the value *v* says of those who are counted most often, *m* times, that they are
//! (*v* − the others, times their coefficients) / *m*. Where all coefficients are of one sign the others are nobody at least, so
//! these are at most *v* / *m* = Σ *c p* / max *c*, over atoms of *p* people: the combination's weight. One of less weight than
//! enough people is *light*, and is looked for too, whether on few people or not. Where all coefficients are one, light means few,
//! as before. That the bound may be all that is known of them, and the greatest number that is too few, is on the safe side: with
//! what else is known of the others (that they are somebody, or marked as few) it may become a number.
//!
//! Not so where coefficients are of both signs: the others can then be as many as one likes, if only those that are subtracted are
//! so too, and what follows is a floor at most, as it is of two small groups of which one is subtracted. (Who knows by a marker
//! that they are few knows more; that is not found.) With coefficients of both signs, only what is on few people counts.
//!
//! A light combination is a sum of such as are something on as few atoms as can be, of the same signs where it is something
//! (Rockafellar 1969: elementary vectors), and one of these is as light; words and what is made of them as above are of this kind.
//! So the same search finds them, on fewer than four times enough people: with atoms of no more than that not yet taken to be
//! nothing, where all words can then be written down; else with atoms of fewer than enough people alone; and of too many words
//! each by itself. That coefficients are fractions of small numbers is told by their residues (`fraction`).
//!
//! What is complete. Few words and atoms: every smallest group is found (`tests.rs` compares with all groups), unless that is
//! more work than a bound, or there are more than [`FOUND_MAX`]. A group of one atom, so one person whom nobody is like: always
//! found where all words are looked at together, 457 of 320 sets and 183 of 2,000. Of more words, all but so many are first taken
//! to be nothing, which may hide a group that has one of the pivots then chosen; so it is done twice, with other pivots. One atom
//! is then missed only if the second time none could be spared. A group of more atoms is missed if it has two pivots, or a hidden
//! one, both times: of *t* atoms among *n* with *r* independent sets about (*t r* / *n*)² of the time. That is little where
//! people are many, and much where sets are nearly as many as atoms: there, that a group is not found does not mean that it is
//! not given away. What is found is given away, but with a chance of 2^-25 for a million atoms (that two are taken for one).
//! Light combinations on so many people: where all words can be written down, every one is found (`tests.rs`), but the bound on
//! work is reached sooner, since more words go together. Of too many words, only such as are words are found.
//!
//! Everything that looks random is computed from the sets' places: the same sets give the same answer.

mod atoms;
mod groups;
mod solutions;
#[cfg(test)]
mod tests;
mod weight;
mod words;

use crate::field::mixed;
use atoms::{Atoms, SETS_MAX};
use groups::{Group, grouped};
use roaring::RoaringBitmap;
use solutions::Solutions;
use std::collections::{BTreeMap, BTreeSet};
use weight::{Limit, On};
use words::{WRITTEN_MAX, Words};

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

/// The rows of combinations, new ones among them, that leave 1 to `people_min` − 1 people, or say of some that they are no more.
/// Those of fewest rows first.
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
    let (mut great, mut others): (Vec<usize>, Vec<usize>) =
        (0..atoms.len()).partition(|atom| atoms.people(*atom) >= people_min);
    // An equation of one set settles it, one of two ties them: such come first, and what they settle shortens the others.
    let light = Limit::light(people_min);
    let beyond = light.people_max.saturating_add(1);
    great.sort_by_key(|atom| (atoms.people(*atom) < beyond, atoms.sets(*atom).len()));
    let mut solutions = Solutions::new(new.clone());
    let mut stages: Vec<Stage> = Vec::new();
    let mut rest = great.iter().peekable();
    for great in [beyond, people_min] {
        while let Some(atom) = rest.next_if(|atom| atoms.people(**atom) >= great) {
            solutions.take(atoms.sets(*atom));
        }
        let len = others.len() + rest.len();
        if len <= WRITTEN_MAX && stages.last().is_none_or(|stage| stage.others.len() > len) {
            let others = others.iter().chain(rest.clone()).copied().collect();
            stages.push(Stage { great, solutions: solutions.clone(), others });
        }
    }
    let groups = grouped(&mut solutions, &atoms, &mut others, |on| !light.holds(on));
    let (pivots, needless) = independent(&solutions, &atoms, &groups);
    solutions.leave_out(&needless);
    let mut found = search(&solutions, &atoms, &groups, pivots, &new, people_min);
    drop(solutions);
    let affordable = |stage: &Stage| {
        let directions = stage.solutions.free().len().saturating_sub(needless.len());
        directions * stage.others.len() <= WRITTEN_MAX
    };
    if let Some(stage) = stages.into_iter().find(affordable) {
        found.extend(stage.light(&needless, &atoms, &new, people_min));
    }
    let of_rows = |times: Vec<u64>| speaking.iter().copied().zip(times).filter(|(_, t)| *t != 0).collect();
    found.into_iter().map(of_rows).collect()
}

/// Combinations before they were made nothing on atoms of not many more people than are enough.
struct Stage {
    /// How many people are in the atoms on which they are nothing.
    great: u64,
    solutions: Solutions,
    /// The other atoms.
    others: Vec<usize>,
}

impl Stage {
    /// Light combinations.
    fn light(mut self, needless: &[u32], atoms: &Atoms, new: &[bool], people_min: u64) -> Vec<Vec<u64>> {
        self.solutions.leave_out(needless);
        let great = |on: &[On]| on.iter().any(|(_, people)| *people >= self.great);
        let groups = grouped(&mut self.solutions, atoms, &mut self.others, great);
        let pivots: Vec<usize> = order(&groups, &BTreeSet::new(), 0).collect();
        Words::of(self.solutions, atoms, &groups, &pivots, people_min).light(new, FOUND_MAX)
    }
}

/// Groups that do not depend on one another, as many as there are; and the sets to which others add up: those whose coefficients are
/// still free when nothing may be left at all.
fn independent(solutions: &Solutions, atoms: &Atoms, groups: &[Group]) -> (Vec<usize>, Vec<u32>) {
    let mut settled = solutions.clone();
    let mut pivots = Vec::new();
    for index in order(groups, &BTreeSet::new(), 0) {
        if groups.get(index).is_some_and(|group| settled.take(atoms.sets(group.atom))) {
            pivots.push(index);
        }
    }
    (pivots, settled.free())
}

/// Combinations that leave few people, or little where words are too many to be written down.
fn search(
    solutions: &Solutions,
    atoms: &Atoms,
    groups: &[Group],
    mut pivots: Vec<usize>,
    new: &[bool],
    people_min: u64,
) -> Vec<Vec<u64>> {
    let mut found: Vec<Vec<u64>> = Vec::new();
    let mut tried: BTreeSet<usize> = BTreeSet::new();
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
