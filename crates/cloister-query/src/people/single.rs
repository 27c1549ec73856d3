//! The same accumulators for a query without GROUP BY: one group.

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use std::fmt;

/// One group.
#[derive(Debug)]
pub(crate) struct Single<G> {
    groups: G,
    /// The input of no row, which makes the group exist where there was none.
    empty: Vec<ArrayRef>,
    /// Every row's group.
    zeros: Vec<usize>,
}

impl<G> Single<G> {
    pub(crate) fn new(groups: G, empty: Vec<ArrayRef>) -> Self {
        Self { groups, empty, zeros: Vec::new() }
    }

    /// The accumulator, and every row's group.
    fn with_groups(&mut self, values: &[ArrayRef]) -> (&mut G, &[usize]) {
        let rows = values.first().map_or(0, |v| v.len());
        if self.zeros.len() < rows {
            self.zeros.resize(rows, 0);
        }
        (&mut self.groups, self.zeros.get(..rows).unwrap_or_default())
    }
}

impl<G: GroupsAccumulator + Sync + fmt::Debug> Accumulator for Single<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (groups, zeros) = self.with_groups(values);
        groups.update_batch(values, zeros, None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (groups, zeros) = self.with_groups(states);
        groups.merge_batch(states, zeros, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.groups.update_batch(&self.empty, &[], None, 1)?;
        ScalarValue::try_from_array(&self.groups.evaluate(EmitTo::All)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.groups.update_batch(&self.empty, &[], None, 1)?;
        self.groups.state(EmitTo::All)?.iter().map(|a| ScalarValue::try_from_array(a, 0)).collect()
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.zeros.capacity() * size_of::<usize>() + self.groups.size()
    }
}
