//! The name of a query: a digest of its plan that any writing of the same plan has.
//!
//! Columns are named by where they come from, so table aliases, names of CTEs and of columns inside do not
//! count, and neither do spaces, comments and the case of letters. What the columns of the result are called
//! counts, since it leaves with them; so do the project's row filters and dates. Parameters stand as
//! numbered placeholders with their domains.

use crate::Refusal;
use crate::catalogue::PlanTable;
use crate::workspace::PlanStored;
use cloister_governance::parameter::Domain;
use cloister_model::Digest;
use datafusion::common::{Column, DFSchema, DataFusionError, Result, internal_err};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::{AggregateFunctionParams, GroupingSet, Sort, WindowFunctionParams};
use datafusion::logical_expr::logical_plan::{Distinct, Join, Subquery};
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};
use std::any::Any;

/// The form of the text that is hashed; another form is another digest for every plan.
const FORM: &str = "cloister plan 1";

/// Names an analysed plan, with the domains of its parameters.
pub(crate) fn digest(plan: &LogicalPlan, domains: &[Domain]) -> Result<Digest, Refusal> {
    let node = Writer::default().plan(plan).map_err(|_| Refusal::unsupported("A query of this form"))?;
    let names: Vec<&String> = plan.schema().fields().iter().map(|f| f.name()).collect();
    let domains: Vec<String> = domains.iter().map(Domain::declaration).collect();
    let text = format!("{FORM}\n{names:?}\n{domains:?}\n{}", node.text);
    Ok(Digest::of(text.as_bytes()))
}

#[derive(Default)]
struct Writer {
    nodes: usize,
    /// What subqueries see of the queries around them, the innermost last.
    around: Vec<Scope>,
}

/// The columns that an expression may name, and where each comes from.
#[derive(Clone)]
struct Scope {
    schema: DFSchema,
    origins: Vec<String>,
}

/// A plan as text, and where each of its columns comes from.
struct Node {
    text: String,
    origins: Vec<String>,
}

impl Scope {
    fn of(plan: &LogicalPlan, node: &Node) -> Self {
        Self { schema: plan.schema().as_ref().clone(), origins: node.origins.clone() }
    }

    fn origin(&self, column: &Column) -> Option<&String> {
        self.origins.get(self.schema.maybe_index_of_column(column)?)
    }
}

impl Writer {
    /// Names for the columns that a node makes.
    fn made(&mut self, kind: &str, count: usize) -> Vec<String> {
        let node = self.nodes;
        self.nodes += 1;
        (0..count).map(|i| format!("{kind}{node}.{i}")).collect()
    }

