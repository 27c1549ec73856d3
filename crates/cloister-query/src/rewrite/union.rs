//! UNION ALL: rows of the same state, one below the other.

use super::{Result, Rewriter, finished};
use crate::Refusal;
use crate::boundary::Boundary;
use crate::boundary_table::SHOWN;
use crate::cannot_fail::total;
use crate::relation::{Chosen, ColumnFacts, Facts, Kind, Relation, Role, State};
use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::logical_plan::{Projection, Union};
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use std::sync::Arc;

/// A union under way: every input as a projection to the same columns.
struct Parts {
    /// Each input with the expressions of its visible columns.
    inputs: Vec<(LogicalPlan, Vec<Expr>)>,
    /// The visible columns' names below the last projection.
    names: Vec<String>,
}

impl Rewriter<'_> {
    pub(super) fn union(&self, union: &Union) -> Result<Relation> {
        let inputs = union.inputs.iter().map(|input| self.rewrite(input)).collect::<Result<Vec<_>>>()?;
        let facts = merged_facts(&inputs)?;
        let columns: Vec<ColumnFacts> = union
            .schema
            .columns()
            .into_iter()
            .zip(facts)
            .map(|(column, facts)| ColumnFacts { column, facts })
            .collect();
        let mixed = || {
            Refusal::new(
                "mixed-union",
                "UNION needs the same on all sides: rows of people, results of aggregates, or reference rows.",
                "Aggregate every side, or none.",
            )
        };
        let person = |r: &Relation| matches!(r.state, State::PerPerson { .. });
        match inputs.iter().filter(|r| person(r)).count() {
            0 => self.finished_union(&union.schema, inputs, columns),
            all if all == inputs.len() => self.union_of_people(&union.schema, inputs, columns),
            _ => Err(mixed().into()),
        }
    }

    /// Rows of people stay theirs. A condition that one side's column depends on is FALSE on the others.
    fn union_of_people(
        &self,
        schema: &DFSchemaRef,
        inputs: Vec<Relation>,
        mut columns: Vec<ColumnFacts>,
    ) -> Result<Relation> {
        // The same people come from several sides, one side after another.
        self.unordered.set(true);
        let person = self.hidden_name("person");
        let mut hidden: Vec<Column> = Vec::new();
        let mut chosen_any = Chosen::Alone;
        let mut conditions: Vec<(usize, Expr)> = Vec::new();
        for column in &mut columns {
            column.facts.branches.clear();
        }
        for (side, input) in inputs.iter().enumerate() {
            for (column, out) in input.columns.iter().zip(&mut columns) {
                for branch in &column.facts.branches {
                    let name = Column::new_unqualified(self.hidden_name("branch"));
                    conditions.push((side, total(branch, input.plan.schema())?));
                    out.facts.branches.push(Expr::Column(name.clone()));
                    hidden.push(name);
                }
            }
        }
        let mut parts = Parts {
            inputs: Vec::new(),
            names: (0..columns.len()).map(|_| self.hidden_name("column")).collect(),
        };
        for (side, input) in inputs.into_iter().enumerate() {
            let State::PerPerson { person: of, chosen, .. } = input.state else { continue };
            chosen_any = chosen_any.max(chosen);
            let mut exprs: Vec<Expr> = input.columns.iter().map(|c| Expr::Column(c.column.clone())).collect();
            exprs.push(Expr::Column(of).alias(&person));
            for ((of, condition), name) in conditions.iter().zip(&hidden) {
                let here = if *of == side { condition.clone() } else { lit(false) };
                exprs.push(here.alias(name.name()));
            }
            parts.inputs.push((input.plan, exprs));
        }
        let carried = std::iter::once(person.as_str()).chain(hidden.iter().map(|h| h.name()));
        let plan = parts.plan(schema, carried)?;
        let state = State::PerPerson { person: Column::new_unqualified(person), hidden, chosen: chosen_any };
        Ok(Relation { plan, columns, state })
    }

    /// Rows about nobody, and results that are protected already.
    fn finished_union(
        &self,
        schema: &DFSchemaRef,
        inputs: Vec<Relation>,
        mut columns: Vec<ColumnFacts>,
    ) -> Result<Relation> {
        let mut boundaries: Vec<Boundary> = Vec::new();
        let mut states: Vec<Option<Column>> = Vec::new();
        for index in 0..columns.len() {
            let stateful = inputs.iter().any(|r| match &r.state {
                State::Protected { states, .. } => states.get(index).is_some_and(Option::is_some),
                State::Reference | State::PerPerson { .. } => false,
            });
            states.push(stateful.then(|| Column::new_unqualified(self.hidden_name("state"))));
        }
        let mut parts = Parts {
            inputs: Vec::new(),
            names: (0..columns.len()).map(|_| self.hidden_name("column")).collect(),
        };
        let (mut protected, mut complete) = (false, true);
        for input in inputs {
            let mut exprs: Vec<Expr> = input.columns.iter().map(|c| Expr::Column(c.column.clone())).collect();
            let of: Vec<Option<Column>> = match input.state {
                State::Protected { boundaries: more, states, complete: all } => {
                    (protected, complete) = (true, complete && all);
                    boundaries.extend(more);
                    states
                }
                State::Reference | State::PerPerson { .. } => vec![None; exprs.len()],
            };
            for (of, name) in of.into_iter().zip(&states) {
                if let Some(name) = name {
                    let state = of.map_or_else(|| lit(SHOWN), Expr::Column);
                    exprs.push(state.alias(name.name()));
                }
            }
            parts.inputs.push((input.plan, exprs));
        }
        let plan = parts.plan(schema, states.iter().flatten().map(Column::name))?;
        // The same rows may be there several times over.
        self.made.set(self.made.get() || !protected);
        let state =
            if protected { State::Protected { boundaries, states, complete } } else { State::Reference };
        if protected {
            for column in &mut columns {
                column.facts = finished(column.facts.role, column.facts.public);
            }
        }
        Ok(Relation { plan, columns, state })
    }
}

