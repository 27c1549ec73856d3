//! Carrying people through the plan: each node is rewritten so that the person of every row stays known,
//! or the query is refused by name. The match over plan nodes has no catch-all: a new node of a new
//! DataFusion version fails to compile instead of failing open.

mod aggregate;
mod group_window;
mod join;
mod kinship;
mod noise;
mod rank;
mod scan;
mod stored;
mod union;
mod window;

pub(crate) use kinship::{Asked, Beside, Member, beside};

use crate::boundary::Boundary;
use crate::cannot_fail::{total, total_named, total_of};
use crate::explain::Trace;
use crate::expression::{inspect, inspect_condition};
use crate::nobody::without_nobody;
use crate::people::{ordered_people, set_people};
use crate::record_keys::RecordKeys;
use crate::relation::{Chosen, ColumnFacts, Facts, Kind, Relation, Role, Shape, State};
use crate::support::contributions;
use crate::{QueryError, Refusal};
use cloister_disclosure::{Policy, SmallGroups};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, DataFusionError, TableReference};
use datafusion::execution::SessionState;
use datafusion::functions::core::greatest;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::logical_plan::{
    Distinct, DistinctOn, Filter, Limit, Projection, Sort, SubqueryAlias, Values, Window,
};
use datafusion::logical_expr::{Aggregate, AggregateUDF, Expr, LogicalPlan, lit};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Why a rewriting stopped.
pub(crate) type Result<T, E = Stop> = std::result::Result<T, E>;

/// A refusal, or an error of the engine's own.
#[derive(Debug)]
pub(crate) enum Stop {
    Refused(Refusal),
    Failed(DataFusionError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DataFusionError> for Stop {
    fn from(error: DataFusionError) -> Self {
        match error {
            // Rewriting an expression has only errors of the engine's to pass a refusal on with.
            DataFusionError::External(inner) => match inner.downcast::<Refusal>() {
                Ok(refusal) => Self::Refused(*refusal),
                Err(inner) => Self::Failed(DataFusionError::External(inner)),
            },
            other => Self::Failed(other),
        }
    }
}

impl From<Stop> for QueryError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Refused(refusal),
            Stop::Failed(error) => Self::failed(&error),
        }
    }
}

/// How people are counted.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    /// Whether their rows are taken to arrive in their order.
    pub(crate) ordered: bool,
    /// The most that are too few.
    pub(crate) few_max: usize,
    /// Whether the greatest contributions are asked for.
    pub(crate) contributions: bool,
    /// Whether groups that are too small are shown as one row.
    pub(crate) merges: bool,
    /// Whether the policy shows that there is nobody.
    pub(crate) zeros_shown: bool,
    /// By which the noise of counts is drawn, where the policy has any.
    pub(crate) record_keys: Option<RecordKeys>,
    /// Whether everybody is named, for the ledger.
    pub(crate) everybody: bool,
}

impl Counting {
    /// As a policy needs it, where people's rows arrive in their order.
    pub(crate) fn of(policy: &Policy) -> Self {
        let few_max = usize::try_from(policy.contributors_min()).unwrap_or(usize::MAX).saturating_sub(1);
        let merges = policy.small_groups() == SmallGroups::Merge;
        let (contributions, zeros_shown) = (policy.needs_contributions(), policy.permits(0));
        Self {
            ordered: true,
            few_max,
            contributions,
            merges,
            zeros_shown,
            record_keys: None,
            everybody: false,
        }
    }
}

/// One pass over one plan.
pub(crate) struct Rewriter<'a> {
    pub(crate) state: &'a SessionState,
    /// The aggregate that counts distinct people.
    pub(crate) people: Arc<AggregateUDF>,
    /// The same, which also names them while they are few.
    pub(crate) named: Arc<AggregateUDF>,
    /// The people that a threshold needs.
    pub(crate) people_min: usize,
    /// The aggregate of the greatest contributions, where the policy asks for them.
    pub(crate) contributions: Option<Arc<AggregateUDF>>,
    /// Whether groups that are too small are shown as one row.
    merges: bool,
    /// Whether the policy shows that there is nobody.
    pub(crate) zeros_shown: bool,
    /// By which the noise of counts is drawn, where the policy has any.
    pub(crate) record_keys: Option<RecordKeys>,
    names: Cell<usize>,
    /// Boundaries whose protected values the query goes on with among people's rows, each after those that
    /// it depends on itself.
    inside: RefCell<Vec<Boundary>>,
    /// Whether rows come out of their people's order whatever the layout.
    pub(crate) unordered: Cell<bool>,
    /// Whether the query writes rows of its own, which may multiply people's.
    pub(crate) made: Cell<bool>,
    /// Codes of what a checker must look at whatever comes of the query.
    holds: RefCell<Vec<String>>,
    /// Where the rewriting is written down, to explain it.
    pub(crate) trace: Option<Trace>,
}

