//! One column: validation of its text, the contract's transform, and the values that land.

use crate::identity::{Identity, pseudonym};
use crate::memo::Memo;
use crate::parse;
use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder, Float64Builder,
    Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use chrono::{Duration, NaiveDate, NaiveDateTime};
use cloister_governance::contract::{ColumnContract, ColumnType, Contract, PseudonymDomain, Transform};
use cloister_model::LandedType;
use cloister_pseudonym::{Pseudonym, PseudonymKeys};
use regex::bytes::Regex;
use std::collections::HashSet;
use std::sync::Arc;

/// What a field became.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Landing<'a> {
    Null,
    Text(&'a str),
    Owned(String),
    Int(i64),
    Decimal(i128),
    Float(f64),
    Days(i32),
    Micros(i64),
    Bool(bool),
    Pseudonym(Pseudonym),
    Person(Identity),
}

/// What validation needs beside the contract.
pub(crate) struct Context<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) keys: &'a PseudonymKeys,
    pub(crate) reference_date: NaiveDate,
}

/// A column's contract, made ready.
pub(crate) struct ColumnPlan<'a> {
    pub(crate) contract: &'a ColumnContract,
    pub(crate) person: bool,
    codes: HashSet<&'a str>,
    pattern: Option<Regex>,
    /// Whether texts that come again are worth remembering.
    repeats: bool,
}

/// The smallest span of days that dates are moved by is one; see `PseudonymKeys::date_shift_days`.
type Moved<T> = Result<T, &'static str>;

impl<'a> ColumnPlan<'a> {
    pub(crate) fn new(contract: &'a ColumnContract, person: bool) -> Result<Self, regex::Error> {
        let pattern = contract.pattern.as_ref().map(|p| Regex::new(&format!("^(?:{p})$"))).transpose()?;
        let codes = contract.codes.iter().map(String::as_str).collect();
        let pseudonymised = matches!(contract.transform, Transform::Pseudonymise(_));
        let repeats = pattern.is_some() || !contract.codes.is_empty() || pseudonymised;
        let repeats = repeats && contract.column_type == ColumnType::Text;
        Ok(Self { contract, person, codes, pattern, repeats })
    }

