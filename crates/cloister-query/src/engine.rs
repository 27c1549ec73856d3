//! Plan, run, finish.

use crate::boundary::{Boundary, Evidence};
use crate::boundary_table::BoundaryTable;
use crate::finished::FinishedTable;
use crate::grant::ResolvedGrant;
use crate::people::{OrderLost, ordered_people, set_people};
use crate::relation::{Relation, State};
use crate::rewrite::{Rewriter, check_output};
use crate::session::session;
use crate::sql::parse;
use crate::{QueryError, Refusal};
use cloister_disclosure::{Policy, Protected, Table};
use cloister_model::Digest;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::common::{Column, DataFusionError};
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::{AggregateUDF, LogicalPlan};
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use datafusion::optimizer::{Analyzer, Optimizer, OptimizerRule};
use datafusion::physical_plan::collect;
use datafusion::sql::parser::Statement;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What one query may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Memory of its operators, in bytes. Nothing is spilled to disk.
    pub memory_bytes_max: usize,
    /// Threads that scan.
    pub partitions: usize,
    /// Wall-clock time of its execution.
    pub time_max: Duration,
}

impl Default for Limits {
    /// 4 GiB, as many threads as there are processors, five minutes.
    fn default() -> Self {
        Self {
            memory_bytes_max: 4 << 30,
            partitions: std::thread::available_parallelism().map_or(2, usize::from),
            time_max: Duration::from_secs(300),
        }
    }
}

/// The engine over one vault.
#[derive(Clone, Debug)]
pub struct Engine {
    vault: PathBuf,
    limits: Limits,
}

impl Engine {
    /// An engine that reads the vault at this folder.
    pub fn new(vault: PathBuf, limits: Limits) -> Self {
        Self { vault, limits }
    }

    /// Checks a query and plans it with its evidence. Reads no data.
    pub async fn plan(
        &self,
        grant: &ResolvedGrant,
        sql: &str,
        policy: &Policy,
    ) -> Result<Planned, QueryError> {
        let statement = parse(sql)?;
        let state = session(&self.vault, grant, &self.limits).map_err(|e| QueryError::failed(&e))?;
        let plan = state
            .statement_to_plan(Statement::Statement(Box::new(statement)))
            .await
            .map_err(|e| Refusal::from_planner(&e))?;
        let analysed = Analyzer::new()
            .execute_and_check(plan, state.config_options(), |_, _| {})
            .map_err(|e| Refusal::from_planner(&e))?;
        let analysed = without_subqueries(analysed, &state)?;
        let few_max = usize::try_from(policy.contributors_min()).unwrap_or(usize::MAX).saturating_sub(1);
        let digest = Digest::of(analysed.display_indent_schema().to_string().as_bytes());
        // Refusals come out here, before anything runs.
        let (mut relation, ordered) = rewritten(&state, &analysed, ordered_people, few_max)?;
        if !ordered {
            (relation, _) = rewritten(&state, &analysed, set_people, few_max)?;
        }
        let (cells_max, limits) = (policy.cells_max(), self.limits.clone());
        Ok(Planned { state, analysed, relation, digest, few_max, cells_max, limits })
    }
}

/// A query that passed the plan checks.
#[derive(Debug)]
pub struct Planned {
    state: SessionState,
    analysed: LogicalPlan,
    relation: Relation,
    digest: Digest,
    few_max: usize,
    cells_max: u64,
    limits: Limits,
}

impl Planned {
    /// The digest of the analysed plan.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Runs the evidence plan. Nothing that it returns may leave before it is protected.
    pub async fn run(self) -> Result<Governed, QueryError> {
        let time_max = self.limits.time_max;
        match tokio::time::timeout(time_max, self.run_unlimited()).await {
            Ok(result) => result,
            Err(_) => Err(QueryError::Failed { detail: "the time limit was reached".to_owned() }),
        }
    }

    async fn run_unlimited(self) -> Result<Governed, QueryError> {
        let Self { state, analysed, mut relation, few_max, cells_max, .. } = self;
        let mut order_lost = false;
        let ran = match run_evidence(&state, &relation).await {
            // Rows arrived out of order: count again with sets, which need none.
            Err(e) if OrderLost::is(&e) => {
                order_lost = true;
                (relation, _) = rewritten(&state, &analysed, set_people, few_max)?;
                run_evidence(&state, &relation).await
            }
            ran => ran,
        };
        let (evidence, tables) = ran.map_err(|e| QueryError::failed(&e))?.into_iter().unzip();
        Ok(Governed { evidence, tables, relation, state, cells_max, order_lost })
    }
}

