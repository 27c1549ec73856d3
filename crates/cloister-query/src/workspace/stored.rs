//! What is recorded of a workspace table: its files, and all that is known of its columns.

use crate::Refusal;
use crate::relation::{Chosen, ColumnFacts, Compared, Facts, Kind, Relation, Role, Shape, State};
use cloister_governance::FileEntry;
use cloister_model::{Digest, Ident};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{ExprSchema, Result, internal_datafusion_err};
use datafusion::logical_expr::{Expr, ExprSchemable};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// A workspace table as it is recorded. Researchers see its columns' names and types, and nothing else of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredTable {
    pub(crate) columns: Vec<StoredColumn>,
    pub(crate) whose: Whose,
    /// How many conditions are stored beside the values.
    pub(crate) branches: usize,
    /// Codes of what a checker must look at in whatever is made of it.
    pub(crate) holds: Vec<String>,
    /// The disclosure policy that values in it were protected by, where some were.
    pub(crate) policy: Option<Digest>,
    pub(crate) rows: u64,
    pub(crate) files: Vec<FileEntry>,
}

/// Whose its rows are, as [`State`] says of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Whose {
    Reference {
        /// Whether its query wrote rows of its own.
        made: bool,
    },
    PerPerson {
        chosen: Chosen,
        /// Whether some rows may be nobody's.
        nobodys: bool,
    },
    Protected {
        complete: bool,
    },
}

/// A visible column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredColumn {
    pub(crate) name: Ident,
    pub(crate) data_type: String,
    pub(crate) nullable: bool,
    pub(crate) kind: Kind,
    pub(crate) public: bool,
    pub(crate) shape: Shape,
    pub(crate) role: Role,
    /// The conditions it depends on, by their place among those that are stored.
    pub(crate) branches: Vec<usize>,
    pub(crate) compared: Compared,
    pub(crate) quantities: Vec<String>,
    /// Whether the state of each of its cells is stored.
    pub(crate) state: bool,
}

/// A column as a researcher sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceColumn {
    /// Its name.
    pub name: Ident,
    /// Its Arrow type, `person` or `pseudonym`.
    #[serde(rename = "type")]
    pub data_type: String,
}

impl StoredTable {
    /// Its columns.
    pub fn columns(&self) -> Vec<WorkspaceColumn> {
        self.columns.iter().map(|c| shown(&c.name, c.kind, &c.data_type)).collect()
    }

    /// Its files, by path inside the vault.
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    /// Whose its rows are: `people`, `groups` or `reference`.
    pub fn rows_of(&self) -> &'static str {
        match self.whose {
            Whose::Reference { .. } => "reference",
            Whose::PerPerson { .. } => "people",
            Whose::Protected { .. } => "groups",
        }
    }

    /// The disclosure policy that values in it were protected by; `None` where they are people's own, and
    /// protected whenever they are used.
    pub fn policy(&self) -> Option<Digest> {
        self.policy
    }
}

fn shown(name: &Ident, kind: Kind, data_type: &str) -> WorkspaceColumn {
    let data_type = match kind {
        Kind::Person => "person",
        Kind::Own | Kind::Pseudonym => "pseudonym",
        Kind::Value => data_type,
    };
    WorkspaceColumn { name: name.clone(), data_type: data_type.to_owned() }
}

/// The columns of a relation that is to be kept or named, as a researcher will see them.
pub(crate) fn shown_columns(relation: &Relation) -> Result<Vec<WorkspaceColumn>, Refusal> {
    let columns = names_of(relation)?.into_iter().zip(&relation.columns).map(|(name, column)| {
        let field = relation.plan.schema().field_from_column(&column.column).ok();
        let data_type = field.map(|f| f.data_type().to_string()).unwrap_or_default();
        shown(&name, column.facts.kind, &data_type)
    });
    Ok(columns.collect())
}

/// The names of a relation's columns, each plain and there once.
fn names_of(relation: &Relation) -> Result<Vec<Ident>, Refusal> {
    let mut seen = HashSet::new();
    let names = relation.columns.iter().map(|column| {
        let name: Option<Ident> = column.column.name().parse().ok();
        name.filter(|name| seen.insert(name.clone())).ok_or_else(|| {
            Refusal::new(
                "column-name",
                "Every column of a workspace table or view needs a plain name that no other has.",
                "Give each expression a name with AS: a lower-case letter, then at most 62 of a-z, 0-9 and _.",
            )
        })
    });
    names.collect()
}

/// How a relation is stored: the description of its columns, and the expressions that are written, in the order
/// of [`physical_schema`].
pub(super) struct Layout {
    pub(super) table: StoredTable,
    /// The person, the values, the conditions and the states.
    pub(super) exprs: Vec<Expr>,
}

