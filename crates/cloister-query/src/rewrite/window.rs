//! Windows: among a person's own rows, or over a result that is protected already.

use super::{Result, Rewriter, finished, per_person_shape};
use crate::Refusal;
use crate::cannot_fail::{total, total_named};
use crate::expression::inspect;
use crate::function::{WindowKind, window_kind};
use crate::relation::{Chosen, ColumnFacts, Facts, Kind, Relation, Role, Shape, State};
use crate::sql::RESERVED_PREFIX;
use datafusion::common::{Column, ScalarValue};
use datafusion::functions::core::greatest;
use datafusion::functions_aggregate::min_max::max_udaf;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::{
    Expr, LogicalPlan, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition, lit, when,
};
use std::sync::Arc;

/// A window function's parts, once its form is known to be supported.
struct Parts {
    function: WindowFunction,
    kind: WindowKind,
    /// Of the arguments, the partition, the order and the filter.
    inside: Vec<Facts>,
    /// Whether the partition is one person's.
    of_person: bool,
    /// Whether that is so only because no two people share a pseudonym that it is by.
    of_own: bool,
    argument: Option<Facts>,
}

impl Rewriter<'_> {
    pub(super) fn window(&self, window: &Window) -> Result<Relation> {
        let before = self.inside.borrow().len();
        let input = self.rewrite(&window.input)?;
        if matches!(input.state, State::PerPerson { .. })
            && let Some(joined) = self.joined_groups(window, &input.columns)?
        {
            // Its input is rewritten anew, and with it what that goes on with.
            self.inside.borrow_mut().truncate(before);
            return self.rewrite(&joined);
        }
        let schema = input.plan.schema().clone();
        let mut parts =
            window.window_expr.iter().map(|e| parts(e, &input.columns)).collect::<Result<Vec<_>>>()?;
        let mut exprs = window
            .window_expr
            .iter()
            .map(|e| total_named(e, &schema, &input.state))
            .collect::<Result<Vec<_>, _>>()?;
        let names = window.schema.columns().into_iter().skip(window.input.schema().fields().len());
        let mut columns = input.columns.clone();
        let mut names = names.collect::<Vec<_>>().into_iter();
        let state = match input.state {
            State::Reference => {
                columns.extend(
                    names
                        .by_ref()
                        .map(|column| ColumnFacts { column, facts: finished(Role::Derived, false) }),
                );
                State::Reference
            }
            State::PerPerson { person, mut hidden, mut chosen } => {
                for (part, expr) in parts.iter_mut().zip(&mut exprs).filter(|(part, _)| part.of_own) {
                    // By the contract the partition's rows are one person's, and it is made sure of.
                    part.function.params.partition_by.push(Expr::Column(person.clone()));
                    let (window, name) = (Expr::from(part.function.clone()), expr.schema_name().to_string());
                    *expr = total(&window, &schema)?.alias(name);
                }
                for (part, column) in parts.iter().zip(names.by_ref()) {
                    let (mut facts, among) = part.of_people()?;
                    chosen = match (chosen, among) {
                        // Whose rank is among rows that depend on other people themselves is not told apart.
                        (Chosen::Grouped, Chosen::Ranked) => Chosen::Crowd,
                        (chosen, among) => chosen.max(among),
                    };
                    for branch in part.inside.iter().flat_map(|facts| &facts.branches) {
                        // Whether any of the rows took this branch.
                        let taken = part.taken(total(branch, &schema)?)?;
                        let taken = self.once(&mut exprs, taken, "branch");
                        facts.branches.push(Expr::Column(taken.clone()).gt(lit(0)));
                        hidden.push(taken);
                    }
                    columns.push(ColumnFacts { column, facts });
                }
                State::PerPerson { person, hidden, chosen }
            }
            State::Protected { boundaries, mut states, complete } => {
                // Where small groups have no row of their own, a number of several rows is not the groups'.
                let all = self.merges && boundaries.iter().all(|b| !b.totals) && is_unchosen(&window.input);
                if !(complete || all && parts.iter().all(Parts::of_all_rows)) {
                    self.hold("groups-inside");
                }
                for (part, column) in parts.iter().zip(names.by_ref()) {
                    let state = part.state(&input.columns, &states);
                    let state = state.map(|state| self.once(&mut exprs, state, "state"));
                    columns.push(ColumnFacts { column, facts: finished(Role::Derived, false) });
                    states.push(state);
                }
                State::Protected { boundaries, states, complete }
            }
        };
        let plan = LogicalPlan::Window(Window::try_new(exprs, Arc::new(input.plan))?);
        Ok(Relation { plan, columns, state })
    }
}

