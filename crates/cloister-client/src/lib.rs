//! The API of a hub's server (`cloisterd`, under `/v1`) as typed calls, and the views that it answers with.
//!
//! The views are plain data: whoever has the same from elsewhere, as the command line has from a hub on its own machine,
//! shows it by the same code.
//!
//! ```no_run
//! # async fn example() -> Result<(), cloister_client::ClientError> {
//! use cloister_client::{Client, Trust};
//! let client = Client::new("https://hub.example", &Trust::default())?.with_token("cloister_pat_…".to_owned());
//! for table in client.tables(&"demo".parse().unwrap()).await?.view {
//!     println!("{}", table.qualified_name);
//! }
//! # Ok(()) }
//! ```
//!
//! It keeps no credential, knows no rule of the hub, and speaks TLS but to this machine itself.

mod ask;
mod call;
mod client;
mod device;
mod error;
mod shown;
mod view;

pub use ask::{Answered, NewAsk, Progress};
pub use call::{Act, NewPerson, PersonChange, SignedIn, Subject, WayOfProvider, Ways};
pub use client::{Client, Trust, is_token};
pub use device::{DeviceCode, DeviceGrant};
pub use error::{ClientError, Problem};
pub use shown::Shown;
pub use view::{
    AnswerCell, AnswerColumn, AnswerView, ApprovalState, ApprovalView, Ballot, Boundary, Cell, Check, Claim,
    Column, ColumnView, Comment, DatasetRef, EarlierReleaseView, EventView, EvidenceView, ExplainedView,
    LedgerNumberView, LedgerStatusView, LedgerToldView, MemberView, ObjectionView, OutputView, PersonView,
    PolicyRef, PolicyView, ProjectReleasesView, ProjectView, QueryView, RealOutcome, Reason, ReleaseView,
    SavedView, Step, StepView, SuppressedCell, TableView, TwinView, Verified, WindowView, WorkspaceView,
};
