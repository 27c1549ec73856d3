//! A contract: the written description of a dataset (`policies/datasets/*.toml`).
//!
//! It says which tables and columns an extract has, what is valid in them, what each column is to a
//! person's privacy, and what landing does to it. A column that is not named is refused.

use crate::{Problems, contract_check};
use chrono::NaiveDate;
use cloister_model::{ColumnClass, Digest, Ident, LandedColumn, LandedType, Name};
use serde::Deserialize;

/// The description of one dataset.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contract {
    /// The dataset's name; its schema in SQL (with `-` and `.` as `_`).
    pub name: Name,
    /// The version of this description, from 1.
    pub version: u32,
    /// One line for people.
    pub title: String,
    /// Which kind of organisation sends it, and any source for the shape.
    #[serde(default)]
    pub description: String,
    /// What names a person in this extract.
    pub person_scheme: PersonScheme,
    /// When rejected rows make the whole landing fail.
    #[serde(default)]
    pub rejects: RejectLimits,
    /// The tables.
    pub tables: Vec<TableContract>,
}

/// What names a person in an extract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonScheme {
    /// The NHS number: ten digits, spaces and hyphens ignored, check digit by modulus 11. The same
    /// person in every dataset that uses it.
    NhsNumber,
    /// An identifier of the source's own; the name keeps sources apart, so that person 17 of one
    /// is not person 17 of another.
    Local(Name),
}

/// Thresholds of a landing: a table with more rejected rows fails the landing as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RejectLimits {
    /// The largest share of a table's rows, from 0 to 1.
    pub fraction_max: f64,
    /// The largest number of a table's rows.
    pub rows_max: u64,
}

impl Default for RejectLimits {
    /// One row in twenty, however many.
    fn default() -> Self {
        Self { fraction_max: 0.05, rows_max: u64::MAX }
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TableContract {
    /// Its name in SQL.
    pub name: Ident,
    /// Meaning, for the data dictionary.
    #[serde(default)]
    pub description: String,
    /// Names of the files that hold it, `*` for anything, compared without regard to case; several
    /// files are one table.
    pub files: Vec<String>,
    /// The column (its name in the extract) that names the person each row is about. Without one
    /// this is a reference table, which says nothing about any patient.
    #[serde(default)]
    pub person: Option<Ident>,
    /// Whether an extract may come without this table.
    #[serde(default)]
    pub optional: bool,
    /// Columns (names in the extract) that together occur once per person; later rows with the same
    /// values are rejected as `duplicate-key`. Empty: no such rule. The person column is always
    /// part of the key and need not be listed; a list with only the person column means one row per person.
    #[serde(default)]
    pub unique: Vec<Ident>,
    /// The columns.
    pub columns: Vec<ColumnContract>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ColumnContract {
    /// Its name in the extract's header, compared without regard to case.
    pub name: Ident,
    /// Its name when landed; the same where absent.
    #[serde(default)]
    pub to: Option<Ident>,
    /// Its type in the extract.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Whether every row has a value. An empty field is no value.
    #[serde(default)]
    pub required: bool,
    /// Whether the header may lack it; it then lands as NULL everywhere.
    #[serde(default)]
    pub optional: bool,
    /// What it is to a person's privacy.
    pub class: ColumnClass,
    /// What landing does to it.
    #[serde(default)]
    pub transform: Transform,
    /// The values it may have (text of the extract, before the transform).
    #[serde(default)]
    pub codes: Vec<String>,
    /// A regular expression that the whole text must match.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The smallest number.
    #[serde(default)]
    pub min: Option<f64>,
    /// The largest number.
    #[serde(default)]
    pub max: Option<f64>,
    /// The earliest date.
    #[serde(default)]
    pub earliest: Option<NaiveDate>,
    /// The latest date.
    #[serde(default)]
    pub latest: Option<NaiveDate>,
    /// Formats of dates and times (strftime), tried in order; ISO 8601 where empty.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Whether the list of possible values is public (a published code list, a range of years), so
    /// that a label may stand beside a suppressed cell.
    #[serde(default)]
    pub public_labels: bool,
    /// Whether a query may not pick rows by one value of the column (a rare code, a date of birth): it may be grouped
    /// by, counted, joined with the same person's rows, and compared by less and greater.
    #[serde(default)]
    pub no_equality: bool,
    /// Meaning, for the data dictionary.
    #[serde(default)]
    pub description: String,
}

/// The type of a column in the extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnType {
    /// Any text.
    Text,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A decimal number with 18 digits, 3 of them after the point (as OMOP's numerics and money).
    Decimal,
    /// A binary floating-point number; NaN and infinities are refused.
    Float,
    /// A calendar date.
    Date,
    /// A date and time without a zone; a date alone is midnight.
    Datetime,
    /// `true`/`false`, `1`/`0`, `y`/`n`, without regard to case.
    Bool,
}

/// What landing does to a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// Lands as it is.
    #[default]
    Keep,
    /// Is read and validated, and does not land.
    Drop,
    /// Becomes the person's number (the table's person column) or a keyed pseudonym of its domain.
    Pseudonymise(PseudonymDomain),
    /// A date becomes its year (`Int32`).
    Year,
    /// A date of birth becomes a five-year age band at the landing's reference date, `0-4` … `90+`.
    AgeBand,
    /// A postcode becomes its district, the part before the space (`LS6 3AB` → `LS6`).
    PostcodeDistrict,
    /// A date becomes the first of its month.
    Month,
    /// A date or time moves by a constant number of days of its person (1 to 183 either way), so
    /// that intervals stay and dates do not.
    DateShift,
}

/// What a pseudonym stands for; each domain has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PseudonymDomain {
    /// A person. Only the table's person column.
    Person,
    /// An identifier of the source's own: a visit, an episode, a sample.
    LocalId,
    /// A member of staff.
    Staff,
    /// An organisation or site.
    Organisation,
}

impl Contract {
    /// Reads and validates a contract; all that is wrong with it is listed.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let contract: Self =
            toml::from_str(text).map_err(|e| Problems::one("", e.to_string().trim_end().to_owned()))?;
        contract_check::check(&contract)?;
        Ok(contract)
    }

