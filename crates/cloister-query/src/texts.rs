//! Functions of texts that PostgreSQL has and the engine has not. For any arguments they give a value or NULL, and
//! never fail.

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use regex::Regex;
use std::sync::Arc;

/// The name of [`number_text`] in a query.
pub(crate) const NUMBER_TEXT: &str = "number_text";
/// The name of [`place_of_pattern`] in a query.
pub(crate) const PLACE_OF_PATTERN: &str = "place_of_pattern";

#[derive(Debug, PartialEq, Eq, Hash)]
enum Texts {
    NumberText(Signature),
    PlaceOfPattern(Signature),
}

/// `number_text(number, format)`: the number as PostgreSQL's `to_char` writes it in a format of 9, 0 and one point.
pub(crate) fn number_text() -> Arc<ScalarUDF> {
    let signature = Signature::exact(vec![DataType::Float64, DataType::Utf8], Volatility::Immutable);
    Arc::new(ScalarUDF::from(Texts::NumberText(signature)))
}

/// `place_of_pattern(text, pattern)`: where the pattern is first met, from 1; 0 where it is not (`regexp_instr`).
pub(crate) fn place_of_pattern() -> Arc<ScalarUDF> {
    let signature = Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable);
    Arc::new(ScalarUDF::from(Texts::PlaceOfPattern(signature)))
}

impl ScalarUDFImpl for Texts {
    fn name(&self) -> &str {
        match self {
            Self::NumberText(_) => NUMBER_TEXT,
            Self::PlaceOfPattern(_) => PLACE_OF_PATTERN,
        }
    }

    fn signature(&self) -> &Signature {
        match self {
            Self::NumberText(signature) | Self::PlaceOfPattern(signature) => signature,
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self {
            Self::NumberText(_) => DataType::Utf8,
            Self::PlaceOfPattern(_) => DataType::Int64,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, written] = args.args.as_slice() else {
            return internal_err!("{}: an argument is missing", self.name());
        };
        let ColumnarValue::Scalar(ScalarValue::Utf8(Some(written))) = written else {
            return plan_err!("the second argument of {} must be written out", self.name());
        };
        let values = value.to_array(args.number_rows)?;
        let result: ArrayRef = match self {
            Self::NumberText(_) => {
                let numbers = values.as_primitive::<Float64Type>().iter();
                Arc::new(numbers.map(|n| number_in(n?, written)).collect::<StringArray>())
            }
            Self::PlaceOfPattern(_) => {
                let Ok(pattern) = Regex::new(written) else {
                    return plan_err!("{}: no pattern", self.name());
                };
                let texts = cast(&values, &DataType::Utf8)?;
                let texts = texts.as_string::<i32>().iter();
                Arc::new(texts.map(|text| place_in(text?, &pattern)).collect::<Int64Array>())
            }
        };
        if matches!(value, ColumnarValue::Scalar(_)) && !result.is_empty() {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

fn place_in(text: &str, pattern: &Regex) -> Option<i64> {
    let Some(found) = pattern.find(text) else { return Some(0) };
    let before = text.get(..found.start())?.chars().count();
    i64::try_from(before).ok()?.checked_add(1)
}

/// Digits at every 0 and right of it, and elsewhere where the number has them; a sign before the first, or a space.
fn number_in(number: f64, format: &str) -> Option<String> {
    const GREATEST: f64 = 9e15;
    const FORMAT_BYTES_MAX: usize = 40;
    if format.len() > FORMAT_BYTES_MAX {
        return None;
    }
    let (whole_format, part_format) = format.split_once('.').unwrap_or((format, ""));
    let digits = part_format.len();
    let scale = 10f64.powi(i32::try_from(digits).ok()?);
    let scaled = (number.abs() * scale).round();
    if scaled.is_nan() || scaled > GREATEST {
        return None;
    }
    let scaled = format!("{:0>width$}", scaled as u64, width = digits + 1);
    let (whole, part) = scaled.split_at_checked(scaled.len() - digits)?;
    let point = if format.contains('.') { "." } else { "" };
    let width = whole_format.len();
    if whole.trim_start_matches('0').len() > width {
        return Some(format!(" {}{point}{}", "#".repeat(width), "#".repeat(digits)));
    }
    let forced = whole_format.find('0').map_or(0, |first| width - first);
    // A nought before the point is written where the format or nothing behind the point asks for a digit.
    let whole = if whole == "0" && forced == 0 && digits > 0 { "" } else { whole };
    let sign = if number < 0.0 && scaled.contains(|digit| digit != '0') { "-" } else { "" };
    let whole = format!("{sign}{whole:0>forced$}");
    Some(format!("{whole:>width$}{point}{part}", width = width + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expectations by hand, from PostgreSQL's documentation of `to_char`.
    #[test]
    fn numbers_are_written_as_postgresql_writes_them() {
        for (number, format, text) in [
            (100.0, "990.9", " 100.0"),
            (8.5177, "990.9", "   8.5"),
            (0.05, "990.9", "   0.1"),
            (0.5, "9.9", "  .5"),
            (-0.1, "99.99", "  -.10"),
            (-12.0, "9990", "  -12"),
            (12.0, "9990.00", "   12.00"),
            (485.0, "999", " 485"),
            (0.0, "999", "   0"),
            (-0.001, "0.9", " 0.0"),
            (12.34, "0009.9", " 0012.3"),
            (1_000.0, "99.9", " ##.#"),
        ] {
            assert_eq!(number_in(number, format).as_deref(), Some(text), "{number} {format}");
        }
        assert_eq!(number_in(f64::NAN, "9"), None);
        assert_eq!(number_in(1e300, "9"), None);
        assert_eq!(number_in(1.0, &"9".repeat(50_000)), None);
    }

    #[test]
    fn a_pattern_is_found_where_it_is() {
        let pattern = Regex::new("l+d").unwrap();
        for (text, place) in [("éé lld", 4), ("ld", 1), ("none", 0), ("", 0)] {
            assert_eq!(place_in(text, &pattern), Some(place), "{text}");
        }
    }
}
