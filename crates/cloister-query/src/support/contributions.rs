//! How much of a total is one or two people's.

use super::{each_kept, each_value, kept};
use crate::people::{OrderLost, array, row_states};
use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::collections::HashMap;
use std::sync::Arc;

/// The fields of the result: the greatest person's own total without its sign, the next, and everybody's.
pub(super) fn fields() -> Fields {
    let field = |name| Field::new(name, DataType::Float64, false);
    Fields::from(vec![field("largest"), field("second"), field("total")])
}

/// The result where there is nobody.
pub(super) fn of_nobody() -> Result<ScalarValue> {
    ScalarValue::try_from_array(&Top::result(&[Top::default()])?, 0)
}

/// The two greatest and all.
#[derive(Clone, Copy, Debug, Default)]
struct Top {
    largest: f64,
    second: f64,
    total: f64,
}

impl Top {
    fn add(&mut self, person: f64) {
        let size = person.abs();
        self.total += size;
        // What is no number is the greatest: nothing can be said of the total then.
        if size > self.largest || size.is_nan() {
            self.second = self.largest;
            self.largest = size;
        } else if size > self.second {
            self.second = size;
        }
    }

    /// Takes in a part about other people.
    fn merge(&mut self, other: Self) {
        let total = self.total + other.total;
        self.add(other.largest);
        self.add(other.second);
        self.total = total;
    }

    fn arrays(tops: &[Self]) -> Vec<ArrayRef> {
        let column = |of: fn(&Self) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(tops.iter().map(of)))
        };
        vec![column(|t| t.largest), column(|t| t.second), column(|t| t.total)]
    }

    fn result(tops: &[Self]) -> Result<ArrayRef> {
        Ok(Arc::new(StructArray::try_new(fields(), Self::arrays(tops), None)?))
    }
}

/// A group whose people arrive one after the other.
#[derive(Clone, Copy, Debug, Default)]
struct Running {
    person: Option<u32>,
    own: f64,
    top: Top,
}

impl Running {
    /// The group's contributions, the last person's included.
    fn closed(self) -> Top {
        let mut top = self.top;
        if self.person.is_some() {
            top.add(self.own);
        }
        top
    }
}

/// In constant state per group. That no person is in two partial results is what the count of everybody in the same
/// aggregate makes sure of ([`crate::people::ordered_people`]); that they ascend is checked here too.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    groups: Vec<Running>,
}

impl GroupsAccumulator for Ordered {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, Running::default());
        each_value(values, group_indices, opt_filter, |group, value, person| {
            let Some(group) = self.groups.get_mut(group) else { return Err(OrderLost::error()) };
            if group.person == Some(person) {
                group.own += value;
                return Ok(());
            }
            if group.person.is_some_and(|before| before > person) {
                return Err(OrderLost::error());
            }
            *group = Running { person: Some(person), own: value, top: group.closed() };
            Ok(())
        })
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = emit_to.take_needed(&mut self.groups);
        Top::result(&groups.into_iter().map(Running::closed).collect::<Vec<_>>())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = emit_to.take_needed(&mut self.groups);
        Ok(Top::arrays(&groups.into_iter().map(Running::closed).collect::<Vec<_>>()))
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, Running::default());
        let (largest, second) = (array::<Float64Array>(values, 0)?, array::<Float64Array>(values, 1)?);
        let total = array::<Float64Array>(values, 2)?;
        let parts = largest.values().iter().zip(second.values()).zip(total.values());
        for (group, ((largest, second), total)) in group_indices.iter().zip(parts) {
            let Some(group) = self.groups.get_mut(*group) else { return Err(OrderLost::error()) };
            group.top.merge(Top { largest: *largest, second: *second, total: *total });
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::default(), values, opt_filter)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Running>()
    }
}

/// Every person's own total, for rows in any order.
#[derive(Debug, Default)]
pub(super) struct Sets {
    groups: Vec<HashMap<u32, f64>>,
    people: usize,
}

impl Sets {
    fn add(&mut self, group: usize, value: f64, person: u32) -> Result<()> {
        let Some(own) = self.groups.get_mut(group) else { return internal_err!("people: unknown group") };
        let before = own.len();
        *own.entry(person).or_default() += value;
        self.people += own.len() - before;
        Ok(())
    }

    /// Each group's people with their totals, in the people's order: sums of fractions depend on it.
    fn take(&mut self, emit_to: EmitTo) -> Vec<Vec<(f64, u32)>> {
        let taken = emit_to.take_needed(&mut self.groups);
        if self.groups.is_empty() {
            self.people = 0;
        }
        let sorted = taken.into_iter().map(|own| {
            let mut own: Vec<(f64, u32)> = own.into_iter().map(|(person, total)| (total, person)).collect();
            own.sort_unstable_by_key(|(_, person)| *person);
            own
        });
        sorted.collect()
    }
}

impl GroupsAccumulator for Sets {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, HashMap::new());
        each_value(values, group_indices, opt_filter, |group, value, person| self.add(group, value, person))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let tops = self.take(emit_to).into_iter().map(|own| {
            let mut top = Top::default();
            own.iter().for_each(|(total, _)| top.add(*total));
            top
        });
        Top::result(&tops.collect::<Vec<_>>())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(kept(&self.take(emit_to)))
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, HashMap::new());
        each_kept(values, group_indices, |group, value, person| self.add(group, value, person))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::default(), values, opt_filter)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<HashMap<u32, f64>>() + self.people * 2 * size_of::<(u32, f64)>()
    }
}
