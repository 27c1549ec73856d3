//! Who stands at a value: the hidden aggregates behind extremes and quantiles. A minimum, a maximum or a
//! quantile is some people's own value, however many there are in the group.
//!
//! - [`attaining_people`]: how many people have the least or the greatest value.
//! - [`people_beside`]: how many people have rows at or below a quantile, or at or above it, whichever is
//!   fewer.
//!
//! Both count distinct people up to a limit, which is all that a threshold needs.
//!
//! - [`contributions`]: the two greatest of people's own totals, and everybody's.

mod attaining;
mod beside;
mod contributions;

use crate::people::{Single, array, each_row, lists};
use cloister_disclosure::Contributions;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Float64Builder, ListArray, ListBuilder,
    StructArray, UInt32Array, new_empty_array,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};
use std::sync::Arc;

/// Where the value stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Least,
    Greatest,
    /// The quantile with these bits.
    Quantile(u64),
    /// Nowhere: people's own totals are wanted.
    Contributions {
        /// Whether people arrive in ascending order.
        ordered: bool,
    },
}

/// One of the aggregates: of a value and a person.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Support {
    place: Place,
    people_max: usize,
    name: String,
    signature: Signature,
}

/// Distinct people who have the least value of the group, or the greatest; counted up to `people_max`.
pub(crate) fn attaining_people(greatest: bool, people_max: usize) -> AggregateUDF {
    let place = if greatest { Place::Greatest } else { Place::Least };
    support(place, people_max, format!("__people_attaining_{}", if greatest { "max" } else { "min" }))
}

/// Distinct people on either side of a quantile (0 to 1) of the group's values, the fewer of both; counted
/// up to `people_max`.
pub(crate) fn people_beside(quantile: f64, people_max: usize) -> AggregateUDF {
    support(Place::Quantile(quantile.to_bits()), people_max, format!("__people_beside_{quantile}"))
}

/// The two greatest of people's own totals of a fraction, without their signs, and everybody's. `ordered`: in constant
/// state per group, for people in ascending order, beside a count of everybody that makes sure of it.
pub(crate) fn contributions(ordered: bool) -> AggregateUDF {
    let name = format!("__contributions_{}", if ordered { "ordered" } else { "set" });
    support(Place::Contributions { ordered }, 0, name)
}

/// A group's contributions in the result of that aggregate.
pub(crate) fn contributions_of(result: &ArrayRef) -> Result<Vec<Contributions>> {
    let columns = result.as_struct_opt().map(StructArray::columns).unwrap_or_default();
    let column = |index| array::<Float64Array>(columns, index).map(Float64Array::values);
    let rows = column(0)?.iter().zip(column(1)?).zip(column(2)?);
    let contributions = rows.map(|((largest, second), total)| Contributions {
        largest: *largest,
        second: *second,
        total: *total,
    });
    Ok(contributions.collect())
}

fn support(place: Place, people_max: usize, name: String) -> AggregateUDF {
    AggregateUDF::from(Support {
        place,
        people_max,
        name,
        signature: Signature::any(2, Volatility::Immutable),
    })
}

