//! Where one column's invented values come from.

use crate::Cell;
use crate::draw::Draw;
use crate::pattern::text_of;
use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime};
use cloister_governance::contract::{ColumnContract, ColumnType, PseudonymDomain, Transform};

/// Different texts of a column that has a pattern or no rule at all.
const TEXTS: usize = 14;
/// Days after a row's first date that its other dates may be.
const LATER_DAYS_MAX: u64 = 30;
/// In how many of a hundred rows a column that need not have a value has none.
const NULL_PERCENT: u64 = 8;

/// Where a column's values come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The row's person.
    Person,
    /// One of these, the first ones more often.
    Pool(Vec<Cell>),
    /// A token of its own in each row.
    Own(String),
    /// A token that a row of the same person has in the table at this place.
    OfPerson { owner: usize },
    /// A number from `min` to `max`; low ones more often where there are many.
    Number { min: f64, max: f64 },
    /// A date from the first to the second.
    Dates(NaiveDate, NaiveDate),
    /// A truth value.
    Bool,
}

/// The pool of a column with codes, a pattern, or no rule; none for numbers, dates and the like.
pub(crate) fn pool_of(column: &ColumnContract) -> Option<Vec<Cell>> {
    let name = column.landed_name().as_str();
    if !column.codes.is_empty() {
        return Some(column.codes.iter().filter_map(|code| landed(column, code)).collect());
    }
    if column.column_type != ColumnType::Text {
        return None;
    }
    let pattern = column.pattern.as_deref().or(match column.transform {
        Transform::PostcodeDistrict => Some("[A-Z]{2}[1-9] [1-9][A-Z]{2}"),
        _ => None,
    });
    // The same for every contract, so that the same columns of several datasets have values in common.
    let mut draw = Draw::shared(&format!("{name}|{}", pattern.unwrap_or_default()));
    let words = name.replace('_', " ");
    let texts = (1..=TEXTS).map(|i| {
        let text = pattern.and_then(|p| text_of(p, &mut draw));
        text.unwrap_or_else(|| format!("{words} {i}"))
    });
    Some(texts.filter_map(|text| landed(column, &text)).collect())
}

/// What becomes of a text of the extract; `None` where it would not land.
pub(crate) fn landed(column: &ColumnContract, text: &str) -> Option<Cell> {
    if column.transform == Transform::PostcodeDistrict {
        let code: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        let (outward, _) = code.split_at_checked(code.len().checked_sub(3)?)?;
        return Some(Cell::Text(outward.to_owned()));
    }
    Some(match column.column_type {
        ColumnType::Text => Cell::Text(text.to_owned()),
        ColumnType::Int32 | ColumnType::Int64 => Cell::Int(text.parse().ok()?),
        ColumnType::Float => Cell::Float(text.parse().ok()?),
        ColumnType::Decimal => Cell::Decimal((text.parse::<f64>().ok()? * 1_000.0).round() as i128),
        ColumnType::Bool => Cell::Bool(matches!(text, "true" | "1" | "y")),
        ColumnType::Date | ColumnType::Datetime => return None,
    })
}

/// The source of a column that neither names a person nor joins with another table.
pub(crate) fn plain(column: &ColumnContract) -> Source {
    match column.transform {
        Transform::Pseudonymise(PseudonymDomain::Person) => return Source::Person,
        Transform::Pseudonymise(PseudonymDomain::LocalId) => {
            return Source::Own(column.landed_name().to_string());
        }
        Transform::Pseudonymise(PseudonymDomain::Staff) => return tokens("staff"),
        Transform::Pseudonymise(PseudonymDomain::Organisation) => return tokens("organisation"),
        Transform::Keep
        | Transform::Drop
        | Transform::Year
        | Transform::AgeBand
        | Transform::PostcodeDistrict
        | Transform::Month
        | Transform::DateShift => {}
    }
    if let Some(pool) = pool_of(column) {
        return Source::Pool(pool);
    }
    match column.column_type {
        ColumnType::Date | ColumnType::Datetime => dates(column),
        ColumnType::Bool => Source::Bool,
        ColumnType::Text
        | ColumnType::Int32
        | ColumnType::Int64
        | ColumnType::Decimal
        | ColumnType::Float => numbers(column),
    }
}

fn tokens(domain: &str) -> Source {
    Source::Pool((1..=12).map(|i| Cell::Text(format!("{domain}-{i:02}"))).collect())
}

fn numbers(column: &ColumnContract) -> Source {
    let (min, max) = match (column.min, column.max) {
        (Some(min), Some(max)) => (min, max),
        (Some(min), None) => (min, min + 100.0),
        (None, Some(max)) => ((max - 100.0).min(0.0), max),
        (None, None) => (0.0, 100.0),
    };
    let name = column.landed_name().as_str();
    if name.contains("year") {
        let (from, to) = if name.contains("birth") { (1930.0, 2010.0) } else { (2015.0, 2024.0) };
        if min <= from && to <= max {
            return Source::Number { min: from, max: to };
        }
    }
    Source::Number { min, max }
}