    /// The digest of a contract's text, which names it in the audit log.
    pub fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    /// The schema's name in SQL.
    pub fn schema_name(&self) -> String {
        self.name.as_str().replace(['-', '.'], "_")
    }

    /// The table with this name.
    pub fn table(&self, name: &str) -> Option<&TableContract> {
        self.tables.iter().find(|t| t.name.as_str() == name)
    }
}

impl TableContract {
    /// The columns as they land, in the contract's order; the person column first.
    pub fn landed(&self) -> Vec<LandedColumn> {
        let person = self.columns.iter().filter(|c| self.is_person(c));
        let others = self.columns.iter().filter(|c| !self.is_person(c));
        person.chain(others).filter_map(ColumnContract::landed).collect()
    }

    /// Whether this is the column that names the person.
    pub fn is_person(&self, column: &ColumnContract) -> bool {
        self.person.as_ref() == Some(&column.name)
    }

    /// The column with this name in the extract.
    pub fn column(&self, name: &Ident) -> Option<&ColumnContract> {
        self.columns.iter().find(|c| c.name == *name)
    }
}

impl ColumnContract {
    /// The name it lands under.
    pub fn landed_name(&self) -> &Ident {
        self.to.as_ref().unwrap_or(&self.name)
    }

    /// The column as it lands; `None` where it does not.
    pub fn landed(&self) -> Option<LandedColumn> {
        let landed_type = match self.transform {
            Transform::Drop => return None,
            Transform::Keep | Transform::Month | Transform::DateShift => self.column_type.landed(),
            Transform::Pseudonymise(PseudonymDomain::Person) => LandedType::Person,
            Transform::Pseudonymise(
                PseudonymDomain::LocalId | PseudonymDomain::Staff | PseudonymDomain::Organisation,
            ) => LandedType::Pseudonym,
            Transform::Year => LandedType::Int32,
            Transform::AgeBand | Transform::PostcodeDistrict => LandedType::Text,
        };
        Some(LandedColumn {
            name: self.landed_name().clone(),
            landed_type,
            class: match landed_type {
                LandedType::Person | LandedType::Pseudonym => ColumnClass::Pseudonym,
                // What lands of an identifier is made coarse: it helps to single out, it names nobody.
                _ if self.class == ColumnClass::Identifier => ColumnClass::QuasiIdentifier,
                _ => self.class,
            },
            nullable: !self.required,
            public_labels: self.public_labels,
            of_one_person: self.transform == Transform::Pseudonymise(PseudonymDomain::LocalId),
            no_equality: self.no_equality,
            description: self.description.clone(),
        })
    }
}

impl ColumnType {
    /// The landed type of a value that is kept.
    fn landed(self) -> LandedType {
        match self {
            Self::Text => LandedType::Text,
            Self::Int32 => LandedType::Int32,
            Self::Int64 => LandedType::Int64,
            Self::Decimal => LandedType::Decimal(18, 3),
            Self::Float => LandedType::Float,
            Self::Date => LandedType::Date,
            Self::Datetime => LandedType::Timestamp,
            Self::Bool => LandedType::Bool,
        }
    }
}