impl AggregateUDFImpl for Support {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.place {
            Place::Contributions { .. } => DataType::Struct(contributions::fields()),
            Place::Least | Place::Greatest | Place::Quantile(_) => DataType::UInt64,
        })
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, kind: &DataType) -> Result<ScalarValue> {
        match self.place {
            Place::Contributions { .. } => contributions::of_nobody(),
            Place::Least | Place::Greatest | Place::Quantile(_) => ScalarValue::new_zero(kind),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = |part: &str| format!("{}[{part}]", args.name);
        let list = |part: &str, of: DataType| {
            let field: FieldRef =
                Arc::new(Field::new_list(name(part), Field::new_list_field(of, false), true));
            field
        };
        Ok(match self.place {
            Place::Least | Place::Greatest => vec![
                Arc::new(Field::new(name("value"), DataType::Binary, true)),
                list("people", DataType::UInt32),
            ],
            Place::Quantile(_) | Place::Contributions { ordered: false } => {
                vec![list("values", DataType::Float64), list("people", DataType::UInt32)]
            }
            Place::Contributions { ordered: true } => {
                let fields = contributions::fields();
                let fields = fields
                    .iter()
                    .map(|f| -> FieldRef { Arc::new(Field::new(name(f.name()), DataType::Float64, false)) });
                fields.collect()
            }
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let types = args.expr_fields.iter().map(|f| f.data_type());
        let empty = types.clone().map(new_empty_array).collect();
        let types: Vec<DataType> = types.cloned().collect();
        Ok(match self.place {
            Place::Least => Box::new(Single::new(self.attaining(false, &types)?, empty)),
            Place::Greatest => Box::new(Single::new(self.attaining(true, &types)?, empty)),
            Place::Quantile(bits) => Box::new(Single::new(self.beside(bits), empty)),
            Place::Contributions { ordered: true } => {
                Box::new(Single::new(contributions::Ordered::default(), empty))
            }
            Place::Contributions { ordered: false } => {
                Box::new(Single::new(contributions::Sets::default(), empty))
            }
        })
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let types: Vec<DataType> = args.expr_fields.iter().map(|f| f.data_type().clone()).collect();
        Ok(match self.place {
            Place::Least => Box::new(self.attaining(false, &types)?),
            Place::Greatest => Box::new(self.attaining(true, &types)?),
            Place::Quantile(bits) => Box::new(self.beside(bits)),
            Place::Contributions { ordered: true } => Box::new(contributions::Ordered::default()),
            Place::Contributions { ordered: false } => Box::new(contributions::Sets::default()),
        })
    }
}

impl Support {
    fn attaining(&self, greatest: bool, types: &[DataType]) -> Result<attaining::Attaining> {
        match types.first() {
            Some(value) => attaining::Attaining::new(greatest, self.people_max, value.clone()),
            None => internal_err!("people: a value is missing"),
        }
    }

    fn beside(&self, bits: u64) -> beside::Beside {
        beside::Beside::new(f64::from_bits(bits), self.people_max)
    }
}

/// Calls `f(group, value, person)` for every row that has both and passes the filter, until one call says that there is
/// no such group. The value is a fraction.
fn each_value(
    values: &[ArrayRef],
    groups: &[usize],
    filter: Option<&BooleanArray>,
    mut f: impl FnMut(usize, f64, u32) -> Result<()>,
) -> Result<()> {
    let (value, people) = (array::<Float64Array>(values, 0)?, array::<UInt32Array>(values, 1)?);
    let mut done = Ok(());
    each_row(&[value.nulls(), people.nulls()], groups, filter, |row, group| {
        if let (Ok(()), Some(value), Some(person)) =
            (&done, value.values().get(row), people.values().get(row))
        {
            done = f(group, *value, *person);
        }
    });
    done
}

/// Values with their people, a list of each for every group: the partial result of [`each_kept`].
fn kept(groups: &[Vec<(f64, u32)>]) -> Vec<ArrayRef> {
    let field = Field::new_list_field(DataType::Float64, false);
    let mut values = ListBuilder::new(Float64Builder::new()).with_field(field);
    for rows in groups {
        rows.iter().for_each(|(value, _)| values.values().append_value(*value));
        values.append(true);
    }
    let people = lists(groups.iter().map(|rows| Some(rows.iter().map(|(_, person)| *person).collect())));
    vec![Arc::new(values.finish()), Arc::new(people)]
}

/// Calls `f(group, value, person)` for every value in a partial result.
fn each_kept(
    state: &[ArrayRef],
    groups: &[usize],
    mut f: impl FnMut(usize, f64, u32) -> Result<()>,
) -> Result<()> {
    let (values, people) = (array::<ListArray>(state, 0)?, array::<ListArray>(state, 1)?);
    for (row, group) in groups.iter().enumerate() {
        let (values, people) = (values.value(row), people.value(row));
        let values = array::<Float64Array>(std::slice::from_ref(&values), 0)?;
        let people = array::<UInt32Array>(std::slice::from_ref(&people), 0)?;
        for (value, person) in values.values().iter().zip(people.values()) {
            f(*group, *value, *person)?;
        }
    }
    Ok(())
}

/// Adds a person to a few distinct ones, while they are fewer than `max`. Whether they were added.
pub(crate) fn add_few(few: &mut Vec<u32>, person: u32, max: usize) -> bool {
    let new = few.len() < max && few.last() != Some(&person) && !few.contains(&person);
    if new {
        few.push(person);
    }
    new
}

#[cfg(test)]
mod tests;
