//! Aggregates: per person, where the person is among the keys, and else the release boundary.

use super::kinship::{self, Asked, Member};
use super::rank::Ranks;
use super::{Result, Rewriter, Stop, finished, per_person_shape, plain_columns, worst_state};
use crate::Refusal;
use crate::argument::{Support, ValueExpr, parts, with_filter};
use crate::boundary::{Boundary, BoundaryCell, BoundaryValue};
use crate::boundary_table::BoundaryTable;
use crate::cannot_fail::{total, total_named};
use crate::decimal::try_cast;
use crate::expression::{inspect, inspect_condition};
use crate::relation::{Chosen, ColumnFacts, Compared, Facts, Kind, Relation, Role, Shape, State};
use crate::short_text::TEXT_BYTES_MAX;
use crate::support::{attaining_people, people_beside};
use crate::told::Population;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DFSchemaRef};
use datafusion::functions::string::octet_length;
use datafusion::functions_aggregate::expr_fn::{count, max};
use datafusion::logical_expr::expr::{AggregateFunctionParams, GroupingSet};
use datafusion::logical_expr::logical_plan::Projection;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, lit, when};
use std::sync::Arc;

/// What `string_agg` puts together: of several people's rows it would be a list of their values.
fn listed(expr: &Expr) -> Option<&AggregateFunctionParams> {
    match expr {
        Expr::Alias(alias) => listed(&alias.expr),
        Expr::AggregateFunction(f) if f.func.name() == "string_agg" => Some(&f.params),
        _ => None,
    }
}

pub(super) fn pseudonym_output() -> Refusal {
    Refusal::new(
        "pseudonym-output",
        "A person_id or another pseudonym cannot be shown.",
        "Count it, or leave it out of the outermost SELECT.",
    )
}

