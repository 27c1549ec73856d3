//! `percentile_disc`, which the engine has not: the first value that at least so great a share of the values,
//! in order, goes up to (SQL:2003; PostgreSQL's definition).

use crate::people::array;
use datafusion::arrow::array::{ArrayRef, AsArray, ListArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::types::{NativeType, logical_float64};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Coercion, Signature, TypeSignatureClass, Volatility,
};
use datafusion::physical_expr::expressions::Literal;
use std::sync::Arc;

#[derive(Debug, PartialEq, Eq, Hash)]
struct PercentileDisc {
    signature: Signature,
}

/// `percentile_disc(share) WITHIN GROUP (ORDER BY number)`: a number that is among them. Keeps every value.
pub(crate) fn percentile_disc() -> Arc<AggregateUDF> {
    let number = || {
        let numbers = vec![TypeSignatureClass::Numeric];
        let float = TypeSignatureClass::Native(logical_float64());
        Coercion::new_implicit(float, numbers, NativeType::Float64)
    };
    let signature = Signature::coercible(vec![number(), number()], Volatility::Immutable);
    Arc::new(AggregateUDF::from(PercentileDisc { signature }))
}

impl AggregateUDFImpl for PercentileDisc {
    fn name(&self) -> &str {
        "percentile_disc"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let values = Field::new_list_field(DataType::Float64, true);
        Ok(vec![Arc::new(Field::new_list(format!("{}[values]", args.name), values, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let share = match args.exprs.get(1).and_then(|e| e.downcast_ref::<Literal>()) {
            Some(literal) => literal.value().cast_to(&DataType::Float64)?,
            None => ScalarValue::Null,
        };
        let ScalarValue::Float64(Some(share)) = share else {
            return internal_err!("percentile_disc: the share is not written out");
        };
        let descending = args.order_bys.first().is_some_and(|by| by.options.descending);
        Ok(Box::new(Values { share, descending, values: Vec::new() }))
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Values {
    share: f64,
    descending: bool,
    values: Vec<f64>,
}

impl Values {
    fn add(&mut self, values: &ArrayRef) -> Result<()> {
        let values = cast(values, &DataType::Float64)?;
        self.values.extend(values.as_primitive::<Float64Type>().iter().flatten());
        Ok(())
    }
}

impl Accumulator for Values {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values.first().map_or(Ok(()), |values| self.add(values))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = array::<ListArray>(states, 0)?;
        lists.iter().flatten().try_for_each(|values| self.add(&values))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: Vec<ScalarValue> = self.values.iter().map(|v| ScalarValue::Float64(Some(*v))).collect();
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Float64))])
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among the values")]
    fn evaluate(&mut self) -> Result<ScalarValue> {
        let place = (self.share * self.values.len() as f64).ceil() as usize;
        let place = place.saturating_sub(1);
        if place >= self.values.len() {
            return Ok(ScalarValue::Float64(None));
        }
        let descending = self.descending;
        let order = |a: &f64, b: &f64| if descending { b.total_cmp(a) } else { a.total_cmp(b) };
        let (_, value, _) = self.values.select_nth_unstable_by(place, order);
        Ok(ScalarValue::Float64(Some(*value)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::Float64Array;

    fn disc(share: f64, descending: bool, values: &[f64]) -> Option<f64> {
        // In two parts, as two partitions would.
        let mut whole = Values { share, descending, values: Vec::new() };
        for part in values.chunks(3) {
            let mut state = Values { share, descending, values: Vec::new() };
            state.update_batch(&[Arc::new(Float64Array::from(part.to_vec()))]).unwrap();
            let state: Vec<ArrayRef> = state.state().unwrap().iter().map(|s| s.to_array().unwrap()).collect();
            whole.merge_batch(&state).unwrap();
        }
        match whole.evaluate().unwrap() {
            ScalarValue::Float64(value) => value,
            other => panic!("{other:?}"),
        }
    }

    /// Expectations by hand: the value at place ⌈share · n⌉ from 1, at least 1.
    #[test]
    fn it_is_one_of_the_values() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        for (share, value) in [(0.0, 1.0), (0.2, 1.0), (0.21, 2.0), (0.5, 3.0), (0.8, 4.0), (1.0, 5.0)] {
            assert_eq!(disc(share, false, &values), Some(value), "{share}");
        }
        assert_eq!(disc(0.25, true, &values), Some(4.0));
        assert_eq!(disc(0.5, false, &[2.0, 1.0, 3.0, 4.0]), Some(2.0));
        assert_eq!(disc(0.5, true, &[2.0, 1.0, 3.0, 4.0]), Some(3.0));
        assert_eq!(disc(0.5, false, &[]), None);
    }
}