    fn plan(&mut self, plan: &LogicalPlan) -> Result<Node> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::SubqueryAlias(alias) => self.plan(&alias.input),
            LogicalPlan::Subquery(subquery) => self.plan(&subquery.subquery),
            LogicalPlan::Projection(projection) => {
                let input = self.plan(&projection.input)?;
                let exprs = self.exprs(&projection.expr, &Scope::of(&projection.input, &input))?;
                let origins = self.made("p", projection.expr.len());
                Ok(Node { text: format!("(project [{exprs}] {})", input.text), origins })
            }
            LogicalPlan::Filter(filter) => {
                let input = self.plan(&filter.input)?;
                let predicate = self.expr(&filter.predicate, &Scope::of(&filter.input, &input))?;
                Ok(Node { text: format!("(filter {predicate} {})", input.text), ..input })
            }
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Aggregate(aggregate) => {
                let input = self.plan(&aggregate.input)?;
                let scope = Scope::of(&aggregate.input, &input);
                let keys = self.exprs(&aggregate.group_expr, &scope)?;
                let values = self.exprs(&aggregate.aggr_expr, &scope)?;
                let origins = self.made("a", aggregate.schema.fields().len());
                Ok(Node { text: format!("(aggregate [{keys}] [{values}] {})", input.text), origins })
            }
            LogicalPlan::Window(window) => {
                let input = self.plan(&window.input)?;
                let exprs = self.exprs(&window.window_expr, &Scope::of(&window.input, &input))?;
                let mut origins = input.origins;
                origins.extend(self.made("w", window.window_expr.len()));
                Ok(Node { text: format!("(window [{exprs}] {})", input.text), origins })
            }
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let input = self.plan(input)?;
                Ok(Node { text: format!("(distinct {})", input.text), ..input })
            }
            LogicalPlan::Distinct(Distinct::On(distinct)) => {
                let input = self.plan(&distinct.input)?;
                let scope = Scope::of(&distinct.input, &input);
                let on = self.exprs(&distinct.on_expr, &scope)?;
                let select = self.exprs(&distinct.select_expr, &scope)?;
                let sort = self.sorts(distinct.sort_expr.as_deref().unwrap_or_default(), &scope)?;
                let origins = self.made("d", distinct.select_expr.len());
                Ok(Node { text: format!("(first [{on}] [{select}] [{sort}] {})", input.text), origins })
            }
            LogicalPlan::Sort(sort) => {
                let input = self.plan(&sort.input)?;
                let by = self.sorts(&sort.expr, &Scope::of(&sort.input, &input))?;
                Ok(Node { text: format!("(sort [{by}] {:?} {})", sort.fetch, input.text), ..input })
            }
            LogicalPlan::Limit(limit) => {
                let input = self.plan(&limit.input)?;
                let scope = Scope::of(&limit.input, &input);
                let skip = self.maybe(limit.skip.as_deref(), &scope)?;
                let fetch = self.maybe(limit.fetch.as_deref(), &scope)?;
                Ok(Node { text: format!("(limit {skip} {fetch} {})", input.text), ..input })
            }
            LogicalPlan::Union(union) => {
                let inputs = union.inputs.iter().map(|input| Ok(self.plan(input)?.text));
                let inputs = inputs.collect::<Result<Vec<_>>>()?.join(" ");
                let origins = self.made("u", union.schema.fields().len());
                Ok(Node { text: format!("(union {inputs})"), origins })
            }
            LogicalPlan::Values(values) => {
                let nothing = Scope { schema: DFSchema::empty(), origins: Vec::new() };
                let rows = values.values.iter().map(|row| Ok(format!("[{}]", self.exprs(row, &nothing)?)));
                let rows = rows.collect::<Result<Vec<_>>>()?.join(" ");
                let origins = self.made("v", values.schema.fields().len());
                Ok(Node { text: format!("(values {rows})"), origins })
            }
            LogicalPlan::EmptyRelation(empty) => {
                let origins = self.made("e", empty.schema.fields().len());
                Ok(Node { text: format!("(empty {})", empty.produce_one_row), origins })
            }
            // None of these runs: the rewriting refuses each of them by name.
            LogicalPlan::RecursiveQuery(_)
            | LogicalPlan::Unnest(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Extension(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::DescribeTable(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_) => {
                let origins = self.made("n", plan.schema().fields().len());
                Ok(Node { text: "(refused)".to_owned(), origins })
            }
        }
    }

    /// A table under its full name, with what the project makes of it.
    fn scan(&mut self, scan: &TableScan) -> Result<Node> {
        let provider = source_as_provider(&scan.source)?;
        let table = (provider.as_ref() as &dyn Any).downcast_ref::<PlanTable>();
        let text = match table.map(PlanTable::granted) {
            Some(granted) => {
                let (name, filter, window) = (&granted.entry.name, &granted.row_filter, &granted.window);
                format!("(table {:?} {name:?} {filter:?} {window:?})", granted.schema)
            }
            // A table of the workspace, or a twin's.
            None => {
                let stored = (provider.as_ref() as &dyn Any).downcast_ref::<PlanStored>();
                let name =
                    stored.map_or_else(|| scan.table_name.to_string(), |stored| stored.name.to_string());
                format!("(kept {name:?})")
            }
        };
        let node = self.nodes;
        self.nodes += 1;
        let names = scan.projected_schema.fields().iter();
        let origins = names.map(|f| format!("t{node}.{}", f.name())).collect();
        Ok(Node { text, origins })
    }

    fn join(&mut self, join: &Join) -> Result<Node> {
        let left = self.plan(&join.left)?;
        // LATERAL: the right side sees the left one's columns.
        let lateral = is_lateral(&join.right);
        if lateral {
            self.around.push(Scope::of(&join.left, &left));
        }
        let right = self.plan(&join.right);
        if lateral {
            self.around.pop();
        }
        let right = right?;
        let (on_left, on_right) = (Scope::of(&join.left, &left), Scope::of(&join.right, &right));
        let mut pairs = Vec::new();
        for (l, r) in &join.on {
            pairs.push(format!("{} = {}", self.expr(l, &on_left)?, self.expr(r, &on_right)?));
        }
        let both = Scope {
            schema: join.left.schema().join(join.right.schema())?,
            origins: left.origins.iter().chain(&right.origins).cloned().collect(),
        };
        let filter = self.maybe(join.filter.as_ref(), &both)?;
        let (kind, nulls) = (join.join_type, join.null_equality);
        let text = format!(
            "(join {kind:?} {nulls:?} {} [{}] {filter} {} {})",
            join.null_aware,
            pairs.join(", "),
            left.text,
            right.text
        );
        // What the join shows: both sides, one of them, or one and a mark.
        let columns = join.schema.columns();
        let origins = columns.iter().map(|column| match both.origin(column) {
            Some(origin) => origin.clone(),
            None => self.made("j", 1).concat(),
        });
        let shown: Vec<String> = origins.collect();
        let origins = if shown.len() == both.origins.len() { both.origins } else { shown };
        Ok(Node { text, origins })
    }

    fn exprs(&mut self, exprs: &[Expr], scope: &Scope) -> Result<String> {
        let exprs = exprs.iter().map(|e| self.expr(e, scope));
        Ok(exprs.collect::<Result<Vec<_>>>()?.join(", "))
    }

    fn maybe(&mut self, expr: Option<&Expr>, scope: &Scope) -> Result<String> {
        expr.map_or_else(|| Ok("-".to_owned()), |e| self.expr(e, scope))
    }

    fn sorts(&mut self, sorts: &[Sort], scope: &Scope) -> Result<String> {
        let sorts =
            sorts.iter().map(|s| Ok(format!("{} {} {}", self.expr(&s.expr, scope)?, s.asc, s.nulls_first)));
        Ok(sorts.collect::<Result<Vec<_>>>()?.join(", "))
    }

    fn subquery(&mut self, subquery: &Subquery, scope: &Scope) -> Result<String> {
        self.around.push(scope.clone());
        let node = self.plan(&subquery.subquery);
        self.around.pop();
        Ok(node?.text)
    }

    fn expr(&mut self, expr: &Expr, scope: &Scope) -> Result<String> {
        let one =
            |writer: &mut Self, name: &str, e: &Expr| Ok(format!("({name} {})", writer.expr(e, scope)?));
        match expr {
            Expr::Alias(alias) => self.expr(&alias.expr, scope),
            Expr::Column(column) => match scope.origin(column) {
                Some(origin) => Ok(origin.clone()),
                None => internal_err!("canonical: unknown column"),
            },
            Expr::OuterReferenceColumn(_, column) => {
                match self.around.iter().rev().find_map(|around| around.origin(column)) {
                    Some(origin) => Ok(format!("(outer {origin})")),
                    None => internal_err!("canonical: unknown outer column"),
                }
            }
            Expr::Literal(value, _) => Ok(format!("{value:?}")),
            Expr::BinaryExpr(binary) => {
                let (left, right) = (self.expr(&binary.left, scope)?, self.expr(&binary.right, scope)?);
                Ok(format!("({:?} {left} {right})", binary.op))
            }
            Expr::Like(like) | Expr::SimilarTo(like) => {
                let kind = if matches!(expr, Expr::Like(_)) { "like" } else { "similar" };
                let (value, pattern) = (self.expr(&like.expr, scope)?, self.expr(&like.pattern, scope)?);
                let how = (like.negated, like.escape_char, like.case_insensitive);
                Ok(format!("({kind} {how:?} {value} {pattern})"))
            }
            Expr::Not(e) => one(self, "not", e),
            Expr::IsNotNull(e) => one(self, "is-not-null", e),
            Expr::IsNull(e) => one(self, "is-null", e),
            Expr::IsTrue(e) => one(self, "is-true", e),
            Expr::IsFalse(e) => one(self, "is-false", e),
            Expr::IsUnknown(e) => one(self, "is-unknown", e),
            Expr::IsNotTrue(e) => one(self, "is-not-true", e),
            Expr::IsNotFalse(e) => one(self, "is-not-false", e),
            Expr::IsNotUnknown(e) => one(self, "is-not-unknown", e),
            Expr::Negative(e) => one(self, "minus", e),
            Expr::Between(between) => {
                let value = self.expr(&between.expr, scope)?;
                let (low, high) = (self.expr(&between.low, scope)?, self.expr(&between.high, scope)?);
                Ok(format!("(between {} {value} {low} {high})", between.negated))
            }
            Expr::Case(case) => {
                let mut text = format!("(case {}", self.maybe(case.expr.as_deref(), scope)?);
                for (when, then) in &case.when_then_expr {
                    text.push_str(&format!(" [{} {}]", self.expr(when, scope)?, self.expr(then, scope)?));
                }
                Ok(format!("{text} {})", self.maybe(case.else_expr.as_deref(), scope)?))
            }
            Expr::Cast(cast) => {
                Ok(format!("(cast {:?} {})", cast.field.data_type(), self.expr(&cast.expr, scope)?))
            }
            Expr::TryCast(cast) => {
                Ok(format!("(try-cast {:?} {})", cast.field.data_type(), self.expr(&cast.expr, scope)?))
            }
            Expr::ScalarFunction(f) => Ok(format!("({:?} {})", f.func.name(), self.exprs(&f.args, scope)?)),
            Expr::AggregateFunction(f) => self.aggregate(f.func.name(), &f.params, scope),
            Expr::WindowFunction(f) => self.window(f.fun.name(), &f.params, scope),
            Expr::InList(list) => {
                let (value, items) = (self.expr(&list.expr, scope)?, self.exprs(&list.list, scope)?);
                Ok(format!("(in {} {value} [{items}])", list.negated))
            }
            Expr::Exists(exists) => {
                Ok(format!("(exists {} {})", exists.negated, self.subquery(&exists.subquery, scope)?))
            }
            Expr::InSubquery(inside) => {
                let value = self.expr(&inside.expr, scope)?;
                Ok(format!("(in {} {value} {})", inside.negated, self.subquery(&inside.subquery, scope)?))
            }
            Expr::SetComparison(set) => {
                let value = self.expr(&set.expr, scope)?;
                let (op, which) = (set.op, &set.quantifier);
                Ok(format!("({op:?} {which:?} {value} {})", self.subquery(&set.subquery, scope)?))
            }
            Expr::ScalarSubquery(subquery) => Ok(format!("(value {})", self.subquery(subquery, scope)?)),
            Expr::GroupingSet(set) => self.grouping(set, scope),
            Expr::Placeholder(placeholder) => {
                let kind = placeholder.field.as_ref().map(|f| f.data_type());
                Ok(format!("(parameter {:?} {kind:?})", placeholder.id))
            }
            // None of these runs: the checks refuse each of them by name.
            Expr::ScalarVariable(..)
            | Expr::Unnest(_)
            | Expr::HigherOrderFunction(_)
            | Expr::Lambda(_)
            | Expr::LambdaVariable(_) => Ok("(refused)".to_owned()),
            #[expect(deprecated, reason = "the match must name every variant")]
            Expr::Wildcard { .. } => Ok("(all)".to_owned()),
        }
    }

    fn aggregate(&mut self, name: &str, params: &AggregateFunctionParams, scope: &Scope) -> Result<String> {
        let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment } = params;
        let args = self.exprs(args, scope)?;
        let filter = self.maybe(filter.as_deref(), scope)?;
        let order = self.sorts(order_by, scope)?;
        Ok(format!("({name:?} {distinct} [{args}] {filter} [{order}] {null_treatment:?})"))
    }

    fn window(&mut self, name: &str, params: &WindowFunctionParams, scope: &Scope) -> Result<String> {
        let WindowFunctionParams {
            args,
            partition_by,
            order_by,
            window_frame,
            filter,
            null_treatment,
            distinct,
        } = params;
        let args = self.exprs(args, scope)?;
        let by = self.exprs(partition_by, scope)?;
        let order = self.sorts(order_by, scope)?;
        let filter = self.maybe(filter.as_deref(), scope)?;
        Ok(format!(
            "(over {name:?} {distinct} [{args}] [{by}] [{order}] {window_frame} {filter} {null_treatment:?})"
        ))
    }

    fn grouping(&mut self, set: &GroupingSet, scope: &Scope) -> Result<String> {
        Ok(match set {
            GroupingSet::Rollup(keys) => format!("(rollup {})", self.exprs(keys, scope)?),
            GroupingSet::Cube(keys) => format!("(cube {})", self.exprs(keys, scope)?),
            GroupingSet::GroupingSets(sets) => {
                let sets = sets.iter().map(|keys| Ok(format!("[{}]", self.exprs(keys, scope)?)));
                format!("(sets {})", sets.collect::<Result<Vec<_>, DataFusionError>>()?.join(" "))
            }
        })
    }
}

fn is_lateral(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Subquery(_) => true,
        LogicalPlan::SubqueryAlias(alias) => is_lateral(&alias.input),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
