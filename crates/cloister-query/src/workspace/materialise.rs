//! Making a workspace table: the query runs like any other, and its rows are written with all that is known of
//! them instead of being finished for a release.

use super::command::created_query;
use super::stored::{Layout, WorkspaceColumn, physical_schema, shown_columns};
use super::writer::{TableSink, TableWriter};
use super::{Reads, StoredTable, Whose};
use crate::boundary_table::SHOWN;
use crate::engine::{Analysed, Engine, Limits, Ran, Rewritten};
use crate::grant::ResolvedGrant;
use crate::parameter::Bound;
use crate::people::OrderLost;
use crate::relation::{Chosen, Relation, State};
use crate::{QueryError, Refusal};
use cloister_disclosure::{Policy, protect};
use cloister_model::{DataKey, Digest};
use datafusion::arrow::compute::SortOptions;
use datafusion::common::{Column, Result, internal_err};
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::logical_plan::Projection;
use datafusion::logical_expr::{Expr, LogicalPlan, lit, when};
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::expressions::col;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use std::sync::Arc;

/// Where a workspace table is written, and how.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Where its folder will be inside the vault (`cloister_model::workspace_folder`).
    pub path: String,
    /// The key of its files: new for each table.
    pub key: DataKey,
    /// How many people one file spans.
    pub people_per_bucket: u32,
    /// How many bytes its files may have together.
    pub bytes_max: u64,
}

/// A `CREATE TABLE … AS` that passed the plan checks.
#[derive(Debug)]
pub struct PlannedTable {
    analysed: Analysed,
    rewritten: Rewritten,
    policy: Policy,
    limits: Limits,
}

/// A `CREATE VIEW … AS` that passed the plan checks.
#[derive(Clone, Debug)]
pub struct PlannedView {
    /// The digest of the analysed plan.
    pub digest: Digest,
    /// What it reads, itself or through other views.
    pub reads: Reads,
    /// Its columns.
    pub columns: Vec<WorkspaceColumn>,
}

impl Engine {
    /// Checks a `CREATE TABLE … AS` and plans it with its evidence. Reads no data.
    pub async fn plan_table(
        &self,
        grant: &ResolvedGrant,
        sql: &str,
        policy: &Policy,
    ) -> Result<PlannedTable, QueryError> {
        let analysed = self.analyse(grant, sql, Bound::whole(created_query(sql)?)).await?;
        let rewritten = analysed.rewritten(policy)?;
        if let State::PerPerson { chosen: Chosen::Limited, .. } = rewritten.relation.state {
            return Err(Refusal::new(
                "limit-below-aggregate",
                "LIMIT cannot choose among people's rows, which rows it would be being anybody's guess.",
                "Use a condition, or DISTINCT ON (person_id) with ORDER BY.",
            )
            .into());
        }
        // Names and types are refused before anything runs.
        Layout::of(&rewritten.relation, rewritten.made).map_err(|e| QueryError::failed(&e))??;
        Ok(PlannedTable { analysed, rewritten, policy: policy.clone(), limits: self.limits().clone() })
    }

    /// Checks a `CREATE VIEW … AS`. Reads no data.
    pub async fn plan_view(
        &self,
        grant: &ResolvedGrant,
        sql: &str,
        policy: &Policy,
    ) -> Result<PlannedView, QueryError> {
        let analysed = self.analyse(grant, sql, Bound::whole(created_query(sql)?)).await?;
        let rewritten = analysed.rewritten(policy)?;
        let columns = shown_columns(&rewritten.relation)?;
        Ok(PlannedView { digest: analysed.digest, reads: analysed.reads, columns })
    }
}

impl PlannedTable {
    /// The digest of the analysed plan.
    pub fn digest(&self) -> Digest {
        self.analysed.digest
    }

    /// What it reads.
    pub fn reads(&self) -> &Reads {
        &self.analysed.reads
    }

    /// Runs the query and writes its rows, encrypted, to a sink. Where it fails, what the sink took is no table.
    pub async fn materialise(
        self,
        placement: &Placement,
        sink: &mut dyn TableSink,
    ) -> Result<StoredTable, QueryError> {
        let time_max = self.limits.time_max;
        match tokio::time::timeout(time_max, self.write(placement, sink)).await {
            Ok(Ok(stored)) => Ok(stored),
            Ok(Err(e)) => Err(QueryError::failed(&e)),
            Err(_) => Err(QueryError::Failed { detail: "the time limit was reached".to_owned() }),
        }
    }

