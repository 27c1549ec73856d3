//! A new output beside everything that was released.

use crate::entry::{Elsewhere, Entry, Kept, LedgerError, PEOPLE, Place, Published, Sets, Union, known};
use crate::finding::{Earlier, Finding, Kind};
use crate::index::{Cell, Index, at, mark};
use crate::people::Signature;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry as Entries;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Findings after which no more are looked for: an output with so many does not leave anyway.
const FINDINGS_MAX: usize = 50;
/// Near numbers after which no more are looked for: what they are told as is fewer.
const NEAR_MAX: usize = 2_000;
/// Earlier entries whose people are kept at hand.
const ENTRIES_KEPT: usize = 64;

/// By what is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// People that are enough to stand behind a number.
    pub people_min: u64,
    /// Whether it may be known that there is nobody. Where it may, that two numbers are of the same people may be too: it says
    /// that nobody is in the one and not in the other, which anybody may ask.
    pub zeros_shown: bool,
    /// Earlier numbers of a kind that are added and subtracted, those of the same project first, the newest first. What is
    /// older is compared one by one only.
    pub combined_max: usize,
    /// Whether it is a finding that the project has released more of a kind.
    pub beyond_found: bool,
}

impl Rules {
    /// For a threshold, and whether zeros are shown: 2,000 numbers of a kind are combined, and more are a finding.
    pub fn new(people_min: u64, zeros_shown: bool) -> Self {
        Self { people_min, zeros_shown, combined_max: 2_000, beyond_found: true }
    }
}

/// Where the texts and people of earlier entries come from. They are asked for where an index alone does not say enough.
pub trait Source {
    /// The entry of a query.
    ///
    /// # Errors
    /// Where it cannot be had.
    fn entry(&mut self, request: &str) -> Result<Entry, LedgerError>;

    /// Its people.
    ///
    /// # Errors
    /// Where they cannot be had.
    fn sets(&mut self, request: &str) -> Result<Sets, LedgerError>;
}

/// Entries in memory.
impl Source for BTreeMap<String, (Entry, Sets)> {
    fn entry(&mut self, request: &str) -> Result<Entry, LedgerError> {
        self.get(request).map(|(entry, _)| entry.clone()).ok_or(LedgerError::Missing)
    }

    fn sets(&mut self, request: &str) -> Result<Sets, LedgerError> {
        self.get(request).map(|(_, sets)| sets.clone()).ok_or(LedgerError::Missing)
    }
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examined {
    /// What could be worked out.
    pub found: Vec<Finding>,
    /// Sets of people that are written down in earlier entries, for [`Entry::without`].
    pub elsewhere: Vec<Elsewhere>,
    /// How many of its numbers its project has had before: the same statistic of the same people, asked for in the same way,
    /// on the same data. They say nothing new.
    pub repeated: usize,
}

/// A new output, and what is at hand of earlier ones.
pub(crate) struct Desk<'a> {
    pub(crate) new: &'a Entry,
    sets: &'a Sets,
    pub(crate) past: &'a [Index],
    source: &'a mut dyn Source,
    pub(crate) rules: &'a Rules,
    opened: BTreeMap<String, Sets>,
}

/// What could be worked out from a new output and the earlier ones. An output is not compared with itself: its own numbers are
/// defended against one another before they come here. `past` is in the order in which it was released.
///
/// # Errors
/// Where an earlier entry cannot be had: then nothing is known.
pub fn examine(
    new: &Entry,
    sets: &Sets,
    past: &[Index],
    source: &mut dyn Source,
    rules: &Rules,
) -> Result<Examined, LedgerError> {
    let mut desk = Desk { new, sets, past, source, rules, opened: BTreeMap::new() };
    let (mut examined, repeated) = desk.one_by_one()?;
    if examined.found.len() < FINDINGS_MAX {
        let together = desk.together(&repeated)?;
        examined.found.extend(together);
    }
    examined.found.truncate(FINDINGS_MAX);
    Ok(examined)
}

