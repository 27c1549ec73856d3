//! Plan, run, finish.

use crate::boundary::{Boundary, Evidence};
use crate::canonical;
use crate::catalogue::PlanTable;
use crate::division::with_digits;
use crate::finished::{FinishedTable, Source};
use crate::grant::ResolvedGrant;
use crate::outer_join::order_ends;
use crate::parameter::{Binding, Bound};
use crate::people::OrderLost;
use crate::record_keys::RecordKeys;
use crate::relation::{Relation, State};
use crate::released::FailedAttack;
use crate::rewrite::{Beside, Counting, Rewriter, beside, check_output};
use crate::session::{planning_session, session};
use crate::sql::parse;
use crate::subquery::as_joins;
use crate::told::WhoIsWho;
use crate::workspace::{Reads, add_objects};
use crate::{QueryError, Refusal};
use cloister_disclosure::{Policy, Protected, Table, protect};
use cloister_model::{Digest, Ident};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, DataFusionError};
use datafusion::datasource::source_as_provider;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Analyzer;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser;
use std::any::Any;
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
    /// Rows of the tables that it reads, each as often as it is read. More are refused before it runs.
    pub rows_max: u64,
    /// Cells of its finished table. More end it.
    pub cells_max: u64,
}

impl Default for Limits {
    /// 4 GiB, as many threads as there are processors, five minutes, ten thousand million rows, a million cells.
    fn default() -> Self {
        Self {
            memory_bytes_max: 4 << 30,
            partitions: std::thread::available_parallelism().map_or(2, usize::from),
            time_max: Duration::from_secs(300),
            rows_max: 10_000_000_000,
            cells_max: 1_000_000,
        }
    }
}

/// The engine over one vault.
#[derive(Clone, Debug)]
pub struct Engine {
    vault: PathBuf,
    limits: Limits,
    pub(crate) record_keys: Option<RecordKeys>,
}

impl Engine {
    /// An engine that reads the vault at this folder.
    pub fn new(vault: PathBuf, limits: Limits) -> Self {
        Self { vault, limits, record_keys: None }
    }

    /// A session that knows no table.
    pub(crate) fn bare_session(&self) -> Result<SessionState, DataFusionError> {
        session(&self.vault, &ResolvedGrant { tables: Vec::new(), workspace: Vec::new() }, &self.limits)
    }

    /// Checks a query and plans it with its evidence. Reads no data.
    pub async fn plan(
        &self,
        grant: &ResolvedGrant,
        sql: &str,
        policy: &Policy,
    ) -> Result<Planned, QueryError> {
        let analysed = self.analyse(grant, sql, parse(sql, Binding::Values)?).await?;
        let rewritten = analysed.rewritten(policy)?;
        rewritten.check_release()?;
        let (policy, limits) = (policy.clone(), self.limits.clone());
        Ok(Planned { analysed, rewritten, policy, limits })
    }

