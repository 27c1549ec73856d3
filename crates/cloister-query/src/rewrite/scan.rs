//! A table: the vault's files in the place of the planner's empty table, the project's row filter and
//! date window, the granted columns, and the hidden person.

use super::{Result, Rewriter, plain_columns};
use crate::Refusal;
use crate::cannot_fail::total;
use crate::catalogue::{MemoryTable, PlanTable};
use crate::expression::inspect;
use crate::grant::GrantedTable;
use crate::relation::{Chosen, ColumnFacts, Compared, Facts, Kind, Relation, Role, Shape, State};
use crate::vault::VaultTable;
use crate::workspace::{PlanStored, PlanUnusable};
use chrono::{Datelike, NaiveDate};
use cloister_model::{ColumnClass, LandedColumn, LandedType};
use datafusion::common::{Column, ScalarValue, TableReference, internal_datafusion_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlanBuilder, TableScan};
use std::any::Any;
use std::sync::Arc;

impl Rewriter<'_> {
    pub(super) fn scan(&self, scan: &TableScan) -> Result<Relation> {
        let provider = source_as_provider(&scan.source)?;
        let provider = provider.as_ref() as &dyn Any;
        if let Some(unusable) = provider.downcast_ref::<PlanUnusable>() {
            return Err(unusable.refusal.clone().into());
        }
        if scan.projection.is_some() || !scan.filters.is_empty() || scan.fetch.is_some() {
            return Err(internal_datafusion_err!("the plan was optimised before it was checked").into());
        }
        if let Some(table) = provider.downcast_ref::<MemoryTable>() {
            return nobodys(scan, table);
        }
        if let Some(stored) = provider.downcast_ref::<PlanStored>() {
            return self.stored(stored, &scan.table_name);
        }
        let Some(table) = provider.downcast_ref::<PlanTable>() else {
            return Err(Refusal::unsupported("This kind of table").into());
        };
        let (table, name) = (table.granted(), &scan.table_name);
        let vault = Arc::new(VaultTable::new(table.clone()));
        let mut all = facts_of(table, &table.entry.columns, name);
        // The project's own filter is not the researcher's.
        all.iter_mut().for_each(|c| c.facts.compared = Compared::Freely);
        let mut builder = LogicalPlanBuilder::scan(name.clone(), provider_as_source(vault), None)?;
        if let Some(text) = &table.row_filter {
            let filter = self.state.create_logical_expr(text, builder.schema())?;
            inspect(&filter, &all)?;
            let filter = total(&filter, builder.schema())?;
            builder = builder.filter(filter)?;
        }
        if let Some(window) = window(table, name, &builder)? {
            builder = builder.filter(window)?;
        }
        let granted = facts_of(table, &table.columns, name);
        let mut exprs: Vec<Expr> = granted.iter().map(|c| Expr::Column(c.column.clone())).collect();
        let state = match &table.entry.person {
            None => State::Reference,
            Some(person) => {
                let hidden = self.hidden_name("person");
                let column = Column::new(Some(name.clone()), person.as_str());
                exprs.push(Expr::Column(column).alias(&hidden));
                let person = Column::new_unqualified(hidden);
                State::PerPerson { person, hidden: Vec::new(), chosen: Chosen::Alone }
            }
        };
        Ok(Relation { plan: builder.project(exprs)?.build()?, columns: granted, state })
    }
}

/// A table in memory: as it is.
fn nobodys(scan: &TableScan, table: &MemoryTable) -> Result<Relation> {
    let name = &scan.table_name;
    let plan = LogicalPlanBuilder::scan(name.clone(), provider_as_source(table.0.clone()), None)?.build()?;
    let columns = plain_columns(plan.schema(), |_| Facts::value(Shape::Other, false));
    Ok(Relation { plan, columns, state: State::Reference })
}

fn facts_of(table: &GrantedTable, columns: &[LandedColumn], name: &TableReference) -> Vec<ColumnFacts> {
    let people = table.entry.person.is_some();
    let facts = columns.iter().map(|c| ColumnFacts {
        column: Column::new(Some(name.clone()), c.name.as_str()),
        facts: Facts {
            kind: match (c.landed_type, c.class) {
                (LandedType::Person, _) => Kind::Person,
                (LandedType::Pseudonym, _) if c.of_one_person && people => Kind::Own,
                (LandedType::Pseudonym, _) | (_, ColumnClass::Pseudonym | ColumnClass::Identifier) => {
                    Kind::Pseudonym
                }
                _ => Kind::Value,
            },
            public: c.public_labels,
            shape: match (c.class, c.landed_type) {
                (ColumnClass::Measure, _) => Shape::Measure,
                (_, LandedType::Date | LandedType::Timestamp) => Shape::Date,
                _ => Shape::Other,
            },
            branches: Vec::new(),
            role: Role::Key,
            quantities: match (c.class, c.landed_type) {
                (ColumnClass::Measure, _) | (_, LandedType::Date | LandedType::Timestamp) => {
                    vec![format!("{}.{}.{}", table.schema, table.entry.name, c.name)]
                }
                _ => Vec::new(),
            },
            compared: match (c.no_equality, c.landed_type) {
                (false, _) => Compared::Freely,
                // Between two texts there may be room for one value only.
                (true, LandedType::Text | LandedType::Bool | LandedType::Person | LandedType::Pseudonym) => {
                    Compared::Never
                }
                (true, _) => Compared::ByRange,
            },
        },
    });
    facts.collect()
}

/// The condition that a row's date lies in the project's window.
fn window(table: &GrantedTable, name: &TableReference, builder: &LogicalPlanBuilder) -> Result<Option<Expr>> {
    let Some((column, from, to)) = &table.window else { return Ok(None) };
    let column = Expr::Column(Column::new(Some(name.clone()), column.as_str()));
    let kind = column.get_type(builder.schema().as_ref())?;
    let day = |date: &NaiveDate| {
        // Days since 1970-01-01; chrono counts from the year 1.
        let days = date.num_days_from_ce() - 719_163;
        Expr::Literal(ScalarValue::Date32(Some(days)), None)
    };
    // A day's last instant is before the next day's first.
    let after = day(&to.succ_opt().unwrap_or(NaiveDate::MAX));
    let from = day(from).cast_to(&kind, builder.schema().as_ref())?;
    let after = after.cast_to(&kind, builder.schema().as_ref())?;
    Ok(Some(column.clone().gt_eq(from).and(column.lt(after))))
}