impl Rewriter<'_> {
    /// The hidden column of a window; one for all that are the same, or the optimiser would take them for a
    /// part that expressions have in common.
    fn once(&self, exprs: &mut Vec<Expr>, window: Expr, kind: &str) -> Column {
        let same = exprs.iter().find_map(|e| match e {
            Expr::Alias(alias) if *alias.expr == window && alias.name.starts_with(RESERVED_PREFIX) => {
                Some(alias.name.clone())
            }
            _ => None,
        });
        Column::new_unqualified(same.unwrap_or_else(|| {
            let name = self.hidden_name(kind);
            exprs.push(window.alias(&name));
            name
        }))
    }
}

fn parts(expr: &Expr, columns: &[ColumnFacts]) -> Result<Parts> {
    let expr = match expr {
        Expr::Alias(alias) => &alias.expr,
        other => other,
    };
    let Expr::WindowFunction(function) = expr else {
        return Err(Refusal::unsupported("This kind of window").into());
    };
    let WindowFunctionParams {
        args,
        partition_by,
        order_by,
        window_frame: _,
        filter,
        null_treatment,
        distinct,
    } = &function.params;
    let name = function.fun.name();
    let Some(kind) = window_kind(name) else {
        return Err(Refusal::unsupported(&format!("{name} as a window function")).into());
    };
    if *distinct || null_treatment.is_some() || filter.is_some() {
        return Err(Refusal::unsupported("DISTINCT, FILTER or NULLS in a window").into());
    }
    // How many rows further, and which of how many parts.
    let (values, settings) = args.split_at(args.len().min(usize::from(kind != WindowKind::Rank)));
    if settings.iter().any(|e| !is_literal(e)) {
        return Err(Refusal::new(
            "literal-required",
            format!("The settings of {name} must be written out."),
            "Use a literal there, not a column.",
        )
        .into());
    }
    let (mut inside, mut argument, mut of_person, mut of_own) = (Vec::new(), None, false, false);
    for value in values {
        let facts = inspect(value, columns)?;
        if facts.kind != Kind::Value && name != "count" {
            return Err(pseudonym().into());
        }
        argument = Some(facts.clone());
        inside.push(facts);
    }
    for key in partition_by {
        let facts = inspect(key, columns)?;
        of_person |= facts.kind == Kind::Person;
        of_own |= facts.kind == Kind::Own;
        inside.push(facts);
    }
    for key in order_by {
        let facts = inspect(&key.expr, columns)?;
        // The order of pseudonyms is the order in which people became known.
        if facts.kind != Kind::Value {
            return Err(pseudonym().into());
        }
        inside.push(facts);
    }
    let of_own = of_own && !of_person;
    let function = function.as_ref().clone();
    Ok(Parts { function, kind, inside, of_person: of_person || of_own, of_own, argument })
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(..) => true,
        Expr::Cast(cast) => is_literal(&cast.expr),
        Expr::Negative(inner) => is_literal(inner),
        _ => false,
    }
}

/// Whether rows are those of an aggregate, every one.
fn is_unchosen(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(_) => true,
        LogicalPlan::Projection(p) => is_unchosen(&p.input),
        LogicalPlan::SubqueryAlias(a) => is_unchosen(&a.input),
        LogicalPlan::Window(w) => is_unchosen(&w.input),
        _ => false,
    }
}