impl Rewriter<'_> {
    pub(super) fn aggregate(&self, aggregate: &Aggregate, input: Relation) -> Result<Relation> {
        let keys = keys_of(aggregate)?.into_iter().map(|e| inspect(e, &input.columns));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        match &input.state {
            State::Reference => self.reference_aggregate(aggregate, input),
            State::Protected { .. } => self.protected_aggregate(aggregate, input, &keys),
            State::PerPerson { chosen: Chosen::Limited, .. } => Err(Refusal::new(
                "limit-below-aggregate",
                "LIMIT cannot choose among people's rows before they are aggregated.",
                "Use LIMIT in the outermost SELECT only.",
            )
            .into()),
            State::PerPerson { person, chosen, .. } => {
                let (person, chosen) = (person.clone(), *chosen);
                if keys.iter().any(|k| matches!(k.kind, Kind::Person | Kind::Own)) {
                    if has_totals(aggregate) {
                        let what = "A pseudonym in ROLLUP, CUBE or GROUPING SETS";
                        return Err(Refusal::unsupported(what).into());
                    }
                    self.per_person(aggregate, input, &keys, person, chosen)
                } else if keys.iter().any(|k| k.kind == Kind::Pseudonym) {
                    Err(pseudonym_output().into())
                } else {
                    self.boundary(aggregate, input, &keys, &person, chosen)
                }
            }
        }
    }

    /// Nobody's rows: checked against the allow-list, and otherwise as written.
    fn reference_aggregate(&self, aggregate: &Aggregate, input: Relation) -> Result<Relation> {
        for expr in &aggregate.aggr_expr {
            match listed(expr) {
                Some(list) => {
                    let filter = list.filter.iter().map(AsRef::as_ref);
                    let order = list.order_by.iter().map(|sort| &sort.expr);
                    for part in list.args.iter().chain(filter).chain(order) {
                        inspect(part, &input.columns)?;
                    }
                }
                None => {
                    parts(expr, &input.columns)?;
                }
            }
        }
        let schema = input.plan.schema().clone();
        let aggregates = aggregate.aggr_expr.iter().map(|e| total_named(e, &schema, &input.state));
        let aggregates = aggregates.collect::<Result<_, _>>()?;
        let groups = total_groups(&aggregate.group_expr, &schema, &input.state)?;
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), groups, aggregates)?);
        let keys = key_count(aggregate);
        let columns = plain_columns(&aggregate.schema, |i| {
            finished(if i < keys { Role::Key } else { Role::Derived }, false)
        });
        Ok(Relation { plan, columns, state: State::Reference })
    }

    /// What anybody could make of the protected values by hand: a number made of a suppressed one is
    /// suppressed. Where groups may be missing it would be wrong, and a checker looks.
    fn protected_aggregate(
        &self,
        aggregate: &Aggregate,
        input: Relation,
        keys: &[Facts],
    ) -> Result<Relation> {
        let State::Protected { boundaries, states, complete } = input.state else {
            return Err(Refusal::unsupported("This aggregate").into());
        };
        let schema = input.plan.schema().clone();
        let above = State::Reference;
        let groups = total_groups(&aggregate.group_expr, &schema, &above)?;
        let mut exprs = Vec::new();
        for expr in &aggregate.aggr_expr {
            parts(expr, &input.columns)?;
            exprs.push(total_named(expr, &schema, &above)?);
        }
        let count = key_count(aggregate);
        let mut states_out = Vec::new();
        let of_keys = keys_of(aggregate)?.into_iter().map(Some);
        let of_keys = of_keys.chain(std::iter::repeat(None)).take(count);
        for expr in of_keys.chain(aggregate.aggr_expr.iter().map(Some)) {
            let state = expr.and_then(|e| worst_state(e, &input.columns, &states)).map(|worst| {
                let name = self.hidden_name("state");
                exprs.push(max(worst).alias(&name));
                Column::new_unqualified(name)
            });
            states_out.push(state);
        }
        // Without an aggregate it is what is shown anyway, each row once.
        if !complete && !aggregate.aggr_expr.is_empty() {
            self.hold("groups-inside");
        }
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), groups, exprs)?);
        let columns = plain_columns(&aggregate.schema, |i| match keys.get(i) {
            Some(key) => finished(Role::Key, key.public),
            None => finished(Role::Derived, false),
        });
        Ok(Relation { plan, columns, state: State::Protected { boundaries, states: states_out, complete } })
    }

    /// One row per person (and further keys): still per person.
    fn per_person(
        &self,
        aggregate: &Aggregate,
        input: Relation,
        keys: &[Facts],
        person: Column,
        chosen: Chosen,
    ) -> Result<Relation> {
        let schema = input.plan.schema().clone();
        let mut groups = Vec::new();
        let mut columns = plain_columns(&aggregate.schema, |i| match keys.get(i) {
            // A key keeps what is known of it; conditions it depends on become part of the group.
            Some(facts) => Facts { branches: Vec::new(), ..facts.clone() },
            None => Facts::value(Shape::Other, false),
        });
        for expr in &aggregate.group_expr {
            groups.push(total_named(expr, &schema, &input.state)?);
        }
        groups.push(Expr::Column(person.clone()));
        let mut aggregates = Vec::new();
        let mut extra = Vec::new();
        let mut lists = Vec::new();
        for (column, expr) in columns.iter_mut().skip(keys.len()).zip(&aggregate.aggr_expr) {
            if let Some(list) = listed(expr) {
                let (branches, list) = self.own_list(expr, list, &input, &mut column.facts)?;
                lists.push(column.column.clone());
                for branch in branches {
                    column.facts.branches.push(self.taken(&branch, &schema, &mut extra)?);
                }
                aggregates.push(total_named(&list, &schema, &input.state)?);
                continue;
            }
            let parts = parts(expr, &input.columns)?;
            column.facts.shape = per_person_shape(parts.name, parts.facts.shape);
            if parts.name != "count" {
                let public = column.facts.public;
                column.facts.made_of(&parts.facts);
                column.facts.public = public;
            }
            aggregates.push(total_named(expr, &schema, &input.state)?);
            let mut branches = parts.facts.branches.clone();
            branches.extend(parts.filter.map(|f| f.clone().is_true()));
            branches.extend(parts.filter.map(|f| f.clone().is_not_true()));
            for branch in branches {
                column.facts.branches.push(self.taken(&branch, &schema, &mut extra)?);
            }
        }
        for (column, facts) in columns.iter_mut().zip(keys) {
            self.key_branches(column, facts, &schema, &mut extra)?;
        }
        let hidden = extra.iter().map(|e| Column::new_unqualified(e.schema_name().to_string())).collect();
        aggregates.append(&mut extra);
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), groups, aggregates)?);
        let plan = with_short(with_types_of(plan, &aggregate.schema)?, &lists)?;
        Ok(Relation { plan, columns, state: State::PerPerson { person, hidden, chosen } })
    }

    /// Whether any of the person's rows took this branch.
    fn taken(&self, branch: &Expr, schema: &DFSchemaRef, extra: &mut Vec<Expr>) -> Result<Expr> {
        let name = self.hidden_name("branch");
        let taken = with_filter(count(lit(1)), Some(&total(branch, schema)?));
        extra.push(taken.alias(&name));
        Ok(Expr::Column(Column::new_unqualified(name)).gt(lit(0)))
    }

    /// A list of one person's own texts, in an order that does not depend on how the rows lie, with the conditions
    /// that it depends on.
    fn own_list(
        &self,
        expr: &Expr,
        list: &AggregateFunctionParams,
        input: &Relation,
        facts: &mut Facts,
    ) -> Result<(Vec<Expr>, Expr)> {
        let filter = list.filter.as_deref();
        let mut branches = Vec::new();
        let order = list.order_by.iter().map(|sort| &sort.expr);
        for part in list.args.iter().chain(order) {
            let of = inspect(part, &input.columns)?;
            if of.kind != Kind::Value {
                return Err(pseudonym_output().into());
            }
            facts.made_of(&of);
            branches.extend(of.branches);
        }
        if let Some(filter) = filter {
            inspect_condition(filter, &input.columns)?;
            branches.extend([filter.clone().is_true(), filter.clone().is_not_true()]);
        }
        facts.public = false;
        // Between two lists there may be room for one value only.
        if facts.compared != Compared::Freely {
            facts.compared = Compared::Never;
        }
        let ordered = expr.clone().transform_down(|e| match e {
            Expr::AggregateFunction(mut f) if f.params.order_by.is_empty() => {
                f.params.order_by =
                    f.params.args.iter().take(1).map(|text| text.clone().sort(true, false)).collect();
                Ok(Transformed::new(Expr::AggregateFunction(f), true, TreeNodeRecursion::Stop))
            }
            other => Ok(Transformed::no(other)),
        });
        // Named as it was written.
        let (relation, name) = expr.qualified_name();
        Ok((branches, ordered.data()?.alias_qualified(relation, name)))
    }

    fn key_branches(
        &self,
        column: &mut ColumnFacts,
        key: &Facts,
        schema: &DFSchemaRef,
        extra: &mut Vec<Expr>,
    ) -> Result<()> {
        for branch in &key.branches {
            column.facts.branches.push(self.taken(branch, schema, extra)?);
        }
        Ok(())
    }

    /// The release boundary: the aggregate with its evidence is split off, and what lies above sees a
    /// table of protected values in its place.
    fn boundary(
        &self,
        aggregate: &Aggregate,
        input: Relation,
        keys: &[Facts],
        person: &Column,
        chosen: Chosen,
    ) -> Result<Relation> {
        let schema = input.plan.schema().clone();
        let mut wanted = Wanted::default();
        // Where zeros are not shown, a label that is there says that somebody is.
        let labels_public = keys.iter().all(|k| k.public && self.zeros_shown);
        let totals = has_totals(aggregate);
        // Who they are is needed to merge small groups' numbers.
        let named = !labels_public && !totals && !aggregate.aggr_expr.is_empty();
        let people = |filter: Option<&Expr>| -> Result<Expr> {
            let person = vec![Expr::Column(person.clone())];
            let Some(filter) = filter else {
                let people = if named { &self.named } else { &self.people };
                return Ok(people.call(person));
            };
            Ok(with_filter(self.people.call(person), Some(&total(filter, &schema)?)))
        };
        let everyone = wanted.index(people(None)?);
        let (mut cells, mut members) = (Vec::new(), Vec::new());
        let mut holds: Vec<&'static str> = Vec::new();
        match chosen {
            Chosen::Alone => {}
            Chosen::Grouped => holds.push("group-values-inside"),
            Chosen::Ranked | Chosen::Crowd | Chosen::Limited => holds.push("ranked-people"),
        }
        let written = keys_of(aggregate)?;
        let ranks = match chosen {
            Chosen::Ranked => Ranks::below(&aggregate.input),
            Chosen::Alone | Chosen::Grouped | Chosen::Crowd | Chosen::Limited => None,
        };
        let ranks = ranks.filter(|ranks| !written.iter().any(|key| ranks.matter_to(key)));
        if ranks.is_some() {
            holds.clear();
        }
        let key_count = key_count(aggregate);
        for (index, expr) in aggregate.aggr_expr.iter().enumerate() {
            let parts = parts(expr, &input.columns)?;
            let picked = ranks.as_ref().and_then(|r| r.picked(expr, &written, &input.plan));
            if picked.is_none() && ranks.as_ref().is_some_and(|ranks| ranks.matter_to(expr)) {
                holds.push("ranked-people");
            }
            let measured = match picked {
                Some(picked) => picked.measured(expr, inspect(&picked.value, &input.columns)?),
                None => parts.measured(expr, &schema)?,
            };
            if measured.held || kinship::is_multiple(&parts, &measured, aggregate) {
                holds.push("argument-shape");
            }
            members.push(Member::new(&parts, &measured, aggregate));
            let contributors = wanted.index(people(measured.contributes.as_ref())?);
            let mut branches = Vec::new();
            for branch in &measured.branches {
                branches.push(wanted.index(people(Some(branch))?));
            }
            let mut support = Vec::new();
            for side in &measured.sides {
                support.push(wanted.index(people(Some(side))?));
            }
            if let Some((by, values)) = &measured.support {
                let standing = self.standing(*by, values, person, &schema)?;
                let filter = parts.filter.map(|f| total(f, &schema)).transpose()?;
                support.push(wanted.index(with_filter(standing, filter.as_ref())));
            }
            let contributions = self.contributions.as_ref().filter(|_| measured.is_total());
            let contributions = contributions.map(|aggregate| {
                let total_of = total(&try_cast(parts.argument.clone(), DataType::Float64), &schema)?;
                let values = vec![total_of, Expr::Column(person.clone())];
                let filter = parts.filter.map(|f| total(f, &schema)).transpose()?;
                Ok::<_, Stop>(wanted.index(with_filter(aggregate.call(values), filter.as_ref())))
            });
            let contributions = contributions.transpose()?;
            let record_keys = self.summed_keys(&measured, person, &schema)?.map(|sum| wanted.index(sum));
            let value = match &measured.value {
                ValueExpr::People => BoundaryValue::People(contributors),
                ValueExpr::One(e) => BoundaryValue::One(wanted.index(total(e, &schema)?)),
                ValueExpr::Rate { numerator, denominator } => BoundaryValue::Rate {
                    numerator: wanted.index(total(numerator, &schema)?),
                    denominator: wanted.index(total(denominator, &schema)?),
                },
            };
            let (relation, field) = aggregate.schema.qualified_field(key_count + index);
            cells.push(BoundaryCell {
                name: Column::new(relation.cloned(), field.name()),
                data_type: field.data_type().clone(),
                statistic: measured.statistic,
                argument: measured.argument,
                role: measured.role,
                value,
                contributors,
                branches,
                support,
                contributions,
                record_keys,
            });
        }
        holds.extend(kinship::holds(&members, aggregate));
        let overlaps = self.overlaps(&members, person, &schema, &mut wanted, &mut holds)?;
        let finest = kinship::lacks_finest(aggregate);
        let lacks_finest = finest.is_some();
        let groups = match finest {
            Some(sets) => vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))],
            None => aggregate.group_expr.clone(),
        };
        let groups = total_groups(&groups, &schema, &input.state)?;
        // One row per person, straight from an aggregate, comes in the order of its hashes: nothing is gained by
        // trying to count in the people's order first.
        self.unordered.set(self.unordered.get() || is_aggregated(&input.plan));
        let evidence = evidence_plan(input.plan, groups, wanted.exprs, key_count)?;
        let names = aggregate.schema.iter().take(key_count);
        let keys = names.map(|(relation, field)| {
            (Column::new(relation.cloned(), field.name()), field.data_type().clone())
        });
        let keys: Vec<_> = keys.collect();
        let boundary = Boundary {
            above: Arc::new(BoundaryTable::new(&keys, &cells)),
            evidence,
            keys,
            cells,
            everyone,
            named,
            labels_public,
            totals,
            lacks_finest,
            people_min: self.people_min,
            overlaps,
            members,
            rows: aggregate.input.display_indent().to_string(),
            asked: Asked::new(aggregate),
            holds,
            population: Population::of(aggregate, &written),
        };
        self.above(boundary)
    }

    /// The people that a value rests on.
    fn standing(&self, by: Support, values: &Expr, person: &Column, schema: &DFSchemaRef) -> Result<Expr> {
        let aggregate = match by {
            Support::Least => attaining_people(false, self.people_min),
            Support::Greatest => attaining_people(true, self.people_min),
            Support::Quantile(quantile) => people_beside(quantile, self.people_min),
        };
        Ok(aggregate.call(vec![total(values, schema)?, Expr::Column(person.clone())]))
    }

    /// What the plan above reads in the boundary's place.
    fn above(&self, boundary: Boundary) -> Result<Relation> {
        let plan = boundary.above.plan(&boundary, |kind| self.hidden_name(kind));
        // `cost` and `visit.cost` side by side have one name.
        let (plan, columns, states) = plan.map_err(|_| {
            Refusal::new(
                "duplicate-column",
                "Two columns of an aggregate have the same name.",
                "Give each output column a name of its own with AS.",
            )
        })?;
        let keys = boundary.keys.len();
        let facts = columns.into_iter().enumerate().map(|(i, column)| {
            let role = boundary.cells.get(i.wrapping_sub(keys)).map_or(Role::Key, |c| c.role);
            ColumnFacts { column, facts: finished(role, boundary.labels_public) }
        });
        let columns = facts.collect();
        let complete = boundary.labels_public && !boundary.totals;
        let state = State::Protected { boundaries: vec![boundary], states, complete };
        Ok(Relation { plan, columns, state })
    }
}

