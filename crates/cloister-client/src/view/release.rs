//! Release requests, as one person may see them.

use super::query::{DatasetRef, Reason};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A release request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReleaseView {
    /// Its id.
    pub id: String,
    /// Its project.
    pub project: String,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// What it is for.
    pub purpose: String,
    /// Why it is safe.
    pub justification: String,
    /// The review mode.
    pub mode: String,
    /// Where it is.
    pub state: String,
    /// Whom it waits for.
    pub whose_turn: String,
    /// The number to send back with a step that hands it on.
    pub turn: u32,
    /// When it last got to its checkers.
    pub submitted_at: Option<DateTime<Utc>>,
    /// What is in it.
    pub outputs: Vec<OutputView>,
    /// What has been said.
    pub comments: Vec<Comment>,
    /// The hand-overs and decisions, oldest first.
    pub steps: Vec<StepView>,
    /// Who has a seat.
    pub claims: Vec<Claim>,
    /// What the viewer may do now.
    pub may: Vec<String>,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OutputView {
    /// Its name.
    pub name: String,
    /// Whether it was left out.
    pub withdrawn: bool,
    /// What needs a person.
    pub findings: BTreeMap<String, serde_json::Value>,
    /// The ballots.
    pub ballots: Vec<Ballot>,
    /// What came of it.
    pub outcome: Option<String>,
}

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ballot {
    /// Who.
    pub checker: String,
    /// In which turn.
    pub turn: u32,
    /// What they think.
    pub choice: String,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comment {
    /// Who.
    pub by: String,
    /// In which turn.
    pub turn: u32,
    /// What.
    pub text: String,
}

/// A checker's seat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Claim {
    /// Who has it.
    pub checker: String,
}

/// A hand-over or decision.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepView {
    /// What was done.
    pub act: String,
    /// By whom; by the hub or its rules where absent.
    pub by: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Option<String>,
    /// More of why.
    pub text: Option<String>,
}

/// What a checker sees of one output.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EvidenceView {
    /// What a vote on it names.
    pub digest: String,
    /// The query.
    pub query: String,
    /// Its SQL.
    pub sql: String,
    /// Its plan's digest.
    pub plan_digest: Option<String>,
    /// The disclosure policy's name.
    pub policy: String,
    /// The disclosure policy's digest.
    pub policy_digest: String,
    /// The dataset versions that it read.
    pub datasets: Vec<DatasetRef>,
    /// Why it is held.
    pub reasons: Vec<Reason>,
    /// The names of the table's columns.
    pub columns: Vec<String>,
    /// The table as it would leave, cell by cell.
    pub rows: Vec<Vec<String>>,
    /// Each suppressed cell.
    pub suppressed: Vec<SuppressedCell>,
    /// Whether it is for the checkers only.
    pub supporting: bool,
    /// Findings with which it does not leave.
    pub objections: Vec<ObjectionView>,
    /// Releases that rest on some of the same data, the closest first.
    pub earlier_releases: Vec<EarlierReleaseView>,
}

/// A finding with which an output does not leave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ObjectionView {
    /// Its code.
    pub code: String,
    /// Whether two checkers may set it aside.
    pub may_be_set_aside: bool,
}

/// A release that rests on some of the same data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EarlierReleaseView {
    /// The query.
    pub query: String,
    /// Its project.
    pub project: String,
    /// When it was released.
    pub released_at: String,
    /// Whether it is the same plan.
    pub same_plan: bool,
}

/// A suppressed cell.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SuppressedCell {
    /// Row, from 0.
    pub row: usize,
    /// The column's name.
    pub column: String,
    /// The rule.
    pub rule: String,
}
