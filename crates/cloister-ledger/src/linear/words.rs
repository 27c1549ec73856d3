//! What combinations leave: the people on whom they are something.

use super::atoms::Atoms;
use super::groups::Group;
use super::solutions::{Solutions, total};
use super::weight::{Limit, On};
use crate::field::{inverse, multiply, multiply_add, random, subtract};
use std::collections::BTreeMap;

/// Groups times parameters up to which all that combinations leave is written down, and combined further.
pub(super) const WRITTEN_MAX: usize = 1 << 20;
/// Multiplications after which combinations of several parameters are no longer looked for.
const WORK_MAX: usize = 6_000_000;
/// Combinations of so many words after which no more are looked for.
const TOGETHER_MAX: usize = 4_096;
/// Groups that are looked at before it is asked again which of the others matter.
const LOOK_FIRST: usize = 512;

/// Combinations in the form in which each is one on a group of its own, the pivot, and nothing on the others' pivots.
pub(super) struct Words<'a> {
    solutions: Solutions,
    atoms: &'a Atoms,
    groups: &'a [Group],
    /// The parameter of each word, and its pivot.
    pivots: Vec<(u32, usize)>,
    people_min: u64,
}

/// What was found, and whether everything was looked at.
pub(super) struct Search {
    /// Coefficients of the sets, one combination each.
    pub(super) found: Vec<Vec<u64>>,
    pub(super) complete: bool,
}

impl<'a> Words<'a> {
    /// Chooses the pivots: the first groups, in this order, that do not depend on one another.
    pub(super) fn of(
        mut solutions: Solutions,
        atoms: &'a Atoms,
        groups: &'a [Group],
        order: &[usize],
        people_min: u64,
    ) -> Self {
        let mut pivots = Vec::new();
        for index in order {
            let Some(group) = groups.get(*index) else { continue };
            if let Some(name) = solutions.name(atoms.sets(group.atom)) {
                pivots.push((name, *index));
            }
        }
        Self { solutions, atoms, groups, pivots, people_min }
    }

    /// The pivots' places among the groups.
    pub(super) fn pivots(&self) -> impl Iterator<Item = usize> {
        self.pivots.iter().map(|(_, group)| *group)
    }

    /// Combinations with a new set that leave fewer than enough people, at most so many.
    pub(super) fn search(mut self, new: &[bool], found_max: usize) -> Search {
        let written = self.pivots.len() * self.groups.len() <= WRITTEN_MAX;
        match written {
            true => self.written(new, Limit::few(self.people_min), found_max),
            false => self.single(new, found_max),
        }
    }

    /// Light combinations with a new set, at most so many. All words are written down for it.
    pub(super) fn light(mut self, new: &[bool], found_max: usize) -> Vec<Vec<u64>> {
        self.written(new, Limit::light(self.people_min), found_max).found
    }

    /// Puts the words with a new set first, and says how many they are. The others are no new set's, nor what is made of them
    /// alone.
    fn new_first(&mut self, new: &[bool]) -> usize {
        let Self { pivots, solutions, .. } = self;
        let is_new = |set: &u32| new.get(*set as usize).copied().unwrap_or_default();
        pivots.sort_by_cached_key(|(name, _)| !solutions.users(*name).iter().any(is_new));
        pivots.iter().take_while(|(name, _)| solutions.users(*name).iter().any(is_new)).count()
    }

