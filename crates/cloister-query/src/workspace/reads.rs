//! What a plan reads: recorded with what comes of it.

use super::catalogue::PlanStored;
use crate::catalogue::PlanTable;
use cloister_model::Ident;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::LogicalPlan;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeSet;

/// What a plan reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reads {
    /// Granted tables, by schema and name.
    pub tables: BTreeSet<(String, Ident)>,
    /// Workspace tables and views.
    pub objects: BTreeSet<Ident>,
}

impl Reads {
    /// Of a plan that views stand written out in.
    pub(crate) fn of(plan: &LogicalPlan, views: Vec<Ident>) -> Result<Self> {
        let mut reads = Self { objects: views.into_iter().collect(), ..Self::default() };
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let provider = source_as_provider(&scan.source)?;
                let provider = provider.as_ref() as &dyn Any;
                if let Some(table) = provider.downcast_ref::<PlanTable>() {
                    let granted = table.granted();
                    reads.tables.insert((granted.schema.clone(), granted.entry.name.clone()));
                }
                if let Some(table) = provider.downcast_ref::<PlanStored>() {
                    reads.objects.insert(table.name.clone());
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(reads)
    }
}
