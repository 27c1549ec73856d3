//! What a result leaves in the ledger: of every number that is shown, or is part of one, whose it is and how it was asked.

use crate::QueryError;
use crate::boundary::{Boundary, BoundaryCell, BoundaryValue, Evidence};
use crate::people::sets_of;
use cloister_disclosure::{
    CellState, Origin, Policy, Protected, ProtectedCell, RoundingMethod, Rule, Shown as Written, Statistic,
    Table,
};
use cloister_ledger::{Asked, PEOPLE, People, Published, Shown, Told};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType, Result, internal_err};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, BinaryExpr, Expr, LogicalPlan, Operator};
use std::collections::{BTreeMap, BTreeSet};

/// Whom an aggregate is asked of: the rows, and the conditions on them, however the query is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Population {
    rows: String,
    conditions: BTreeSet<String>,
    /// What tells the groups apart.
    keys: Vec<String>,
}

impl Population {
    pub(crate) fn of(aggregate: &Aggregate, keys: &[&Expr]) -> Self {
        let mut conditions = BTreeSet::new();
        let rows = rows(&aggregate.input, &mut conditions);
        Self { rows, conditions, keys: keys.iter().map(|key| plain(key)).collect() }
    }
}

/// An expression as text, its columns by their names alone: what a table is called in a query tells nobody apart.
pub(crate) fn plain(expr: &Expr) -> String {
    let unqualified = expr.clone().transform(|e| {
        Ok(match e {
            Expr::Column(column) => Transformed::yes(Expr::Column(Column::new_unqualified(column.name))),
            other => Transformed::no(other),
        })
    });
    unqualified.map_or_else(|_| expr.to_string(), |e| e.data.to_string())
}

/// A condition as text: what is equal to a literal as a group of that value is.
fn condition(expr: &Expr) -> String {
    if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = expr {
        let (value, of) = match (left.as_ref(), right.as_ref()) {
            (of, Expr::Literal(value, _)) | (Expr::Literal(value, _), of) => (value, of),
            _ => return plain(expr),
        };
        return format!("{} = {value}", plain(of));
    }
    plain(expr)
}

/// The rows of a plan as text, without the conditions that are on all of them, which are put aside.
fn rows(plan: &LogicalPlan, conditions: &mut BTreeSet<String>) -> String {
    match plan {
        LogicalPlan::Filter(filter) => {
            conditions.extend(split_conjunction(&filter.predicate).into_iter().map(condition));
            rows(&filter.input, conditions)
        }
        LogicalPlan::SubqueryAlias(alias) => rows(&alias.input, conditions),
        LogicalPlan::Projection(projection) => {
            let made = projection.expr.iter().filter(|e| !matches!(e, Expr::Column(_))).map(plain);
            let made: Vec<String> = made.collect();
            let below = rows(&projection.input, conditions);
            if made.is_empty() { below } else { format!("{below} making {}", made.join(", ")) }
        }
        LogicalPlan::Join(join) if join.join_type == JoinType::Inner => {
            let (left, right) = (rows(&join.left, conditions), rows(&join.right, conditions));
            let mut on: Vec<String> =
                join.on.iter().map(|(a, b)| format!("{} = {}", plain(a), plain(b))).collect();
            if let Some(filter) = &join.filter {
                conditions.extend(split_conjunction(filter).into_iter().map(condition));
            }
            on.sort();
            let mut sides = [left, right];
            sides.sort();
            format!("({} with {} on {})", sides[0], sides[1], on.join(", "))
        }
        LogicalPlan::TableScan(scan) => scan.table_name.to_string(),
        other => other.display_indent().to_string(),
    }
}

/// Where a number that is told stands: its boundary, the group of it that it is of, none where several are merged, and its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// The boundary, as [`crate::Governed::evidence`] has them.
    pub boundary: usize,
    /// The group.
    pub group: Option<usize>,
    /// The column.
    pub column: usize,
}

