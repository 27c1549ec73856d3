//! Who they are, while they are few.

use super::{array, each_person, row_states};
use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, ListArray, ListBuilder, UInt32Array, UInt32Builder,
};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// Per group at most `max + 1` distinct people: one more than asked for says that there are more.
#[derive(Debug)]
pub(super) struct Few {
    max: usize,
    groups: Vec<Vec<u32>>,
    people: usize,
}

impl Few {
    pub(super) fn new(max: usize) -> Self {
        Self { max, groups: Vec::new(), people: 0 }
    }

    fn add(&mut self, group: usize, person: u32) -> Result<()> {
        let Some(few) = self.groups.get_mut(group) else { return internal_err!("people: unknown group") };
        if few.len() <= self.max && !few.contains(&person) {
            few.push(person);
            self.people += 1;
        }
        Ok(())
    }

    fn lists(&mut self, emit_to: EmitTo, keep: impl Fn(&[u32]) -> bool) -> ArrayRef {
        let field = Field::new_list_field(DataType::UInt32, false);
        let mut lists = ListBuilder::new(UInt32Builder::new()).with_field(field);
        for mut few in emit_to.take_needed(&mut self.groups) {
            few.sort_unstable();
            if keep(&few) {
                lists.values().append_slice(&few);
                lists.append(true);
            } else {
                lists.append(false);
            }
        }
        if self.groups.is_empty() {
            self.people = 0;
        }
        Arc::new(lists.finish())
    }
}

impl GroupsAccumulator for Few {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, Vec::new());
        each_person(values, group_indices, opt_filter, |group, person| self.add(group, person))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let max = self.max;
        Ok(self.lists(emit_to, |few| few.len() <= max))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.lists(emit_to, |_| true)])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, Vec::new());
        let lists = array::<ListArray>(values, 0)?;
        for (row, group) in group_indices.iter().enumerate().filter(|(row, _)| lists.is_valid(*row)) {
            let list = lists.value(row);
            let Some(people) = list.as_any().downcast_ref::<UInt32Array>() else {
                return internal_err!("people: unexpected state");
            };
            for person in people.values() {
                self.add(*group, *person)?;
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::new(self.max), values, opt_filter)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Vec<u32>>() + self.people * size_of::<u32>()
    }
}
