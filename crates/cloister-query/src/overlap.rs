//! The hidden aggregates behind [`cloister_disclosure::Overlaps`]: whose rows meet which of several conditions.
//!
//! Of a person and conditions. Rows, or people, that meet exactly the same conditions are a part; of each part the
//! people are named up to the policy's threshold, which is all that the rule needs.

use crate::people::{Single, array, each_row, row_states};
use cloister_disclosure::{Part, Parts};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, LargeBinaryArray, UInt32Array, new_empty_array,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use std::collections::HashMap;
use std::sync::Arc;

/// The most conditions: one bit each.
pub(crate) const CONDITIONS_MAX: usize = 64;
/// The most parts of a group that are kept; more are as if they told everything.
const PARTS_MAX: usize = 512;
/// Up to so many combinations of conditions in all groups, whether a part has room is looked up in a table.
const TABLED_MAX: usize = 1 << 16;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Overlap {
    of_people: bool,
    people_max: usize,
    name: &'static str,
    signature: Signature,
}

/// The parts of a group, by the conditions that each row meets or, `of_people`, any of a person's rows do. The
/// first argument is the person.
pub(crate) fn overlap(of_people: bool, conditions: usize, people_max: usize) -> AggregateUDF {
    let name = if of_people { "__parts_of_people" } else { "__parts_of_rows" };
    let signature = Signature::any(conditions + 1, Volatility::Immutable);
    AggregateUDF::from(Overlap { of_people, people_max, name, signature })
}

/// What an aggregate found of each group.
pub(crate) fn parts_of(column: &ArrayRef) -> Result<Vec<(Vec<Part>, bool)>> {
    let parts = array::<LargeBinaryArray>(std::slice::from_ref(column), 0)?;
    parts.iter().map(|bytes| decoded(bytes.unwrap_or_default())).collect()
}

/// Puts the parts of rows and of people together.
pub(crate) fn together(of_rows: (Vec<Part>, bool), of_people: (Vec<Part>, bool)) -> Parts {
    Parts { of_rows: of_rows.0, of_people: of_people.0, more: of_rows.1 || of_people.1 }
}

impl AggregateUDFImpl for Overlap {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::LargeBinary)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::LargeBinary(Some(Vec::new())))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[parts]", args.name), DataType::LargeBinary, false))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let empty = args.expr_fields.iter().map(|f| new_empty_array(f.data_type())).collect();
        Ok(Box::new(Single::new(Overlapping::new(self.of_people, self.people_max), empty)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Overlapping::new(self.of_people, self.people_max)))
    }
}

/// One group: its parts or, while rows come in, the conditions that each person met.
#[derive(Debug, Default)]
struct Group {
    parts: Vec<Part>,
    /// The part of the row before.
    last: usize,
    more: bool,
    met: HashMap<u32, u64>,
}

#[derive(Debug)]
struct Overlapping {
    of_people: bool,
    people_max: usize,
    groups: Vec<Group>,
    /// Where there are few conditions, for each combination of them in each group: the person from which on that part
    /// takes nobody in. Nearly every row ends here.
    closed: Vec<u64>,
    /// Bytes on the heap, nearly.
    bytes: usize,
}

impl Group {
    /// The person from which on a part takes nobody in.
    fn closed(&self, conditions: u64, people_max: usize) -> u64 {
        let part = self.parts.get(self.last).filter(|part| part.conditions == conditions);
        let full = part.filter(|part| part.people.len() >= people_max);
        full.and_then(|part| part.people.last()).map_or(u64::MAX, |last| u64::from(*last))
    }

    /// Adds people to a part; the bytes it grew by.
    fn add(&mut self, conditions: u64, people: &[u32], people_max: usize) -> usize {
        let known = match self.parts.get(self.last) {
            Some(part) if part.conditions == conditions => Some(self.last),
            _ => self.parts.iter().position(|part| part.conditions == conditions),
        };
        let mut grown = 0;
        let index = known.unwrap_or_else(|| {
            if self.parts.len() < PARTS_MAX {
                self.parts.push(Part { conditions, people: Vec::new() });
                grown += size_of::<Part>();
            } else {
                self.more = true;
            }
            self.parts.len() - 1
        });
        self.last = index;
        if let Some(part) = self.parts.get_mut(index).filter(|_| !self.more || known.is_some()) {
            let before = part.people.len();
            people.iter().for_each(|p| add_first(&mut part.people, *p, people_max));
            grown += (part.people.len() - before) * size_of::<u32>();
        }
        grown
    }

    fn meet(&mut self, person: u32, conditions: u64) -> usize {
        let before = self.met.len();
        *self.met.entry(person).or_default() |= conditions;
        (self.met.len() - before) * 2 * size_of::<(u32, u64)>()
    }
}

/// Keeps the first people in their order, whatever the order that they come in.
fn add_first(people: &mut Vec<u32>, person: u32, max: usize) {
    if people.len() >= max && people.last().is_none_or(|last| *last <= person) {
        return;
    }
    if let Err(place) = people.binary_search(&person) {
        people.insert(place, person);
        people.truncate(max);
    }
}

impl Overlapping {
    fn new(of_people: bool, people_max: usize) -> Self {
        Self { of_people, people_max, groups: Vec::new(), closed: Vec::new(), bytes: 0 }
    }

