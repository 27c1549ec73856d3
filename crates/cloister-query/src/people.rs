//! Exact distinct people per group: the hidden aggregates behind every number.
//!
//! Two aggregates over the dense person number:
//! - [`ordered_people`] counts in constant state per group, because a person's rows arrive together
//!   and in ascending order. It checks that they do: rows out of order, or a person in two partial
//!   results, fail with [`OrderLost`], and the engine runs the query again with
//! - [`set_people`], which keeps exact sets and needs no order.
//!
//! Both can also say who the people of a group are while they are few, to merge small groups.

mod ordered;
mod sets;
mod single;

pub(crate) use single::Single;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, ListBuilder, StructArray, UInt32Array, UInt32Builder,
    UInt64Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use std::sync::Arc;

/// Person numbers did not arrive in ascending order, so constant-state counting is not exact.
#[derive(Debug, thiserror::Error)]
#[error("people did not arrive in order")]
pub(crate) struct OrderLost;

impl OrderLost {
    pub(crate) fn error() -> DataFusionError {
        DataFusionError::External(Box::new(Self))
    }

    /// Whether an error is this one, however wrapped.
    pub(crate) fn is(error: &DataFusionError) -> bool {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(e) = next {
            if e.is::<Self>() {
                return true;
            }
            if let Some(DataFusionError::Shared(inner)) = e.downcast_ref::<DataFusionError>() {
                next = Some(inner.as_ref());
                continue;
            }
            if let Some(DataFusionError::External(inner)) = e.downcast_ref::<DataFusionError>() {
                next = Some(inner.as_ref());
                continue;
            }
            next = e.source();
        }
        false
    }
}

/// How people are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Ordered,
    Set,
}

/// One of the two aggregates.
#[derive(Debug, PartialEq, Eq, Hash)]
struct People {
    kind: Kind,
    /// Groups of at most so many people are named; none: nobody is.
    few_max: Option<usize>,
    /// In place of their number, the sum of what each of them weighs.
    weights: Option<Weights>,
    signature: Signature,
}

/// A number for each person, by theirs.
#[derive(Clone)]
pub(crate) struct Weights(Arc<[u32]>);

impl Weights {
    pub(crate) fn new(weights: Vec<u32>) -> Self {
        Self(weights.into())
    }

    /// A person's; an error for somebody who has none.
    pub(crate) fn of(&self, person: u32) -> Result<u64> {
        match self.0.get(person as usize) {
            Some(weight) => Ok(u64::from(*weight)),
            None => internal_err!("people: somebody without a record key"),
        }
    }

    /// The sum over several people. It may wrap.
    fn sum(&self, people: &[u32]) -> Result<u64> {
        people.iter().try_fold(0u64, |sum, person| Ok(sum.wrapping_add(self.of(*person)?)))
    }
}

/// They are never printed.
impl std::fmt::Debug for Weights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Weights")
    }
}

/// The same are the same one: nobody compares millions of numbers.
impl PartialEq for Weights {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Weights {}

impl std::hash::Hash for Weights {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.len().hash(state);
    }
}

/// Distinct people, counted in constant state per group. The result is their number; with `few_max` it is
/// a struct of the number and the list of them, which is NULL where they are more.
pub(crate) fn ordered_people(few_max: Option<usize>) -> Arc<AggregateUDF> {
    people(Kind::Ordered, few_max, None)
}

/// The same by exact sets.
pub(crate) fn set_people(few_max: Option<usize>) -> Arc<AggregateUDF> {
    people(Kind::Set, few_max, None)
}

/// The sum of what distinct people weigh.
pub(crate) fn weighed_people(weights: Weights) -> Arc<AggregateUDF> {
    people(Kind::Set, None, Some(weights))
}

/// Whether an aggregate is one of the two.
pub(crate) fn is_people(aggregate: &AggregateUDF) -> bool {
    aggregate.inner().is::<People>()
}