    /// Validates a field and says what lands, or the code of what is wrong; no field is no UTF-8. `shift`
    /// gives the days that this row's person's dates are moved by.
    pub(crate) fn land<'t>(
        &self,
        field: Option<&'t str>,
        context: &Context<'_>,
        memo: &mut Memo,
        shift: &dyn Fn() -> i64,
    ) -> Result<Landing<'t>, &'static str> {
        let text = trimmed(field.ok_or("invalid-utf8")?);
        if self.person {
            return memo.person(text, &context.contract.person_scheme).map(Landing::Person);
        }
        if text.is_empty() {
            return if self.contract.required { Err("missing") } else { Ok(Landing::Null) };
        }
        if !self.repeats {
            return self.checked(text, context, shift);
        }
        if let Some(known) = memo.get(text) {
            return Ok(known.map_or(Landing::Text(text), Landing::Pseudonym));
        }
        let landing = self.checked(text, context, shift)?;
        match &landing {
            Landing::Text(_) => memo.keep(text, None),
            Landing::Pseudonym(pseudonym) => memo.keep(text, Some(*pseudonym)),
            _ => {}
        }
        Ok(landing)
    }

    fn checked<'t>(
        &self,
        text: &'t str,
        context: &Context<'_>,
        shift: &dyn Fn() -> i64,
    ) -> Result<Landing<'t>, &'static str> {
        if !self.codes.is_empty() && !self.codes.contains(text) {
            return Err("not-in-code-list");
        }
        if self.pattern.as_ref().is_some_and(|p| !p.is_match(text.as_bytes())) {
            return Err("pattern");
        }
        match self.contract.column_type {
            ColumnType::Text => self.text(text, context),
            ColumnType::Int32 | ColumnType::Int64 => {
                let number: i64 = text.parse().map_err(|_| "bad-integer")?;
                if self.contract.column_type == ColumnType::Int32 && i32::try_from(number).is_err() {
                    return Err("out-of-range");
                }
                self.in_range(number as f64)?;
                match self.contract.transform {
                    Transform::Pseudonymise(domain) => Ok(self.pseudonym(domain, text, context)),
                    _ => Ok(Landing::Int(number)),
                }
            }
            ColumnType::Decimal => {
                let number = parse::decimal(text).ok_or("bad-decimal")?;
                self.in_range(number as f64 / 1_000.0)?;
                Ok(Landing::Decimal(number))
            }
            ColumnType::Float => {
                let number = parse::float(text).ok_or("bad-float")?;
                self.in_range(number)?;
                Ok(Landing::Float(number))
            }
            ColumnType::Bool => parse::boolean(text).map(Landing::Bool).ok_or("bad-bool"),
            ColumnType::Date => {
                let date = parse::date(text, &self.contract.formats).ok_or("bad-date")?;
                self.date(date, context, shift)
            }
            ColumnType::Datetime => {
                let moment = parse::datetime(text, &self.contract.formats).ok_or("bad-datetime")?;
                self.moment(moment, context, shift)
            }
        }
    }

    fn text<'t>(&self, text: &'t str, context: &Context<'_>) -> Result<Landing<'t>, &'static str> {
        match self.contract.transform {
            Transform::Pseudonymise(domain) => Ok(self.pseudonym(domain, text, context)),
            Transform::PostcodeDistrict => {
                let district = parse::postcode_district(text).map_err(|()| "bad-postcode")?;
                Ok(district.map_or(Landing::Null, Landing::Owned))
            }
            _ => Ok(Landing::Text(text)),
        }
    }

    fn pseudonym(&self, domain: PseudonymDomain, text: &str, context: &Context<'_>) -> Landing<'static> {
        let (keys, dataset) = (context.keys, context.contract.name.as_str());
        Landing::Pseudonym(match domain {
            PseudonymDomain::LocalId => keys.local_id(dataset, text.as_bytes()),
            PseudonymDomain::Staff => keys.staff(dataset, text.as_bytes()),
            PseudonymDomain::Organisation => keys.organisation(text.as_bytes()),
            // The contract check leaves this to the person column, which does not come here.
            PseudonymDomain::Person => {
                let identity = Identity::Local(text.as_bytes().into());
                pseudonym(keys, &context.contract.person_scheme, &identity)
            }
        })
    }

    fn in_range(&self, number: f64) -> Result<(), &'static str> {
        let low = self.contract.min.is_some_and(|min| number < min);
        let high = self.contract.max.is_some_and(|max| number > max);
        if low || high { Err("out-of-range") } else { Ok(()) }
    }

    fn in_time(&self, date: NaiveDate) -> Result<(), &'static str> {
        let early = self.contract.earliest.is_some_and(|e| date < e);
        let late = self.contract.latest.is_some_and(|l| date > l);
        if early || late { Err("out-of-range") } else { Ok(()) }
    }

    fn date(
        &self,
        date: NaiveDate,
        context: &Context<'_>,
        shift: &dyn Fn() -> i64,
    ) -> Moved<Landing<'static>> {
        self.in_time(date)?;
        Ok(match self.contract.transform {
            Transform::Year => Landing::Int(i64::from(chrono::Datelike::year(&date))),
            Transform::AgeBand => {
                Landing::Owned(parse::age_band(date, context.reference_date).ok_or("out-of-range")?)
            }
            Transform::Month => Landing::Days(parse::days(parse::month(date))),
            Transform::DateShift => {
                let moved = date.checked_add_signed(Duration::days(shift())).ok_or("out-of-range")?;
                Landing::Days(parse::days(moved))
            }
            _ => Landing::Days(parse::days(date)),
        })
    }

    fn moment(
        &self,
        moment: NaiveDateTime,
        context: &Context<'_>,
        shift: &dyn Fn() -> i64,
    ) -> Moved<Landing<'static>> {
        self.in_time(moment.date())?;
        Ok(match self.contract.transform {
            Transform::Year | Transform::AgeBand => return self.date(moment.date(), context, shift),
            Transform::Month => {
                Landing::Micros(parse::micros(parse::month(moment.date()).and_time(chrono::NaiveTime::MIN)))
            }
            Transform::DateShift => {
                let moved = moment.checked_add_signed(Duration::days(shift())).ok_or("out-of-range")?;
                Landing::Micros(parse::micros(moved))
            }
            _ => Landing::Micros(parse::micros(moment)),
        })
    }
}

