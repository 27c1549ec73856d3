//! A new output beside everything that was released.

use crate::entry::{Entry, Kept, LedgerError, Sets};
use crate::finding::{Earlier, Finding, Kind};
use crate::linear::{Row, leftovers};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};

/// Earlier numbers of a family that are added and subtracted, the newest first. What is older is compared one by one only.
const LINEAR_EARLIER_MAX: usize = 192;
/// New numbers of a family that are.
const LINEAR_NEW_MAX: usize = 128;
/// Findings after which no more are looked for: an output with so many does not leave anyway.
const FINDINGS_MAX: usize = 50;

/// By what is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// People that are enough to stand behind a number.
    pub people_min: u64,
    /// Whether it may be known that there is nobody. Where it may, that two numbers are of the same people may be too: it says
    /// that nobody is in the one and not in the other, which anybody may ask.
    pub zeros_shown: bool,
}

/// Where the people of earlier entries come from. They are asked for where signatures alone do not say enough.
pub trait SetSource {
    /// The people of the entry at this place.
    ///
    /// # Errors
    /// Where they cannot be had.
    fn sets(&mut self, place: usize) -> Result<Sets, LedgerError>;
}

impl SetSource for Vec<Sets> {
    fn sets(&mut self, place: usize) -> Result<Sets, LedgerError> {
        self.get(place).cloned().ok_or(LedgerError::Missing)
    }
}

/// What is known of earlier people so far.
struct Known<'a> {
    source: &'a mut dyn SetSource,
    loaded: BTreeMap<usize, Sets>,
}

impl Known<'_> {
    fn set(&mut self, place: usize, cell: &Kept) -> Result<&RoaringBitmap, LedgerError> {
        if !self.loaded.contains_key(&place) {
            let sets = self.source.sets(place)?;
            self.loaded.insert(place, sets);
        }
        let sets = self.loaded.get(&place).ok_or(LedgerError::Missing)?;
        sets.0.get(cell.set as usize).ok_or(LedgerError::Missing)
    }
}

/// What could be worked out from a new output and the earlier ones, oldest first. An output is not compared with itself: its
/// own numbers are defended against one another before they come here.
///
/// # Errors
/// Where an earlier entry cannot be had: then nothing is known.
pub fn examine(
    new: &Entry,
    sets: &Sets,
    earlier: &[Entry],
    source: &mut dyn SetSource,
    rules: &Rules,
) -> Result<Vec<Finding>, LedgerError> {
    let mut known = Known { source, loaded: BTreeMap::new() };
    let mut found = one_by_one(new, sets, earlier, &mut known, rules)?;
    if found.len() < FINDINGS_MAX {
        found.extend(together(new, sets, earlier, &mut known, rules)?);
    }
    found.truncate(FINDINGS_MAX);
    Ok(found)
}

