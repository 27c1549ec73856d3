//! Workspace tables and views: what a project keeps between queries. Nothing of them leaves but through a query.
//!
//! A table keeps, beside its values, all that is known of them (whose rows they are, how each column is built, on
//! which conditions it depends), so that the evidence of what is made of it is as good as the base tables'.
//! A view is text, planned anew wherever it is used.

mod catalogue;
mod command;
mod materialise;
mod reads;
mod stored;
mod writer;

pub(crate) use catalogue::{PlanStored, PlanUnusable, add_objects};
pub use command::Command;
pub use materialise::{Placement, PlannedTable, PlannedView};
pub use reads::Reads;
pub use stored::{StoredTable, WorkspaceColumn};
pub(crate) use stored::{Whose, physical_schema};
pub use writer::TableSink;

use crate::Refusal;
use cloister_model::{DataKey, Ident};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The schema that workspace tables and views are in.
pub(crate) const SCHEMA: &str = "workspace";

/// A workspace table or view as a query may find it.
#[derive(Clone, Debug)]
pub struct WorkspaceObject {
    pub(crate) name: Ident,
    pub(crate) content: Content,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Table {
        stored: Arc<StoredTable>,
        key: DataKey,
    },
    /// The whole statement that made it.
    View(String),
    Unusable {
        columns: Vec<WorkspaceColumn>,
        refusal: Refusal,
    },
}

/// Why a workspace object that is there may not be used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unusable {
    /// Its time is over.
    Expired,
    /// The project has not all that it was made from any more.
    NotGranted,
    /// It holds values that were protected by another disclosure policy.
    OtherPolicy,
}

impl Unusable {
    /// The stable code of the refusal of whatever uses it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "workspace-expired",
            Self::NotGranted => "workspace-not-granted",
            Self::OtherPolicy => "workspace-other-policy",
        }
    }

    fn refusal(self, name: &Ident) -> Refusal {
        let (message, hint) = match self {
            Self::Expired => (format!("The time of workspace.{name} is over."), "Create it again."),
            Self::NotGranted => (
                format!("workspace.{name} was made from data that the project is not granted any more."),
                "Drop it, and create it from what the project is granted.",
            ),
            Self::OtherPolicy => (
                format!("workspace.{name} holds values that were protected by another disclosure policy."),
                "Drop it, and create it again.",
            ),
        };
        Refusal::new(self.code(), message, hint)
    }
}

impl WorkspaceObject {
    /// A table, with the key of its files.
    pub fn table(name: Ident, stored: Arc<StoredTable>, key: DataKey) -> Self {
        Self { name, content: Content::Table { stored, key } }
    }

    /// A view, with the statement that made it.
    pub fn view(name: Ident, sql: String) -> Self {
        Self { name, content: Content::View(sql) }
    }

    /// One that is there and may not be used any more: the refusal of whatever uses it.
    pub fn unusable(name: Ident, columns: Vec<WorkspaceColumn>, why: Unusable) -> Self {
        let refusal = why.refusal(&name);
        Self { name, content: Content::Unusable { columns, refusal } }
    }

    /// Its name in the schema `workspace`.
    pub fn name(&self) -> &Ident {
        &self.name
    }
}