/// Every row of the partition. The order stays: all windows of one node are sorted alike.
fn whole() -> WindowFrame {
    WindowFrame::new_bounds(
        WindowFrameUnits::Rows,
        WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
        WindowFrameBound::Following(ScalarValue::UInt64(None)),
    )
}

fn pseudonym() -> Refusal {
    Refusal::new(
        "pseudonym-use",
        "A window may be partitioned by person_id or counted over it, and nothing else.",
        "Order by a date or another value.",
    )
}

impl Parts {
    /// What is known of the value among people's rows. A place or a number among other people's rows is
    /// allowed and held; another person's value is not.
    fn of_people(&self) -> Result<(Facts, Chosen)> {
        let name = self.function.fun.name();
        // `sum(1) OVER (ORDER BY …)` counts too.
        let sums_ones = name == "sum" && self.function.params.args.iter().all(is_literal);
        let counts = self.kind == WindowKind::Rank || name == "count" || sums_ones;
        if !self.of_person && !counts {
            return Err(Refusal::new(
                "cross-person-window",
                "A window that gives another person's value must be partitioned by person_id.",
                "Add PARTITION BY person_id, leave out ORDER BY, or use the window over the finished result of an aggregate."
            )
            .into());
        }
        let chosen = if self.of_person { Chosen::Alone } else { Chosen::Ranked };
        let argument = self.argument.as_ref().map_or(Shape::Other, |facts| facts.shape);
        let shape = match self.kind {
            WindowKind::Rank => Shape::Count,
            WindowKind::Aggregate => per_person_shape(name, argument),
            WindowKind::Value if matches!(argument, Shape::Measure | Shape::Date) => argument,
            WindowKind::Value => Shape::Other,
        };
        let mut facts = Facts { role: Role::Derived, ..Facts::value(shape, false) };
        if let (Some(argument), false) = (&self.argument, counts) {
            facts.made_of(argument);
        }
        Ok((facts, chosen))
    }

    /// How many rows of the same window meet a condition: at least whether one does.
    fn taken(&self, condition: Expr) -> Result<Expr> {
        let mut function = self.function.clone();
        function.fun = WindowFunctionDefinition::AggregateUDF(max_udaf());
        function.params.args = vec![when(condition, lit(1)).otherwise(lit(0))?];
        function.params.window_frame = whole();
        Ok(Expr::WindowFunction(Box::new(function)))
    }

    /// Whether it is of all rows together.
    fn of_all_rows(&self) -> bool {
        let params = &self.function.params;
        self.kind == WindowKind::Aggregate && params.partition_by.is_empty() && params.order_by.is_empty()
    }

    /// The state of the value over protected rows: of an aggregate or a rank, the worst of its partition; of a
    /// value from another row, that row's.
    fn state(&self, columns: &[ColumnFacts], states: &[Option<Column>]) -> Option<Expr> {
        let worst = |exprs: &[&Expr]| {
            let references: Vec<Column> = exprs.iter().flat_map(|e| e.column_refs()).cloned().collect();
            let referred = columns.iter().zip(states).filter(|(c, _)| references.contains(&c.column));
            let mut found: Vec<Expr> = referred.filter_map(|(_, s)| s.clone()).map(Expr::Column).collect();
            found.dedup();
            match found.len() {
                0 | 1 => found.pop(),
                _ => Some(greatest().call(found)),
            }
        };
        let WindowFunctionParams { args, partition_by, order_by, .. } = &self.function.params;
        let order = order_by.iter().map(|s| &s.expr);
        let everything: Vec<&Expr> = args.iter().chain(partition_by).chain(order).collect();
        let own = worst(&everything)?;
        let mut state = self.function.clone();
        match self.kind {
            WindowKind::Rank | WindowKind::Aggregate => {
                state.fun = WindowFunctionDefinition::AggregateUDF(max_udaf());
                state.params.args = vec![own];
                state.params.window_frame = whole();
            }
            WindowKind::Value => {
                state.params.args = vec![own];
                // How far away the row is; what stands there instead of no row is shown.
                state.params.args.extend(args.get(1).cloned());
            }
        }
        Some(Expr::WindowFunction(Box::new(state)))
    }
}
