//! A finished table against what the query means.

use crate::ast::{Levels, Measure, Query, Source};
use crate::oracle::{Cell, FEW, Group, Meaning};
use crate::world::{Val, World};
use cloister_query::{CellNote, FinishedTable, Value};
use std::collections::BTreeSet;

/// Everything that is wrong with a result.
pub(crate) fn problems(query: &Query, world: &World, table: &FinishedTable) -> Vec<String> {
    let meaning = Meaning::of(query, world);
    let check = Check { query, meaning: &meaning, table };
    check.problems()
}

struct Check<'a> {
    query: &'a Query,
    meaning: &'a Meaning,
    table: &'a FinishedTable,
}

impl Check<'_> {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        let mut merged_rows = 0;
        for row in 0..self.table.rows().len() {
            let merged =
                (0..self.query.keys.len()).any(|c| self.note(row, c).is_some_and(|n| n.state == "other"));
            let union;
            let group = if merged {
                merged_rows += 1;
                let small = self.meaning.groups.iter().filter(|g| g.people.len() < FEW);
                let rows = small.flat_map(|g| g.rows.iter().copied()).collect();
                union = self.meaning.merged(&self.query.aggs, rows);
                if self.meaning.public || self.query.levels != Levels::One {
                    problems.push(format!("row {row} is merged though nothing is to be"));
                }
                &union
            } else {
                let labels: Vec<Val> =
                    (0..self.query.keys.len()).map(|c| plain(&self.table.rows()[row][c])).collect();
                match self.meaning.groups.iter().position(|g| g.labels == labels) {
                    Some(place) if seen.insert(place) => &self.meaning.groups[place],
                    Some(_) => {
                        problems.push(format!("{labels:?} is there twice"));
                        continue;
                    }
                    None => {
                        problems.push(format!("{labels:?} is no group"));
                        continue;
                    }
                }
            };
            if !merged && !self.meaning.public && group.people.len() < FEW {
                problems.push(format!("the label {:?} is of {} people", group.labels, group.people.len()));
            }
            problems.extend(self.row(row, group, merged));
        }
        if merged_rows > 1 {
            problems.push("several merged rows".to_owned());
        }
        problems.extend(self.missing(&seen));
        problems
    }

    fn note(&self, row: usize, column: usize) -> Option<&CellNote> {
        self.table.notes().iter().find(|n| n.row == row && n.column == column)
    }

    fn row(&self, row: usize, group: &Group, merged: bool) -> Vec<String> {
        let mut problems = Vec::new();
        let mut shown: Vec<&Cell> = Vec::new();
        for (i, cell) in group.cells.iter().enumerate() {
            let column = self.query.keys.len() + i;
            let at = format!("row {row} a{i} of {:?}", group.labels);
            if let Some(note) = self.note(row, column).filter(|n| n.state == "suppressed") {
                // A cell that others could be worked out from has nothing wrong with itself.
                let secondary = note.rule == Some("secondary") && !matches!(self.query.levels, Levels::One);
                if !merged && cell.is_safe() && self.is_alone(i) && !secondary {
                    problems.push(format!("{at} is suppressed for no reason: {cell:?}"));
                }
                continue;
            }
            let value = plain(&self.table.rows()[row][column]);
            if !cell.is_safe() {
                problems.push(format!("{at} shows {value:?} of few people: {cell:?}"));
            }
            if !same(&value, &cell.shown) {
                problems.push(format!("{at} shows {value:?}: {cell:?}"));
            }
            if let Some((place, least)) = self.query.having
                && place == i
                && value.num().is_none_or(|n| n < least)
            {
                problems.push(format!("{at} does not pass HAVING"));
            }
            shown.push(cell);
        }
        if self.table.holds().is_empty() {
            problems.extend(self.differences(row, &shown));
        }
        problems
    }

    /// Whether nothing but the people behind a number can suppress it.
    fn is_alone(&self, agg: usize) -> bool {
        let plain = matches!(
            self.query.aggs[agg].of,
            Measure::Rows | Measure::People | Measure::Sum(_) | Measure::Count(_) | Measure::Least(_)
        );
        plain
            && self.query.aggs.len() == 1
            && self.query.aggs[agg].filter.is_none()
            && self.query.having.is_none()
    }

    /// Two numbers of the same kind that are over nearly the same rows.
    fn differences(&self, row: usize, shown: &[&Cell]) -> Vec<String> {
        let mut problems = Vec::new();
        for (i, one) in shown.iter().enumerate() {
            for other in shown.iter().take(i) {
                let (Some((a, what)), Some((b, same))) = (&one.adds, &other.adds) else { continue };
                let apart: BTreeSet<u32> =
                    a.symmetric_difference(b).map(|place| self.meaning.rows[*place].person).collect();
                if what == same && (1..FEW).contains(&apart.len()) {
                    problems.push(format!("row {row}: two numbers of {what} differ by {apart:?}"));
                }
            }
        }
        problems
    }

    /// Groups that ought to be there.
    fn missing(&self, seen: &BTreeSet<usize>) -> Vec<String> {
        if self.query.having.is_some() || self.query.order.is_some_and(|(_, limit)| limit.is_some()) {
            return Vec::new();
        }
        let ought = |g: &Group| {
            // What a total over no rows at all is, differs between databases.
            let there = self.query.levels == Levels::One || !g.rows.is_empty();
            there && (self.meaning.public || g.people.len() >= FEW)
        };
        let groups = self.meaning.groups.iter().enumerate();
        let gone = groups.filter(|(place, g)| ought(g) && !seen.contains(place));
        gone.map(|(_, g)| format!("{:?} is missing", g.labels)).collect()
    }
}

/// Whether the rows are of a union, so that a checker must look at everything but people.
pub(crate) fn must_be_held(query: &Query) -> bool {
    let numbers = query
        .aggs
        .iter()
        .any(|a| !matches!(a.of, Measure::People | Measure::Least(_) | Measure::Greatest(_)));
    matches!(query.source, Source::Union(..)) && numbers
}

fn plain(value: &Value) -> Val {
    match value {
        Value::None => Val::Null,
        Value::Bool(b) => Val::Text(b.to_string()),
        Value::Int(n) => Val::Num(*n as f64),
        Value::Float(n) => Val::Num(*n),
        Value::Decimal(text) => Val::Num(text.parse().unwrap()),
        Value::Text(text) => Val::Text(text.clone()),
    }
}

fn same(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Num(a), Val::Num(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0),
        _ => a == b,
    }
}
