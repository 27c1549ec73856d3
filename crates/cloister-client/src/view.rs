//! What is shown: plain data, as the API answers with it.

mod ledger;
mod project;
mod query;
mod release;

pub use ledger::{LedgerNumberView, LedgerStatusView, LedgerToldView, ProjectReleasesView};
pub use project::{
    ApprovalView, ColumnView, EventView, MemberView, PersonView, PolicyView, ProjectView, SavedView,
    TableView, Verified, WindowView, WorkspaceView,
};
pub use query::{
    AnswerCell, AnswerColumn, AnswerView, ApprovalState, Boundary, Cell, Check, DatasetRef, ExplainedView,
    PolicyRef, QueryView, RealOutcome, Reason, Step, TwinView,
};
pub use release::{
    Ballot, Claim, Comment, EarlierReleaseView, EvidenceView, ObjectionView, OutputView, ReleaseView,
    StepView, SuppressedCell,
};

/// A column: its name and type.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub data_type: String,
}
