//! CUBE, ROLLUP and GROUPING SETS: each row's groups are looked up once.
//!
//! DataFusion looks every row up once for each grouping set. A row's group in every set follows from its finest
//! group, by all keys at once, so [`TotalsOnce`] puts an operator in the place of DataFusion's partial aggregate
//! that looks up that one and knows for each where it lies in every set. Then
//! - DataFusion's aggregates, and those of ours that need no order, see rows at their finest groups only: partial
//!   results of those are merged into each set's, which is what partial results are for;
//! - people are counted in every set, but only from the first row of a person in a finest group: whoever is in the
//!   finest group is in each group that it is a part of;
//! - what else counts on a person's rows being together sees every row in every set.
//!
//! What leaves is what DataFusion's partial aggregate would have given, in another order.

use crate::people::{each_row, is_people};
use crate::sql::RESERVED_PREFIX;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{SchemaRef, UInt32Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;
use datafusion::physical_plan::aggregates::{
    AggregateExec, AggregateMode, PhysicalGroupBy, evaluate_group_by,
};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt;
use std::sync::Arc;

/// Puts [`TotalsExec`] where it can stand.
#[derive(Debug)]
pub(crate) struct TotalsOnce;

impl PhysicalOptimizerRule for TotalsOnce {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let replace = |node: Arc<dyn ExecutionPlan>| {
            let stands_for = node.downcast_ref::<AggregateExec>().filter(|a| can_stand_for(a)).cloned();
            Ok(match stands_for {
                Some(aggregate) => Transformed::yes(Arc::new(TotalsExec { aggregate }) as _),
                None => Transformed::no(node),
            })
        };
        plan.transform_up(replace).data()
    }

    fn name(&self) -> &str {
        "totals_once"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn can_stand_for(aggregate: &AggregateExec) -> bool {
    let group_by = aggregate.group_expr();
    *aggregate.mode() == AggregateMode::Partial
        && *aggregate.input_order_mode() == InputOrderMode::Linear
        && aggregate.limit_options().is_none()
        && group_by.groups().len() > 1
        && !group_by.expr().is_empty()
        && aggregate.aggr_expr().iter().all(|a| a.groups_accumulator_supported() && a.order_bys().is_empty())
}

/// Stands for a partial aggregate with grouping sets.
#[derive(Debug)]
struct TotalsExec {
    aggregate: AggregateExec,
}

impl DisplayAs for TotalsExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotalsExec in the place of ")?;
        self.aggregate.fmt_as(kind, f)
    }
}

impl ExecutionPlan for TotalsExec {
    fn name(&self) -> &'static str {
        "TotalsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.aggregate.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.aggregate.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let aggregate = Arc::new(self.aggregate.clone()).replace_children(children, options)?;
        match aggregate.downcast_ref::<AggregateExec>() {
            Some(aggregate) => Ok(Arc::new(Self { aggregate: aggregate.clone() })),
            None => Ok(aggregate),
        }
    }

    #[allow(deprecated, reason = "the trait still asks for it")]
    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.aggregate.input().execute(partition, context.clone())?;
        let reservation =
            MemoryConsumer::new(format!("TotalsExec[{partition}]")).register(context.memory_pool());
        let aggregate = self.aggregate.clone();
        let batches =
            stream::once(aggregated(aggregate, input, partition, context, reservation)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

async fn aggregated(
    aggregate: AggregateExec,
    mut input: SendableRecordBatchStream,
    partition: usize,
    context: Arc<TaskContext>,
    reservation: MemoryReservation,
) -> Result<SendableRecordBatchStream> {
    let mut totals = Totals::new(&aggregate)?;
    while let Some(batch) = input.next().await.transpose()? {
        totals.add(&batch)?;
        reservation.try_resize(totals.size())?;
    }
    drop(input);
    if totals.finest.is_empty() {
        // A total over no rows is a row: DataFusion's own affair.
        let nothing = EmptyExec::new(aggregate.input_schema())
            .with_partitions(aggregate.properties().output_partitioning().partition_count());
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        let over_nothing = Arc::new(aggregate).replace_children(vec![Arc::new(nothing)], options)?;
        return over_nothing.execute(partition, context);
    }
    let (schema, rows_max) = (aggregate.schema(), context.session_config().batch_size());
    let mut slices = Vec::new();
    for batch in totals.finish(&schema)? {
        let starts = (0..batch.num_rows()).step_by(rows_max.max(1));
        slices.extend(starts.map(|at| Ok(batch.slice(at, rows_max.min(batch.num_rows() - at)))));
    }
    // The slices keep all of it alive to the last.
    let slices = stream::iter(slices).inspect(move |_| {
        let _ = &reservation;
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, slices)))
}