fn people(kind: Kind, few_max: Option<usize>, weights: Option<Weights>) -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![DataType::UInt32], Volatility::Immutable);
    Arc::new(AggregateUDF::from(People { kind, few_max, weights, signature }))
}

fn few_field(name: &str) -> FieldRef {
    Arc::new(Field::new_list(name, Field::new_list_field(DataType::UInt32, false), true))
}

fn named_fields() -> Fields {
    Fields::from(vec![Arc::new(Field::new("people", DataType::UInt64, false)), few_field("few")])
}

/// The number of people in the result of either aggregate.
pub(crate) fn number_of(people: &ArrayRef) -> &ArrayRef {
    people.as_struct_opt().and_then(|named| named.columns().first()).unwrap_or(people)
}

/// Who they are, per group, where the result of either aggregate says so.
pub(crate) fn names_of(people: &ArrayRef) -> Result<Vec<Option<Vec<u32>>>> {
    named(people, |people| people.to_vec())
}

/// All of the people of each group, where the aggregate was asked to name everybody.
pub(crate) fn sets_of(people: &ArrayRef) -> Result<Vec<cloister_ledger::People>> {
    match named(people, cloister_ledger::People::of_sorted)?.into_iter().collect() {
        Some(sets) => Ok(sets),
        None => internal_err!("people: not everybody is named"),
    }
}

/// Something of each group's people; none of a group whose people are not named.
fn named<T>(people: &ArrayRef, of: impl Fn(&[u32]) -> T) -> Result<Vec<Option<T>>> {
    let few = people.as_struct_opt().and_then(|named| named.columns().get(1));
    let Some(few) = few.and_then(|few| few.as_list_opt::<i32>()) else {
        return internal_err!("people: nobody is named");
    };
    let list = |list: ArrayRef| Ok(of(array::<UInt32Array>(&[list], 0)?.values()));
    few.iter().map(|few| few.map(list).transpose()).collect()
}

/// The result of an aggregate: every group's number of people and, while they are few, who they are.
fn counted(groups: impl Iterator<Item = (u64, Vec<u32>)>, few_max: Option<usize>) -> Result<ArrayRef> {
    let Some(max) = few_max else {
        return Ok(Arc::new(UInt64Array::from_iter_values(groups.map(|(count, _)| count))));
    };
    // By their numbers, so that it does not depend on which part of the data was read first.
    let sorted = |mut people: Vec<u32>| {
        people.sort_unstable();
        people
    };
    let (counts, few): (Vec<u64>, Vec<Option<Vec<u32>>>) =
        groups.map(|(count, people)| (count, (count <= max as u64).then(|| sorted(people)))).unzip();
    let columns: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from(counts)), Arc::new(lists(few.into_iter()))];
    Ok(Arc::new(StructArray::try_new(named_fields(), columns, None)?))
}

pub(crate) fn lists(few: impl Iterator<Item = Option<Vec<u32>>>) -> ListArray {
    let field = Field::new_list_field(DataType::UInt32, false);
    let mut lists = ListBuilder::new(UInt32Builder::new()).with_field(field);
    for people in few {
        lists.values().append_slice(people.as_deref().unwrap_or_default());
        lists.append(people.is_some());
    }
    lists.finish()
}