    /// The digest that names a query, whatever the values of its parameters, which need not have any. Reads no
    /// data, and needs no vault.
    pub async fn digest_of(&self, grant: &ResolvedGrant, sql: &str) -> Result<Digest, QueryError> {
        let state = planning_session(grant, &self.limits).map_err(|e| QueryError::failed(&e))?;
        let bound = parse(sql, Binding::Types)?;
        add_objects(&state, grant, &bound.statement, sql).await?;
        let domains = bound.domains.clone();
        Ok(canonical::digest(&understood(&state, bound.statement).await?, &domains)?)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Plans a query that has been checked; its text is that which it stands in.
    pub(crate) async fn analyse(
        &self,
        grant: &ResolvedGrant,
        sql: &str,
        query: Bound,
    ) -> Result<Analysed, QueryError> {
        let state = session(&self.vault, grant, &self.limits).map_err(|e| QueryError::failed(&e))?;
        let Named { plan, digest, views } = Named::of(&state, grant, sql, query).await?;
        let plan = as_joins(plan, &state)?;
        self.few_enough(&plan)?;
        let reads = Reads::of(&plan, views).map_err(|e| QueryError::failed(&e))?;
        Ok(Analysed { state, plan, digest, reads, record_keys: self.record_keys.clone() })
    }

    /// Refuses a plan whose tables have too many rows.
    pub(crate) fn few_enough(&self, plan: &LogicalPlan) -> Result<(), QueryError> {
        if rows_read(plan)? > self.limits.rows_max {
            return Err(too_many_rows().into());
        }
        Ok(())
    }
}

/// A query with its name, before it is checked.
pub(crate) struct Named {
    pub(crate) plan: LogicalPlan,
    pub(crate) digest: Digest,
    /// The views that it uses.
    pub(crate) views: Vec<Ident>,
}

impl Named {
    pub(crate) async fn of(
        state: &SessionState,
        grant: &ResolvedGrant,
        sql: &str,
        query: Bound,
    ) -> Result<Self, QueryError> {
        let views = add_objects(state, grant, &query.statement, sql).await?;
        let plan = understood(state, query.statement).await?;
        let digest = if query.domains.is_empty() {
            canonical::digest(&plan, &[])?
        } else {
            // Once more, with the parameters' places left open.
            let open = understood(state, parse(sql, Binding::Types)?.statement).await;
            let open = open.map_err(|_| {
                Refusal::new(
                    "parameter-place",
                    "A parameter stands where the form of the query depends on its value.",
                    "Write the value out in that place.",
                )
            })?;
            canonical::digest(&open, &query.domains)?
        };
        Ok(Self { plan, digest, views })
    }
}

/// A statement as DataFusion understands it.
pub(crate) async fn understood(
    state: &SessionState,
    query: sqlparser::ast::Statement,
) -> Result<LogicalPlan, Refusal> {
    let plan = state
        .statement_to_plan(Statement::Statement(Box::new(query)))
        .await
        .map_err(|e| Refusal::from_planner(&e))?;
    let plan = match plan {
        LogicalPlan::Statement(datafusion::logical_expr::Statement::Prepare(prepare)) => {
            Arc::unwrap_or_clone(prepare.input)
        }
        plan => plan,
    };
    let plan = with_digits(plan).map_err(|e| Refusal::from_planner(&e))?;
    Analyzer::new()
        .execute_and_check(plan, state.config_options(), |_, _| {})
        .map_err(|e| Refusal::from_planner(&e))
}

/// A query that the planner understands.
#[derive(Debug)]
pub(crate) struct Analysed {
    pub(crate) state: SessionState,
    pub(crate) plan: LogicalPlan,
    pub(crate) digest: Digest,
    pub(crate) reads: Reads,
    /// Everybody's record key, where they were read.
    pub(crate) record_keys: Option<RecordKeys>,
}

impl Analysed {
    /// The plan with its people carried through. Refusals come out here, before anything runs.
    pub(crate) fn rewritten(&self, policy: &Policy) -> Result<Rewritten, QueryError> {
        let rewritten = self.rewritten_with(true, policy)?;
        if rewritten.ordered { Ok(rewritten) } else { self.rewritten_with(false, policy) }
    }

