//! One function per use case: authorise, load, decide, commit (state and audit record), answer.
//!
//! ```no_run
//! # async fn example() -> Result<(), cloister_hub::HubError> {
//! use cloister_hub::Hub;
//! let hub = Hub::open("cloister-hub".into()).await?;
//! let answer = hub.query(&"demo".parse()?, &"researcher".parse()?, "SELECT count(*) AS n FROM person").await?;
//! println!("{}", answer.to_json());
//! # Ok(()) }
//! ```
//!
//! It holds no pseudonymisation key and cannot land: that is `cloister-receiving`, which no server links. It
//! plans and runs no query and unwraps no data key: an engine worker does, a process for each query
//! (`cloister-worker`). The program that uses it must be one when its first argument says so.
//! Rows get into an [`Answer`] only from a result that disclosure control and the airlock have cleared.

mod airlock;
mod answer;
mod approval;
mod ask;
mod audit;
mod clock;
mod config;
mod dataset;
mod dictionary;
mod error;
mod explain;
mod hub;
mod package;
mod page;
mod project;
mod query;
mod recover;
mod request;
mod saved;
mod twin;
mod workspace;

pub use airlock::{Evidence, ReleaseDraft};
pub use answer::{Answer, AnswerAttack, AnswerCell, AnswerColumn, DatasetRef, PolicyRef, Reason, Status};
pub use approval::Decided;
pub use ask::Ask;
pub use clock::Clock;
pub use cloister_airlock::{
    Action as ReleaseAction, Choice, Reason as ReviewReason, State as ReleaseState, View as ReleaseView,
};
pub use cloister_worker::{BoundaryReport, CellReport, CheckReport, StepReport};
pub use config::{Config, QueryConfig, WorkspaceConfig};
pub use dataset::{FileProblem, VerifiedDataset, VerifiedTable, VerifiedVault};
pub use dictionary::{ColumnView, TableView, WindowView};
pub use error::HubError;
pub use explain::{ApprovalState, Explained};
pub use hub::{Hub, NewHub};
pub use package::PackageFile;
pub use project::ProjectTable;
pub use twin::{RealOutcome, TwinAnswer};
pub use workspace::WorkspaceEntry;
