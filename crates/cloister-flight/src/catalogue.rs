//! Catalogues, schemas and tables: a project is a catalogue, a dataset in it a schema. The same as the data dictionary says,
//! for the same people.

use crate::call::Caller;
use crate::fault::{internal, of_error};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::error::ArrowError;
use arrow_flight::error::FlightError;
use arrow_flight::sql::{CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes, CommandGetTables};
use cloister_hub::{Hub, TableView};
use cloister_model::Name;
use std::collections::{BTreeSet, HashMap};
use tonic::Status;

/// The schema of workspace tables and views.
const WORKSPACE: &str = "workspace";
/// Kinds of tables.
const TABLE: &str = "TABLE";
const VIEW: &str = "VIEW";

/// A table as drivers are told of it.
struct Known {
    schema: String,
    name: String,
    kind: &'static str,
    columns: Schema,
}

/// The projects that a call is about: the one that it names, or all of the caller's.
async fn projects(hub: &Hub, caller: &Caller) -> Result<Vec<Name>, Status> {
    match caller.named() {
        Some(name) => Ok(vec![name.clone()]),
        None => caller.projects(hub).await,
    }
}

/// The tables of a project.
async fn known(hub: &Hub, caller: &Caller, project: &Name) -> Result<Vec<Known>, Status> {
    let tables = hub.tables(project, &caller.name).await.map_err(|e| of_error(&e))?;
    let mut known: Vec<Known> = tables.iter().filter_map(of_table).collect();
    let kept = hub.workspace_entries(project, &caller.name).await.map_err(|e| of_error(&e))?;
    known.extend(kept.into_iter().filter(|entry| entry.unusable.is_none()).map(|entry| {
        let columns = entry
            .columns
            .iter()
            .map(|c| Field::new(c.name.to_string(), arrow_type(&c.data_type.to_string()), true));
        Known {
            schema: WORKSPACE.to_owned(),
            name: entry.name.to_string(),
            kind: if entry.kind == "view" { VIEW } else { TABLE },
            columns: Schema::new(columns.collect::<Vec<_>>()),
        }
    }));
    known.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    Ok(known)
}

fn of_table(table: &TableView) -> Option<Known> {
    let (schema, name) = table.qualified_name.split_once('.')?;
    let columns = table.columns.iter().map(|column| {
        let about = [
            ("cloister:class", column.class),
            ("cloister:uses", column.uses),
            ("comment", &column.description),
        ];
        let about = about.into_iter().filter(|(_, text)| !text.is_empty());
        let about: HashMap<String, String> = about.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Field::new(&column.name, arrow_type(&column.data_type), column.nullable).with_metadata(about)
    });
    let columns = Schema::new(columns.collect::<Vec<_>>());
    Some(Known { schema: schema.to_owned(), name: name.to_owned(), kind: TABLE, columns })
}

/// The Arrow type of a column, by the name that the dictionary has for it.
fn arrow_type(name: &str) -> DataType {
    match name {
        // The dense number of a person, which no query may show.
        "person" => DataType::UInt32,
        "pseudonym" => DataType::FixedSizeBinary(16),
        "int32" => DataType::Int32,
        "int64" => DataType::Int64,
        "float" => DataType::Float64,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "bool" => DataType::Boolean,
        name => decimal(name).unwrap_or(DataType::Utf8),
    }
}

fn decimal(name: &str) -> Option<DataType> {
    let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(", ")?;
    Some(DataType::Decimal128(precision.parse().ok()?, scale.parse().ok()?))
}

/// The catalogues of a caller.
pub(crate) async fn catalogues(hub: &Hub, caller: &Caller) -> Result<RecordBatch, Status> {
    let mut builder = CommandGetCatalogs {}.into_builder();
    // All of them: who chose one may look for another.
    for project in caller.projects(hub).await? {
        builder.append(project.to_string());
    }
    builder.build().map_err(|e| unbuilt(&e))
}

/// The schemas that a client asks for.
pub(crate) async fn schemas(
    hub: &Hub,
    caller: &Caller,
    query: CommandGetDbSchemas,
) -> Result<RecordBatch, Status> {
    let mut builder = query.into_builder();
    for project in projects(hub, caller).await? {
        let names: BTreeSet<String> =
            known(hub, caller, &project).await?.into_iter().map(|t| t.schema).collect();
        for name in names {
            builder.append(project.as_str(), name);
        }
    }
    builder.build().map_err(|e| unbuilt(&e))
}

/// The tables that a client asks for.
pub(crate) async fn tables(
    hub: &Hub,
    caller: &Caller,
    query: CommandGetTables,
) -> Result<RecordBatch, Status> {
    let mut builder = query.into_builder();
    for project in projects(hub, caller).await? {
        for table in known(hub, caller, &project).await? {
            let appended =
                builder.append(project.as_str(), table.schema, table.name, table.kind, &table.columns);
            appended.map_err(|e| unbuilt(&e))?;
        }
    }
    builder.build().map_err(|e| unbuilt(&e))
}

/// The kinds of tables.
pub(crate) fn kinds() -> Result<RecordBatch, Status> {
    let mut builder = CommandGetTableTypes {}.into_builder();
    builder.append(TABLE);
    builder.append(VIEW);
    builder.build().map_err(|e| unbuilt(&e))
}

/// What a client is told of keys: a hub has none that a query could not join on anyway.
pub(crate) fn no_primary_keys() -> Schema {
    Schema::new(vec![
        Field::new("catalog_name", DataType::Utf8, true),
        Field::new("db_schema_name", DataType::Utf8, true),
        Field::new("table_name", DataType::Utf8, false),
        Field::new("column_name", DataType::Utf8, false),
        Field::new("key_name", DataType::Utf8, true),
        Field::new("key_sequence", DataType::Int32, false),
    ])
}

/// The same of keys of other tables.
pub(crate) fn no_foreign_keys() -> Schema {
    let side = |side: &str| {
        [("catalog_name", true), ("db_schema_name", true), ("table_name", false), ("column_name", false)]
            .map(|(name, nullable)| Field::new(format!("{side}_{name}"), DataType::Utf8, nullable))
    };
    let mut fields = side("pk").to_vec();
    fields.extend(side("fk"));
    fields.push(Field::new("key_sequence", DataType::Int32, false));
    fields.extend(["fk_key_name", "pk_key_name"].map(|name| Field::new(name, DataType::Utf8, true)));
    fields.extend(["update_rule", "delete_rule"].map(|name| Field::new(name, DataType::UInt8, false)));
    Schema::new(fields)
}

fn unbuilt(error: &FlightError) -> Status {
    // A pattern that a client sent, and nothing of ours, is what this goes wrong by.
    match error {
        FlightError::Arrow(ArrowError::InvalidArgumentError(_)) => {
            crate::fault::malformed("A filter cannot be read.")
        }
        _ => {
            tracing::error!(error = %error, "a list cannot be made");
            internal()
        }
    }
}