impl<'a> Rewriter<'a> {
    pub(crate) fn new(state: &'a SessionState, counting: Counting) -> Self {
        let Counting { ordered, few_max, contributions: asked, merges, zeros_shown, record_keys, everybody } =
            counting;
        let people = if ordered { ordered_people } else { set_people };
        let named_max = if everybody { usize::MAX } else { few_max };
        Self {
            state,
            people: people(everybody.then_some(usize::MAX)),
            named: people(Some(named_max)),
            people_min: few_max + 1,
            contributions: asked.then(|| Arc::new(contributions(ordered))),
            merges,
            zeros_shown,
            record_keys,
            names: Cell::new(0),
            inside: RefCell::default(),
            unordered: Cell::new(false),
            made: Cell::new(false),
            holds: RefCell::default(),
            trace: None,
        }
    }

    /// A checker must look at the result.
    fn hold(&self, code: &str) {
        self.holds.borrow_mut().push(code.to_owned());
    }

    /// Codes of what a checker must look at whatever comes of the query.
    pub(crate) fn holds(&self) -> Vec<String> {
        self.holds.borrow().clone()
    }

    /// The boundaries to run, protect and fill before the query's own, in this order.
    pub(crate) fn into_inside(self) -> Vec<Boundary> {
        self.inside.into_inner()
    }

    /// Whose protected values stand beside people's rows.
    fn go_on_with(&self, boundaries: Vec<Boundary>) {
        self.inside.borrow_mut().extend(boundaries);
    }

    /// A name that no query can write, new each time.
    fn hidden_name(&self, kind: &str) -> String {
        let n = self.names.get();
        self.names.set(n + 1);
        format!("__{kind}_{n}")
    }

    /// Rewrites a plan, children first.
    pub(crate) fn rewrite(&self, plan: &LogicalPlan) -> Result<Relation> {
        let Some(trace) = &self.trace else { return self.rewritten(plan) };
        let place = trace.enter(plan);
        let rewritten = self.rewritten(plan);
        trace.leave(place, rewritten.as_ref().ok().map(|relation| &relation.state));
        rewritten
    }

