//! Which numbers are added and subtracted.

use crate::entry::{Kept, LedgerError, Place};
use crate::examine::Desk;
use crate::finding::{Finding, Kind};
use crate::index::{Index, Set, at};
use crate::linear::{Row, leftovers};
use std::collections::{BTreeSet, HashSet};

/// An earlier number: the index that it is in, its entry there, and its place in that.
#[derive(Clone, Copy)]
struct At {
    index: usize,
    entry: u32,
    cell: u32,
}

/// Earlier numbers of a kind.
struct Chosen {
    /// Where their people are, and one number of each set.
    sets: Vec<(Place, At)>,
    /// The newest of the project's own that there was no room for.
    beyond: Option<At>,
}

impl Desk<'_> {
    /// What several numbers say, added and subtracted. What is repeated says nothing new.
    pub(crate) fn together(&mut self, repeated: &BTreeSet<usize>) -> Result<Vec<Finding>, LedgerError> {
        let new = self.new;
        let mut found = Vec::new();
        let all: BTreeSet<&String> = new.made_of.iter().flatten().collect();
        for part in all {
            let mut taken = BTreeSet::new();
            let mut mine: Vec<(usize, &Kept)> = Vec::new();
            for (index, cell) in new.cells.iter().enumerate() {
                let of_it = cell.union.is_none() && at(&new.made_of, cell.made_of)?.contains(part);
                if of_it && !repeated.contains(&index) && taken.insert(cell.set) {
                    mine.push((index, cell));
                }
            }
            let Some((first, of_first)) = mine.first() else { continue };
            let Chosen { sets: theirs, beyond } = self.chosen(part)?;
            if let Some(beyond) = beyond.filter(|_| self.rules.beyond_found) {
                found.push(Finding {
                    kind: Kind::Beyond,
                    cells: vec![*first],
                    labels: vec![of_first.label.clone()],
                    earlier: vec![self.named(beyond.index, beyond.entry, beyond.cell)?],
                    others: 0,
                    people_min: self.rules.people_min,
                });
            }
            // Two numbers alone have been compared.
            if theirs.is_empty() || mine.len() + theirs.len() < 3 {
                continue;
            }
            for finding in self.combined(&mine, &theirs)? {
                if !found.contains(&finding) {
                    found.push(finding);
                }
            }
        }
        Ok(found)
    }

    fn combined(
        &mut self,
        mine: &[(usize, &Kept)],
        theirs: &[(Place, At)],
    ) -> Result<Vec<Finding>, LedgerError> {
        let mut rows: Vec<Row> = Vec::new();
        for (_, cell) in mine {
            let place = at(&self.new.places, cell.set)?.clone();
            rows.push(Row { people: self.people(&place)?.clone(), new: true });
        }
        for (place, _) in theirs {
            rows.push(Row { people: self.people(place)?.clone(), new: false });
        }
        let mut found = Vec::new();
        for used in leftovers(&rows, self.rules.people_min) {
            let of_mine: Vec<&(usize, &Kept)> = used.iter().filter_map(|row| mine.get(*row)).collect();
            let of_theirs: Vec<At> = used
                .iter()
                .filter_map(|row| theirs.get(row.checked_sub(mine.len())?))
                .map(|(_, at)| *at)
                .collect();
            // A pair has been found already, and what a table gives away by itself is not the ledger's.
            if used.len() < 3 || of_theirs.is_empty() {
                continue;
            }
            let mut earlier = Vec::new();
            for one in of_theirs {
                earlier.push(self.named(one.index, one.entry, one.cell)?);
            }
            found.push(Finding {
                kind: Kind::Linear,
                cells: of_mine.iter().map(|(index, _)| *index).collect(),
                labels: of_mine.iter().map(|(_, cell)| cell.label.clone()).collect(),
                earlier,
                others: 0,
                people_min: self.rules.people_min,
            });
        }
        Ok(found)
    }

    /// The earlier numbers that something is part of, each set of people once: the project's own before others', the newest
    /// first, as many as are combined.
    fn chosen(&self, part: &String) -> Result<Chosen, LedgerError> {
        let mut chosen = Chosen { sets: Vec::new(), beyond: None };
        let mut taken = HashSet::new();
        for own in [true, false] {
            for (number, index) in self.past.iter().enumerate().rev() {
                for (set, cell) in self.of_part(index, part, own)? {
                    let owner = index.owner(set)?;
                    if taken.contains(&owner) {
                        continue;
                    }
                    let at = At { index: number, entry: set.entry, cell };
                    if chosen.sets.len() < self.rules.combined_max {
                        taken.insert(owner.clone());
                        chosen.sets.push((owner, at));
                    } else if own && chosen.beyond.is_none() {
                        chosen.beyond = Some(at);
                    } else {
                        return Ok(chosen);
                    }
                }
            }
        }
        Ok(chosen)
    }

    /// The sets of an index of which a number has something as a part, with that number's place, the newest first.
    fn of_part<'i>(
        &self,
        index: &'i Index,
        part: &String,
        own: bool,
    ) -> Result<Vec<(&'i Set, u32)>, LedgerError> {
        let has: Vec<bool> = index.made_of.iter().map(|of| of.contains(part)).collect();
        let mut all = Vec::new();
        if !has.contains(&true) {
            return Ok(all);
        }
        for set in &index.sets {
            let (request, project) = at(&index.entries, set.entry)?;
            if (*project == self.new.project) != own || *request == self.new.request {
                continue;
            }
            let of_it = |made_of: u32| has.get(made_of as usize).copied().unwrap_or(true);
            let cell = index.cells_of(set)?.iter().find(|cell| cell.union.is_none() && of_it(cell.made_of));
            all.extend(cell.map(|cell| (set, cell.at)));
        }
        all.sort_by_key(|(set, at)| (std::cmp::Reverse(set.entry), *at));
        Ok(all)
    }
}