impl Desk<'_> {
    /// The people of a set, wherever they are written down.
    pub(crate) fn people(&mut self, place: &Place) -> Result<&RoaringBitmap, LedgerError> {
        let own = self.sets;
        let sets = match &place.request {
            None => own,
            Some(request) if *request == self.new.request => own,
            Some(request) => {
                if !self.opened.contains_key(request) {
                    if self.opened.len() >= ENTRIES_KEPT {
                        self.opened.clear();
                    }
                    let sets = self.source.sets(request)?;
                    self.opened.insert(request.clone(), sets);
                }
                self.opened.get(request).ok_or(LedgerError::Missing)?
            }
        };
        sets.0.get(place.set as usize).ok_or(LedgerError::Missing)
    }

    /// Each new number beside each earlier one.
    fn one_by_one(&mut self) -> Result<(Examined, BTreeSet<usize>), LedgerError> {
        let (new, past) = (self.new, self.past);
        let mut of_set: BTreeMap<u32, Vec<(usize, &Kept)>> = BTreeMap::new();
        for (index, cell) in new.cells.iter().enumerate() {
            of_set.entry(cell.set).or_default().push((index, cell));
        }
        let asked: Vec<[u8; 16]> = new.asked.iter().map(mark).collect();
        let akin = Akin::of(new, past);
        let mut examined = Examined::default();
        let (mut near, mut repeated) = (Vec::new(), BTreeSet::new());
        for (set, cells) in of_set {
            let here = NewSet {
                place: at(&new.places, set)?.clone(),
                signature: at(&new.signatures, set)?,
                cells: &cells,
                asked: &asked,
            };
            let same = self.beside(&here, &akin, &mut near, &mut repeated)?;
            if let (Some(place), None) = (same, &here.place.request) {
                examined.elsewhere.push(Elsewhere { set, place });
            }
        }
        // What the project has already says nothing new to it. Of the same people that were released often, the first release
        // is named: it stays the first.
        near.retain(|n| !repeated.contains(&n.new));
        near.sort_by_key(|n: &Near| (n.index, n.entry, n.new, n.at));
        let mut first: BTreeMap<(usize, Kind, Place), usize> = BTreeMap::new();
        for one in &near {
            match first.entry((one.new, one.kind, one.owner.clone())) {
                Entries::Occupied(place) => {
                    if let Some(found) = examined.found.get_mut(*place.get()) {
                        found.others += 1;
                    }
                }
                Entries::Vacant(place) if examined.found.len() < FINDINGS_MAX => {
                    place.insert(examined.found.len());
                    examined.found.push(self.finding(one)?);
                }
                Entries::Vacant(_) => {}
            }
        }
        examined.repeated = repeated.len();
        Ok((examined, repeated))
    }

    /// One new set beside all earlier ones; where the same people are written down, if they are.
    fn beside(
        &mut self,
        here: &NewSet<'_>,
        akin: &Akin,
        near: &mut Vec<Near>,
        repeated: &mut BTreeSet<usize>,
    ) -> Result<Option<Place>, LedgerError> {
        let apart_max = u32::try_from(self.rules.people_min.saturating_sub(1)).unwrap_or(u32::MAX);
        let (past, mut same) = (self.past, None);
        let mut apart_of: HashMap<Place, u64> = HashMap::new();
        // Opened where something is near it.
        let mut opened: Option<RoaringBitmap> = None;
        for (number, index) in past.iter().enumerate().rev() {
            for set in index.about(here.signature.people, apart_max) {
                let parts = here.signature.parts_apart(&set.signature.parts);
                if parts > apart_max || at(&index.entries, set.entry)?.0 == self.new.request {
                    // A result that is released again, because its process died before it was recorded, is not its own past.
                    continue;
                }
                if near.len() >= NEAR_MAX {
                    return Ok(same);
                }
                let cells = index.cells_of(set)?;
                let related = cells
                    .iter()
                    .any(|c| here.cells.iter().any(|(_, mine)| akin.are(mine.made_of, number, c.made_of)));
                let may_be_same = parts == 0 && set.signature.people == here.signature.people;
                if !related && (!may_be_same || same.is_some()) {
                    continue;
                }
                let owner = index.owner(set)?;
                let apart = match apart_of.get(&owner) {
                    Some(apart) => *apart,
                    None => {
                        let mine = match opened.take() {
                            Some(mine) => mine,
                            None => self.people(&here.place)?.clone(),
                        };
                        let theirs = self.people(&owner)?;
                        let apart = mine.len() + theirs.len() - 2 * mine.intersection_len(theirs);
                        opened = Some(mine);
                        apart_of.insert(owner.clone(), apart);
                        apart
                    }
                };
                if apart == 0 && same.is_none() {
                    same = Some(owner.clone());
                }
                if apart > u64::from(apart_max) {
                    continue;
                }
                for cell in cells {
                    for (place, mine) in here.cells {
                        if !akin.are(mine.made_of, number, cell.made_of) {
                            continue;
                        }
                        let pair = Pair { here, mine, index, cell, apart };
                        if at(&index.entries, set.entry)?.1 == self.new.project && pair.repeats(self.new)? {
                            repeated.insert(*place);
                        }
                        if let Some(kind) = pair.judged(self.new, self.rules)? {
                            near.push(Near {
                                kind,
                                owner: owner.clone(),
                                new: *place,
                                index: number,
                                entry: set.entry,
                                at: cell.at,
                            });
                        }
                    }
                }
            }
        }
        Ok(same)
    }

    fn finding(&mut self, near: &Near) -> Result<Finding, LedgerError> {
        let mine = self.new.cells.get(near.new).ok_or(LedgerError::Missing)?;
        Ok(Finding {
            kind: near.kind,
            cells: vec![near.new],
            labels: vec![mine.label.clone()],
            earlier: vec![self.named(near.index, near.entry, near.at)?],
            others: 0,
            people_min: self.rules.people_min,
        })
    }

    pub(crate) fn named(&mut self, index: usize, entry: u32, cell: u32) -> Result<Earlier, LedgerError> {
        let index = self.past.get(index).ok_or(LedgerError::Missing)?;
        let (request, project) = at(&index.entries, entry)?.clone();
        let of = self.source.entry(&request)?;
        let label = at(&of.cells, cell)?.label.clone();
        Ok(Earlier { request, project, label })
    }
}

