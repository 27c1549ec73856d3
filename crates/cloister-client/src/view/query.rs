//! Queries and what is answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why something was refused or is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What one can do.
    pub hint: String,
}

/// A disclosure policy that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRef {
    /// Its name.
    pub name: String,
    /// The digest of its text.
    pub digest: String,
}

/// A dataset version that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRef {
    /// The dataset.
    pub name: String,
    /// The version.
    pub version: u32,
    /// The digest of its manifest.
    pub digest: String,
}

/// A query as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QueryView {
    /// Its id.
    pub id: String,
    /// The project.
    pub project: String,
    /// Who asked.
    pub author: String,
    /// The SQL.
    pub sql: String,
    /// Where it stands.
    pub state: String,
    /// The disclosure policy.
    pub policy: String,
    /// The digest of its text.
    pub policy_digest: String,
    /// The dataset versions.
    pub datasets: Vec<DatasetRef>,
    /// The digest that names its plan.
    pub plan_digest: Option<String>,
    /// Why it was refused or is held.
    pub reasons: Vec<Reason>,
    /// When it was asked.
    pub submitted_at: String,
}

/// A column of a released table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// `key`, `count`, `sum`, `mean`, `rate` or `derived`.
    pub role: String,
}

/// What became of a cell that is not simply a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AnswerCell {
    /// Row, from 0.
    pub row: usize,
    /// `null`, `suppressed`, `not-permitted` or `other`.
    pub state: String,
    /// The rule.
    #[serde(default)]
    pub rule: Option<String>,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AnswerView {
    /// `released`, `held`, `refused`, `failed`, `created` or `dropped`.
    pub status: String,
    /// The request's id, where the query was recorded.
    pub request: Option<String>,
    /// The policy that was applied.
    pub policy: Option<PolicyRef>,
    /// The columns of a released table.
    pub columns: Vec<AnswerColumn>,
    /// What became of its cells that are not simply values.
    pub cells: Vec<AnswerCell>,
    /// The attack that failed on what is suppressed.
    #[serde(default)]
    pub attack: Option<Value>,
    /// Why it was refused or is held.
    pub reasons: Vec<Reason>,
}

/// A check of a query.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Check {
    /// A stable code.
    pub code: String,
    /// What is checked.
    pub title: String,
    /// `passed`, `failed` or `not-reached`.
    pub outcome: String,
}

/// A node of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// How deep it is, from 0.
    pub depth: usize,
    /// What it does.
    pub text: String,
    /// Whose rows come out of it.
    pub state: Option<String>,
    /// Whether its values are protected here.
    pub boundary: bool,
}

/// A place where values are protected.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Boundary {
    /// Whether people's rows meet its values again.
    pub inside: bool,
    /// The columns that tell the groups apart.
    pub keys: Vec<String>,
    /// What becomes of the labels of groups that are too small.
    pub labels: String,
    /// The aggregates.
    pub cells: Vec<Cell>,
}

/// An aggregate and its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Cell {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: String,
    /// What is found out about the people behind each value.
    pub evidence: Vec<String>,
}

/// Whether a query may run as far as approvals go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ApprovalState {
    /// Whether the project runs approved queries only.
    pub required: bool,
    /// The approval that holds for it.
    pub granted: Option<String>,
}

/// What the checks say of a query.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ExplainedView {
    /// The disclosure policy that would be applied.
    pub policy: Option<PolicyRef>,
    /// The dataset versions of the project.
    pub datasets: Vec<DatasetRef>,
    /// The digest that names the query.
    pub plan_digest: Option<String>,
    /// Whether it may run as far as approvals go.
    pub approval: Option<ApprovalState>,
    /// Every check.
    pub checks: Vec<Check>,
    /// The plan, the result first.
    pub plan: Vec<Step>,
    /// Where values are protected.
    pub boundaries: Vec<Boundary>,
    /// Why the result would be held.
    pub holds: Vec<Reason>,
    /// Why the query would be refused.
    pub reasons: Vec<Reason>,
}

/// What would become of a query on the real data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RealOutcome {
    /// `would-run`, `would-be-held` or `would-be-refused`.
    pub outcome: String,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What a query gives on invented rows.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TwinView {
    /// `twin`, `refused` or `failed`.
    pub status: String,
    /// That the values are invented.
    pub note: String,
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// Why it did not run.
    pub reasons: Vec<Reason>,
    /// What would become of it on the real data.
    pub real: RealOutcome,
}