/// Who stands behind every number of a result.
#[derive(Debug)]
pub struct WhoIsWho {
    pub(crate) boundaries: Vec<Boundary>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) tables: Vec<Table>,
    pub(crate) policy: Policy,
    pub(crate) versions: String,
}

impl WhoIsWho {
    /// Of every number that is shown, or is part of one, whose it is, and where it stands: of tables that are protected like
    /// this, one for each of [`Governed::evidence`].
    pub fn told(&self, protected: &[Protected]) -> Result<(Vec<Told>, Vec<Standing>), QueryError> {
        if protected.len() != self.boundaries.len() {
            return Err(QueryError::Failed { detail: "a boundary is not protected".to_owned() });
        }
        let mut told = Vec::new();
        for (leaving, protected) in self.leaving().zip(protected) {
            told.extend(leaving.told(protected).map_err(|e| QueryError::failed(&e))?);
        }
        Ok(told.into_iter().unzip())
    }

    /// What coarser groupings would leave: for each key of a result with several, what it is without it. None where the query
    /// finishes from several tables.
    pub fn coarser(&self) -> Result<Vec<(String, Vec<Told>)>, QueryError> {
        let (Some(leaving), 1) = (self.leaving().next(), self.boundaries.len()) else {
            return Ok(Vec::new());
        };
        let all = leaving.coarser().map_err(|e| QueryError::failed(&e))?;
        let told = |all: Vec<(Told, Standing)>| all.into_iter().map(|(told, _)| told).collect();
        Ok(all.into_iter().map(|(key, all)| (key, told(all))).collect())
    }

    fn leaving(&self) -> impl Iterator<Item = Leaving<'_>> {
        let all = self.boundaries.iter().zip(&self.evidence).zip(&self.tables).enumerate();
        all.map(|(number, ((boundary, evidence), table))| Leaving {
            number,
            boundary,
            evidence,
            table,
            policy: &self.policy,
            versions: &self.versions,
        })
    }
}

/// What leaves by a boundary, of which everybody is named.
pub(crate) struct Leaving<'a> {
    pub(crate) number: usize,
    pub(crate) boundary: &'a Boundary,
    pub(crate) evidence: &'a Evidence,
    pub(crate) table: &'a Table,
    pub(crate) policy: &'a Policy,
    pub(crate) versions: &'a str,
}

/// How one row is asked, and what it is called.
struct Row {
    /// The groups that it is of; one, but for what is merged.
    groups: Vec<usize>,
    /// The group, where it is one.
    group: Option<usize>,
    conditions: BTreeSet<String>,
    level: String,
    label: String,
}

/// What is kept of each number, and where it stands.
type All = Vec<(Told, Standing)>;