    /// The same where people are counted in their order, or by sets that need none.
    pub(crate) fn rewritten_with(&self, ordered: bool, policy: &Policy) -> Result<Rewritten, QueryError> {
        let record_keys = self.record_keys.clone().filter(|_| policy.cell_key().is_some());
        Rewritten::new(&self.state, &self.plan, Counting { ordered, record_keys, ..Counting::of(policy) })
    }
}

/// How many rows the tables of a plan have, by their manifests, each as often as it is read.
fn rows_read(plan: &LogicalPlan) -> Result<u64, QueryError> {
    let mut rows = 0u64;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            if let Some(table) = (provider.as_ref() as &dyn Any).downcast_ref::<PlanTable>() {
                rows = rows.saturating_add(table.granted().entry.rows);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(|e| QueryError::failed(&e))?;
    Ok(rows)
}

fn too_many_rows() -> Refusal {
    Refusal::new(
        "too-many-rows",
        "The query reads more rows than this hub allows.",
        "Read each large table once, or ask the hub's administrators for the limit.",
    )
}

/// A query that passed the plan checks.
#[derive(Debug)]
pub struct Planned {
    analysed: Analysed,
    rewritten: Rewritten,
    policy: Policy,
    limits: Limits,
}

impl Planned {
    /// The digest of the plan, in which parameters stand for all of their domain.
    pub fn digest(&self) -> Digest {
        self.analysed.digest
    }

    /// What it reads.
    pub fn reads(&self) -> &Reads {
        &self.analysed.reads
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
        let Self { analysed, mut rewritten, policy, limits } = self;
        let state = &analysed.state;
        let mut order_lost = false;
        let ran = match rewritten.run(state, &policy).await {
            // Rows arrived out of order: count again with sets, which need none.
            Err(e) if OrderLost::is(&e) => {
                order_lost = true;
                rewritten = analysed.rewritten_with(false, &policy)?;
                rewritten.run(state, &policy).await
            }
            ran => ran,
        };
        let Ran { evidence, tables, holds } = ran.map_err(|e| QueryError::failed(&e))?;
        let (relation, of_totals) = (rewritten.relation, rewritten.of_totals);
        let (reviewed_max, cells_max, state) = (policy.cells_max(), limits.cells_max, analysed.state);
        Ok(Governed {
            evidence,
            tables,
            holds,
            relation,
            state,
            reviewed_max,
            cells_max,
            of_totals,
            order_lost,
            plan: analysed.plan,
            policy,
        })
    }
}

/// Refuses what may not be shown, however it is protected.
pub(crate) fn check_release(relation: &Relation) -> Result<(), QueryError> {
    if matches!(relation.state, State::PerPerson { .. }) {
        return Err(Refusal::new(
            "row-level-output",
            "The query would show rows about single people.",
            "Aggregate them: count(*), sum(…) or avg(…), with GROUP BY.",
        )
        .into());
    }
    Ok(check_output(relation)?)
}

/// A plan with its people carried through.
#[derive(Debug)]
pub(crate) struct Rewritten {
    /// What runs first: its protected values stand in the evidence plans of what follows.
    pub(crate) inside: Vec<Boundary>,
    pub(crate) relation: Relation,
    /// Whether people are counted in their order, which may hold.
    ordered: bool,
    /// Whether the query writes rows of its own.
    pub(crate) made: bool,
    /// Whether some results are totals of others.
    of_totals: bool,
    /// Codes of what a checker must look at whatever comes of it.
    holds: Vec<String>,
}

/// What running the evidence plans gave.
pub(crate) struct Ran {
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) tables: Vec<Table>,
    /// What a checker must look at among the values inside.
    pub(crate) holds: Vec<String>,
}

impl Rewritten {
    /// Rewrites a plan so that its people are counted so; or says why it may not run.
    fn new(state: &SessionState, analysed: &LogicalPlan, counting: Counting) -> Result<Self, QueryError> {
        let wanted = counting.ordered;
        let rewriter = Rewriter::new(state, counting);
        let relation = rewriter.rewrite(analysed)?;
        let ordered = wanted && !rewriter.unordered.get();
        let (made, mut holds) = (rewriter.made.get(), rewriter.holds());
        let mut of_totals = false;
        if let State::Protected { boundaries, .. } = &relation.state {
            match beside(boundaries) {
                Beside::Apart => {}
                Beside::Totals => of_totals = true,
                Beside::Overlapping => holds.push("overlapping-results".to_owned()),
            }
        }
        Ok(Self { inside: rewriter.into_inside(), relation, ordered, made, of_totals, holds })
    }

    /// Refuses what may not be shown, however it is protected.
    fn check_release(&self) -> Result<(), QueryError> {
        check_release(&self.relation)
    }

    /// Gathers the evidence of every boundary; none where the query involves no patient. What the query
    /// goes on with inside is protected as a release would be, before anything sees it.
    pub(crate) async fn run(&self, state: &SessionState, policy: &Policy) -> Result<Ran, DataFusionError> {
        let mut ran = Ran { evidence: Vec::new(), tables: Vec::new(), holds: self.holds.clone() };
        for boundary in &self.inside {
            let (evidence, table) = gather(state, boundary, self.ordered).await?;
            let protected = protect(&table, policy);
            boundary.above.fill(boundary, &evidence, &protected)?;
            if evidence.has_small_parts() {
                ran.holds.push(TOTALS.to_owned());
            }
            ran.holds.extend(protected.holds().iter().map(|h| h.code().to_owned()));
            ran.holds.extend(boundary.holds.iter().map(|code| (*code).to_owned()));
        }
        let State::Protected { boundaries, .. } = &self.relation.state else { return Ok(ran) };
        for boundary in boundaries {
            let (evidence, table) = gather(state, boundary, self.ordered).await?;
            if evidence.has_small_parts() {
                ran.holds.push(TOTALS.to_owned());
            }
            ran.evidence.push(evidence);
            ran.tables.push(table);
        }
        Ok(ran)
    }
}

/// What is suppressed could be worked out from totals.
const TOTALS: &str = "totals-beside-suppressed";

async fn gather(
    state: &SessionState,
    boundary: &Boundary,
    ordered: bool,
) -> Result<(Evidence, Table), DataFusionError> {
    let physical = state.create_physical_plan(&boundary.evidence).await?;
    if ordered && order_ends(&physical)? {
        return Err(OrderLost::error());
    }
    let evidence = Evidence::new(&collected(state, physical).await?, boundary)?;
    let table = evidence.table(boundary)?;
    Ok((evidence, table))
}

pub(crate) async fn execute(
    state: &SessionState,
    plan: &LogicalPlan,
) -> Result<RecordBatch, DataFusionError> {
    collected(state, state.create_physical_plan(plan).await?).await
}

async fn collected(
    state: &SessionState,
    physical: Arc<dyn ExecutionPlan>,
) -> Result<RecordBatch, DataFusionError> {
    let schema = physical.schema();
    let batches = collect(physical, Arc::new(TaskContext::from(state))).await?;
    Ok(concat_batches(&schema, &batches)?)
}

/// A query's result with its evidence. It has no way out but [`Governed::finish`].
#[derive(Debug)]
pub struct Governed {
    evidence: Vec<Evidence>,
    tables: Vec<Table>,
    holds: Vec<String>,
    relation: Relation,
    state: SessionState,
    /// How many cells are released without a checker.
    reviewed_max: u64,
    cells_max: u64,
    /// Whether some results are totals of others.
    of_totals: bool,
    order_lost: bool,
    /// The query as it was analysed, to ask it again who everybody is.
    plan: LogicalPlan,
    policy: Policy,
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

