//! The shape of landed columns: agreed here between landing, which writes them, and the query
//! engine, which reads them.

use crate::{ColumnClass, Ident};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of a landed column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LandedType {
    /// The dense number of a person of this hub (`UInt32`). Rows of a person table are sorted by it.
    Person,
    /// A 128-bit keyed pseudonym of anything but a person (`FixedSizeBinary(16)`).
    Pseudonym,
    /// UTF-8 text.
    Text,
    /// `Int32`.
    Int32,
    /// `Int64`.
    Int64,
    /// `Decimal128(precision, scale)`.
    Decimal(u8, i8),
    /// `Float64`.
    Float,
    /// `Date32`.
    Date,
    /// `Timestamp(Microsecond)`, without a time zone.
    Timestamp,
    /// `Boolean`.
    Bool,
}

impl fmt::Display for LandedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person => f.write_str("person"),
            Self::Pseudonym => f.write_str("pseudonym"),
            Self::Text => f.write_str("text"),
            Self::Int32 => f.write_str("int32"),
            Self::Int64 => f.write_str("int64"),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision}, {scale})"),
            Self::Float => f.write_str("float"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Bool => f.write_str("bool"),
        }
    }
}

/// One column as it stands in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LandedColumn {
    /// The column's name in SQL, lower case.
    pub name: Ident,
    /// Its type.
    #[serde(rename = "type")]
    pub landed_type: LandedType,
    /// What it is to a person's privacy.
    pub class: ColumnClass,
    /// Whether a row may lack a value.
    pub nullable: bool,
    /// Whether the list of possible values is public, so that a label may stand beside a
    /// suppressed cell.
    pub public_labels: bool,
    /// Whether no two people share a value: a visit's pseudonym, an episode's. Rows that have the same one are the
    /// same person's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_one_person: bool,
    /// Whether a query may not pick rows by one value of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_equality: bool,
    /// Meaning, for the data dictionary.
    #[serde(default)]
    pub description: String,
}

/// Versions that landed before a property existed keep their digests.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_false(value: &bool) -> bool {
    !*value
}