/// Whether rows are an aggregate's, with nothing between that would put them in another order.
fn is_aggregated(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(_) => true,
        LogicalPlan::Projection(projection) => is_aggregated(&projection.input),
        LogicalPlan::Filter(filter) => is_aggregated(&filter.input),
        LogicalPlan::SubqueryAlias(alias) => is_aggregated(&alias.input),
        LogicalPlan::TableScan(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::RecursiveQuery(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Statement(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Copy(_) => false,
    }
}

/// The expressions that rows are grouped by, each once.
fn keys_of(aggregate: &Aggregate) -> Result<Vec<&Expr>> {
    Ok(grouping_set_to_exprlist(&aggregate.group_expr)?)
}

/// Columns that tell groups apart: the keys and, where there are totals, which of them a row is a total over.
fn key_count(aggregate: &Aggregate) -> usize {
    aggregate.schema.fields().len() - aggregate.aggr_expr.len()
}

/// Whether some groups are totals of others.
fn has_totals(aggregate: &Aggregate) -> bool {
    matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)])
}

/// The keys in the form that cannot fail.
fn total_groups(groups: &[Expr], schema: &DFSchemaRef, state: &State) -> Result<Vec<Expr>> {
    let all = |exprs: &[Expr]| {
        let exprs = exprs.iter().map(|e| total_named(e, schema, state));
        exprs.collect::<datafusion::common::Result<Vec<_>>>()
    };
    let sets = |sets: &[Vec<Expr>]| sets.iter().map(|set| all(set)).collect::<Result<Vec<_>, _>>();
    Ok(match groups {
        [Expr::GroupingSet(set)] => {
            vec![Expr::GroupingSet(match set {
                GroupingSet::Rollup(keys) => GroupingSet::Rollup(all(keys)?),
                GroupingSet::Cube(keys) => GroupingSet::Cube(all(keys)?),
                GroupingSet::GroupingSets(keys) => GroupingSet::GroupingSets(sets(keys)?),
            })]
        }
        keys => all(keys)?,
    })
}