    /// Each word by itself. One that is something on enough people is dropped as soon as they have been seen, and groups that are
    /// nothing in all words not dropped yet are not looked at.
    fn single(&mut self, new: &[bool], found_max: usize) -> Search {
        let with_new = self.new_first(new);
        let limit = Limit::light(self.people_min);
        let mut alive: BTreeMap<u32, (u64, Vec<On>)> =
            self.pivots.iter().take(with_new).map(|(name, _)| (*name, Default::default())).collect();
        // Most words are something nearly everywhere: a few groups from everywhere are enough to drop them.
        let step = (self.groups.len() / LOOK_FIRST).max(1);
        let mut now: Vec<&Group> = self.groups.iter().step_by(step).collect();
        let mut rest: Vec<&Group> =
            self.groups.iter().enumerate().filter(|(i, _)| i % step != 0).map(|(_, group)| group).collect();
        let mut looked = LOOK_FIRST;
        while !now.is_empty() && !alive.is_empty() {
            for group in now {
                for (variable, times) in self.solutions.sum_of(self.atoms.sets(group.atom)) {
                    if let Some((people, on)) = alive.get_mut(&variable) {
                        *people += group.people;
                        on.push((times, group.people));
                        if *people > limit.people_max {
                            alive.remove(&variable);
                        }
                    }
                }
            }
            let values = self.solutions.solution(|variable| match alive.contains_key(&variable) {
                true => random(u64::from(variable)),
                false => 0,
            });
            rest.retain(|group| total(&values, self.atoms.sets(group.atom)) != 0);
            let later = rest.split_off(looked.min(rest.len()));
            now = std::mem::replace(&mut rest, later);
            looked *= 2;
        }
        alive.retain(|_, (_, on)| limit.holds(on));
        let word = |name: &u32| self.solutions.solution(|variable| u64::from(variable == *name));
        Search { found: alive.keys().take(found_max).map(word).collect(), complete: false }
    }

    /// All words written down, and combined: first each alone, then two, three and more together.
    fn written(&mut self, new: &[bool], limit: Limit, found_max: usize) -> Search {
        let with_new = self.new_first(new);
        let number: BTreeMap<u32, usize> =
            self.pivots.iter().enumerate().map(|(i, (name, _))| (*name, i)).collect();
        let mut words = vec![vec![0u64; self.groups.len()]; self.pivots.len()];
        for (column, group) in self.groups.iter().enumerate() {
            for (variable, times) in self.solutions.sum_of(self.atoms.sets(group.atom)) {
                let word = number.get(&variable).and_then(|word| words.get_mut(*word));
                if let Some(here) = word.and_then(|word| word.get_mut(column)) {
                    *here = times;
                }
            }
        }
        let people: Vec<u64> = self.groups.iter().map(|group| group.people).collect();
        let pivots: Vec<usize> = self.pivots.iter().map(|(_, group)| *group).collect();
        let mut together = Together {
            words: &words,
            with_new,
            pivots: &pivots,
            people: &people,
            limit,
            work: WORK_MAX,
            found: Vec::new(),
        };
        let mut found: Vec<Vec<u64>> = Vec::new();
        let left = limit.people_max;
        let mut complete = true;
        let mut fewest: Vec<u64> = pivots.iter().filter_map(|pivot| people.get(*pivot)).copied().collect();
        fewest.sort_unstable();
        let sizes = fewest.iter().scan(0, |sum, people| {
            *sum += people;
            (*sum <= left).then_some(())
        });
        for (size, ()) in (1..).zip(sizes) {
            together.choose(0, size, left, &mut Vec::new());
            complete = together.goes_on();
            for times in std::mem::take(&mut together.found) {
                let values: BTreeMap<u32, u64> = times
                    .iter()
                    .filter_map(|(word, times)| Some((self.pivots.get(*word)?.0, *times)))
                    .collect();
                let of = self.solutions.solution(|v| values.get(&v).copied().unwrap_or_default());
                if of.iter().zip(new).any(|(times, new)| *new && *times != 0) {
                    found.push(of);
                }
            }
            if !complete || found.len() >= found_max {
                break;
            }
        }
        complete &= found.len() < found_max;
        found.truncate(found_max);
        Search { found, complete }
    }
}

/// A word that was combined: of which words, and what it is on the groups.
#[derive(Clone)]
struct Combined {
    times: Vec<(usize, u64)>,
    on: Vec<u64>,
}

impl Combined {
    /// It less so many times another.
    fn less(&self, other: &Self, times: u64) -> Self {
        let mut of: BTreeMap<usize, u64> = self.times.iter().copied().collect();
        for (word, t) in &other.times {
            let before = of.entry(*word).or_default();
            *before = subtract(*before, multiply(times, *t));
        }
        let on = self.on.iter().zip(&other.on).map(|(a, b)| subtract(*a, multiply(times, *b))).collect();
        Self { times: of.into_iter().collect(), on }
    }
}