/// Each new number beside each earlier one.
fn one_by_one(
    new: &Entry,
    sets: &Sets,
    earlier: &[Entry],
    known: &mut Known<'_>,
    rules: &Rules,
) -> Result<Vec<Finding>, LedgerError> {
    let near = rules.people_min.saturating_sub(1);
    let mut found = Vec::new();
    for (place, entry) in earlier.iter().enumerate().rev() {
        // A result that is released again, because its process died before it was recorded.
        if entry.request == new.request {
            continue;
        }
        for (index, cell) in new.cells.iter().enumerate() {
            let (Some(signature), Some(people)) = (new.signature(cell), sets.0.get(cell.set as usize)) else {
                return Err(LedgerError::Missing);
            };
            for other in &entry.cells {
                let theirs = entry.signature(other).ok_or(LedgerError::Missing)?;
                if !signature.may_be_within(theirs, near) || !akin(new, cell, entry, other) {
                    continue;
                }
                let set = known.set(place, other)?;
                let common = people.intersection_len(set);
                let apart = people.len() + set.len() - 2 * common;
                if apart > near {
                    continue;
                }
                let Some(kind) = judged(new, cell, entry, other, apart, rules) else { continue };
                found.push(Finding {
                    kind,
                    cells: vec![index],
                    labels: vec![cell.label.clone()],
                    earlier: vec![named(entry, other)],
                    people_min: rules.people_min,
                });
                if found.len() >= FINDINGS_MAX {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

/// Whether two numbers can be subtracted from one another.
fn akin(new: &Entry, cell: &Kept, entry: &Entry, other: &Kept) -> bool {
    match (new.made_of(cell), entry.made_of(other)) {
        (Some(one), Some(other)) => !one.is_disjoint(other),
        _ => true,
    }
}

/// What two numbers of near people say together.
fn judged(new: &Entry, cell: &Kept, entry: &Entry, other: &Kept, apart: u64, rules: &Rules) -> Option<Kind> {
    let union = cell.union_of.is_some() || other.union_of.is_some();
    let same_version = new.versions(cell) == entry.versions(other);
    match (apart, union) {
        (0, true) => None,
        (0, false) if !same_version => Some(Kind::Versions),
        (0, false) if !rules.zeros_shown && new.asked(cell) != entry.asked(other) => Some(Kind::SamePeople),
        (0, false) => None,
        (_, true) => Some(Kind::Rest),
        (_, false) => Some(Kind::Pair),
    }
}

fn named(entry: &Entry, cell: &Kept) -> Earlier {
    Earlier { request: entry.request.clone(), project: entry.project.clone(), label: cell.label.clone() }
}

/// Several numbers, added and subtracted.
fn together(
    new: &Entry,
    sets: &Sets,
    earlier: &[Entry],
    known: &mut Known<'_>,
    rules: &Rules,
) -> Result<Vec<Finding>, LedgerError> {
    let mut found = Vec::new();
    let all: BTreeSet<&String> = new.made_of.iter().flatten().collect();
    for part in all {
        let of_it = |entry: &Entry, cell: &Kept| {
            cell.union_of.is_none() && entry.made_of(cell).is_some_and(|of| of.contains(part))
        };
        let mine: Vec<(usize, &Kept)> =
            new.cells.iter().enumerate().filter(|(_, c)| of_it(new, c)).take(LINEAR_NEW_MAX).collect();
        let mut theirs: Vec<(usize, &Kept)> = Vec::new();
        for (place, entry) in earlier.iter().enumerate().rev().filter(|(_, e)| e.request != new.request) {
            theirs.extend(entry.cells.iter().filter(|c| of_it(entry, c)).map(|c| (place, c)));
            if theirs.len() >= LINEAR_EARLIER_MAX {
                break;
            }
        }
        theirs.truncate(LINEAR_EARLIER_MAX);
        // Two numbers alone have been compared.
        if mine.len() + theirs.len() < 3 || theirs.is_empty() {
            continue;
        }
        let mut rows: Vec<Row> = Vec::new();
        for (_, cell) in &mine {
            let set = sets.0.get(cell.set as usize).ok_or(LedgerError::Missing)?;
            rows.push(Row { people: set.clone(), new: true });
        }
        for (place, cell) in &theirs {
            rows.push(Row { people: known.set(*place, cell)?.clone(), new: false });
        }
        for used in leftovers(&rows, rules.people_min) {
            let new_ones: Vec<usize> = used.iter().copied().filter(|row| *row < mine.len()).collect();
            let old_ones = used.iter().filter_map(|row| row.checked_sub(mine.len()));
            // A pair has been found already, and what a table gives away by itself is not the ledger's.
            let old_ones: Vec<usize> = old_ones.collect();
            if used.len() < 3 || old_ones.is_empty() {
                continue;
            }
            let of_mine = new_ones.iter().filter_map(|row| mine.get(*row));
            let of_theirs = old_ones.iter().filter_map(|row| theirs.get(*row));
            let finding = Finding {
                kind: Kind::Linear,
                cells: of_mine.clone().map(|(index, _)| *index).collect(),
                labels: of_mine.map(|(_, cell)| cell.label.clone()).collect(),
                earlier: of_theirs
                    .filter_map(|(place, cell)| Some(named(earlier.get(*place)?, cell)))
                    .collect(),
                people_min: rules.people_min,
            };
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    Ok(found)
}
