//! What a checker is shown of a result that is held: the people behind each group, each value as it was and as it would
//! leave. It holds what nobody outside the desk may see; it is sealed in the worker that made it.

use crate::Step;
use crate::boundary::{Boundary, BoundaryCell, BoundaryValue, Evidence};
use cloister_disclosure::{CellState, Origin, Protected, Rule, Statistic, Table};
use cloister_ledger::Finding;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Result, internal_err};
use serde::{Deserialize, Serialize};

/// More groups than this nobody reads.
const ROWS_MAX: usize = 2_000;

/// What a checker is shown of a result: a table for each aggregate that it is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhibit {
    /// They.
    pub tables: Vec<ExhibitTable>,
    /// The plan as an indented tree, the result first. Empty for results that were held before it was kept.
    #[serde(default)]
    pub plan: Vec<ExhibitStep>,
    /// What it says beside what was released before.
    #[serde(default)]
    pub ledger: Vec<Finding>,
    /// Keys of its grouping without which it would say nothing beside that, where the policy asks for them.
    #[serde(default)]
    pub coarser: Vec<String>,
}

/// A node of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExhibitStep {
    /// How deep it is, from 0.
    pub depth: usize,
    /// What it does, in the researcher's names.
    pub text: String,
    /// Whose rows come out of it.
    pub state: Option<String>,
    /// Whether values are protected here.
    pub boundary: bool,
}

impl From<Step> for ExhibitStep {
    fn from(step: Step) -> Self {
        let Step { depth, text, state, boundary } = step;
        Self { depth, text, state: state.map(str::to_owned), boundary }
    }
}

/// The groups of one aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExhibitTable {
    /// What tells the groups apart.
    pub keys: Vec<String>,
    /// The aggregates.
    pub columns: Vec<ExhibitColumn>,
    /// The groups, in the order of their labels.
    pub rows: Vec<ExhibitRow>,
    /// Groups that are not shown here because there are too many.
    pub more: usize,
}

/// An aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExhibitColumn {
    /// Its name.
    pub name: String,
    /// What its numbers are: `people`, `count`, `rate`, `sum`, `mean`, `extreme`, `quantile`, `spread`, `association`.
    pub statistic: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExhibitRow {
    /// Its labels; none where there is none.
    pub labels: Vec<Option<String>>,
    /// How many people are in it.
    pub people: u64,
    /// Whether its label would not leave: it is merged with others, or left out.
    pub merged: bool,
    /// One for each aggregate.
    pub cells: Vec<ExhibitCell>,
}

/// A value and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExhibitCell {
    /// As it was.
    pub before: Option<String>,
    /// As it would leave; none where it would not.
    pub after: Option<String>,
    /// How many people contribute to it.
    pub contributors: u64,
    /// The least of the people in each branch of its conditions.
    pub least_branch: Option<u64>,
    /// The people that the number itself rests on, where they are fewer.
    pub support: Option<u64>,
    /// The rule that took it away.
    pub rule: Option<String>,
    /// Whether it went to protect another.
    pub secondary: bool,
    /// Where it went: the rows of this table whose values of the same aggregate went too and keep it uncertain.
    #[serde(default)]
    pub neighbours: Vec<usize>,
}