impl Leaving<'_> {
    /// What a boundary leaves, protected as it is.
    pub(crate) fn told(&self, protected: &Protected) -> Result<All> {
        let (labels, sets) = (labels(self.evidence, self.table)?, self.sets()?);
        let apart: BTreeSet<usize> = protected.rows().iter().filter_map(|r| group_of(r.origin)).collect();
        let mut told = Vec::new();
        for row in protected.rows() {
            let of = match group_of(row.origin) {
                Some(group) => {
                    let (conditions, level, label) =
                        of_group(self.boundary, self.table, &labels, group, None);
                    Row { groups: vec![group], group: Some(group), conditions, level, label }
                }
                None => Row {
                    groups: (0..self.table.groups.len()).filter(|g| !apart.contains(g)).collect(),
                    group: None,
                    conditions: self.boundary.population.conditions.clone(),
                    level: "(other)".to_owned(),
                    label: "(other)".to_owned(),
                },
            };
            for (column, (cell, sets)) in row.cells.iter().zip(&sets).enumerate() {
                let shown = self.shown(column, cell.state());
                self.numbers(column, sets, &of, (shown, Some(cell)), &mut told)?;
            }
        }
        Ok(told)
    }

    /// What it would leave without one of its keys, for each of them: the numbers that have people enough. None where some of
    /// its rows are totals of others, or it has fewer than two keys.
    pub(crate) fn coarser(&self) -> Result<Vec<(String, All)>> {
        let keys = &self.boundary.population.keys;
        if self.boundary.totals || keys.len() < 2 {
            return Ok(Vec::new());
        }
        let (labels, sets) = (labels(self.evidence, self.table)?, self.sets()?);
        let mut all = Vec::new();
        for (left_out, key) in keys.iter().enumerate() {
            let mut rows: BTreeMap<String, Row> = BTreeMap::new();
            for group in 0..self.table.groups.len() {
                let (conditions, level, label) =
                    of_group(self.boundary, self.table, &labels, group, Some(left_out));
                let row = Row { groups: Vec::new(), group: None, conditions, level, label };
                rows.entry(row.label.clone()).or_insert(row).groups.push(group);
            }
            let mut told = Vec::new();
            for row in rows.values() {
                for (column, sets) in sets.iter().enumerate() {
                    self.numbers(column, sets, row, (Shown::Yes, None), &mut told)?;
                }
            }
            told.retain(|(one, _)| one.people.len() >= self.policy.contributors_min());
            all.push((key.clone(), told));
        }
        Ok(all)
    }

    /// For each column, and each part of its conditions, whose the groups are.
    fn sets(&self) -> Result<Vec<Vec<Vec<People>>>> {
        let of_cell = |cell: &BoundaryCell| {
            let all = std::iter::once(&cell.contributors).chain(&cell.branches);
            all.map(|index| sets_of(self.evidence.raw(*index)?)).collect::<Result<Vec<_>>>()
        };
        self.boundary.cells.iter().map(of_cell).collect()
    }

    /// A cell, and each part of its conditions.
    fn numbers(
        &self,
        column: usize,
        sets: &[Vec<People>],
        row: &Row,
        (shown, cell_shown): (Shown, Option<&ProtectedCell>),
        told: &mut All,
    ) -> Result<()> {
        let boundary = self.boundary;
        let (Some(member), Some(cell)) = (boundary.members.get(column), boundary.cells.get(column)) else {
            return internal_err!("told: a cell without its member");
        };
        let name = cell.written_name();
        // Nothing is known of parts of what is not shown.
        let parts = if shown == Shown::Yes { sets.len() } else { 1 };
        for (part, of_groups) in sets.iter().enumerate().take(parts) {
            let people: People = match row.groups.as_slice() {
                [group] => of_groups.get(*group).cloned().unwrap_or_default(),
                groups => People::all(groups.iter().filter_map(|group| of_groups.get(*group))),
            };
            // Nobody's number says nothing of anybody.
            if people.is_empty() && shown == Shown::Yes {
                continue;
            }
            let mut conditions = row.conditions.clone();
            conditions.extend(member.conditions());
            let mut label = name.clone();
            if part > 0 {
                conditions.insert(format!("part {part} of {name}"));
                label.push_str(&format!(", part {part} of its conditions"));
            }
            if !row.label.is_empty() {
                label.push_str(&format!(", {}", row.label));
            }
            let published = match (part, cell_shown) {
                (0, Some(shown)) => self.published(cell, row.group, shown)?,
                _ => None,
            };
            let one = Told {
                made_of: member.made_of(),
                asked: Asked { rows: boundary.population.rows.clone(), conditions },
                measure: measure(cell, part),
                shown,
                published,
                versions: self.versions.to_owned(),
                people,
                // Columns, and parts of their conditions, stand on levels of their own.
                level: format!("{}/{column}/{part}/{}", self.number, row.level),
                label,
            };
            told.push((one, Standing { boundary: self.number, group: row.group, column }));
        }
        Ok(())
    }

    /// What becomes of a cell. What a mark says is counted in people: of other numbers it says nothing.
    fn shown(&self, column: usize, state: CellState) -> Shown {
        let counts = self
            .boundary
            .cells
            .get(column)
            .is_some_and(|cell| matches!(cell.statistic, Statistic::People | Statistic::Count { .. }));
        match state {
            CellState::Shown => Shown::Yes,
            CellState::Suppressed(Rule::SmallCount) if counts => Shown::TooFew,
            CellState::Suppressed(_) | CellState::NotPermitted(_) => Shown::No,
        }
    }

    /// As what a cell is published; none where it is NULL, or cannot be said as a number.
    fn published(
        &self,
        cell: &BoundaryCell,
        group: Option<usize>,
        shown: &ProtectedCell,
    ) -> Result<Option<Published>> {
        let noisy = self.policy.cell_key().is_some();
        let together = self.table.totals && self.policy.rounding_method() == RoundingMethod::Controlled;
        let raw = || -> Result<Option<f64>> {
            let (BoundaryValue::One(index), Some(group)) = (cell.value, group) else { return Ok(None) };
            let all = cast(self.evidence.raw(index)?, &DataType::Float64)?;
            let all = all.as_primitive::<Float64Type>();
            Ok((group < all.len() && all.is_valid(group)).then(|| all.value(group)))
        };
        let number = |value: f64, within| Published { value, within, fixed: !noisy && !together };
        Ok(match shown.shown() {
            None | Some(Written::Null) => None,
            Some(Written::Count(n)) => Some(number(n as f64, self.policy.count_within().map(|n| n as f64))),
            Some(Written::Rate(share)) => Some(number(share, None)),
            Some(Written::AsGiven) => raw()?.map(|value| number(value, Some(0.0))),
            Some(Written::Digits(digits)) => raw()?.map(|value| {
                let text = format!("{value:.*e}", usize::from(digits).saturating_sub(1));
                let half = 0.5 * 10f64.powf(value.abs().log10().floor() + 1.0 - f64::from(digits));
                let half = if half.is_finite() { half } else { 0.0 };
                number(text.parse().unwrap_or(value), Some(half))
            }),
        })
    }
}