/// The plan with its columns in the types that what lies above expects: a sum may have been widened.
fn with_types_of(plan: LogicalPlan, wanted: &DFSchema) -> Result<LogicalPlan> {
    let mut changed = false;
    let exprs = plan.schema().iter().map(|(relation, field)| {
        let column = Column::new(relation.cloned(), field.name());
        let wanted = wanted.qualified_field_from_column(&column).ok().map(|(_, wanted)| wanted.data_type());
        match wanted {
            Some(kind) if kind != field.data_type() => {
                changed = true;
                try_cast(Expr::Column(column), kind.clone()).alias_qualified(relation.cloned(), field.name())
            }
            _ => Expr::Column(column),
        }
    });
    let exprs: Vec<Expr> = exprs.collect();
    if !changed {
        return Ok(plan);
    }
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?))
}

/// The plan with each of these columns' texts NULL where it is too long.
fn with_short(plan: LogicalPlan, lists: &[Column]) -> Result<LogicalPlan> {
    if lists.is_empty() {
        return Ok(plan);
    }
    let exprs = plan.schema().columns().into_iter().map(|column| {
        let text = Expr::Column(column.clone());
        if !lists.contains(&column) {
            return Ok(text);
        }
        let short = when(octet_length().call(vec![text.clone()]).lt_eq(lit(TEXT_BYTES_MAX)), text).end()?;
        Ok::<_, Stop>(short.alias_qualified(column.relation, column.name))
    });
    let exprs = exprs.collect::<Result<Vec<Expr>>>()?;
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?))
}