    async fn write(self, placement: &Placement, sink: &mut dyn TableSink) -> Result<StoredTable> {
        let Self { analysed, mut rewritten, policy, .. } = self;
        let state = &analysed.state;
        let ran = match rewritten.run(state, &policy).await {
            // Rows arrived out of order: count again with sets, which need none.
            Err(e) if OrderLost::is(&e) => {
                let Ok(again) = analysed.rewritten_with(false, &policy) else {
                    return internal_err!("a plan that was checked is refused");
                };
                rewritten = again;
                rewritten.run(state, &policy).await
            }
            ran => ran,
        };
        let bound =
            !rewritten.inside.is_empty() || matches!(rewritten.relation.state, State::Protected { .. });
        let mut holds = protected(&rewritten.relation, ran?, &policy)?;
        let Ok(Layout { mut table, exprs }) = Layout::of(&rewritten.relation, rewritten.made)? else {
            return internal_err!("a plan that was checked is refused");
        };
        let schema = physical_schema(&table)?;
        let by_person = matches!(table.whose, Whose::PerPerson { .. });
        let named = exprs.into_iter().zip(schema.fields()).map(|(expr, field)| expr.alias(field.name()));
        let plan = Projection::try_new(named.collect(), Arc::new(rewritten.relation.plan))?;
        let plan = LogicalPlan::Projection(plan);
        let mut writer = TableWriter::new(placement, sink, schema, by_person);
        stream(state, &plan, &mut writer).await?;
        table.files = writer.finish()?;
        table.rows = table.files.iter().map(|f| f.rows).sum();
        table.policy = bound.then(|| policy.digest());
        let cells = table.rows.saturating_mul(table.columns.len() as u64);
        if matches!(table.whose, Whose::Protected { .. }) && cells > policy.cells_max() {
            holds.push("too-many-cells".to_owned());
        }
        holds.sort_unstable();
        holds.dedup();
        table.holds = holds;
        Ok(table)
    }
}

/// Protects what the relation's groups are, as a release would; returns what a checker must look at.
fn protected(relation: &Relation, ran: Ran, policy: &Policy) -> Result<Vec<String>> {
    let mut holds = ran.holds;
    let State::Protected { boundaries, .. } = &relation.state else { return Ok(holds) };
    for ((boundary, evidence), table) in boundaries.iter().zip(&ran.evidence).zip(&ran.tables) {
        let protected = protect(table, policy);
        holds.extend(protected.holds().iter().map(|h| h.code().to_owned()));
        holds.extend(boundary.holds.iter().map(|code| (*code).to_owned()));
        boundary.above.fill(boundary, evidence, &protected)?;
    }
    Ok(holds)
}

/// The value of a cell that is shown, and NULL in the place of any other.
pub(super) fn only_shown(value: Expr, state: &Column) -> Result<Expr> {
    when(Expr::Column(state.clone()).eq(lit(SHOWN)), value).end()
}

/// Rows in the order of people, nobody's first. The optimiser is not asked: it pushes a sort through one side of
/// a union and forgets the other.
fn sorted(physical: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let person = col("p", &physical.schema())?;
    let options = SortOptions { descending: false, nulls_first: true };
    let Some(order) = LexOrdering::new([PhysicalSortExpr::new(person, options)]) else {
        return internal_err!("there is no order");
    };
    let sort = SortExec::new(order.clone(), physical).with_preserve_partitioning(true);
    Ok(Arc::new(SortPreservingMergeExec::new(order, Arc::new(sort))))
}

async fn stream(state: &SessionState, plan: &LogicalPlan, writer: &mut TableWriter<'_>) -> Result<()> {
    let mut physical = state.create_physical_plan(plan).await?;
    if writer.by_person() {
        physical = sorted(physical)?;
    }
    let mut batches = execute_stream(physical, Arc::new(TaskContext::from(state)))?;
    while let Some(batch) = batches.next().await {
        writer.write(&batch?)?;
    }
    Ok(())
}
