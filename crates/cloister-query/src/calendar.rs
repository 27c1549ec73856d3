//! Functions of the calendar that PostgreSQL has as arithmetic of intervals. For any arguments they give a
//! value or NULL, and never fail.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use std::sync::Arc;

/// The name of [`full_months`] in a query.
pub(crate) const FULL_MONTHS: &str = "full_months";
/// The name of [`date_plus`] in a query.
pub(crate) const DATE_PLUS: &str = "date_plus";

/// A date with a time of day.
const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Days from the year 1, as chrono counts, to 1970-01-01.
const EPOCH_DAYS: i32 = 719_163;

#[derive(Debug, PartialEq, Eq, Hash)]
enum Calendar {
    FullMonths(Signature),
    DatePlus(Signature),
}

/// `full_months(later, earlier)`: whole months from the earlier date to the later one, as `age` counts them;
/// negative the other way round.
pub(crate) fn full_months() -> Arc<ScalarUDF> {
    let dates = vec![DataType::Date32, DataType::Date32];
    let signature = Signature::exact(dates, Volatility::Immutable);
    Arc::new(ScalarUDF::from(Calendar::FullMonths(signature)))
}

/// `date_plus(date, n, unit)`: the date `n` days, weeks, months or years later; NULL outside the calendar. Where
/// the date has a time of day, or `n` a fraction, so has the result.
pub(crate) fn date_plus() -> Arc<ScalarUDF> {
    let exact = |from: DataType, by: DataType| TypeSignature::Exact(vec![from, by, DataType::Utf8]);
    let signatures = vec![
        exact(DataType::Date32, DataType::Int64),
        exact(DataType::Date32, DataType::Float64),
        exact(TIME, DataType::Int64),
        exact(TIME, DataType::Float64),
    ];
    let signature = Signature::one_of(signatures, Volatility::Immutable);
    Arc::new(ScalarUDF::from(Calendar::DatePlus(signature)))
}

impl ScalarUDFImpl for Calendar {
    fn name(&self) -> &str {
        match self {
            Self::FullMonths(_) => FULL_MONTHS,
            Self::DatePlus(_) => DATE_PLUS,
        }
    }

    fn signature(&self) -> &Signature {
        match self {
            Self::FullMonths(signature) | Self::DatePlus(signature) => signature,
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match (self, types) {
            (Self::FullMonths(_), _) => DataType::Int64,
            (Self::DatePlus(_), [DataType::Date32, DataType::Int64, ..]) => DataType::Date32,
            (Self::DatePlus(_), _) => TIME,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = |index: usize| match args.args.get(index) {
            Some(value) => value.to_array(args.number_rows),
            None => internal_err!("{}: an argument is missing", self.name()),
        };
        let result: ArrayRef = match self {
            Self::FullMonths(_) => {
                let (later, earlier) = (array(0)?, array(1)?);
                let pairs =
                    later.as_primitive::<Date32Type>().iter().zip(earlier.as_primitive::<Date32Type>());
                let months =
                    pairs.map(|(later, earlier)| Some(months_between(date(later?)?, date(earlier?)?)));
                Arc::new(months.collect::<Int64Array>())
            }
            Self::DatePlus(_) => {
                let unit = match args.args.get(2) {
                    Some(ColumnarValue::Scalar(ScalarValue::Utf8(Some(unit)))) => unit.clone(),
                    _ => return plan_err!("the unit of {DATE_PLUS} must be written out"),
                };
                plus(&array(0)?, &array(1)?, &unit)?
            }
        };
        if args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_))) && !result.is_empty() {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

fn plus(from: &ArrayRef, by: &ArrayRef, unit: &str) -> Result<ArrayRef> {
    if let (Some(dates), Some(numbers)) =
        (from.as_primitive_opt::<Date32Type>(), by.as_primitive_opt::<Int64Type>())
    {
        let moved = dates.iter().zip(numbers).map(|(d, n)| {
            let days = moved(date(d?)?, n?, unit)?.num_days_from_ce();
            days.checked_sub(EPOCH_DAYS)
        });
        return Ok(Arc::new(moved.collect::<Date32Array>()));
    }
    let (from, by) = (cast(from, &TIME)?, cast(by, &DataType::Float64)?);
    let pairs = from.as_primitive::<TimestampMicrosecondType>().iter().zip(by.as_primitive::<Float64Type>());
    let moved = pairs.map(|(time, n)| moved_time(time?, n?, unit));
    Ok(Arc::new(moved.collect::<TimestampMicrosecondArray>()))
}

fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH_DAYS)?)
}

fn months_between(later: NaiveDate, earlier: NaiveDate) -> i64 {
    if later < earlier {
        return -months_between(earlier, later);
    }
    let months = |d: NaiveDate| i64::from(d.year()) * 12 + i64::from(d.month());
    months(later) - months(earlier) - i64::from(later.day() < earlier.day())
}