impl AggregateUDFImpl for People {
    fn name(&self) -> &str {
        if self.weights.is_some() {
            return "__people_weighed";
        }
        match (self.kind, self.few_max) {
            (Kind::Ordered, None) => "__people_ordered",
            (Kind::Ordered, Some(_)) => "__people_ordered_named",
            (Kind::Set, None) => "__people_set",
            (Kind::Set, Some(_)) => "__people_set_named",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.few_max {
            None => DataType::UInt64,
            Some(_) => DataType::Struct(named_fields()),
        })
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&counted([(0, Vec::new())].into_iter(), self.few_max)?, 0)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = |part: &str| format!("{}[{part}]", args.name);
        let mut fields: Vec<FieldRef> = match self.kind {
            Kind::Ordered => vec![
                Arc::new(Field::new(name("first"), DataType::UInt32, true)),
                Arc::new(Field::new(name("last"), DataType::UInt32, true)),
                Arc::new(Field::new(name("count"), DataType::UInt64, false)),
            ],
            Kind::Set => vec![Arc::new(Field::new(name("set"), DataType::LargeBinary, false))],
        };
        if matches!((self.kind, self.few_max), (Kind::Ordered, Some(_))) {
            fields.push(few_field(&name("few")));
        }
        Ok(fields)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(match self.kind {
            Kind::Ordered => Box::new(Single::new(ordered::Ordered::new(self.few_max), nobody())),
            Kind::Set => Box::new(Single::new(sets::Sets::new(self.few_max, self.weights.clone()), nobody())),
        })
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(self.groups())
    }
}

/// The input of no row.
fn nobody() -> Vec<ArrayRef> {
    vec![Arc::new(UInt32Array::from(Vec::<u32>::new()))]
}

impl People {
    fn groups(&self) -> Box<dyn GroupsAccumulator> {
        match self.kind {
            Kind::Ordered => Box::new(ordered::Ordered::new(self.few_max)),
            Kind::Set => Box::new(sets::Sets::new(self.few_max, self.weights.clone())),
        }
    }
}

/// The arrays of an aggregate's input or state, by type.
pub(crate) fn array<T: Array + 'static>(values: &[Arc<dyn Array>], index: usize) -> Result<&T> {
    match values.get(index).and_then(|a| a.as_any().downcast_ref::<T>()) {
        Some(array) => Ok(array),
        None => internal_err!("people: unexpected state"),
    }
}

/// Calls `f(group, person)` for every row that has a person and passes the filter. A person may be
/// missing: such a row counts as nobody.
fn each_person(
    values: &[Arc<dyn Array>],
    groups: &[usize],
    filter: Option<&BooleanArray>,
    mut f: impl FnMut(usize, u32),
) -> Result<()> {
    let people = array::<UInt32Array>(values, 0)?;
    if people.null_count() == 0 && filter.is_none() {
        for (group, person) in groups.iter().zip(people.values()) {
            f(*group, *person);
        }
        return Ok(());
    }
    each_row(&[people.nulls()], groups, filter, |row, group| {
        if let Some(person) = people.values().get(row) {
            f(group, *person);
        }
    });
    Ok(())
}

/// Calls `f(row, group)` for every row that lacks nothing and passes the filter.
pub(crate) fn each_row(
    there: &[Option<&NullBuffer>],
    groups: &[usize],
    filter: Option<&BooleanArray>,
    mut f: impl FnMut(usize, usize),
) {
    let passes = filter.map(|filter| match filter.nulls() {
        Some(known) => filter.values() & known.inner(),
        None => filter.values().clone(),
    });
    let there = there.iter().flatten().map(|nulls| nulls.inner().clone());
    match there.chain(passes).reduce(|a, b| &a & &b) {
        None => groups.iter().enumerate().for_each(|(row, group)| f(row, *group)),
        Some(counts) => {
            for row in counts.set_indices() {
                if let Some(group) = groups.get(row) {
                    f(row, *group);
                }
            }
        }
    }
}

/// Each row as a group of its own, in the form of a partial result; `empty` has seen nothing yet.
pub(crate) fn row_states(
    mut empty: impl GroupsAccumulator,
    values: &[Arc<dyn Array>],
    filter: Option<&BooleanArray>,
) -> Result<Vec<Arc<dyn Array>>> {
    let rows = values.first().map_or(0, |v| v.len());
    let groups: Vec<usize> = (0..rows).collect();
    empty.update_batch(values, &groups, filter, rows)?;
    empty.state(EmitTo::All)
}

#[cfg(test)]
mod tests;
