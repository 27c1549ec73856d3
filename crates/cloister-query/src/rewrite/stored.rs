//! A workspace table: its values under their names, and beside them what was stored of them.

use super::{Result, Rewriter};
use crate::boundary_table::SHOWN;
use crate::relation::{ColumnFacts, Facts, Relation, State};
use crate::vault::VaultTable;
use crate::workspace::{PlanStored, Whose, physical_schema};
use datafusion::common::{Column, TableReference, internal_datafusion_err};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use std::sync::Arc;

impl Rewriter<'_> {
    pub(super) fn stored(&self, object: &PlanStored, name: &TableReference) -> Result<Relation> {
        let table = object.stored.as_ref();
        for code in &table.holds {
            self.hold(code);
        }
        let schema = physical_schema(table)?;
        let files = Arc::new(VaultTable::of_files(schema, table.files.clone(), object.key.clone()));
        let builder = LogicalPlanBuilder::scan(name.clone(), provider_as_source(files), None)?;
        let physical = |column: &str| Expr::Column(Column::new(Some(name.clone()), column));
        let mut exprs = Vec::new();
        let mut hidden = Vec::new();
        let mut hide = |from: &str, kind: &str| {
            let column = Column::new_unqualified(self.hidden_name(kind));
            hidden.push(physical(from).alias(column.name()));
            column
        };
        let branches: Vec<Column> =
            (0..table.branches).map(|index| hide(&format!("b{index}"), "branch")).collect();
        let (mut columns, mut states) = (Vec::new(), Vec::new());
        for (index, stored) in table.columns.iter().enumerate() {
            let column = Column::new(Some(name.clone()), stored.name.as_str());
            exprs
                .push(physical(&format!("c{index}")).alias_qualified(column.relation.clone(), column.name()));
            let conditions = stored.branches.iter().map(|place| branches.get(*place));
            let conditions: Option<Vec<Expr>> = conditions.map(|c| c.cloned().map(Expr::Column)).collect();
            let facts = Facts {
                kind: stored.kind,
                public: stored.public,
                shape: stored.shape,
                role: stored.role,
                compared: stored.compared,
                quantities: stored.quantities.clone(),
                branches: conditions
                    .ok_or_else(|| internal_datafusion_err!("a condition of a workspace table is missing"))?,
            };
            columns.push(ColumnFacts { column, facts });
            states.push(stored.state.then(|| hide(&format!("s{index}"), "state")));
        }
        let state = match table.whose {
            Whose::Reference { made } => {
                self.made.set(self.made.get() || made);
                State::Reference
            }
            Whose::PerPerson { chosen, nobodys: _ } => {
                State::PerPerson { person: hide("p", "person"), hidden: branches, chosen }
            }
            Whose::Protected { complete } => State::Protected { boundaries: Vec::new(), states, complete },
        };
        exprs.append(&mut hidden);
        Ok(Relation { plan: builder.project(exprs)?.build()?, columns, state })
    }
}

const _: () = assert!(SHOWN == 0, "states are stored as numbers: their meaning must not change");