/// Which numbers can be subtracted from one another: those that have something in common of what they are made of.
struct Akin(Vec<Vec<Vec<bool>>>);

impl Akin {
    fn of(new: &Entry, past: &[Index]) -> Self {
        let of_index = |index: &Index| {
            let of_mine = |mine: &BTreeSet<String>| {
                index.made_of.iter().map(|theirs| !mine.is_disjoint(theirs)).collect()
            };
            new.made_of.iter().map(of_mine).collect()
        };
        Self(past.iter().map(of_index).collect())
    }

    /// What is not known may be subtracted.
    fn are(&self, mine: u32, index: usize, theirs: u32) -> bool {
        let of_mine = self.0.get(index).and_then(|of_index| of_index.get(mine as usize));
        of_mine.and_then(|of_mine| of_mine.get(theirs as usize)).copied().unwrap_or(true)
    }
}

/// A set of the new entry, and its numbers.
struct NewSet<'a> {
    place: Place,
    signature: &'a Signature,
    cells: &'a [(usize, &'a Kept)],
    asked: &'a [[u8; 16]],
}

/// What is to be told of a new number and an earlier one.
struct Near {
    kind: Kind,
    owner: Place,
    new: usize,
    index: usize,
    entry: u32,
    at: u32,
}

impl Union {
    /// Whether a number of all groups, beside what is shown of them, leaves too little room for what the marked ones may be:
    /// each must be able to be everything that is too few. Of *n* of them, which together are from *L* to *U*, each can be *v*
    /// where (*n* − 1) · least + *v* ≤ *U* and *L* ≤ (*n* − 1) · most + *v*.
    fn tells(&self, all: Published, rules: &Rules) -> bool {
        let Some(sum) = self.sum.filter(|_| self.marked > 0) else { return false };
        // What has noise in it is taken to be exact.
        let within = all.within.unwrap_or_default() + sum.within.unwrap_or_default();
        let left = all.value - sum.value;
        let (others, most) = (f64::from(self.marked) - 1.0, rules.people_min.saturating_sub(1) as f64);
        let least = if rules.zeros_shown { 1.0 } else { 0.0 };
        left + within < others * least + most || left - within > others * most + least
    }
}