    fn rewritten(&self, plan: &LogicalPlan) -> Result<Relation> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Projection(projection) => self.projection(projection),
            LogicalPlan::Filter(filter) => self.filter(filter),
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Aggregate(aggregate) => {
                let input = self.rewrite(&aggregate.input)?;
                self.aggregate(aggregate, input)
            }
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input),
            LogicalPlan::Sort(sort) => self.sort(sort),
            LogicalPlan::Limit(limit) => self.limit(limit),
            LogicalPlan::SubqueryAlias(alias) => self.alias(alias),
            LogicalPlan::EmptyRelation(_) => {
                Ok(Relation { plan: plan.clone(), columns: Vec::new(), state: State::Reference })
            }
            LogicalPlan::Distinct(Distinct::On(distinct)) => self.distinct_on(distinct),
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Values(values) => self.values(plan, values),
            LogicalPlan::Subquery(_) => Err(Refusal::unsupported("A subquery in this place").into()),
            LogicalPlan::RecursiveQuery(_) => Err(Refusal::unsupported("WITH RECURSIVE").into()),
            LogicalPlan::Unnest(_) => Err(Refusal::unsupported("UNNEST").into()),
            LogicalPlan::Repartition(_) => Err(Refusal::unsupported("DISTRIBUTE BY").into()),
            LogicalPlan::Extension(_) => Err(Refusal::unsupported("An extension").into()),
            LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) => Err(Refusal::unsupported("EXPLAIN").into()),
            LogicalPlan::DescribeTable(_) => Err(Refusal::unsupported("DESCRIBE").into()),
            LogicalPlan::Statement(_) | LogicalPlan::Dml(_) | LogicalPlan::Ddl(_) | LogicalPlan::Copy(_) => {
                Err(Refusal::unsupported("Anything but a query").into())
            }
        }
    }

    fn projection(&self, projection: &Projection) -> Result<Relation> {
        let input = self.rewrite(&projection.input)?;
        let schema = input.plan.schema().clone();
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        let mut hidden_out = Vec::new();
        let mut states_out = Vec::new();
        let mut extra: Vec<Expr> = Vec::new();
        for (index, expr) in projection.expr.iter().enumerate() {
            let mut facts = inspect(expr, &input.columns)?;
            exprs.push(total_named(expr, &schema, &input.state)?);
            match &input.state {
                State::Reference => facts.branches.clear(),
                State::PerPerson { .. } => {
                    for branch in &mut facts.branches {
                        let name = self.hidden_name("branch");
                        extra.push(total(branch, &schema)?.alias(&name));
                        let column = Column::new_unqualified(name);
                        hidden_out.push(column.clone());
                        *branch = Expr::Column(column);
                    }
                }
                State::Protected { states, .. } => {
                    let state = self.state_of(expr, &input.columns, states, &mut extra);
                    states_out.push(state);
                }
            }
            let (relation, field) = projection.schema.qualified_field(index);
            columns.push(ColumnFacts { column: Column::new(relation.cloned(), field.name()), facts });
        }
        exprs.append(&mut extra);
        let state = match input.state {
            State::Reference => State::Reference,
            State::PerPerson { person, chosen, .. } => {
                exprs.push(Expr::Column(person.clone()));
                State::PerPerson { person, hidden: hidden_out, chosen }
            }
            State::Protected { boundaries, complete, .. } => {
                State::Protected { boundaries, states: states_out, complete }
            }
        };
        let plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(input.plan))?);
        Ok(Relation { plan, columns, state })
    }

    /// The hidden column with the state of an expression over protected values: the worst of what it
    /// refers to. A new column is added to `extra` where several are united or one is passed on.
    fn state_of(
        &self,
        expr: &Expr,
        columns: &[ColumnFacts],
        states: &[Option<Column>],
        extra: &mut Vec<Expr>,
    ) -> Option<Column> {
        let state = worst_state(expr, columns, states)?;
        let name = self.hidden_name("state");
        extra.push(state.alias(&name));
        Some(Column::new_unqualified(name))
    }

    fn filter(&self, filter: &Filter) -> Result<Relation> {
        let input = self.rewrite(&filter.input)?;
        let predicate = without_nobody(&filter.predicate, &input.columns)?;
        inspect_condition(&predicate, &input.columns)?;
        let predicate = total_of(&predicate, input.plan.schema(), &input.state)?;
        let plan = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input.plan))?);
        let state = match input.state {
            State::Protected { boundaries, states, complete } => {
                // A suppressed value meets no condition.
                let certain = worst_state(&filter.predicate, &input.columns, &states).is_none();
                State::Protected { boundaries, states, complete: complete && certain }
            }
            other => other,
        };
        Ok(Relation { plan, state, ..input })
    }

    fn distinct(&self, input: &Arc<LogicalPlan>) -> Result<Relation> {
        let keys = input.schema().columns().into_iter().map(Expr::Column).collect();
        let aggregate = Aggregate::try_new(input.clone(), keys, vec![])?;
        let input = self.rewrite(input)?;
        self.aggregate(&aggregate, input)
    }

    /// The first row of each kind: a window over the rows, and those that come first in it.
    fn distinct_on(&self, distinct: &DistinctOn) -> Result<Relation> {
        let first = self.hidden_name("first");
        let mut number = WindowFunction::new(row_number_udwf(), vec![]);
        number.params.partition_by = distinct.on_expr.clone();
        // What the rows of one kind have in common does not order them.
        let order = distinct.sort_expr.iter().flatten().filter(|sort| !distinct.on_expr.contains(&sort.expr));
        number.params.order_by = order.cloned().collect();
        let number = Expr::from(number).alias(&first);
        let window = LogicalPlan::Window(Window::try_new(vec![number], distinct.input.clone())?);
        let is_first = Expr::Column(Column::new_unqualified(first)).eq(lit(1u64));
        let firsts = LogicalPlan::Filter(Filter::try_new(is_first, Arc::new(window))?);
        let columns = distinct.schema.columns().into_iter().zip(&distinct.select_expr);
        let exprs = columns.map(|(column, expr)| match expr {
            Expr::Column(same) if *same == column => expr.clone(),
            other => other.clone().alias_qualified(column.relation, column.name),
        });
        let projection = Projection::try_new(exprs.collect(), Arc::new(firsts))?;
        self.projection(&projection)
    }

    /// Rows that the query itself writes out.
    fn values(&self, plan: &LogicalPlan, values: &Values) -> Result<Relation> {
        for expr in values.values.iter().flatten() {
            inspect(expr, &[])?;
        }
        self.made.set(true);
        let columns = plain_columns(&values.schema, |_| Facts::value(Shape::Other, true));
        Ok(Relation { plan: plan.clone(), columns, state: State::Reference })
    }

    fn sort(&self, sort: &Sort) -> Result<Relation> {
        let input = self.rewrite(&sort.input)?;
        let schema = input.plan.schema().clone();
        let mut keys = Vec::new();
        for key in &sort.expr {
            inspect(&key.expr, &input.columns)?;
            let mut key = key.clone();
            key.expr = total_of(&key.expr, &schema, &input.state)?;
            keys.push(key);
        }
        match input.state {
            // The order of people's rows means nothing to what is made of them; only a limit chooses.
            State::PerPerson { person, hidden, chosen } => {
                let here = if sort.fetch.is_some() { Chosen::Limited } else { Chosen::Alone };
                let chosen = chosen.max(here);
                Ok(Relation { state: State::PerPerson { person, hidden, chosen }, ..input })
            }
            state @ (State::Reference | State::Protected { .. }) => {
                let state = if sort.fetch.is_some() { state.chosen_among() } else { state };
                let plan =
                    LogicalPlan::Sort(Sort { expr: keys, input: Arc::new(input.plan), fetch: sort.fetch });
                Ok(Relation { plan, state, ..input })
            }
        }
    }

    fn limit(&self, limit: &Limit) -> Result<Relation> {
        let input = self.rewrite(&limit.input)?;
        for expr in [&limit.skip, &limit.fetch].into_iter().flatten() {
            inspect(expr, &[])?;
        }
        match input.state {
            State::PerPerson { person, hidden, .. } => {
                let chosen = Chosen::Limited;
                Ok(Relation { state: State::PerPerson { person, hidden, chosen }, ..input })
            }
            state @ (State::Reference | State::Protected { .. }) => {
                let state = state.chosen_among();
                let plan = LogicalPlan::Limit(Limit {
                    skip: limit.skip.clone(),
                    fetch: limit.fetch.clone(),
                    input: Arc::new(input.plan),
                });
                Ok(Relation { plan, state, ..input })
            }
        }
    }

    fn alias(&self, alias: &SubqueryAlias) -> Result<Relation> {
        let input = self.rewrite(&alias.input)?;
        let name = &alias.alias;
        let plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input.plan), name.clone())?);
        let columns = input.columns.into_iter().map(|c| requalify_facts(c, name));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let hide = |column: Column| requalify(&column, name);
        let state = match input.state {
            State::Reference => State::Reference,
            State::PerPerson { person, hidden, chosen } => State::PerPerson {
                person: hide(person),
                hidden: hidden.into_iter().map(hide).collect(),
                chosen,
            },
            State::Protected { boundaries, states, complete } => {
                let states = states.into_iter().map(|s| s.map(hide)).collect();
                State::Protected { boundaries, states, complete }
            }
        };
        Ok(Relation { plan, columns, state })
    }
}

