//! Counting in constant state: remember the last person a group saw.

use super::{OrderLost, array, each_person, row_states};
use datafusion::arrow::array::{ArrayRef, BooleanArray, UInt32Array, UInt64Array};
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// A run of ascending people: none is in it twice, and no other run of the group overlaps it.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    last: u32,
    count: u64,
}

/// Per group the current run, and the runs merged from other partial results.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    current: Vec<Option<Run>>,
    /// Empty until something is merged.
    merged: Vec<Vec<Run>>,
    merged_runs: usize,
}

impl Ordered {
    fn resize(&mut self, groups: usize) {
        self.current.resize(groups, None);
    }

    fn add(&mut self, group: usize, person: u32) -> Result<()> {
        let Some(slot) = self.current.get_mut(group) else { return Err(OrderLost::error()) };
        match slot {
            Some(run) if person == run.last => {}
            Some(run) if person > run.last => {
                run.last = person;
                run.count += 1;
            }
            Some(_) => return Err(OrderLost::error()),
            None => *slot = Some(Run { first: person, last: person, count: 1 }),
        }
        Ok(())
    }

    /// Takes a finished run in; one that overlaps another may hold the same person.
    fn merge(&mut self, group: usize, run: Run) -> Result<()> {
        if self.merged.len() <= group {
            self.merged.resize(group + 1, Vec::new());
        }
        let Some(runs) = self.merged.get_mut(group) else { return Err(OrderLost::error()) };
        if runs.iter().any(|other| run.first <= other.last && other.first <= run.last) {
            return Err(OrderLost::error());
        }
        // Neighbouring runs stay apart: joining them needs no person to lie between, which is not known.
        runs.push(run);
        self.merged_runs += 1;
        Ok(())
    }

    /// Every group's runs, and forgets the groups.
    fn take(&mut self, emit_to: EmitTo) -> Result<Vec<Vec<Run>>> {
        let current = emit_to.take_needed(&mut self.current);
        let mut merged = match emit_to {
            EmitTo::All => std::mem::take(&mut self.merged),
            EmitTo::First(n) => {
                let rest = self.merged.split_off(n.min(self.merged.len()));
                std::mem::replace(&mut self.merged, rest)
            }
        };
        merged.resize(current.len(), Vec::new());
        for (runs, current) in merged.iter_mut().zip(current) {
            let Some(run) = current else { continue };
            if runs.iter().any(|other| run.first <= other.last && other.first <= run.last) {
                return Err(OrderLost::error());
            }
            runs.push(run);
        }
        Ok(merged)
    }
}

impl GroupsAccumulator for Ordered {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        each_person(values, group_indices, opt_filter, |group, person| self.add(group, person))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let runs = self.take(emit_to)?;
        let counts = runs.iter().map(|runs| runs.iter().map(|run| run.count).sum::<u64>());
        Ok(Arc::new(UInt64Array::from_iter_values(counts)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let runs = self.take(emit_to)?;
        // One run fits the state; several cannot be told apart later.
        if runs.iter().any(|runs| runs.len() > 1) {
            return Err(OrderLost::error());
        }
        let run = |f: fn(&Run) -> u32| UInt32Array::from_iter(runs.iter().map(|r| r.first().map(f)));
        let counts = runs.iter().map(|r| r.first().map_or(0, |run| run.count));
        Ok(vec![
            Arc::new(run(|r| r.first)),
            Arc::new(run(|r| r.last)),
            Arc::new(UInt64Array::from_iter_values(counts)),
        ])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        let (first, last) = (array::<UInt32Array>(values, 0)?, array::<UInt32Array>(values, 1)?);
        let count = array::<UInt64Array>(values, 2)?;
        let runs = first.iter().zip(last.iter()).zip(count.iter());
        for (group, ((first, last), count)) in group_indices.iter().zip(runs) {
            if let (Some(first), Some(last), Some(count)) = (first, last, count) {
                self.merge(*group, Run { first, last, count })?;
            }
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
        // Constant time: DataFusion asks after every batch.
        self.current.capacity() * size_of::<Option<Run>>()
            + self.merged.capacity() * size_of::<Vec<Run>>()
            + self.merged_runs * size_of::<Run>()
    }
}
