//! What a query may see, resolved: tables, columns, row filters, files and the keys to read them.

use crate::WorkspaceObject;
use chrono::NaiveDate;
use cloister_governance::{Manifest, TableEntry};
use cloister_model::{DataKey, Ident, LandedColumn};

/// Everything that a project may query, and nothing else.
#[derive(Clone, Debug)]
pub struct ResolvedGrant {
    /// The tables. A name that several datasets have must be written with its schema.
    pub tables: Vec<GrantedTable>,
    /// The project's workspace, oldest first: each may use those before it.
    pub workspace: Vec<WorkspaceObject>,
}

/// A table that may be queried.
#[derive(Clone, Debug)]
pub struct GrantedTable {
    /// The dataset's name in SQL.
    pub schema: String,
    /// What the vault holds: every column, every file.
    pub entry: TableEntry,
    /// The columns that exist for the project, in the table's order.
    pub columns: Vec<LandedColumn>,
    /// A SQL condition that every row must meet.
    pub row_filter: Option<String>,
    /// A date column and the days, both included, that it must lie between.
    pub window: Option<(Ident, NaiveDate, NaiveDate)>,
    /// The key of the dataset version.
    pub key: DataKey,
}

impl ResolvedGrant {
    /// The tables of one dataset version that a project's grant names.
    pub fn tables_of(
        manifest: &Manifest,
        grant: &cloister_governance::Grant,
        key: &DataKey,
    ) -> Vec<GrantedTable> {
        let granted = grant.tables.iter().filter_map(|table| {
            let entry = manifest.tables.iter().find(|t| t.name == table.name)?.clone();
            let columns = entry.columns.iter().filter(|c| table.columns.grants(&c.name));
            Some(GrantedTable {
                schema: manifest.schema_name(),
                columns: columns.cloned().collect(),
                row_filter: table.row_filter.clone(),
                window: table.window.as_ref().map(|w| (w.column.clone(), w.from, w.to)),
                key: key.clone(),
                entry,
            })
        });
        granted.collect()
    }
}