impl Parts {
    /// The union under the names of its schema, with these hidden columns beside.
    fn plan<'n>(self, schema: &DFSchemaRef, hidden: impl Iterator<Item = &'n str>) -> Result<LogicalPlan> {
        let names = self.names;
        let mut inputs = Vec::new();
        for (plan, exprs) in self.inputs {
            let mut visible = names.iter();
            let exprs = exprs.into_iter().map(|e| match visible.next() {
                Some(name) => e.alias(name),
                None => e,
            });
            inputs.push(Arc::new(LogicalPlan::Projection(Projection::try_new(
                exprs.collect(),
                Arc::new(plan),
            )?)));
        }
        let union = LogicalPlan::Union(Union::try_new(inputs)?);
        let mut exprs: Vec<Expr> = schema
            .columns()
            .into_iter()
            .zip(&names)
            .map(|(column, name)| {
                Expr::Column(Column::new_unqualified(name)).alias_qualified(column.relation, column.name)
            })
            .collect();
        exprs.extend(hidden.map(|name| Expr::Column(Column::new_unqualified(name))));
        Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(union))?))
    }
}

/// What is known of each column of the union: what holds on every side.
fn merged_facts(inputs: &[Relation]) -> Result<Vec<Facts>> {
    let mut merged: Vec<Facts> = Vec::new();
    for (side, input) in inputs.iter().enumerate() {
        for (index, column) in input.columns.iter().enumerate() {
            let facts = column.facts.clone();
            match merged.get_mut(index) {
                None if side == 0 => merged.push(facts),
                None => return Err(Refusal::unsupported("A UNION of tables of different widths").into()),
                Some(before) => {
                    if (before.kind == Kind::Value) != (facts.kind == Kind::Value) {
                        return Err(Refusal::new(
                            "pseudonym-use",
                            "A UNION cannot put a pseudonym and another value into one column.",
                            "Keep person_id in a column of its own on every side.",
                        )
                        .into());
                    }
                    if before.kind != facts.kind {
                        before.kind = Kind::Pseudonym;
                    }
                    before.made_of(&facts);
                    before.shape = before.shape.either(facts.shape);
                    if before.role != facts.role {
                        before.role = Role::Derived;
                    }
                }
            }
        }
    }
    Ok(merged)
}