/// A new number and an earlier one, of people who differ by so many.
struct Pair<'a> {
    here: &'a NewSet<'a>,
    mine: &'a Kept,
    index: &'a Index,
    cell: &'a Cell,
    apart: u64,
}

impl Pair<'_> {
    fn same_versions(&self, new: &Entry) -> Result<bool, LedgerError> {
        Ok(at(&new.versions, self.mine.versions)? == at(&self.index.versions, self.cell.versions)?)
    }

    fn same_measure(&self, new: &Entry) -> Result<bool, LedgerError> {
        Ok(at(&new.measures, self.mine.measure)? == at(&self.index.measures, self.cell.measure)?)
    }

    fn same_asked(&self) -> Result<bool, LedgerError> {
        Ok(*at(self.here.asked, self.mine.asked)? == self.cell.asked)
    }

    /// Whether one of the two has groups in it that nobody has a number of.
    fn has_marked(&self) -> bool {
        [self.mine.union, self.cell.union].into_iter().flatten().any(|union| union.marked > 0)
    }

    fn is_of_union(&self) -> bool {
        self.mine.union.is_some() || self.cell.union.is_some()
    }

    /// Whether the new one is the earlier one, once more: asked in the same way, and with the same answer.
    fn repeats(&self, new: &Entry) -> Result<bool, LedgerError> {
        Ok(self.apart == 0
            && !self.is_of_union()
            && self.same_versions(new)?
            && self.same_measure(new)?
            && self.same_asked()?
            // What a name means in a workspace may have changed.
            && self.mine.published == self.cell.published)
    }

    /// Whether one true number would have two answers, of which not each is all that can ever be said.
    fn answers_otherwise(&self) -> bool {
        match (self.mine.published, self.cell.published) {
            (Some(mine), Some(theirs)) => mine.value != theirs.value && !(mine.fixed && theirs.fixed),
            _ => false,
        }
    }

    /// What the two say together.
    fn judged(&self, new: &Entry, rules: &Rules) -> Result<Option<Kind>, LedgerError> {
        let tells = |union: Option<Union>, number| {
            union.zip(number).is_some_and(|(union, number): (Union, Published)| union.tells(number, rules))
        };
        let (mine, theirs) = (self.mine, self.cell);
        let tells = tells(mine.union, known(theirs.union, theirs.published))
            || tells(theirs.union, known(mine.union, mine.published));
        Ok(match (self.apart, self.is_of_union()) {
            (0, true) if tells && self.same_measure(new)? => Some(Kind::Marked),
            (0, true) => None,
            (_, true) if self.has_marked() => None,
            (0, false) => {
                let (versions, measure) = (self.same_versions(new)?, self.same_measure(new)?);
                let says_how_many = measure && at(&new.measures, self.mine.measure)? == PEOPLE;
                if !rules.zeros_shown && !self.same_asked()? {
                    Some(Kind::SamePeople)
                } else if measure && versions && self.answers_otherwise() {
                    Some(Kind::Answer)
                } else if !(versions || says_how_many && rules.zeros_shown) {
                    // Of equal people how many they are is one number; that they are equal may be known where zeros may.
                    Some(Kind::Versions)
                } else {
                    None
                }
            }
            (_, true) => Some(Kind::Rest),
            (_, false) => Some(Kind::Pair),
        })
    }
}
