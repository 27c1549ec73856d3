//! What subtraction would tell of suppressed cells, and the cells that are suppressed so that it tells nothing.

use crate::grid::GridCell;
use crate::measure::Measure;
use crate::primary::{Primary, Verdict, magnitude};
use crate::table::Table;
use crate::unprotectable::Unprotectable;
use cloister_disclosure::{
    Additive, AdditiveCell, Contributions, Halt, Limits, Policy, Range, Relation, Shown, Visible, suppress,
};
use std::ops::ControlFlow;

/// A pattern of suppressed cells on which the attack failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    /// For each cell whether it is suppressed.
    pub(crate) suppressed: Vec<bool>,
    /// What was shown to stay possible: one direction of one cell each.
    pub(crate) goals: usize,
    /// Linear programs that it took.
    pub(crate) programs: u64,
}

/// Why there is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halted {
    /// More cells would have to be suppressed, and the policy suppresses none.
    Off,
    /// It did not come to an end.
    Limit,
    /// Of some cells it was neither shown that they are protected nor that nothing protects them.
    Undecided(Vec<String>),
    /// Some cells cannot be protected in full, whatever is suppressed.
    Impossible(Unprotectable),
    /// The numbers do not fit into the attack.
    Numbers(String),
}

/// One measure of a table, and what must not be worked out of it.
pub(crate) struct Task<'a> {
    pub(crate) table: &'a Table,
    pub(crate) policy: &'a Policy,
    pub(crate) primary: &'a Primary,
    pub(crate) measure: Measure,
    /// Cells that are not shown already.
    pub(crate) hidden: &'a [bool],
    /// Cells to keep where that is possible.
    pub(crate) important: &'a [usize],
}

