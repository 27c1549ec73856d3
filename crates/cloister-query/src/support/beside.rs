//! The people on either side of a quantile.

use super::{add_few, each_kept, each_value, kept};
use crate::people::row_states;
use datafusion::arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// Per group every value with its person: a quantile needs them all anyway.
#[derive(Debug)]
pub(super) struct Beside {
    quantile: f64,
    people_max: usize,
    groups: Vec<Vec<(f64, u32)>>,
    rows: usize,
}

impl Beside {
    pub(super) fn new(quantile: f64, people_max: usize) -> Self {
        Self { quantile, people_max, groups: Vec::new(), rows: 0 }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Vec<(f64, u32)>> {
        let taken = emit_to.take_needed(&mut self.groups);
        if self.groups.is_empty() {
            self.rows = 0;
        }
        taken
    }

    fn add(&mut self, group: usize, value: f64, person: u32) -> Result<()> {
        let Some(rows) = self.groups.get_mut(group) else { return internal_err!("people: unknown group") };
        rows.push((value, person));
        self.rows += 1;
        Ok(())
    }

    /// The fewer of the people with rows up to the quantile's place and from it on. Where it lies between
    /// two rows, each is on its own side only.
    fn people(&self, mut rows: Vec<(f64, u32)>) -> u64 {
        let Some(last) = rows.len().checked_sub(1) else { return 0 };
        let place = self.quantile.clamp(0.0, 1.0) * last as f64;
        // Both are at most `last`, which is a place in a vector.
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let count = |rows: &mut dyn Iterator<Item = &(f64, u32)>| {
            let mut few = Vec::new();
            for (_, person) in rows {
                add_few(&mut few, *person, self.people_max);
                if few.len() >= self.people_max {
                    break;
                }
            }
            few.len() as u64
        };
        let below = count(&mut rows.iter().take(low + 1).rev());
        let above = count(&mut rows.iter().skip(high));
        below.min(above)
    }
}

impl GroupsAccumulator for Beside {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, Vec::new());
        let [value, people] = values else { return internal_err!("people: a value is missing") };
        let values = [cast(value, &DataType::Float64)?, people.clone()];
        each_value(&values, group_indices, opt_filter, |group, value, person| self.add(group, value, person))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = self.take(emit_to);
        Ok(Arc::new(UInt64Array::from_iter_values(groups.into_iter().map(|rows| self.people(rows)))))
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
        self.groups.resize(total_num_groups, Vec::new());
        each_kept(values, group_indices, |group, value, person| self.add(group, value, person))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::new(self.quantile, self.people_max), values, opt_filter)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Vec<(f64, u32)>>() + self.rows * size_of::<(f64, u32)>()
    }
}
