//! The people who have a group's least or greatest value.

use super::add_few;
use crate::people::{array, each_row, lists, row_states};
use datafusion::arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, ListArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// The best value so far, in a form that compares as bytes, and who has it.
#[derive(Clone, Debug, Default)]
struct Best {
    value: Option<Box<[u8]>>,
    people: Vec<u32>,
}

/// Per group the best value and some of the people who have it.
#[derive(Debug)]
pub(super) struct Attaining {
    greatest: bool,
    people_max: usize,
    kind: DataType,
    converter: RowConverter,
    groups: Vec<Best>,
    /// Bytes of values and people.
    bytes: usize,
}

impl Attaining {
    pub(super) fn new(greatest: bool, people_max: usize, kind: DataType) -> Result<Self> {
        let converter = RowConverter::new(vec![SortField::new(kind.clone())])?;
        Ok(Self { greatest, people_max, kind, converter, groups: Vec::new(), bytes: 0 })
    }

    fn add(&mut self, group: usize, value: &[u8], people: &[u32]) -> bool {
        let Some(best) = self.groups.get_mut(group) else { return false };
        let order = best.value.as_deref().map(|best| value.cmp(best));
        let better = match order {
            None => true,
            Some(order) if self.greatest => order.is_gt(),
            Some(order) => order.is_lt(),
        };
        if better {
            self.bytes += value.len();
            self.bytes -=
                best.value.as_ref().map_or(0, |old| old.len()) + best.people.len() * size_of::<u32>();
            best.value = Some(value.into());
            best.people.clear();
        }
        if better || order.is_some_and(|order| order.is_eq()) {
            let added = people.iter().filter(|p| add_few(&mut best.people, **p, self.people_max)).count();
            self.bytes += added * size_of::<u32>();
        }
        true
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Best> {
        let taken = emit_to.take_needed(&mut self.groups);
        if self.groups.is_empty() {
            self.bytes = 0;
        }
        taken
    }
}

impl GroupsAccumulator for Attaining {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, Best::default());
        let (Some(value), people) = (values.first(), array::<UInt32Array>(values, 1)?) else {
            return internal_err!("people: a value is missing");
        };
        let rows = self.converter.convert_columns(std::slice::from_ref(value))?;
        let mut known = true;
        each_row(&[value.nulls(), people.nulls()], group_indices, opt_filter, |row, group| {
            known &=
                self.add(group, rows.row(row).as_ref(), people.values().get(row..=row).unwrap_or_default());
        });
        if known { Ok(()) } else { internal_err!("people: unknown group") }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let counts = self.take(emit_to).into_iter().map(|best| best.people.len() as u64);
        Ok(Arc::new(UInt64Array::from_iter_values(counts)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.take(emit_to);
        let values = BinaryArray::from_iter(groups.iter().map(|best| best.value.as_deref()));
        let people = lists(groups.iter().map(|best| Some(best.people.clone())));
        Ok(vec![Arc::new(values), Arc::new(people)])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups, Best::default());
        let (best, people) = (array::<BinaryArray>(values, 0)?, array::<ListArray>(values, 1)?);
        for (row, (group, best)) in group_indices.iter().zip(best.iter()).enumerate() {
            let Some(best) = best else { continue };
            let people = people.value(row);
            if !self.add(*group, best, array::<UInt32Array>(&[people], 0)?.values()) {
                return internal_err!("people: unknown group");
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::new(self.greatest, self.people_max, self.kind.clone())?, values, opt_filter)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Best>() + self.bytes + self.converter.size()
    }
}