/// One grouping set.
struct Set {
    values: Box<dyn GroupValues>,
    /// The group of each finest group.
    of_finest: Vec<usize>,
}

/// How an aggregate gets at the groups of the sets.
enum How {
    /// It sees rows at their finest groups, whose partial results are merged.
    Merged(Box<dyn GroupsAccumulator>),
    /// It sees a person's first row in each finest group; with the person last seen there.
    People { last: Vec<Option<u32>>, sets: Vec<Box<dyn GroupsAccumulator>> },
    /// It sees every row in each set.
    Every(Vec<Box<dyn GroupsAccumulator>>),
}

struct Aggregated {
    of: Arc<AggregateFunctionExpr>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    filter: Option<Arc<dyn PhysicalExpr>>,
    how: How,
}

struct Totals {
    group_by: PhysicalGroupBy,
    finest: Box<dyn GroupValues>,
    sets: Vec<Set>,
    aggregates: Vec<Aggregated>,
    /// Each row's finest group, and its group in one set.
    rows: Vec<usize>,
    rows_of_set: Vec<usize>,
}

impl Totals {
    fn new(aggregate: &AggregateExec) -> Result<Self> {
        let (group_by, input) = (aggregate.group_expr().clone(), aggregate.input_schema());
        let single = PhysicalGroupBy::new_single(group_by.expr().to_vec());
        let finest = new_group_values(single.group_schema(&input)?, &GroupOrdering::None)?;
        let set = |_: &Vec<bool>| {
            let values = new_group_values(group_by.group_schema(&input)?, &GroupOrdering::None)?;
            Ok(Set { values, of_finest: Vec::new() })
        };
        let sets = group_by.groups().iter().map(set).collect::<Result<Vec<_>>>()?;
        let mut aggregates = Vec::new();
        for (of, filter) in aggregate.aggr_expr().iter().zip(aggregate.filter_expr()) {
            let each = || sets.iter().map(|_| of.create_groups_accumulator()).collect::<Result<Vec<_>>>();
            let how = match of.fun().name().starts_with(RESERVED_PREFIX) {
                false => How::Merged(of.create_groups_accumulator()?),
                true if is_people(of.fun()) => How::People { last: Vec::new(), sets: each()? },
                true => How::Every(each()?),
            };
            let (of, filter) = (of.clone(), filter.clone());
            aggregates.push(Aggregated { arguments: of.expressions(), of, filter, how });
        }
        Ok(Self { group_by, finest, sets, aggregates, rows: Vec::new(), rows_of_set: Vec::new() })
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let keys = self.group_by.expr().iter().map(|(key, _)| evaluated(key, batch));
        self.finest.intern(&keys.collect::<Result<Vec<_>>>()?, &mut self.rows)?;
        self.place_new(batch)?;
        let groups = self.finest.len();
        for aggregate in &mut self.aggregates {
            let arguments = aggregate.arguments.iter().map(|a| evaluated(a, batch));
            let arguments = arguments.collect::<Result<Vec<_>>>()?;
            let filter = aggregate.filter.as_ref().map(|f| evaluated(f, batch)).transpose()?;
            let filter = filter.as_ref().and_then(|f| f.as_boolean_opt());
            match &mut aggregate.how {
                How::Merged(finest) => finest.update_batch(&arguments, &self.rows, filter, groups)?,
                How::Every(accumulators) => {
                    for (set, accumulator) in self.sets.iter().zip(accumulators) {
                        set.groups_of(self.rows.iter().copied(), &mut self.rows_of_set)?;
                        accumulator.update_batch(&arguments, &self.rows_of_set, filter, set.values.len())?;
                    }
                }
                How::People { last, sets } => {
                    last.resize(groups, None);
                    let (first, people) = first_rows(&arguments, filter, &self.rows, last)?;
                    for (set, accumulator) in self.sets.iter().zip(sets) {
                        set.groups_of(first.iter().copied(), &mut self.rows_of_set)?;
                        let people = std::slice::from_ref(&people);
                        accumulator.update_batch(people, &self.rows_of_set, None, set.values.len())?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Finds the groups of finest groups that are new in every set.
    fn place_new(&mut self, batch: &RecordBatch) -> Result<()> {
        let known = self.sets.first().map_or(0, |set| set.of_finest.len());
        let mut rows = vec![None; self.finest.len() - known];
        if rows.is_empty() {
            return Ok(());
        }
        for (row, group) in (0u32..).zip(&self.rows) {
            if let Some(first) = group.checked_sub(known).and_then(|new| rows.get_mut(new)) {
                first.get_or_insert(row);
            }
        }
        let rows = take_record_batch(batch, &UInt32Array::from_iter(rows))?;
        let mut groups = Vec::new();
        for (set, keys) in self.sets.iter_mut().zip(evaluate_group_by(&self.group_by, &rows)?) {
            set.values.intern(&keys, &mut groups)?;
            set.of_finest.append(&mut groups);
        }
        Ok(())
    }

    /// Bytes that it holds.
    fn size(&self) -> usize {
        let of = |accumulators: &[Box<dyn GroupsAccumulator>]| {
            accumulators.iter().map(|a| a.size()).sum::<usize>()
        };
        let aggregates = self.aggregates.iter().map(|aggregate| match &aggregate.how {
            How::Merged(finest) => finest.size(),
            How::Every(sets) => of(sets),
            How::People { last, sets } => last.capacity() * size_of::<Option<u32>>() + of(sets),
        });
        let sets = self.sets.iter().map(|s| s.values.size() + s.of_finest.capacity() * size_of::<usize>());
        self.finest.size()
            + aggregates.sum::<usize>()
            + sets.sum::<usize>()
            + (self.rows.capacity() + self.rows_of_set.capacity()) * size_of::<usize>()
    }

    /// The partial results: one batch a set.
    fn finish(self, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
        let mut columns = Vec::new();
        let (mut sets, mut groups) = (Vec::new(), Vec::new());
        for mut set in self.sets {
            groups.push(set.values.len());
            columns.push(set.values.emit(EmitTo::All)?);
            sets.push(set.of_finest);
        }
        for aggregate in self.aggregates {
            let accumulators = match aggregate.how {
                How::Every(sets) | How::People { sets, .. } => sets,
                How::Merged(mut finest) => {
                    let finest = finest.state(EmitTo::All)?;
                    let merged = sets.iter().zip(&groups).map(|(of_finest, groups)| {
                        let mut accumulator = aggregate.of.create_groups_accumulator()?;
                        accumulator.merge_batch(&finest, of_finest, *groups)?;
                        Ok(accumulator)
                    });
                    merged.collect::<Result<Vec<_>>>()?
                }
            };
            for (columns, mut accumulator) in columns.iter_mut().zip(accumulators) {
                columns.extend(accumulator.state(EmitTo::All)?);
            }
        }
        columns.into_iter().map(|columns| Ok(RecordBatch::try_new(schema.clone(), columns)?)).collect()
    }
}

impl Set {
    /// The groups in this set of rows of finest groups.
    fn groups_of(&self, finest: impl Iterator<Item = usize>, groups: &mut Vec<usize>) -> Result<()> {
        groups.clear();
        let mut known = true;
        groups.extend(finest.map(|finest| match self.of_finest.get(finest) {
            Some(group) => *group,
            None => {
                known = false;
                0
            }
        }));
        if known { Ok(()) } else { internal_err!("totals: unknown group") }
    }
}

/// The finest groups of the rows, and their people, where a person differs from the last of the group.
fn first_rows(
    arguments: &[ArrayRef],
    filter: Option<&BooleanArray>,
    finest: &[usize],
    last: &mut [Option<u32>],
) -> Result<(Vec<usize>, ArrayRef)> {
    let Some(people) = arguments.first().and_then(|people| people.as_primitive_opt::<UInt32Type>()) else {
        return internal_err!("totals: no person");
    };
    let (mut groups, mut first) = (Vec::new(), Vec::new());
    let mut see = |row: usize, group: usize| {
        let person = people.values().get(row).copied();
        if let Some(last) = last.get_mut(group).filter(|last| **last != person) {
            *last = person;
            groups.push(group);
            first.extend(person);
        }
    };
    each_row(&[people.nulls()], finest, filter, &mut see);
    Ok((groups, Arc::new(UInt32Array::from(first))))
}

fn evaluated(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    expr.evaluate(batch)?.into_array(batch.num_rows())
}

#[cfg(test)]
#[path = "totals/tests.rs"]
mod tests;