/// Dates of the last years, or of births, as far as the contract allows them.
fn dates(column: &ColumnContract) -> Source {
    let birth = matches!(column.transform, Transform::Year | Transform::AgeBand)
        || column.landed_name().as_str().contains("birth");
    let (from, to) = if birth { (1930, 2010) } else { (2015, 2024) };
    let day = |year: i32, month: u32, day: u32| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let (from, to) = (day(from, 1, 1), day(to, 12, 31));
    let earliest = column.earliest.unwrap_or(from).max(from);
    let latest = column.latest.unwrap_or(to).min(to);
    if earliest <= latest {
        return Source::Dates(earliest, latest);
    }
    match (column.earliest, column.latest) {
        (Some(from), Some(to)) => Source::Dates(from, to),
        (Some(from), None) => Source::Dates(from, from + Duration::days(3_650)),
        (None, Some(to)) => Source::Dates(to - Duration::days(3_650), to),
        (None, None) => Source::Dates(from, to),
    }
}

/// What a row has in common.
pub(crate) struct Row<'a> {
    /// The person's token, where the table has people.
    pub(crate) person: Option<&'a str>,
    /// A number that no other row of the table has.
    pub(crate) number: u64,
    /// The row's first date.
    pub(crate) begins: Option<NaiveDate>,
    /// The tokens of the person's rows, by table.
    pub(crate) owned: &'a [Vec<String>],
}

impl Source {
    /// A value for a row.
    pub(crate) fn value(&self, column: &ColumnContract, row: &mut Row<'_>, draw: &mut Draw) -> Cell {
        let absent = !column.required && draw.below(100) < NULL_PERCENT;
        let text = |text: &str| Cell::Text(text.to_owned());
        match self {
            Self::Person => row.person.map_or(Cell::Null, text),
            Self::Own(name) => Cell::Text(token(name, row.number)),
            _ if absent => Cell::Null,
            Self::OfPerson { owner } => {
                let tokens = row.owned.get(*owner).map(Vec::as_slice).unwrap_or_default();
                draw.any_of(tokens).map_or(Cell::Null, |t| text(t))
            }
            Self::Pool(cells) => draw.one_of(cells).cloned().unwrap_or(Cell::Null),
            Self::Number { min, max } => number(column.column_type, *min, *max, draw),
            Self::Bool => Cell::Bool(draw.below(2) == 1),
            Self::Dates(from, to) => date(column, (*from, *to), row, draw),
        }
    }
}

pub(crate) fn token(name: &str, number: u64) -> String {
    format!("{}-{number:06}", name.trim_end_matches("_id").replace('_', "-"))
}

fn number(kind: ColumnType, min: f64, max: f64, draw: &mut Draw) -> Cell {
    let span = max - min;
    let share = draw.share();
    // Of many numbers low ones are common, as costs, stays and counts are.
    let value = if span > 120.0 { min + span * share.powi(4) } else { min + span * share };
    match kind {
        ColumnType::Int32 | ColumnType::Int64 => {
            let steps = if span > 120.0 { (value - min).floor() } else { (share * (span + 1.0)).floor() };
            Cell::Int((min.ceil() + steps).min(max.floor()) as i64)
        }
        ColumnType::Decimal => {
            Cell::Decimal(((value * 100.0).floor().max((min * 100.0).ceil()) * 10.0) as i128)
        }
        _ => Cell::Float(((value * 10.0).floor() / 10.0).max(min)),
    }
}

fn date(
    column: &ColumnContract,
    (from, to): (NaiveDate, NaiveDate),
    row: &mut Row<'_>,
    draw: &mut Draw,
) -> Cell {
    let birth = matches!(column.transform, Transform::Year | Transform::AgeBand)
        || column.landed_name().as_str().contains("birth");
    let days = |n: u64| Duration::days(i64::try_from(n).unwrap_or(0));
    let span = u64::try_from(to.signed_duration_since(from).num_days()).unwrap_or(0);
    let date = match row.begins {
        Some(begins) if !birth => (begins + days(draw.below(LATER_DAYS_MAX + 1))).clamp(from, to),
        _ => from + days(draw.below(span + 1)),
    };
    if !birth && row.begins.is_none() {
        row.begins = Some(date);
    }
    match (column.transform, column.column_type) {
        (Transform::Year, _) => Cell::Int(i64::from(date.year())),
        (Transform::AgeBand, _) => {
            let at = NaiveDate::from_ymd_opt(2024, 12, 31).unwrap_or(date);
            let age = at.years_since(date).unwrap_or(0);
            let from = age / 5 * 5;
            Cell::Text(if age >= 90 { "90+".to_owned() } else { format!("{from}-{}", from + 4) })
        }
        (transform, ColumnType::Datetime) => {
            let time = NaiveTime::from_num_seconds_from_midnight_opt(
                u32::try_from(draw.below(24 * 60)).unwrap_or(0) * 60,
                0,
            );
            let date = if transform == Transform::Month { date.with_day(1).unwrap_or(date) } else { date };
            Cell::Timestamp(NaiveDateTime::new(date, time.unwrap_or_default()))
        }
        (Transform::Month, _) => Cell::Date(date.with_day(1).unwrap_or(date)),
        _ => Cell::Date(date),
    }
}
