//! Exact sets, for rows in any order: a vector, sorted and deduplicated whenever it has doubled, and
//! a bitmap once it is long.

use super::{Weights, array, counted, each_person, row_states};
use datafusion::arrow::array::{ArrayRef, BooleanArray, LargeBinaryArray, UInt64Array};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// From this many distinct people on, a group is a bitmap (measured in the design's first prototype).
const BITMAP_FROM: usize = 16_384;
/// A vector shorter than this is not worth sorting.
const SORT_FROM: usize = 32;

#[derive(Debug)]
enum Set {
    /// People in order of arrival; sorted and distinct up to the length last compacted to.
    List { people: Vec<u32>, compacted: usize },
    /// One bit a person.
    Bitmap { words: Vec<u64>, count: usize },
}

impl Default for Set {
    fn default() -> Self {
        Self::List { people: Vec::new(), compacted: 0 }
    }
}

impl Set {
    /// Adds a person; returns the bytes it grew by.
    fn add(&mut self, person: u32) -> usize {
        match self {
            Self::List { people, compacted } => {
                if people.last() == Some(&person) {
                    return 0;
                }
                people.push(person);
                if people.len() >= SORT_FROM && people.len() >= *compacted * 2 {
                    people.sort_unstable();
                    people.dedup();
                    *compacted = people.len();
                    if people.len() >= BITMAP_FROM {
                        return self.become_bitmap();
                    }
                }
                size_of::<u32>()
            }
            Self::Bitmap { words, count } => set_bit(words, count, person),
        }
    }

    fn become_bitmap(&mut self) -> usize {
        let Self::List { people, .. } = self else { return 0 };
        let people = std::mem::take(people);
        let (mut words, mut count, mut grown) = (Vec::new(), 0, 0);
        for person in people {
            grown += set_bit(&mut words, &mut count, person);
        }
        *self = Self::Bitmap { words, count };
        grown
    }

    /// The distinct people, ascending.
    fn sorted(self) -> Vec<u32> {
        match self {
            Self::List { mut people, .. } => {
                people.sort_unstable();
                people.dedup();
                people
            }
            Self::Bitmap { words, count } => {
                let mut people = Vec::with_capacity(count);
                for (index, word) in (0u32..).zip(words) {
                    let bits = (0..64).filter(|bit| word >> bit & 1 == 1);
                    people.extend(bits.map(|bit| index * 64 + bit));
                }
                people
            }
        }
    }
}

/// Sets a person's bit; returns the bytes the bitmap grew by.
fn set_bit(words: &mut Vec<u64>, count: &mut usize, person: u32) -> usize {
    let index = (person / 64) as usize;
    let before = words.len();
    if index >= before {
        words.resize((index + 1).next_power_of_two(), 0);
    }
    if let Some(word) = words.get_mut(index) {
        let bit = 1u64 << (person % 64);
        *count += usize::from(*word & bit == 0);
        *word |= bit;
    }
    (words.len() - before) * size_of::<u64>()
}

/// A set per group.
#[derive(Debug, Default)]
pub(super) struct Sets {
    few_max: Option<usize>,
    weights: Option<Weights>,
    sets: Vec<Set>,
    bytes: usize,
}

impl Sets {
    pub(super) fn new(few_max: Option<usize>, weights: Option<Weights>) -> Self {
        Self { few_max, weights, ..Self::default() }
    }

    fn resize(&mut self, groups: usize) {
        self.sets.resize_with(groups, Set::default);
    }

    fn add(&mut self, group: usize, person: u32) -> bool {
        let Some(set) = self.sets.get_mut(group) else { return false };
        self.bytes += set.add(person);
        true
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Vec<u32>> {
        let sets = emit_to.take_needed(&mut self.sets);
        if self.sets.is_empty() {
            self.bytes = 0;
        }
        sets.into_iter().map(Set::sorted).collect()
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
        self.resize(total_num_groups);
        let mut known = true;
        each_person(values, group_indices, opt_filter, |group, person| known &= self.add(group, person))?;
        if known { Ok(()) } else { internal_err!("people: unknown group") }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        if let Some(weights) = self.weights.clone() {
            let sums =
                self.take(emit_to).iter().map(|people| weights.sum(people)).collect::<Result<Vec<_>>>()?;
            return Ok(Arc::new(UInt64Array::from(sums)));
        }
        let groups = self.take(emit_to).into_iter().map(|people| (people.len() as u64, people));
        counted(groups, self.few_max)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let sets = self.take(emit_to);
        let bytes =
            sets.iter().map(|people| people.iter().flat_map(|p| p.to_le_bytes()).collect::<Vec<u8>>());
        Ok(vec![Arc::new(LargeBinaryArray::from_iter_values(bytes))])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        let sets = array::<LargeBinaryArray>(values, 0)?;
        for (group, set) in group_indices.iter().zip(sets.iter()) {
            let (people, rest) = set.unwrap_or_default().as_chunks::<4>();
            if !rest.is_empty() {
                return internal_err!("people: unexpected state");
            }
            for person in people {
                if !self.add(*group, u32::from_le_bytes(*person)) {
                    return internal_err!("people: unknown group");
                }
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::new(self.few_max, None), values, opt_filter)
    }

    fn size(&self) -> usize {
        self.sets.capacity() * size_of::<Set>() + self.bytes
    }
}