impl ExhibitTable {
    /// Of one boundary: its evidence, and what disclosure control made of it.
    pub(crate) fn of(
        boundary: &Boundary,
        evidence: &Evidence,
        table: &Table,
        protected: &Protected,
    ) -> Result<Self> {
        let shown = table.groups.len().min(ROWS_MAX);
        let mut rows: Vec<ExhibitRow> = Vec::with_capacity(shown);
        let labels = evidence.keys.iter().map(|key| texts(key, shown)).collect::<Result<Vec<_>>>()?;
        for (row, group) in table.groups.iter().enumerate().take(shown) {
            let out = protected.rows().iter().position(|r| r.origin == Origin::Group(row));
            rows.push(ExhibitRow {
                labels: labels.iter().map(|of| of.get(row).cloned().flatten()).collect(),
                people: group.people,
                merged: out.is_none(),
                cells: Vec::with_capacity(boundary.cells.len()),
            });
        }
        let origins: Vec<Option<usize>> = protected
            .rows()
            .iter()
            .map(|r| match r.origin {
                Origin::Group(index) => Some(index),
                Origin::Other => None,
            })
            .collect();
        for (index, cell) in boundary.cells.iter().enumerate() {
            let before = before(cell, evidence, shown)?;
            let after = boundary.above.shown(index)?;
            let after = texts(&after, after.len())?;
            for (row, shown_row) in rows.iter_mut().enumerate() {
                let out = origins.iter().position(|origin| *origin == Some(row));
                let state = out
                    .and_then(|o| protected.rows().get(o))
                    .and_then(|r| r.cells.get(index))
                    .map(|c| c.state());
                let rule = match state {
                    Some(CellState::Suppressed(rule) | CellState::NotPermitted(rule)) => Some(rule),
                    Some(CellState::Shown) => None,
                    None => protected.findings().iter().find(|f| f.group == row).map(|f| f.rule),
                };
                let raw = table.groups.get(row).and_then(|g| g.cells.get(index));
                shown_row.cells.push(ExhibitCell {
                    before: before.get(row).cloned().flatten(),
                    after: out.filter(|_| rule.is_none()).and_then(|o| after.get(o).cloned().flatten()),
                    contributors: raw.map_or(0, |c| c.contributors),
                    least_branch: raw.and_then(|c| c.branches.iter().copied().min()),
                    support: raw.and_then(|c| c.support),
                    rule: rule.map(|r| r.code().to_owned()),
                    secondary: rule == Some(Rule::Secondary),
                    neighbours: neighbours(protected, index, row, shown),
                });
            }
        }
        Ok(Self {
            keys: boundary.keys.iter().map(|(key, _)| key.name().to_owned()).collect(),
            columns: boundary.cells.iter().map(column).collect(),
            rows,
            more: table.groups.len() - shown,
        })
    }
}

/// The rows among those shown that keep a hidden cell uncertain.
fn neighbours(protected: &Protected, column: usize, row: usize, shown: usize) -> Vec<usize> {
    let of_column = protected.defences().iter().filter(|d| d.column == column);
    let rows = of_column.filter_map(|d| d.neighbours.get(&row)).flatten().copied();
    rows.filter(|other| *other < shown).collect()
}

fn column(cell: &BoundaryCell) -> ExhibitColumn {
    let statistic = match cell.statistic {
        Statistic::People => "people",
        Statistic::Count { .. } => "count",
        Statistic::Rate => "rate",
        Statistic::Sum => "sum",
        Statistic::Mean => "mean",
        Statistic::Extreme => "extreme",
        Statistic::Quantile => "quantile",
        Statistic::Spread => "spread",
        Statistic::Association => "association",
    };
    ExhibitColumn { name: cell.written_name(), statistic: statistic.to_owned() }
}

/// A cell's values before protection.
fn before(cell: &BoundaryCell, evidence: &Evidence, rows: usize) -> Result<Vec<Option<String>>> {
    match cell.value {
        BoundaryValue::People(index) => texts(crate::people::number_of(evidence.raw(index)?), rows),
        BoundaryValue::One(index) => texts(evidence.raw(index)?, rows),
        BoundaryValue::Rate { numerator, denominator } => {
            let (over, under) =
                (texts(evidence.raw(numerator)?, rows)?, texts(evidence.raw(denominator)?, rows)?);
            Ok(over.into_iter().zip(under).map(|(a, b)| Some(format!("{} / {}", a?, b?))).collect())
        }
    }
}

/// The first values of an array as text.
fn texts(array: &ArrayRef, rows: usize) -> Result<Vec<Option<String>>> {
    if array.len() < rows {
        return internal_err!("exhibit: a column is too short");
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options)?;
    Ok((0..rows).map(|row| (!array.is_null(row)).then(|| formatter.value(row).to_string())).collect())
}
