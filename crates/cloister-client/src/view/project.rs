//! Projects and what is in them; people; what those who look after a hub look at.

use super::Column;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A table as a project sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TableView {
    /// The dataset.
    pub dataset: String,
    /// Its version.
    pub version: u32,
    /// The shortest name that a query may use.
    pub name: String,
    /// The name with its schema.
    pub qualified_name: String,
    /// What it is.
    pub description: String,
    /// `person` or `reference`.
    pub kind: String,
    /// The column that names the person.
    #[serde(default)]
    pub person_column: Option<String>,
    /// A condition that every row meets.
    #[serde(default)]
    pub row_filter: Option<String>,
    /// The dates that rows lie between.
    #[serde(default)]
    pub window: Option<WindowView>,
    /// The columns.
    pub columns: Vec<ColumnView>,
}

/// The dates that rows lie between.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WindowView {
    /// The date column.
    pub column: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
}

/// A column as a project sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// What it is to a person's privacy.
    pub class: String,
    /// Whether a row may lack a value.
    pub nullable: bool,
    /// Whether its values may stand beside a suppressed cell.
    pub public_labels: bool,
    /// What it means.
    pub description: String,
    /// The values that the contract allows.
    #[serde(default)]
    pub values: String,
    /// What a query may do with it.
    pub uses: String,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProjectView {
    /// Its name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What its results are for.
    pub purpose: String,
    /// The legal basis of the processing.
    pub legal_basis: String,
    /// The data sharing agreement.
    pub agreement: String,
    /// The data controllers.
    pub controllers: Vec<String>,
    /// Its first day.
    pub starts: String,
    /// Its last day.
    pub ends: String,
    /// `active`, `suspended` or `closed`.
    pub state: String,
    /// The disclosure policy.
    pub disclosure_policy: String,
    /// Its people.
    pub members: Vec<MemberView>,
}

/// A person in a project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MemberView {
    /// Who.
    pub person: String,
    /// As what.
    pub roles: Vec<String>,
    /// The last day on which their training is current, as the project's file says it.
    #[serde(default)]
    pub training_expires: Option<String>,
}

/// A saved query.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedView {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub saved_at: String,
    /// The digest that names its plan, when it was kept just now.
    #[serde(default)]
    pub plan_digest: Option<String>,
}

/// A workspace table or view.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkspaceView {
    /// Its name in the schema `workspace`.
    pub name: String,
    /// `view`, or a table of `people`, `groups` or `reference` rows.
    pub kind: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: String,
    /// From when on it may not be used.
    pub expires_at: String,
    /// Why it may not be used now.
    pub unusable: Option<String>,
}

/// That a plan may run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ApprovalView {
    /// Its id.
    pub id: String,
    /// The plan, as its digest.
    pub plan_digest: String,
    /// The disclosure policy, as its digest.
    pub policy_digest: String,
    /// The dataset versions that it reads.
    pub datasets: serde_json::Value,
    /// The query.
    pub sql: String,
    /// Who wrote the query.
    pub author: String,
    /// The checker who approved it.
    pub granted_by: String,
    /// When.
    pub granted_at: String,
    /// Who took it back.
    pub revoked_by: Option<String>,
    /// When that was.
    pub revoked_at: Option<String>,
}

/// Somebody's account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PersonView {
    /// The name that they sign in with.
    pub name: String,
    /// Their name for people.
    pub display_name: String,
    /// Their roles in the hub.
    pub roles: Vec<String>,
    /// Whether the account may not be used.
    pub disabled: bool,
    /// The last day on which their training is current.
    pub training_expires: Option<String>,
    /// The last day on which the terms that they accepted hold.
    pub terms_expire: Option<String>,
    /// Whether failures to sign in have locked it for a while.
    pub locked: bool,
}

/// A disclosure policy in force.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PolicyView {
    /// Its name.
    pub name: String,
    /// The digest that results name.
    pub digest: String,
    /// The file.
    pub text: String,
    /// What is wrong with it, where it cannot be used.
    pub problem: Option<String>,
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct EventView {
    /// Its number, from 1.
    pub number: u64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// More of it.
    pub details: BTreeMap<String, serde_json::Value>,
}

/// How the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Verified {
    /// Records under its checkpoints.
    pub records: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
}