/// The plan with subqueries as joins, so that there is one kind of thing to check. Those that no rule
/// turns into a join are refused where they stand.
fn without_subqueries(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan, Refusal> {
    let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> =
        vec![Arc::new(DecorrelatePredicateSubquery::new()), Arc::new(ScalarSubqueryToJoin::new())];
    let joined = Optimizer::with_rules(rules).optimize(plan, state, |_, _| {});
    joined.map_err(|_| Refusal::unsupported("A subquery of this form"))
}

/// The plan with its people carried through, counted by this aggregate, and whether their order may hold;
/// or why it may not run.
fn rewritten(
    state: &SessionState,
    analysed: &LogicalPlan,
    people: fn(Option<usize>) -> Arc<AggregateUDF>,
    few_max: usize,
) -> Result<(Relation, bool), QueryError> {
    let rewriter = Rewriter::new(state, people(None), people(Some(few_max)), few_max + 1);
    let relation = rewriter.rewrite(analysed)?;
    if matches!(relation.state, State::PerPerson { .. }) {
        return Err(Refusal::new(
            "row-level-output",
            "The query would show rows about single people.",
            "Aggregate them: count(*), sum(…) or avg(…), with GROUP BY.",
        )
        .into());
    }
    check_output(&relation)?;
    Ok((relation, !rewriter.unordered.get()))
}

/// Gathers the evidence of every boundary; none where the query involves no patient.
async fn run_evidence(
    state: &SessionState,
    relation: &Relation,
) -> Result<Vec<(Evidence, Table)>, DataFusionError> {
    let State::Protected { boundaries, .. } = &relation.state else { return Ok(Vec::new()) };
    let mut gathered = Vec::new();
    for boundary in boundaries {
        let evidence = Evidence::new(&execute(state, &boundary.evidence).await?, boundary)?;
        let table = evidence.table(boundary)?;
        gathered.push((evidence, table));
    }
    Ok(gathered)
}

async fn execute(state: &SessionState, plan: &LogicalPlan) -> Result<RecordBatch, DataFusionError> {
    let physical = state.create_physical_plan(plan).await?;
    let schema = physical.schema();
    let batches = collect(physical, Arc::new(TaskContext::from(state))).await?;
    Ok(concat_batches(&schema, &batches)?)
}

/// A query's result with its evidence. It has no way out but [`Governed::finish`].
#[derive(Debug)]
pub struct Governed {
    evidence: Vec<Evidence>,
    tables: Vec<Table>,
    relation: Relation,
    state: SessionState,
    cells_max: u64,
    order_lost: bool,
}

impl Governed {
    /// Whether people came out of order, so that the query ran again with sets: as exact, and slower.
    pub fn order_lost(&self) -> bool {
        self.order_lost
    }

    /// What the disclosure engine judges: a table for each aggregate that the query finishes from. None
    /// where it involves no patient.
    pub fn evidence(&self) -> &[Table] {
        &self.tables
    }

    /// Finishes the query on protected values, one table for each of [`Governed::evidence`]: what lies above
    /// its aggregates (HAVING, arithmetic, ORDER BY, LIMIT) sees nothing else.
    pub async fn finish(self, protected: &[Protected]) -> Result<FinishedTable, QueryError> {
        self.finish_inner(protected).await.map_err(|e| QueryError::failed(&e))
    }

    async fn finish_inner(self, protected: &[Protected]) -> Result<FinishedTable, DataFusionError> {
        let Relation { plan, columns, state } = self.relation;
        let mut holds: Vec<String> =
            protected.iter().flat_map(|p| p.holds()).map(|h| h.code().to_owned()).collect();
        let states: Vec<Option<Column>> = match &state {
            State::Protected { boundaries, states } => {
                holds.extend(boundaries.iter().flat_map(|b| &b.holds).map(|code| (*code).to_owned()));
                fill(&plan, boundaries, &self.evidence, protected)?;
                states.clone()
            }
            State::Reference | State::PerPerson { .. } => columns.iter().map(|_| None).collect(),
        };
        holds.sort_unstable();
        holds.dedup();
        let batch = execute(&self.state, &plan).await?;
        // Disclosure control counts the cells at a boundary; what is made of them, or of nobody's rows, may
        // have more.
        let cells = (batch.num_rows() as u64).saturating_mul(columns.len() as u64);
        if self.evidence.len() != 1 && cells > self.cells_max && !holds.iter().any(|h| h == "too-many-cells")
        {
            holds.push("too-many-cells".to_owned());
        }
        FinishedTable::new(&batch, &plan, &columns, &states, holds)
    }
}

/// Finds the boundaries' tables in the finishing plan and fills them, each with its own.
fn fill(
    plan: &LogicalPlan,
    boundaries: &[Boundary],
    evidence: &[Evidence],
    protected: &[Protected],
) -> Result<(), DataFusionError> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    use datafusion::datasource::source_as_provider;
    let mut filled = 0;
    plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            if let Some(table) = (provider.as_ref() as &dyn std::any::Any).downcast_ref::<BoundaryTable>() {
                let mut all = boundaries.iter().zip(evidence).zip(protected);
                let Some(((boundary, evidence), protected)) =
                    all.find(|((b, _), _)| b.number == table.number)
                else {
                    return datafusion::common::internal_err!("a boundary without evidence");
                };
                table.fill(boundary, evidence, protected)?;
                filled += 1;
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    if filled == boundaries.len() { Ok(()) } else { datafusion::common::internal_err!("a boundary is lost") }
}

#[cfg(test)]
mod tests;
