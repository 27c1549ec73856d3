//! One invented value.

use chrono::{NaiveDate, NaiveDateTime};

/// A value as it would have landed; pseudonyms and people are tokens that say that they are invented.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Text, or a token in the place of a pseudonym.
    Text(String),
    /// A whole number of 32 or 64 bits.
    Int(i64),
    /// A decimal number, in thousandths.
    Decimal(i128),
    /// A floating-point number.
    Float(f64),
    /// A date.
    Date(NaiveDate),
    /// A date and time.
    Timestamp(NaiveDateTime),
    /// A truth value.
    Bool(bool),
}
