//! The people's order through outer joins.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use std::sync::Arc;

/// Whether some join gives people's unmatched rows of its first side last. A hash join reads its left side first and
/// gives rows in the order of its right side; what is unmatched of the left comes at the end, and people who were in
/// order no longer are.
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
