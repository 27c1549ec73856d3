//! The people's order through outer joins.
//!
//! A hash join reads its left side first and gives rows in the order of its right side; what is unmatched of the left
//! comes at the end, and people who were in order no longer are. [`UnmatchedInOrder`] reads the other side of a LEFT
//! JOIN first, where that is not much more; [`order_ends`] says of a plan whether that was not to be.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use std::sync::Arc;

/// So many times the rows may be read first.
const ROWS_MORE_MAX: usize = 2;

/// Turns a LEFT JOIN round. It goes directly after DataFusion has chosen which side is read first, before partitions
/// are made to fit.
#[derive(Debug)]
pub(crate) struct UnmatchedInOrder;

/// DataFusion's rules, with this one in its place.
pub(crate) fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    if let Some(place) = rules.iter().position(|rule| rule.name() == "join_selection") {
        rules.insert(place + 1, Arc::new(UnmatchedInOrder));
    }
    rules
}

impl PhysicalOptimizerRule for UnmatchedInOrder {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let turn = |node: Arc<dyn ExecutionPlan>| {
            let turned = match node.downcast_ref::<HashJoinExec>() {
                Some(join) if *join.join_type() == JoinType::Left && is_small(join)? => {
                    Some(join.swap_inputs(*join.partition_mode())?)
                }
                _ => None,
            };
            Ok(turned.map_or(Transformed::no(node), Transformed::yes))
        };
        plan.transform_up(turn).data()
    }

    fn name(&self) -> &str {
        "unmatched_in_order"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether a join's right side has few enough rows to be read first.
fn is_small(join: &HashJoinExec) -> Result<bool> {
    let rows = |side: &Arc<dyn ExecutionPlan>| {
        let statistics = StatisticsContext::new().compute(side.as_ref(), &StatisticsArgs::new())?;
        Ok::<_, datafusion::common::DataFusionError>(statistics.num_rows.get_value().copied())
    };
    Ok(match (rows(join.left())?, rows(join.right())?) {
        (Some(left), Some(right)) => right <= left.saturating_mul(ROWS_MORE_MAX),
        _ => false,
    })
}

/// Whether some join gives people's unmatched rows of its first side last.
pub(crate) fn order_ends(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let mut ends = false;
    plan.apply(|node| {
        let join = node.downcast_ref::<HashJoinExec>();
        ends |= join.is_some_and(|join| {
            matches!(join.join_type(), JoinType::Left | JoinType::Full)
                && join.left().schema().fields().iter().any(|f| f.name().starts_with("__person"))
        });
        Ok(if ends { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(ends)
}