/// Aggregates in the evidence plan, each once.
#[derive(Default)]
pub(super) struct Wanted {
    exprs: Vec<Expr>,
}

impl Wanted {
    pub(super) fn index(&mut self, expr: Expr) -> usize {
        match self.exprs.iter().position(|e| *e == expr) {
            Some(index) => index,
            None => {
                self.exprs.push(expr);
                self.exprs.len() - 1
            }
        }
    }
}

/// The aggregate with all its evidence, under names by position: `k0…` for keys, `v0…` for the rest.
fn evidence_plan(
    input: LogicalPlan,
    groups: Vec<Expr>,
    aggregates: Vec<Expr>,
    keys: usize,
) -> Result<LogicalPlan> {
    // Two that differ only in a cast would have the same name.
    let aggregates = aggregates.into_iter().enumerate().map(|(i, e)| e.alias(format!("v{i}"))).collect();
    let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), groups, aggregates)?);
    let columns = plan.schema().columns().into_iter().enumerate();
    let named = columns.map(|(i, column)| match i.checked_sub(keys) {
        None => Expr::Column(column).alias(format!("k{i}")),
        Some(v) => Expr::Column(column).alias(format!("v{v}")),
    });
    let named = named.collect();
    Ok(LogicalPlan::Projection(Projection::try_new(named, Arc::new(plan))?))
}
