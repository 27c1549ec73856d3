//! Exact distinct people per group: the hidden aggregates behind every number.
//!
//! Three aggregates over the dense person number:
//! - [`ordered_people`] counts in constant state per group, because a person's rows arrive together
//!   and in ascending order. It checks that they do: rows out of order, or a person in two partial
//!   results, fail with [`OrderLost`], and the engine runs the query again with
//! - [`set_people`], which keeps exact sets and needs no order.
//! - [`few_people`] returns who they are while they are few, to merge small groups.

mod few;
mod ordered;
mod sets;
mod single;

use datafusion::arrow::array::{Array, BooleanArray, UInt32Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
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
    fn error() -> DataFusionError {
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

/// Which accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Ordered,
    Set,
    Few { max: usize },
}

/// One of the three aggregates.
#[derive(Debug, PartialEq, Eq, Hash)]
struct People {
    kind: Kind,
    signature: Signature,
}

/// Distinct people, counted in constant state per group.
pub(crate) fn ordered_people() -> Arc<AggregateUDF> {
    people(Kind::Ordered)
}

/// Distinct people, by exact sets.
pub(crate) fn set_people() -> Arc<AggregateUDF> {
    people(Kind::Set)
}

/// The people themselves as a list where there are at most `max`; NULL where there are more.
pub(crate) fn few_people(max: usize) -> Arc<AggregateUDF> {
    people(Kind::Few { max })
}

fn people(kind: Kind) -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![DataType::UInt32], Volatility::Immutable);
    Arc::new(AggregateUDF::from(People { kind, signature }))
}

fn list_field(name: &str) -> FieldRef {
    Arc::new(Field::new_list(name, Field::new_list_field(DataType::UInt32, false), true))
}

impl AggregateUDFImpl for People {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Ordered => "__people_ordered",
            Kind::Set => "__people_set",
            Kind::Few { .. } => "__people_few",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::Ordered | Kind::Set => DataType::UInt64,
            Kind::Few { .. } => list_field("few").data_type().clone(),
        })
    }

    fn is_nullable(&self) -> bool {
        matches!(self.kind, Kind::Few { .. })
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        match self.kind {
            Kind::Ordered | Kind::Set => Ok(ScalarValue::UInt64(Some(0))),
            Kind::Few { .. } => ScalarValue::try_from(data_type),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = |part: &str| format!("{}[{part}]", args.name);
        Ok(match self.kind {
            Kind::Ordered => vec![
                Arc::new(Field::new(name("first"), DataType::UInt32, true)),
                Arc::new(Field::new(name("last"), DataType::UInt32, true)),
                Arc::new(Field::new(name("count"), DataType::UInt64, false)),
            ],
            Kind::Set => vec![Arc::new(Field::new(name("set"), DataType::LargeBinary, false))],
            Kind::Few { .. } => vec![list_field(&name("few"))],
        })
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(match self.kind {
            Kind::Ordered => Box::new(single::Single::new(ordered::Ordered::default())),
            Kind::Set => Box::new(single::Single::new(sets::Sets::default())),
            Kind::Few { max } => Box::new(single::Single::new(few::Few::new(max))),
        })
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(self.groups())
    }
}

impl People {
    fn groups(&self) -> Box<dyn GroupsAccumulator> {
        match self.kind {
            Kind::Ordered => Box::new(ordered::Ordered::default()),
            Kind::Set => Box::new(sets::Sets::default()),
            Kind::Few { max } => Box::new(few::Few::new(max)),
        }
    }
}

/// The arrays of an aggregate's input or state, by type.
fn array<T: Array + 'static>(values: &[Arc<dyn Array>], index: usize) -> Result<&T> {
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
    mut f: impl FnMut(usize, u32) -> Result<()>,
) -> Result<()> {
    let people = array::<UInt32Array>(values, 0)?;
    let plain = people.null_count() == 0 && filter.is_none();
    for (row, (group, person)) in groups.iter().zip(people.values()).enumerate() {
        let passes =
            plain || (people.is_valid(row) && filter.is_none_or(|f| f.is_valid(row) && f.value(row)));
        if passes {
            f(*group, *person)?;
        }
    }
    Ok(())
}

/// Each row as a group of its own, in the form of a partial result; `empty` has seen nothing yet.
fn row_states(
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