/// The text without white space around it.
fn trimmed(text: &str) -> &str {
    let graphic = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    // Most fields have none; to know that of ASCII takes two looks.
    if graphic(text.as_bytes().first()) && graphic(text.as_bytes().last()) { text } else { text.trim() }
}

/// The values of a landed column under way.
pub(crate) enum Builder {
    Text(StringBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Decimal(Decimal128Builder),
    Float(Float64Builder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Bool(BooleanBuilder),
    Pseudonym(FixedSizeBinaryBuilder),
}

impl Builder {
    /// A builder for a landed type; a person's number is built elsewhere.
    pub(crate) fn new(landed: LandedType, rows: usize) -> Option<Self> {
        Some(match landed {
            LandedType::Person => return None,
            LandedType::Pseudonym => Self::Pseudonym(FixedSizeBinaryBuilder::with_capacity(rows, 16)),
            LandedType::Text => Self::Text(StringBuilder::with_capacity(rows, rows * 8)),
            LandedType::Int32 => Self::Int32(Int32Builder::with_capacity(rows)),
            LandedType::Int64 => Self::Int64(Int64Builder::with_capacity(rows)),
            LandedType::Decimal(precision, scale) => {
                let builder = Decimal128Builder::with_capacity(rows);
                Self::Decimal(builder.with_precision_and_scale(precision, scale).ok()?)
            }
            LandedType::Float => Self::Float(Float64Builder::with_capacity(rows)),
            LandedType::Date => Self::Date(Date32Builder::with_capacity(rows)),
            LandedType::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows)),
            LandedType::Bool => Self::Bool(BooleanBuilder::with_capacity(rows)),
        })
    }

    /// Adds a value; one of another type than the column's is an error of the program.
    pub(crate) fn push(&mut self, value: &Landing<'_>) -> Result<(), &'static str> {
        match (self, value) {
            (Self::Text(b), Landing::Text(v)) => b.append_value(v),
            (Self::Text(b), Landing::Owned(v)) => b.append_value(v),
            (Self::Text(b), Landing::Null) => b.append_null(),
            (Self::Int32(b), Landing::Int(v)) => {
                b.append_value(i32::try_from(*v).map_err(|_| "out-of-range")?)
            }
            (Self::Int32(b), Landing::Null) => b.append_null(),
            (Self::Int64(b), Landing::Int(v)) => b.append_value(*v),
            (Self::Int64(b), Landing::Null) => b.append_null(),
            (Self::Decimal(b), Landing::Decimal(v)) => b.append_value(*v),
            (Self::Decimal(b), Landing::Null) => b.append_null(),
            (Self::Float(b), Landing::Float(v)) => b.append_value(*v),
            (Self::Float(b), Landing::Null) => b.append_null(),
            (Self::Date(b), Landing::Days(v)) => b.append_value(*v),
            (Self::Date(b), Landing::Null) => b.append_null(),
            (Self::Timestamp(b), Landing::Micros(v)) => b.append_value(*v),
            (Self::Timestamp(b), Landing::Null) => b.append_null(),
            (Self::Bool(b), Landing::Bool(v)) => b.append_value(*v),
            (Self::Bool(b), Landing::Null) => b.append_null(),
            (Self::Pseudonym(b), Landing::Pseudonym(v)) => {
                b.append_value(v.as_bytes()).map_err(|_| "internal")?;
            }
            (Self::Pseudonym(b), Landing::Null) => b.append_null(),
            _ => return Err("internal"),
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut b) => Arc::new(b.finish()),
            Self::Int32(mut b) => Arc::new(b.finish()),
            Self::Int64(mut b) => Arc::new(b.finish()),
            Self::Decimal(mut b) => Arc::new(b.finish()),
            Self::Float(mut b) => Arc::new(b.finish()),
            Self::Date(mut b) => Arc::new(b.finish()),
            Self::Timestamp(mut b) => Arc::new(b.finish()),
            Self::Bool(mut b) => Arc::new(b.finish()),
            Self::Pseudonym(mut b) => Arc::new(b.finish()),
        }
    }
}
