//! What a result leaves in the ledger: of every number that is shown, or is part of one, whose it is and how it was asked.

use crate::boundary::{Boundary, Evidence};
use crate::people::sets_of;
use cloister_disclosure::{CellState, Origin, Protected, Table};
use cloister_ledger::{Asked, People, Told};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType, Result, internal_err};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, BinaryExpr, Expr, LogicalPlan, Operator};
use std::collections::BTreeSet;

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

/// Where a number of a boundary stands.
struct Place<'a> {
    boundary: usize,
    conditions: &'a BTreeSet<String>,
    level: &'a str,
    label: &'a str,
}

/// What one boundary leaves, protected as it is. Its evidence names everybody.
pub(crate) fn told_of(
    number: usize,
    boundary: &Boundary,
    evidence: &Evidence,
    table: &Table,
    protected: &Protected,
    versions: &str,
) -> Result<Vec<Told>> {
    let labels = labels(evidence, table)?;
    let mut sets = Vec::new();
    for cell in &boundary.cells {
        let of = |index: &usize| sets_of(evidence.raw(*index)?);
        let all = std::iter::once(&cell.contributors).chain(&cell.branches);
        sets.push(all.map(of).collect::<Result<Vec<_>>>()?);
    }
    let apart: BTreeSet<usize> = protected.rows().iter().filter_map(|r| group_of(r.origin)).collect();
    let mut told = Vec::new();
    for row in protected.rows() {
        let groups: Vec<usize> = match group_of(row.origin) {
            Some(group) => vec![group],
            None => (0..table.groups.len()).filter(|g| !apart.contains(g)).collect(),
        };
        let (conditions, level, label) = match groups.as_slice() {
            [group] if group_of(row.origin).is_some() => of_group(boundary, table, &labels, *group),
            _ => (boundary.population.conditions.clone(), "(other)".to_owned(), "(other)".to_owned()),
        };
        let place = Place { boundary: number, conditions: &conditions, level: &level, label: &label };
        for (index, (cell, sets)) in row.cells.iter().zip(&sets).enumerate() {
            if cell.state() == CellState::Shown {
                numbers(boundary, index, sets, &groups, &place, versions, &mut told)?;
            }
        }
    }
    Ok(told)
}

fn group_of(origin: Origin) -> Option<usize> {
    match origin {
        Origin::Group(group) => Some(group),
        Origin::Other => None,
    }
}

/// A cell, and each part of its conditions.
fn numbers(
    boundary: &Boundary,
    index: usize,
    sets: &[Vec<People>],
    groups: &[usize],
    place: &Place<'_>,
    versions: &str,
    told: &mut Vec<Told>,
) -> Result<()> {
    let (Some(member), Some(cell)) = (boundary.members.get(index), boundary.cells.get(index)) else {
        return internal_err!("told: a cell without its member");
    };
    let name = cell.written_name();
    for (part, of_groups) in sets.iter().enumerate() {
        let people: People = match groups {
            [group] => of_groups.get(*group).cloned().unwrap_or_default(),
            _ => People::all(groups.iter().filter_map(|group| of_groups.get(*group))),
        };
        // Nobody's number says nothing of anybody.
        if people.is_empty() {
            continue;
        }
        let mut conditions = place.conditions.clone();
        conditions.extend(member.conditions());
        let mut label = name.clone();
        if part > 0 {
            conditions.insert(format!("part {part} of {name}"));
            label.push_str(&format!(", part {part} of its conditions"));
        }
        if !place.label.is_empty() {
            label.push_str(&format!(", {}", place.label));
        }
        told.push(Told {
            made_of: member.made_of(),
            asked: Asked { rows: boundary.population.rows.clone(), conditions },
            versions: versions.to_owned(),
            people,
            // Columns, and parts of their conditions, stand on levels of their own.
            level: format!("{}/{index}/{part}/{}", place.boundary, place.level),
            label,
        });
    }
    Ok(())
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

/// The conditions of a group, the level that it is on, and its name.
fn of_group(
    boundary: &Boundary,
    table: &Table,
    labels: &[Vec<String>],
    group: usize,
) -> (BTreeSet<String>, String, String) {
    let mut conditions = boundary.population.conditions.clone();
    let codes = table.places.as_ref().and_then(|places| places.get(group)).map(|place| &place.codes);
    let (mut level, mut names) = (Vec::new(), Vec::new());
    for (index, key) in boundary.population.keys.iter().enumerate() {
        // Over all values of a key that a total leaves out.
        if codes.is_some_and(|codes| codes.get(index).copied().flatten().is_none()) {
            continue;
        }
        level.push(index.to_string());
        let label = labels.get(index).and_then(|of| of.get(group)).cloned().unwrap_or_default();
        conditions.insert(format!("{key} = {label}"));
        names.push(format!("{key} = {label}"));
    }
    (conditions, level.join(","), names.join(", "))
}
