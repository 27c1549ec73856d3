//! Functions of the calendar that PostgreSQL has as arithmetic of intervals. For any arguments they give a
//! value or NULL, and never fail.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, TimestampMicrosecondArray,
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

/// The name of [`elapsed`] in a query.
pub(crate) const ELAPSED: &str = "elapsed";

/// The name of [`make_date`] in a query.
pub(crate) const MAKE_DATE: &str = "make_date";

/// A date with a time of day.
const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Days from the year 1, as chrono counts, to 1970-01-01.
const EPOCH_DAYS: i32 = 719_163;

#[derive(Debug, PartialEq, Eq, Hash)]
enum Calendar {
    FullMonths(Signature),
    DatePlus(Signature),
    Elapsed(Signature),
    MakeDate(Signature),
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

/// `elapsed(later, earlier, part)`: a part of the time between two instants, as PostgreSQL's `extract(part FROM
/// later - earlier)` gives it: all of it in seconds (`epoch`), its whole days, or the hours, minutes or seconds
/// beside these.
pub(crate) fn elapsed() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Calendar::Elapsed(Signature::user_defined(Volatility::Immutable))))
}

/// `make_date(year, month, day)`; NULL where there is no such day.
pub(crate) fn make_date() -> Arc<ScalarUDF> {
    let signature = Signature::exact(vec![DataType::Int64; 3], Volatility::Immutable);
    Arc::new(ScalarUDF::from(Calendar::MakeDate(signature)))
}

impl ScalarUDFImpl for Calendar {
    fn name(&self) -> &str {
        match self {
            Self::FullMonths(_) => FULL_MONTHS,
            Self::DatePlus(_) => DATE_PLUS,
            Self::Elapsed(_) => ELAPSED,
            Self::MakeDate(_) => MAKE_DATE,
        }
    }

    fn signature(&self) -> &Signature {
        match self {
            Self::FullMonths(signature)
            | Self::DatePlus(signature)
            | Self::Elapsed(signature)
            | Self::MakeDate(signature) => signature,
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match (self, types) {
            (Self::FullMonths(_), _) => DataType::Int64,
            (Self::DatePlus(_), [DataType::Date32, DataType::Int64, ..]) => DataType::Date32,
            (Self::DatePlus(_), _) => TIME,
            (Self::Elapsed(_), _) => DataType::Float64,
            (Self::MakeDate(_), _) => DataType::Date32,
        })
    }

    /// Only of `elapsed`: instants of any kind.
    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let instant = |kind: &DataType| {
            matches!(kind, DataType::Date32 | DataType::Timestamp(..) | DataType::Utf8 | DataType::Null)
        };
        match types {
            [later, earlier, _] if instant(later) && instant(earlier) => Ok(vec![TIME, TIME, DataType::Utf8]),
            _ => plan_err!("the function {} is of two dates or times", self.name()),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = |index: usize| match args.args.get(index) {
            Some(value) => value.to_array(args.number_rows),
            None => internal_err!("{}: an argument is missing", self.name()),
        };
        let written = |index: usize| match args.args.get(index) {
            Some(ColumnarValue::Scalar(ScalarValue::Utf8(Some(text)))) => Ok(text.clone()),
            _ => plan_err!("the unit of {} must be written out", self.name()),
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
            Self::DatePlus(_) => plus(&array(0)?, &array(1)?, &written(2)?)?,
            Self::Elapsed(_) => {
                let (later, earlier, part) = (array(0)?, array(1)?, written(2)?);
                let later = later.as_primitive::<TimestampMicrosecondType>().iter();
                let pairs = later.zip(earlier.as_primitive::<TimestampMicrosecondType>());
                let parts = pairs.map(|(later, earlier)| part_between(later?, earlier?, &part));
                Arc::new(parts.collect::<Float64Array>())
            }
            Self::MakeDate(_) => {
                let (years, months, days) = (array(0)?, array(1)?, array(2)?);
                let numbers = |of: &ArrayRef| of.as_primitive::<Int64Type>().clone();
                let (years, months, days) = (numbers(&years), numbers(&months), numbers(&days));
                let dates = years.iter().zip(&months).zip(&days);
                let dates = dates.map(|((year, month), day)| date_of(year?, month?, day?));
                Arc::new(dates.collect::<Date32Array>())
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

/// Days since 1970-01-01.
fn date_of(year: i64, month: i64, day: i64) -> Option<i32> {
    let year = i32::try_from(year).ok().filter(|year| (1..=9_999).contains(year))?;
    let date = NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)?;
    date.num_days_from_ce().checked_sub(EPOCH_DAYS)
}

fn months_between(later: NaiveDate, earlier: NaiveDate) -> i64 {
    if later < earlier {
        return -months_between(earlier, later);
    }
    let months = |d: NaiveDate| i64::from(d.year()) * 12 + i64::from(d.month());
    months(later) - months(earlier) - i64::from(later.day() < earlier.day())
}

/// Parts of a time before are negative, as the time is.
fn part_between(later: i64, earlier: i64, part: &str) -> Option<f64> {
    let micros = later.checked_sub(earlier)?;
    let (in_day, second) = (micros % MICROSECONDS_PER_DAY, 1_000_000);
    let whole = |n: i64| Some(n as f64);
    match part {
        "epoch" => Some(micros as f64 / 1e6),
        "day" => whole(micros / MICROSECONDS_PER_DAY),
        "hour" => whole(in_day / (3_600 * second)),
        "minute" => whole(in_day / (60 * second) % 60),
        "second" => Some((in_day % (60 * second)) as f64 / 1e6),
        _ => None,
    }
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
    fn dates_are_made_of_numbers() {
        for (year, month, day, days) in [
            (1970, 1, 1, Some(0)),
            (2024, 2, 29, Some(19_782)),
            (2023, 2, 29, None),
            (0, 1, 1, None),
            (10_000, 1, 1, None),
            (2024, -1, 1, None),
            (2024, 1, i64::MAX, None),
        ] {
            assert_eq!(date_of(year, month, day), days, "{year} {month} {day}");
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

    /// Expectations from PostgreSQL's `extract(part FROM timestamp - timestamp)`.
    #[test]
    fn parts_of_a_time_between() {
        let micros = |text: &str| text.parse::<chrono::NaiveDateTime>().unwrap().and_utc().timestamp_micros();
        let (later, earlier) = (micros("2024-03-02T05:06:07.5"), micros("2024-02-28T04:00:00"));
        for (part, forward, back) in [
            ("epoch", 263_167.5, -263_167.5),
            ("day", 3.0, -3.0),
            ("hour", 1.0, -1.0),
            ("minute", 6.0, -6.0),
            ("second", 7.5, -7.5),
        ] {
            assert_eq!(part_between(later, earlier, part), Some(forward), "{part}");
            assert_eq!(part_between(earlier, later, part), Some(back), "{part}");
        }
        assert_eq!(part_between(i64::MIN, i64::MAX, "epoch"), None);
        assert_eq!(part_between(later, earlier, "month"), None);
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
