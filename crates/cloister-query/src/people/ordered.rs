//! Counting in constant state: remember the last person a group saw.

use super::{OrderLost, array, counted, each_person, lists, row_states};
use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, ListArray, UInt32Array, UInt64Array};
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// A run of ascending people: none is in it twice, and no other run of the group overlaps it. Without
/// people it says nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    first: u32,
    last: u32,
    count: u64,
}

/// A finished run, and who is in it while they are few.
#[derive(Clone, Debug)]
struct Merged {
    run: Run,
    few: Vec<u32>,
}

/// Per group the current run, and the runs merged from other partial results.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    few_max: Option<usize>,
    current: Vec<Run>,
    /// The people of the current runs; empty where nobody asks, and for more than `few_max`.
    few: Vec<Vec<u32>>,
    /// Empty until something is merged.
    merged: Vec<Vec<Merged>>,
    /// Runs and people that lie on the heap.
    merged_runs: usize,
    named: usize,
}

impl Ordered {
    pub(super) fn new(few_max: Option<usize>) -> Self {
        Self { few_max, ..Self::default() }
    }

    fn resize(&mut self, groups: usize) {
        self.current.resize(groups, Run::default());
        if self.few_max.is_some() {
            self.few.resize(groups, Vec::new());
        }
    }

    /// Counts a person that is not the last one of its group; whether it comes after them.
    fn next(&mut self, group: usize, person: u32) -> bool {
        let Some(run) = self.current.get_mut(group) else { return false };
        if run.count == 0 {
            run.first = person;
        } else if person < run.last {
            return false;
        }
        run.last = person;
        run.count += 1;
        if let (Some(max), Some(few)) = (self.few_max, self.few.get_mut(group)) {
            if few.len() < max && few.len() as u64 + 1 == run.count {
                few.push(person);
                self.named += 1;
            } else if !few.is_empty() {
                self.named -= few.len();
                *few = Vec::new();
            }
        }
        true
    }

    /// Takes a finished run in; one that overlaps another may hold the same person.
    fn merge(runs: &mut Vec<Merged>, merged: Merged) -> Result<()> {
        let Run { first, last, .. } = merged.run;
        if runs.iter().any(|other| first <= other.run.last && other.run.first <= last) {
            return Err(OrderLost::error());
        }
        // Neighbouring runs stay apart: joining them needs no person to lie between, which is not known.
        runs.push(merged);
        Ok(())
    }

    /// Every group's runs, and forgets the groups.
    fn take(&mut self, emit_to: EmitTo) -> Result<Vec<Vec<Merged>>> {
        let current = emit_to.take_needed(&mut self.current);
        let mut few = match self.few_max {
            Some(_) => emit_to.take_needed(&mut self.few).into_iter(),
            None => Vec::new().into_iter(),
        };
        let mut merged = match emit_to {
            EmitTo::All => std::mem::take(&mut self.merged),
            EmitTo::First(n) => {
                let rest = self.merged.split_off(n.min(self.merged.len()));
                std::mem::replace(&mut self.merged, rest)
            }
        };
        merged.resize(current.len(), Vec::new());
        for (runs, run) in merged.iter_mut().zip(current) {
            let few = few.next().unwrap_or_default();
            if run.count > 0 {
                Self::merge(runs, Merged { run, few })?;
            }
        }
        if self.current.is_empty() {
            (self.merged_runs, self.named) = (0, 0);
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
        let mut ascending = true;
        each_person(values, group_indices, opt_filter, |group, person| {
            // Nearly every row is of the person of the row before.
            let seen = self.current.get(group).is_some_and(|run| run.last == person && run.count > 0);
            if !seen {
                ascending &= self.next(group, person);
            }
        })?;
        if ascending { Ok(()) } else { Err(OrderLost::error()) }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = self.take(emit_to)?.into_iter().map(|runs| {
            let count: u64 = runs.iter().map(|merged| merged.run.count).sum();
            (count, runs.into_iter().flat_map(|merged| merged.few).collect())
        });
        counted(groups, self.few_max)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.take(emit_to)?;
        // One run fits the state; several cannot be told apart later.
        if groups.iter().any(|runs| runs.len() > 1) {
            return Err(OrderLost::error());
        }
        let runs = || groups.iter().map(|runs| runs.first().map(|merged| merged.run));
        let mut state: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from_iter(runs().map(|run| Some(run?.first)))),
            Arc::new(UInt32Array::from_iter(runs().map(|run| Some(run?.last)))),
            Arc::new(UInt64Array::from_iter_values(runs().map(|run| run.map_or(0, |run| run.count)))),
        ];
        if self.few_max.is_some() {
            state.push(Arc::new(lists(groups.into_iter().map(|runs| Some(runs.into_iter().next()?.few)))));
        }
        Ok(state)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        self.merged.resize(total_num_groups, Vec::new());
        let (first, last) = (array::<UInt32Array>(values, 0)?, array::<UInt32Array>(values, 1)?);
        let count = array::<UInt64Array>(values, 2)?;
        let few = self.few_max.map(|_| array::<ListArray>(values, 3)).transpose()?;
        let rows = first.iter().zip(last.iter()).zip(count.iter()).enumerate();
        for (group, (row, ((first, last), count))) in group_indices.iter().zip(rows) {
            let (Some(first), Some(last), Some(count)) = (first, last, count) else { continue };
            let Some(runs) = self.merged.get_mut(*group) else { return Err(OrderLost::error()) };
            let few = match few {
                Some(few) if few.is_valid(row) => {
                    array::<UInt32Array>(&[few.value(row)], 0)?.values().to_vec()
                }
                _ => Vec::new(),
            };
            self.merged_runs += 1;
            self.named += few.len();
            Self::merge(runs, Merged { run: Run { first, last, count }, few })?;
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::new(self.few_max), values, opt_filter)
    }

    fn size(&self) -> usize {
        // Constant time: DataFusion asks after every batch.
        self.current.capacity() * size_of::<Run>()
            + (self.few.capacity() + self.merged.capacity()) * size_of::<Vec<u32>>()
            + self.merged_runs * size_of::<Merged>()
            + self.named * size_of::<u32>()
    }
}
