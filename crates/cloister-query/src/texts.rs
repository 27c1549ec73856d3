//! Functions of texts that PostgreSQL has and the engine has not. For any arguments they give a value or NULL, and
//! never fail.

use crate::short_text::TEXT_BYTES_MAX;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
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
/// The name of [`found_pattern`] in a query.
pub(crate) const FOUND_PATTERN: &str = "found_pattern";
/// The name of [`replaced_pattern`] in a query.
pub(crate) const REPLACED_PATTERN: &str = "replaced_pattern";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Which {
    NumberText,
    PlaceOfPattern,
    FoundPattern,
    ReplacedPattern,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Texts {
    which: Which,
    signature: Signature,
}

fn function(which: Which, value: DataType, written: usize) -> Arc<ScalarUDF> {
    let kinds = std::iter::once(value).chain(std::iter::repeat_n(DataType::Utf8, written)).collect();
    Arc::new(ScalarUDF::from(Texts { which, signature: Signature::exact(kinds, Volatility::Immutable) }))
}

/// `number_text(number, format)`: the number as PostgreSQL's `to_char` writes it in a format of 9, 0 and one point.
pub(crate) fn number_text() -> Arc<ScalarUDF> {
    function(Which::NumberText, DataType::Float64, 1)
}

/// `place_of_pattern(text, pattern)`: where the pattern is first met, from 1; 0 where it is not (`regexp_instr`).
pub(crate) fn place_of_pattern() -> Arc<ScalarUDF> {
    function(Which::PlaceOfPattern, DataType::Utf8, 1)
}

/// `found_pattern(text, pattern)`: what the pattern first meets, or the first of its parts in brackets; NULL where
/// there is none (PostgreSQL's `substring(text FROM pattern)`).
pub(crate) fn found_pattern() -> Arc<ScalarUDF> {
    function(Which::FoundPattern, DataType::Utf8, 1)
}

/// `replaced_pattern(text, pattern, by, every)`: with the first place, or for `every` = `g` each, replaced; NULL
/// where the text would be too long.
pub(crate) fn replaced_pattern() -> Arc<ScalarUDF> {
    function(Which::ReplacedPattern, DataType::Utf8, 3)
}

impl ScalarUDFImpl for Texts {
    fn name(&self) -> &str {
        match self.which {
            Which::NumberText => NUMBER_TEXT,
            Which::PlaceOfPattern => PLACE_OF_PATTERN,
            Which::FoundPattern => FOUND_PATTERN,
            Which::ReplacedPattern => REPLACED_PATTERN,
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.which {
            Which::PlaceOfPattern => DataType::Int64,
            Which::NumberText | Which::FoundPattern | Which::ReplacedPattern => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, written @ ..] = args.args.as_slice() else {
            return internal_err!("{}: an argument is missing", self.name());
        };
        let written = written.iter().map(|argument| match argument {
            ColumnarValue::Scalar(ScalarValue::Utf8(Some(text))) => Ok(text.as_str()),
            _ => plan_err!("an argument of {} must be written out", self.name()),
        });
        let written = written.collect::<Result<Vec<&str>>>()?;
        let values = value.to_array(args.number_rows)?;
        let texts = cast(&values, &DataType::Utf8)?;
        let texts = texts.as_string::<i32>().iter();
        let pattern = |text: &str| match Regex::new(text) {
            Ok(pattern) => Ok(pattern),
            Err(_) => plan_err!("{}: no pattern", self.name()),
        };
        let result: ArrayRef = match (self.which, written.as_slice()) {
            (Which::NumberText, [format]) => {
                let numbers = values.as_primitive::<Float64Type>().iter();
                Arc::new(numbers.map(|n| number_in(n?, format)).collect::<StringArray>())
            }
            (Which::PlaceOfPattern, [written]) => {
                let pattern = pattern(written)?;
                Arc::new(texts.map(|text| place_in(text?, &pattern)).collect::<Int64Array>())
            }
            (Which::FoundPattern, [written]) => {
                let pattern = pattern(written)?;
                Arc::new(texts.map(|text| found_in(text?, &pattern)).collect::<StringArray>())
            }
            (Which::ReplacedPattern, [written, by, every]) => {
                let pattern = pattern(written)?;
                let every = *every == "g";
                Arc::new(texts.map(|text| replaced_in(text?, &pattern, by, every)).collect::<StringArray>())
            }
            _ => return internal_err!("{}: an argument is missing", self.name()),
        };
        if matches!(value, ColumnarValue::Scalar(_)) && !result.is_empty() {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

fn found_in<'a>(text: &'a str, pattern: &Regex) -> Option<&'a str> {
    let found = pattern.captures(text)?;
    if found.len() > 1 { found.get(1) } else { found.get(0) }.map(|part| part.as_str())
}

fn replaced_in(text: &str, pattern: &Regex, by: &str, every: bool) -> Option<String> {
    let longest = usize::try_from(TEXT_BYTES_MAX).ok()?;
    let mut replaced = String::new();
    let mut from = 0;
    for found in pattern.captures_iter(text) {
        let place = found.get(0)?;
        replaced.push_str(text.get(from..place.start())?);
        found.expand(by, &mut replaced);
        if replaced.len() > longest {
            return None;
        }
        from = place.end();
        if !every {
            break;
        }
    }
    replaced.push_str(text.get(from..)?);
    (replaced.len() <= longest || from == 0).then_some(replaced)
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

    /// Expectations by hand, from PostgreSQL's documentation of `regexp_replace` and `substring`.
    #[test]
    fn patterns_are_found_and_replaced() {
        let found = |text, pattern| found_in(text, &Regex::new(pattern).unwrap()).map(str::to_owned);
        assert_eq!(found("foobar", "o.b").as_deref(), Some("oob"));
        assert_eq!(found("foobar", "o(.)b").as_deref(), Some("o"));
        assert_eq!(found("foobar", "x"), None);
        let replaced =
            |pattern, by, every| replaced_in("foobarbaz", &Regex::new(pattern).unwrap(), by, every);
        assert_eq!(replaced("b..", "X", false).as_deref(), Some("fooXbaz"));
        assert_eq!(replaced("b..", "X", true).as_deref(), Some("fooXX"));
        assert_eq!(replaced("b(..)", "X${1}Y", true).as_deref(), Some("fooXarYXazY"));
        assert_eq!(replaced("", &"x".repeat(9_000), true), None);
    }
}
