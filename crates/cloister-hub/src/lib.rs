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

mod answer;
mod audit;
mod clock;
mod config;
mod dataset;
mod error;
mod hub;
mod package;
mod page;
mod project;
mod query;
mod recover;
mod request;
mod workspace;

pub use answer::{Answer, AnswerCell, AnswerColumn, DatasetRef, PolicyRef, Reason, Status};
pub use clock::Clock;
pub use config::{Config, QueryConfig, WorkspaceConfig};
pub use dataset::{FileProblem, VerifiedDataset, VerifiedTable, VerifiedVault};
pub use error::HubError;
pub use hub::{Hub, NewHub};
pub use package::PackageFile;
pub use project::ProjectTable;
pub use workspace::WorkspaceEntry;