impl Task<'_> {
    /// Suppresses as few more cells as needed.
    pub(crate) fn protect(&self) -> Result<Proof, Halted> {
        let is_hidden = |cell: usize| self.hidden.get(cell).copied().unwrap_or(true);
        let relations = &self.table.relations;
        if relations.is_empty() || !self.hidden.contains(&true) {
            return Ok(Proof { suppressed: self.hidden.to_vec(), goals: 0, programs: 0 });
        }
        let values = self.values()?;
        let cells = values.iter().enumerate().map(|(cell, value)| self.cell(cell, *value, is_hidden(cell)));
        let additive = Additive::new(cells.collect(), relations.clone());
        let additive = additive.map_err(|e| Halted::Numbers(e.to_string()))?;
        let additive = if self.measure == Measure::Count { additive } else { additive.fractional() };
        let pattern =
            suppress(&additive, &Limits::for_cells(values.len()), &mut |_| ControlFlow::Continue(()));
        let pattern = pattern.map_err(|halt| match halt {
            Halt::Undecided(goals) => Halted::Undecided(self.labels(goals.iter().map(|g| g.cell))),
            Halt::Stopped | Halt::Limit => Halted::Limit,
        })?;
        if !pattern.impossible().is_empty() {
            let found = Unprotectable::of(self.table, &additive, pattern.impossible());
            return Err(Halted::Impossible(found));
        }
        if !pattern.secondary().is_empty() && !self.policy.secondary().is_some_and(|s| s.on) {
            return Err(Halted::Off);
        }
        Ok(Proof {
            suppressed: (0..values.len()).map(|cell| pattern.is_suppressed(cell)).collect(),
            goals: pattern.attack().reached().len(),
            programs: pattern.programs(),
        })
    }

    fn labels(&self, cells: impl Iterator<Item = usize>) -> Vec<String> {
        let mut cells: Vec<usize> = cells.collect();
        cells.dedup();
        cells.into_iter().map(|cell| self.table.grid.labels(cell)).collect()
    }

    /// Each cell's number in whole units that add up: amounts are shown rounded, so totals are summed anew.
    fn values(&self) -> Result<Vec<i64>, Halted> {
        let cells = &self.table.grid.cells;
        if self.measure == Measure::Count {
            let count =
                |cell: &GridCell| cell.entry(Measure::Count).and_then(|e| e.number).and_then(|n| n.whole);
            let counts: Option<Vec<i64>> = cells.iter().map(count).collect();
            return counts.ok_or_else(|| Halted::Numbers("a cell has no count".to_owned()));
        }
        let unit = self.unit();
        let whole = |cell: &GridCell| {
            let scaled = (magnitude(cell).unwrap_or(0.0) / unit).round();
            // Beyond 2^43 the attack's own sums could overflow.
            (scaled.abs() < 8e12).then_some(scaled as i64)
        };
        let values: Option<Vec<i64>> = cells.iter().map(whole).collect();
        let mut values = values.ok_or_else(|| Halted::Numbers("a sum is too large".to_owned()))?;
        for relation in self.upwards() {
            let sum = relation.parts.iter().filter_map(|part| values.get(*part)).sum::<i64>();
            if let Some(slot) = values.get_mut(relation.total) {
                *slot = sum;
            }
        }
        Ok(values)
    }

    /// The smallest unit of the amounts: a thousandth of a mean's people where there are means only.
    fn unit(&self) -> f64 {
        let decimals =
            |cell: &GridCell| cell.entry(Measure::Value).and_then(|e| e.number).map(|n| n.decimals);
        let most = self.table.grid.cells.iter().filter_map(decimals).max();
        10f64.powi(-most.unwrap_or(3).min(6))
    }

    /// Every relation after those of its parts.
    fn upwards(&self) -> Vec<&Relation> {
        let mut relations: Vec<&Relation> = self.table.relations.iter().collect();
        relations.sort_by_key(|r| self.table.height(r.total));
        relations
    }

    fn cell(&self, cell: usize, value: i64, hidden: bool) -> AdditiveCell {
        let policy = self.policy;
        let knows = policy.secondary().is_none_or(|s| s.outsider_knows_zeros) && policy.permits(0);
        let totals = policy.secondary().is_none_or(|s| s.protect_totals);
        let height = self.table.height(cell);
        let counted = self.measure == Measure::Count;
        let range = if counted { self.people(value, hidden) } else { self.amount(cell, hidden) };
        AdditiveCell {
            value,
            lower: if counted && knows { value.min(1) } else { value.min(0) },
            protect: range,
            cost: if totals { 1.0 + f64::from(u32::try_from(height).unwrap_or(u32::MAX)) } else { 1.0 },
            suppressible: value != 0 && !self.important.contains(&cell),
            shown: self.visible(cell, value, hidden),
        }
    }

    /// How far a number of people must stay uncertain.
    fn people(&self, value: i64, hidden: bool) -> Option<Range> {
        if !hidden {
            return None;
        }
        let below = i64::try_from(self.policy.contributors_min()).unwrap_or(i64::MAX) - 1;
        Some(match value {
            0 => Range { down: 0, up: below },
            few if few <= below => Range { down: few - 1, up: below - few },
            // Hidden by another rule: it must not be known exactly.
            _ => Range { down: 1, up: 1 },
        })
    }

    /// How far an amount must stay uncertain. One that is hidden to protect others only need not.
    fn amount(&self, cell: usize, hidden: bool) -> Option<Range> {
        if !hidden {
            return None;
        }
        let forbidden = [Measure::Count, Measure::Value, Measure::Mean]
            .into_iter()
            .filter(|m| self.table.grid.has(*m))
            .any(|m| matches!(self.primary.verdict(cell, m), Verdict::Forbid(_)));
        if !forbidden {
            return Some(Range::default());
        }
        let numbers = self.table.grid.cells.get(cell)?;
        let number = |m| numbers.entry(m).and_then(|e| e.number).map(|n| n.value);
        let up = match (number(Measure::Top1), number(Measure::Top2), magnitude(numbers)) {
            (Some(first), Some(second), Some(total)) => self.policy.upper_protection(Contributions {
                largest: first.max(second),
                second: first.min(second),
                total,
            }),
            _ => 0.0,
        };
        let units = (up / self.unit()).ceil().clamp(1.0, 8e12);
        Some(Range { down: 0, up: units as i64 })
    }

    /// What an outsider sees of a count: all numbers that would be shown like it.
    fn visible(&self, cell: usize, value: i64, hidden: bool) -> Visible {
        /// A wider rounding is taken for none, which is stricter.
        const STEPS_MAX: i64 = 1_000;
        let verdict = self.primary.verdict(cell, Measure::Count);
        let (Verdict::Show(Shown::Count(text)), Measure::Count, false) = (verdict, self.measure, hidden)
        else {
            return Visible::Exactly;
        };
        let shows = |n: i64| {
            let people = u64::try_from(n).ok()?;
            if self.policy.permits(people) {
                Some(self.policy.round(n))
            } else {
                self.policy.small_shown_as()
            }
        };
        if text == value && shows(value - 1) != Some(text) && shows(value + 1) != Some(text) {
            return Visible::Exactly;
        }
        let alike = |n: &i64| shows(*n) == Some(text);
        let least = (value - STEPS_MAX..=value).rev().take_while(alike).last().unwrap_or(value);
        let most = (value..=value + STEPS_MAX).take_while(alike).last().unwrap_or(value);
        Visible::Between { least, most }
    }
}
