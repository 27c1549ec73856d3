//! The shape of landed columns: agreed here between landing, which writes them, and the query
//! engine, which reads them.

use crate::{ColumnClass, Ident};
use serde::{Deserialize, Serialize};

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
    /// Meaning, for the data dictionary.
    #[serde(default)]
    pub description: String,
}