impl Layout {
    /// Lays a relation out.
    ///
    /// # Errors
    /// A refusal where a column has no plain name or a type that is not stored.
    pub(super) fn of(relation: &Relation, made: bool) -> Result<Result<Self, Refusal>> {
        let schema = relation.plan.schema();
        let names = match names_of(relation) {
            Ok(names) => names,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let people = matches!(relation.state, State::PerPerson { .. });
        let (mut columns, mut values): (Vec<StoredColumn>, Vec<Expr>) = (Vec::new(), Vec::new());
        let mut conditions: Vec<Expr> = Vec::new();
        for (name, ColumnFacts { column, facts }) in names.into_iter().zip(&relation.columns) {
            let field = schema.field_from_column(column)?;
            let Some(data_type) = stored_type(field.data_type()) else {
                return Ok(Err(type_refusal(&name)));
            };
            let nullable = field.is_nullable();
            // Whatever is known must be stored: a new part of it does not compile here.
            let Facts { kind, public, shape, branches, role, compared, quantities } = facts.clone();
            // Conditions on what is nobody's, or protected already, are no cells.
            let branches = branches.into_iter().filter(|_| people);
            let branches = branches.map(|branch| place(branch, &mut conditions)).collect();
            values.push(Expr::Column(column.clone()));
            columns.push(StoredColumn {
                name,
                data_type,
                nullable,
                kind,
                public,
                shape,
                role,
                branches,
                compared,
                quantities,
                state: false,
            });
        }
        let (mut first, mut last) = (Vec::new(), Vec::new());
        let whose = match &relation.state {
            State::Reference => Whose::Reference { made },
            State::PerPerson { person, hidden: _, chosen } => {
                let number = Expr::Column(person.clone());
                let nobodys = number.nullable(schema)?;
                first.push(number);
                Whose::PerPerson { chosen: afterwards(*chosen), nobodys }
            }
            State::Protected { boundaries: _, states, complete } => {
                for (column, state) in columns.iter_mut().zip(states) {
                    column.state = state.is_some();
                    // What is not shown is not stored either.
                    column.nullable |= state.is_some();
                    last.extend(state.clone().map(Expr::Column));
                }
                for (value, state) in values.iter_mut().zip(states) {
                    if let Some(state) = state {
                        *value = super::materialise::only_shown(value.clone(), state)?;
                    }
                }
                Whose::Protected { complete: *complete }
            }
        };
        let branches = conditions.len();
        let exprs = first.into_iter().chain(values).chain(conditions).chain(last).collect();
        let table =
            StoredTable { columns, whose, branches, holds: vec![], policy: None, rows: 0, files: vec![] };
        Ok(Ok(Self { table, exprs }))
    }
}

/// What other people's rows have to do with a person's rows once the plan that says how is gone. A new kind must
/// be judged here before it compiles.
fn afterwards(chosen: Chosen) -> Chosen {
    match chosen {
        Chosen::Alone | Chosen::Grouped | Chosen::Crowd | Chosen::Limited => chosen,
        // Which columns are ranks cannot be told any more.
        Chosen::Ranked => Chosen::Crowd,
    }
}

/// The place of a condition among those that are stored.
fn place(condition: Expr, conditions: &mut Vec<Expr>) -> usize {
    conditions.iter().position(|c| *c == condition).unwrap_or_else(|| {
        conditions.push(condition);
        conditions.len() - 1
    })
}

fn type_refusal(column: &Ident) -> Refusal {
    Refusal::new(
        "column-type",
        format!("The column {column} has a type that a workspace table does not keep."),
        "Cast it to a text, a number, a date or a truth value.",
    )
}

/// The name of a type that survives being written and read.
fn stored_type(data_type: &DataType) -> Option<String> {
    let plain = data_type.is_integer()
        || matches!(
            data_type,
            DataType::Boolean
                | DataType::Float32
                | DataType::Float64
                | DataType::Decimal128(..)
                | DataType::Date32
                | DataType::Timestamp(_, None)
                | DataType::Utf8
                | DataType::Utf8View
                | DataType::FixedSizeBinary(_)
        );
    let text = data_type.to_string();
    (plain && text.parse().is_ok_and(|same: DataType| same == *data_type)).then_some(text)
}

/// The columns of the files: the person `p`, the values `c0…`, the conditions `b0…`, the states `s0…`.
pub(crate) fn physical_schema(table: &StoredTable) -> Result<SchemaRef> {
    let mut fields = Vec::new();
    if let Whose::PerPerson { nobodys, .. } = table.whose {
        fields.push(Field::new("p", DataType::UInt32, nobodys));
    }
    for (index, column) in table.columns.iter().enumerate() {
        let data_type: DataType =
            column.data_type.parse().map_err(|_| internal_datafusion_err!("a stored type is not known"))?;
        fields.push(Field::new(format!("c{index}"), data_type, column.nullable));
    }
    fields.extend((0..table.branches).map(|index| Field::new(format!("b{index}"), DataType::Boolean, true)));
    let stateful = table.columns.iter().enumerate().filter(|(_, column)| column.state);
    fields.extend(stateful.map(|(index, _)| Field::new(format!("s{index}"), DataType::UInt8, true)));
    Ok(Arc::new(Schema::new(fields)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::TimeUnit;

    #[test]
    fn types_are_read_as_they_were_written() {
        for data_type in [
            DataType::Boolean,
            DataType::Int8,
            DataType::Int64,
            DataType::UInt32,
            DataType::UInt64,
            DataType::Float64,
            DataType::Decimal128(28, 6),
            DataType::Decimal128(10, -2),
            DataType::Date32,
            DataType::Timestamp(TimeUnit::Microsecond, None),
            DataType::Timestamp(TimeUnit::Nanosecond, None),
            DataType::Utf8,
            DataType::Utf8View,
            DataType::FixedSizeBinary(16),
        ] {
            let text = stored_type(&data_type);
            assert_eq!(text.map(|t| t.parse().unwrap()), Some(data_type));
        }
        for data_type in [
            DataType::Null,
            DataType::Binary,
            DataType::Timestamp(TimeUnit::Second, Some("UTC".into())),
            DataType::Interval(datafusion::arrow::datatypes::IntervalUnit::MonthDayNano),
            DataType::new_list(DataType::Int64, true),
        ] {
            assert_eq!(stored_type(&data_type), None);
        }
    }
}
