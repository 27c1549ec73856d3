//! The data dictionary of a project: what its queries may name, and how. No number in it comes from data.

use crate::{Hub, HubError, Reason};
use cloister_governance::contract::{ColumnContract, Contract, Transform};
use cloister_governance::project::TableGrant;
use cloister_governance::{Manifest, TableEntry};
use cloister_model::{Ident, LandedColumn, LandedType, Name};
use serde::Serialize;
use utoipa::ToSchema;

/// A table as a project sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TableView {
    /// The dataset.
    pub dataset: String,
    /// Its version.
    pub version: u32,
    /// The shortest name that a query may use.
    pub name: String,
    /// The name with its schema, which is always right.
    pub qualified_name: String,
    /// What it is.
    pub description: String,
    /// `person` where each row is about one person, else `reference`.
    pub kind: &'static str,
    /// The column that names the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_column: Option<String>,
    /// A condition that every row meets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_filter: Option<String>,
    /// The dates that rows lie between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowView>,
    /// The columns.
    pub columns: Vec<ColumnView>,
}

/// The dates that rows lie between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WindowView {
    /// The date column.
    pub column: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
}

/// A column as a project sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// What it is to a person's privacy.
    pub class: &'static str,
    /// Whether a row may lack a value.
    pub nullable: bool,
    /// Whether its values may stand beside a suppressed cell.
    pub public_labels: bool,
    /// What it means.
    pub description: String,
    /// The values that the contract allows.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub values: String,
    /// What a query may do with it.
    pub uses: &'static str,
}

impl Hub {
    /// The tables that a researcher's queries may name, in the order of the grants.
    pub async fn tables(&self, project: &Name, user: &Name) -> Result<Vec<TableView>, HubError> {
        let workspace = self.workspace(self.admitted(project, user).await?).await?;
        let names: Vec<&Ident> =
            workspace.granted.iter().flat_map(|d| &d.grant.tables).map(|t| &t.name).collect();
        let mut views = Vec::new();
        for granted in &workspace.granted {
            let manifest = &granted.manifest;
            let version = self.dataset(&manifest.dataset, Some(manifest.version)).await?;
            let contract = Contract::parse(&version.contract)?;
            for grant in &granted.grant.tables {
                let Some(entry) = manifest.tables.iter().find(|t| t.name == grant.name) else { continue };
                let unique = names.iter().filter(|name| ***name == grant.name).count() == 1;
                views.push(view(manifest, entry, grant, &contract, unique));
            }
        }
        Ok(views)
    }

    /// One table, by its name or its qualified name.
    pub async fn describe(&self, project: &Name, user: &Name, table: &str) -> Result<TableView, HubError> {
        let wanted = table.to_lowercase();
        let tables = self.tables(project, user).await?;
        let found = tables.into_iter().find(|t| t.name == wanted || t.qualified_name == wanted);
        found.ok_or_else(|| {
            HubError::TurnedAway(Reason::new(
                "unknown-table",
                format!("The project has no table `{table}`."),
                "`cloister tables` lists them.",
            ))
        })
    }
}

fn view(
    manifest: &Manifest,
    entry: &TableEntry,
    grant: &TableGrant,
    contract: &Contract,
    unique: bool,
) -> TableView {
    let qualified_name = format!("{}.{}", manifest.schema_name(), entry.name);
    let written = contract.table(entry.name.as_str());
    let columns = entry.columns.iter().filter(|c| grant.columns.grants(&c.name)).map(|column| {
        let of = written.and_then(|t| t.columns.iter().find(|c| *c.landed_name() == column.name));
        ColumnView {
            name: column.name.to_string(),
            data_type: column.landed_type.to_string(),
            class: column.class.as_str(),
            nullable: column.nullable,
            public_labels: column.public_labels,
            description: column.description.clone(),
            values: of.map(values).unwrap_or_default(),
            uses: uses(column),
        }
    });
    TableView {
        dataset: manifest.dataset.to_string(),
        version: manifest.version,
        name: if unique { entry.name.to_string() } else { qualified_name.clone() },
        qualified_name,
        description: entry.description.clone(),
        kind: if entry.person.is_some() { "person" } else { "reference" },
        person_column: entry.person.as_ref().map(ToString::to_string),
        row_filter: grant.row_filter.clone(),
        window: grant.window.as_ref().map(|window| WindowView {
            column: window.column.to_string(),
            from: window.from.to_string(),
            to: window.to.to_string(),
        }),
        columns: columns.collect(),
    }
}

/// What the contract says of the values, where they land as they come.
fn values(column: &ColumnContract) -> String {
    match column.transform {
        Transform::Keep => {}
        Transform::Year => return "years".to_owned(),
        Transform::Month => return "first days of months".to_owned(),
        Transform::AgeBand => return "0-4, 5-9, … 85-89, 90+".to_owned(),
        Transform::PostcodeDistrict => return "postcode districts, as LS6".to_owned(),
        Transform::DateShift => return "moved by a number of days of its person".to_owned(),
        Transform::Drop | Transform::Pseudonymise(_) => return String::new(),
    }
    if !column.codes.is_empty() {
        return column.codes.join(", ");
    }
    let range = match (column.min, column.max) {
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
        (Some(min), None) => Some(format!("at least {min}")),
        (None, Some(max)) => Some(format!("at most {max}")),
        (None, None) => None,
    };
    let dates = match (column.earliest, column.latest) {
        (Some(from), Some(to)) => Some(format!("{from} to {to}")),
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(to)) => Some(format!("to {to}")),
        (None, None) => None,
    };
    range.or(dates).or_else(|| column.pattern.clone()).unwrap_or_default()
}

/// What a query may do with a column's values.
fn uses(column: &LandedColumn) -> &'static str {
    match column.landed_type {
        LandedType::Person => {
            "joins, counts and groups inside a query; is never shown or compared with a value"
        }
        LandedType::Pseudonym => "joins, counts and groups; is never shown or compared with a value",
        _ if column.no_equality => "groups and counts; rows cannot be picked by one value of it",
        LandedType::Text
        | LandedType::Int32
        | LandedType::Int64
        | LandedType::Decimal(..)
        | LandedType::Float
        | LandedType::Date
        | LandedType::Timestamp
        | LandedType::Bool => "any",
    }
}