/// What a cell, or a part of its conditions, says of its people.
fn measure(cell: &BoundaryCell, part: usize) -> String {
    match (cell.statistic, part) {
        (Statistic::People, 0) => PEOPLE.to_owned(),
        (statistic, 0) => format!("{statistic:?} of {}", cell.argument),
        (statistic, part) => format!("part {part} of {statistic:?} of {}", cell.argument),
    }
}

fn group_of(origin: Origin) -> Option<usize> {
    match origin {
        Origin::Group(group) => Some(group),
        Origin::Other => None,
    }
}

/// The labels of the groups, key by key.
fn labels(evidence: &Evidence, table: &Table) -> Result<Vec<Vec<String>>> {
    let options = FormatOptions::default();
    let mut all = Vec::new();
    for key in &evidence.keys {
        let formatter = ArrayFormatter::try_new(key, &options)?;
        let text = |row| match key.is_null(row) {
            true => "NULL".to_owned(),
            false => formatter.value(row).to_string(),
        };
        all.push((0..table.groups.len().min(key.len())).map(text).collect());
    }
    Ok(all)
}

/// The conditions of a group, the level that it is on, and its name; without one of the keys, where one is left out.
fn of_group(
    boundary: &Boundary,
    table: &Table,
    labels: &[Vec<String>],
    group: usize,
    left_out: Option<usize>,
) -> (BTreeSet<String>, String, String) {
    let mut conditions = boundary.population.conditions.clone();
    let codes = table.places.as_ref().and_then(|places| places.get(group)).map(|place| &place.codes);
    let (mut level, mut names) = (Vec::new(), Vec::new());
    for (index, key) in boundary.population.keys.iter().enumerate() {
        // Over all values of a key that a total leaves out.
        let is_total = codes.is_some_and(|codes| codes.get(index).copied().flatten().is_none());
        if is_total || left_out == Some(index) {
            continue;
        }
        level.push(index.to_string());
        let label = labels.get(index).and_then(|of| of.get(group)).cloned().unwrap_or_default();
        conditions.insert(format!("{key} = {label}"));
        names.push(format!("{key} = {label}"));
    }
    (conditions, level.join(","), names.join(", "))
}