/// Words that are combined.
struct Together<'a> {
    words: &'a [Vec<u64>],
    /// How many have a new set: the first.
    with_new: usize,
    /// The group that is each word's pivot.
    pivots: &'a [usize],
    /// How many people are in each group.
    people: &'a [u64],
    limit: Limit,
    work: usize,
    found: Vec<Vec<(usize, u64)>>,
}

impl Together<'_> {
    /// Chooses so many words more, whose pivots are not more people than are left: on these a combination of all of them is
    /// something, whatever else it is.
    fn choose(&mut self, from: usize, more: usize, left: u64, chosen: &mut Vec<usize>) {
        if more == 0 {
            let mut words: Vec<Combined> = Vec::new();
            for word in chosen.iter() {
                let mut on = self.words.get(*word).cloned().unwrap_or_default();
                if let Some(paid) = self.pivots.get(*word).and_then(|pivot| on.get_mut(*pivot)) {
                    *paid = 0;
                }
                words.push(Combined { times: vec![(*word, 1)], on });
            }
            self.spend(words.len() * self.people.len() / 4);
            return self.search(&words, 0, left);
        }
        let to = if chosen.is_empty() { self.with_new } else { self.words.len() };
        for word in from..to {
            if !self.goes_on() {
                return;
            }
            self.spend(1);
            let people = self.pivots.get(word).and_then(|pivot| self.people.get(*pivot)).copied();
            let Some(left) = left.checked_sub(people.unwrap_or_default()) else { continue };
            chosen.push(word);
            self.choose(word + 1, more - 1, left, chosen);
            chosen.pop();
        }
    }

    /// Every combination of these words that is something on no more people than are left, from a group on: on the first group on
    /// which they are not all nothing it is nothing, which leaves one word less, or something, which leaves fewer people.
    fn search(&mut self, words: &[Combined], from: usize, left: u64) {
        let Some((last, others)) = words.split_last() else { return };
        if others.is_empty() {
            let mut rest = left;
            for (_, people) in last.on.iter().zip(self.people).skip(from).filter(|(here, _)| **here != 0) {
                match rest.checked_sub(*people) {
                    Some(less) => rest = less,
                    None => return,
                }
            }
            if self.holds(&last.times) {
                self.found.push(last.times.clone());
            }
            return;
        }
        let on = |word: &Combined, column: usize| word.on.get(column).copied().unwrap_or_default();
        let Some(column) = (from..self.people.len()).find(|c| words.iter().any(|w| on(w, *c) != 0)) else {
            return;
        };
        self.spend(column - from + 1);
        if !self.goes_on() {
            return;
        }
        if let Some(by) = words.iter().rfind(|word| on(word, column) != 0) {
            let unit = inverse(on(by, column));
            let others = words.iter().filter(|word| !std::ptr::eq(*word, by));
            let reduced: Vec<Combined> = others
                .map(|word| match on(word, column) {
                    0 => word.clone(),
                    here => word.less(by, multiply(here, unit)),
                })
                .collect();
            self.spend(reduced.len() * self.people.len());
            self.search(&reduced, column + 1, left);
        }
        let people = self.people.get(column).copied().unwrap_or_default();
        if let Some(left) = left.checked_sub(people) {
            self.search(words, column + 1, left);
        }
    }

    /// Whether so many times each word leaves little enough.
    fn holds(&mut self, times: &[(usize, u64)]) -> bool {
        self.spend(times.len() * self.people.len() / 4);
        let mut on: Vec<On> = self.people.iter().map(|people| (0, *people)).collect();
        for (word, times) in times {
            for ((sum, _), here) in on.iter_mut().zip(self.words.get(*word).into_iter().flatten()) {
                *sum = multiply_add(*times, *here, *sum);
            }
        }
        on.retain(|(value, _)| *value != 0);
        self.limit.holds(&on)
    }

    fn goes_on(&self) -> bool {
        self.work > 0 && self.found.len() < TOGETHER_MAX
    }

    fn spend(&mut self, work: usize) {
        self.work = self.work.saturating_sub(work);
    }
}
