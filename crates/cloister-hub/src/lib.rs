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

mod again;
mod airlock;
mod answer;
mod approval;
mod ask;
mod audit;
mod authority;
mod binding;
mod clock;
mod config;
mod dataset;
mod dictionary;
mod error;
mod explain;
mod hub;
mod ledger;
mod oversight;
mod overview;
mod package;
mod page;
mod people;
mod project;
mod query;
mod rate;
mod record;
mod recover;
mod reports;
mod request;
mod saved;
mod standing;
mod twin;
mod workspace;

pub use airlock::{
    EarlierRelease, EarlierReleases, Evidence, ReleaseDraft, ReleaseList, Revision, SeenBefore,
};
pub use answer::{Answer, AnswerAttack, AnswerCell, AnswerColumn, DatasetRef, PolicyRef, Reason, Status};
pub use approval::Decided;
pub use ask::Ask;
pub use binding::{Given, Template, TemplateParameter};
pub use clock::Clock;
pub use cloister_airlock::{
    Act as ReleaseAct, Action as ReleaseAction, Choice, OutputView, Reason as ReviewReason,
    State as ReleaseState, Turn, View as ReleaseView, Weight,
};
pub use cloister_audit::{Event, EventKind};
pub use cloister_governance::parameter::ParameterType;
pub use cloister_governance::project::ProjectState;
pub use cloister_identity::{Claims, ProviderRules, Scope, Stage};
pub use cloister_model::Role;
pub use cloister_query::{Exhibit, ExhibitCell, ExhibitColumn, ExhibitRow, ExhibitStep, ExhibitTable};
pub use cloister_store::{Approval, SavedQuery};
pub use cloister_worker::{BoundaryReport, CellReport, CheckReport, StepReport};
pub use config::{Config, DatabaseConfig, QueryConfig, SignInConfig, WorkspaceConfig};
pub use dataset::{DatasetView, FileProblem, VerifiedDataset, VerifiedTable, VerifiedVault, VersionView};
pub use dictionary::{ColumnView, TableView, WindowView};
pub use error::HubError;
pub use explain::{ApprovalState, Explained};
pub use hub::{Hub, NewHub};
pub use ledger::{LedgerNumber, LedgerProblem, LedgerRebuilt, LedgerStatus, LedgerTold, ProjectReleases};
pub use oversight::{AuditQuery, PolicyUse, PolicyView};
pub use overview::{EgressView, MemberView, ProjectView, RegisterEntry};
pub use package::PackageFile;
pub use people::{Bearer, Door, Me, NewPerson, NewToken, PersonChange, PersonView, Session, TokenView};
pub use project::ProjectTable;
pub use rate::{RateLimit, Rates};
pub use record::QueryRecord;
pub use reports::Report;
pub use twin::{RealOutcome, TwinAnswer};
pub use workspace::WorkspaceEntry;