    /// Asks who everybody is: the query runs once more for it. The caller seals what comes of it. `versions` says which dataset
    /// versions the query read.
    pub async fn named(&self, versions: &str) -> Result<WhoIsWho, QueryError> {
        let counting = Counting { ordered: false, everybody: true, ..Counting::of(&self.policy) };
        let named = Rewritten::new(&self.state, &self.plan, counting)?;
        let ran = named.run(&self.state, &self.policy).await.map_err(|e| QueryError::failed(&e))?;
        let boundaries = match named.relation.state {
            State::Protected { boundaries, .. } => boundaries,
            State::Reference | State::PerPerson { .. } => Vec::new(),
        };
        let groups = |tables: &[Table]| tables.iter().map(|t| t.groups.len()).collect::<Vec<_>>();
        if groups(&ran.tables) != groups(&self.tables) || boundaries.len() != ran.tables.len() {
            return Err(QueryError::Failed { detail: "other groups the second time".to_owned() });
        }
        Ok(WhoIsWho {
            boundaries,
            evidence: ran.evidence,
            tables: ran.tables,
            policy: self.policy.clone(),
            versions: versions.to_owned(),
        })
    }

    /// Finishes the query on protected values, one table for each of [`Governed::evidence`]: what lies above
    /// its aggregates (HAVING, arithmetic, ORDER BY, LIMIT) sees nothing else.
    pub async fn finish(self, protected: &[Protected]) -> Result<FinishedTable, QueryError> {
        self.finish_inner(protected).await.map_err(|e| QueryError::failed(&e))
    }

    async fn finish_inner(self, protected: &[Protected]) -> Result<FinishedTable, DataFusionError> {
        let Relation { plan, columns, state } = self.relation;
        let mut holds = self.holds;
        holds.extend(protected.iter().flat_map(|p| p.holds()).map(|h| h.code().to_owned()));
        if self.of_totals && protected.iter().any(|p| !p.findings().is_empty()) {
            holds.push(TOTALS.to_owned());
        }
        let states: Vec<Option<Column>> = match &state {
            State::Protected { boundaries, states, .. } => {
                if protected.len() != boundaries.len() {
                    return datafusion::common::internal_err!("a boundary is not protected");
                }
                holds.extend(boundaries.iter().flat_map(|b| &b.holds).map(|code| (*code).to_owned()));
                for ((boundary, evidence), protected) in boundaries.iter().zip(&self.evidence).zip(protected)
                {
                    boundary.above.fill(boundary, evidence, protected)?;
                }
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
        if cells > self.cells_max {
            return datafusion::common::exec_err!("the table has {cells} cells");
        }
        if self.evidence.len() != 1
            && cells > self.reviewed_max
            && !holds.iter().any(|h| h == "too-many-cells")
        {
            holds.push("too-many-cells".to_owned());
        }
        let attack = FailedAttack::of(protected);
        let finished = FinishedTable::new(&batch, &plan, &columns, &states, holds, attack)?;
        let State::Protected { boundaries, .. } = state else { return Ok(finished) };
        let of_evidence = self.evidence.into_iter().zip(self.tables);
        let sources = boundaries.into_iter().zip(of_evidence).zip(protected);
        let sources = sources.map(|((boundary, (evidence, table)), protected)| Source {
            boundary,
            evidence,
            table,
            protected: protected.clone(),
        });
        Ok(finished.with_sources(sources.collect()))
    }
}

#[cfg(test)]
mod tests;