fn moved(date: NaiveDate, n: i64, unit: &str) -> Option<NaiveDate> {
    let by = |n: i64, days: bool| match (u32::try_from(n.unsigned_abs()).ok()?, days, n < 0) {
        (n, true, false) => date.checked_add_days(Days::new(n.into())),
        (n, true, true) => date.checked_sub_days(Days::new(n.into())),
        (n, false, false) => date.checked_add_months(Months::new(n)),
        (n, false, true) => date.checked_sub_months(Months::new(n)),
    };
    match unit {
        "day" => by(n, true),
        "week" => by(n.checked_mul(7)?, true),
        "month" => by(n, false),
        "year" => by(n.checked_mul(12)?, false),
        _ => None,
    }
}

/// A fraction of a month is so many of 30 days, as PostgreSQL has it.
fn moved_time(time: i64, n: f64, unit: &str) -> Option<i64> {
    let (months, days) = match unit {
        "day" => (0.0, n),
        "week" => (0.0, n * 7.0),
        "month" => (n.trunc(), n.fract() * 30.0),
        "year" => ((n * 12.0).trunc(), (n * 12.0).fract() * 30.0),
        _ => return None,
    };
    let whole = |n: f64| (n.abs() < 9e17).then(|| n.round() as i64);
    let day = i32::try_from(time.div_euclid(MICROSECONDS_PER_DAY)).ok()?;
    let day = moved(date(day)?, whole(months)?, "month")?.num_days_from_ce().checked_sub(EPOCH_DAYS)?;
    let moved = i64::from(day)
        .checked_mul(MICROSECONDS_PER_DAY)?
        .checked_add(time.rem_euclid(MICROSECONDS_PER_DAY))?
        .checked_add(whole(days * MICROSECONDS_PER_DAY as f64)?)?;
    DateTime::from_timestamp_micros(moved).map(|_| moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Expectations by hand, as PostgreSQL counts `extract(year from age(a, b)) * 12 + extract(month from age(a, b))`.
    #[test]
    fn months_are_those_of_age() {
        for (later, earlier, months) in [
            ("2024-03-31", "2024-02-29", 1),
            ("2024-03-28", "2024-02-29", 0),
            ("2024-01-01", "2023-12-31", 0),
            ("2024-06-15", "1990-06-15", 408),
            ("2024-06-14", "1990-06-15", 407),
            ("1990-06-15", "2024-06-14", -407),
            ("2020-01-01", "2020-01-01", 0),
        ] {
            assert_eq!(months_between(day(later), day(earlier)), months, "{later} {earlier}");
        }
    }

    #[test]
    fn dates_move_within_the_calendar() {
        for (from, n, unit, to) in [
            ("2024-01-31", 1, "month", Some("2024-02-29")),
            ("2024-02-29", -1, "year", Some("2023-02-28")),
            ("2024-02-28", 2, "day", Some("2024-03-01")),
            ("2024-02-28", -1, "week", Some("2024-02-21")),
            ("2024-02-28", i64::MAX, "day", None),
            ("2024-02-28", i64::MIN, "week", None),
            ("2024-02-28", i64::MAX, "year", None),
            ("2024-02-28", 1, "century", None),
        ] {
            assert_eq!(moved(day(from), n, unit), to.map(day), "{from} {n} {unit}");
        }
    }

    /// Expectations from PostgreSQL's `timestamp + n * interval`.
    #[test]
    fn times_move_with_their_time_of_day() {
        let micros = |text: &str| text.parse::<chrono::NaiveDateTime>().unwrap().and_utc().timestamp_micros();
        for (from, n, unit, to) in [
            ("2024-01-31T06:00:00", 1.0, "month", Some("2024-02-29T06:00:00")),
            ("2024-01-31T06:00:00", 1.5, "month", Some("2024-03-15T06:00:00")),
            ("2024-01-01T00:00:00", 2.5, "day", Some("2024-01-03T12:00:00")),
            ("2024-01-01T00:00:00", -0.25, "day", Some("2023-12-31T18:00:00")),
            ("0001-01-01T00:00:00", 738_000.1, "day", Some("2021-07-30T02:24:00")),
            ("2024-01-01T00:00:00", 0.5, "year", Some("2024-07-01T00:00:00")),
            ("2024-01-01T00:00:00", f64::NAN, "day", None),
            ("2024-01-01T00:00:00", f64::INFINITY, "year", None),
            ("2024-01-01T00:00:00", 1e12, "week", None),
        ] {
            let close = |a: Option<i64>, b: Option<i64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1_000,
                (a, b) => a == b,
            };
            let moved = moved_time(micros(from), n, unit);
            assert!(close(moved, to.map(micros)), "{from} {n} {unit}: {moved:?}");
        }
    }
}