    fn resize(&mut self, groups: usize) {
        self.groups.resize_with(groups, Group::default);
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Group> {
        self.closed.clear();
        let taken = emit_to.take_needed(&mut self.groups);
        if self.groups.is_empty() {
            self.bytes = 0;
        }
        taken
    }
}

/// One bit for each condition that a row meets, row by row.
fn met(values: &[ArrayRef]) -> Result<Vec<u64>> {
    let mut met = vec![0u64; values.first().map_or(0, |v| v.len())];
    for (bit, condition) in values.iter().skip(1).enumerate() {
        let Some(condition) = condition.as_boolean_opt() else {
            return internal_err!("overlap: no condition");
        };
        let holds = match condition.nulls() {
            Some(known) => condition.values() & known.inner(),
            None => condition.values().clone(),
        };
        for row in holds.set_indices() {
            if let Some(met) = met.get_mut(row) {
                *met |= 1 << bit;
            }
        }
    }
    Ok(met)
}

impl GroupsAccumulator for Overlapping {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        let people = array::<UInt32Array>(values, 0)?;
        let met = met(values)?;
        let bits = Some(values.len().saturating_sub(1)).filter(|bits| {
            let tabled = 1usize.checked_shl(*bits as u32).and_then(|each| each.checked_mul(total_num_groups));
            !self.of_people && tabled.is_some_and(|all| all <= TABLED_MAX)
        });
        self.closed.resize(bits.map_or(0, |bits| total_num_groups << bits), u64::MAX);
        let mut known = true;
        // A row about nobody is in no part.
        each_row(&[people.nulls()], group_indices, opt_filter, |row, group| {
            let (Some(person), Some(conditions)) = (people.values().get(row), met.get(row)) else { return };
            let (person, conditions) = (*person, *conditions);
            let place = bits.and_then(|bits| Some(group << bits | usize::try_from(conditions).ok()?));
            let closed = place.and_then(|place| self.closed.get_mut(place));
            if closed.as_ref().is_some_and(|from| **from <= u64::from(person)) {
                return;
            }
            let Some(group) = self.groups.get_mut(group) else {
                known = false;
                return;
            };
            if self.of_people {
                self.bytes += group.meet(person, conditions);
                return;
            }
            self.bytes += group.add(conditions, &[person], self.people_max);
            if let Some(closed) = closed {
                *closed = group.closed(conditions, self.people_max);
            }
        });
        if known { Ok(()) } else { internal_err!("overlap: unknown group") }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let people_max = self.people_max;
        let groups = self.take(emit_to).into_iter().map(|mut group| {
            for (person, conditions) in std::mem::take(&mut group.met) {
                group.add(conditions, &[person], people_max);
            }
            group.parts.sort_unstable_by_key(|part| part.conditions);
            encoded(&group.parts, group.more)
        });
        Ok(Arc::new(LargeBinaryArray::from_iter_values(groups)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.take(emit_to).into_iter().map(|group| {
            let met = group.met.iter().map(|(p, c)| Part { conditions: *c, people: vec![*p] });
            let parts: Vec<Part> = group.parts.iter().cloned().chain(met).collect();
            encoded(&parts, group.more)
        });
        Ok(vec![Arc::new(LargeBinaryArray::from_iter_values(groups))])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        let states = array::<LargeBinaryArray>(values, 0)?;
        for (group, state) in group_indices.iter().zip(states.iter()) {
            let Some(group) = self.groups.get_mut(*group) else {
                return internal_err!("overlap: unknown group");
            };
            let (parts, more) = decoded(state.unwrap_or_default())?;
            group.more |= more;
            for part in parts {
                self.bytes += match self.of_people {
                    true => part.people.iter().map(|p| group.meet(*p, part.conditions)).sum(),
                    false => group.add(part.conditions, &part.people, self.people_max),
                };
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        row_states(Self::new(self.of_people, self.people_max), values, opt_filter)
    }

    fn size(&self) -> usize {
        self.groups.capacity() * size_of::<Group>() + self.closed.capacity() * size_of::<u64>() + self.bytes
    }
}

/// A byte that says whether there are more; then each part: its conditions, how many people, who.
fn encoded(parts: &[Part], more: bool) -> Vec<u8> {
    let mut bytes = vec![u8::from(more)];
    for part in parts {
        bytes.extend(part.conditions.to_le_bytes());
        bytes.extend((part.people.len() as u64).to_le_bytes());
        bytes.extend(part.people.iter().flat_map(|p| p.to_le_bytes()));
    }
    bytes
}

fn decoded(bytes: &[u8]) -> Result<(Vec<Part>, bool)> {
    let Some((more, mut rest)) = bytes.split_first() else { return Ok((Vec::new(), false)) };
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let head = rest.split_first_chunk::<8>().and_then(|(conditions, rest)| {
            let (people, rest) = rest.split_first_chunk::<8>()?;
            let bytes = usize::try_from(u64::from_le_bytes(*people)).ok()?.checked_mul(4)?;
            Some((u64::from_le_bytes(*conditions), rest.split_at_checked(bytes)?))
        });
        let Some((conditions, (people, after))) = head else {
            return internal_err!("overlap: unexpected state");
        };
        let people = people.as_chunks::<4>().0.iter().map(|p| u32::from_le_bytes(*p)).collect();
        parts.push(Part { conditions, people });
        rest = after;
    }
    Ok((parts, *more != 0))
}

#[cfg(test)]
#[path = "overlap/tests.rs"]
mod tests;