fn requalify(column: &Column, relation: &TableReference) -> Column {
    Column::new(Some(relation.clone()), column.name())
}

fn requalify_facts(mut column: ColumnFacts, relation: &TableReference) -> Result<ColumnFacts> {
    column.column = requalify(&column.column, relation);
    for branch in &mut column.facts.branches {
        let moved = std::mem::take(branch).transform_up(|e| match e {
            Expr::Column(column) => Ok(Transformed::yes(Expr::Column(requalify(&column, relation)))),
            other => Ok(Transformed::no(other)),
        });
        *branch = moved.data()?;
    }
    Ok(column)
}

/// The facts of every column of a plan, where each is a value of this role.
fn plain_columns(schema: &DFSchema, facts: impl Fn(usize) -> Facts) -> Vec<ColumnFacts> {
    let fields = schema.iter().enumerate();
    let columns = fields.map(|(index, (relation, field))| ColumnFacts {
        column: Column::new(relation.cloned(), field.name()),
        facts: facts(index),
    });
    columns.collect()
}

/// The state of an expression over protected values: the worst of what it refers to; none where that is
/// always shown.
fn worst_state(expr: &Expr, columns: &[ColumnFacts], states: &[Option<Column>]) -> Option<Expr> {
    let references = expr.column_refs();
    let referred = columns.iter().zip(states).filter(|(c, _)| references.contains(&c.column));
    let mut found: Vec<Column> = referred.filter_map(|(_, state)| state.clone()).collect();
    found.dedup();
    match found.as_slice() {
        [] => None,
        [one] => Some(Expr::Column(one.clone())),
        several => Some(greatest().call(several.iter().cloned().map(Expr::Column).collect())),
    }
}

/// What an output column may be called: a pseudonym may not leave, in any state.
pub(crate) fn check_output(relation: &Relation) -> Result<()> {
    if relation.columns.iter().any(|c| c.facts.kind != Kind::Value) {
        return Err(aggregate::pseudonym_output().into());
    }
    Ok(())
}

/// How one person's values, put together by an aggregate of their own rows, are built.
fn per_person_shape(function: &str, argument: Shape) -> Shape {
    match (function, argument) {
        ("count", _) | ("sum", Shape::Zero | Shape::Bit | Shape::Count) => Shape::Count,
        ("min" | "max", Shape::Zero | Shape::Bit | Shape::Count | Shape::Date) => argument,
        ("sum" | "avg" | "min" | "max", Shape::Measure) => Shape::Measure,
        _ => Shape::Other,
    }
}

/// Facts of a value made of a finished aggregate.
fn finished(role: Role, public: bool) -> Facts {
    Facts { role, ..Facts::value(Shape::Other, public) }
}
