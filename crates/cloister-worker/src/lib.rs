//! The engine worker: a process of its own for every query, locked in before it reads the query, killed
//! when it takes too long, and answered for when it dies.
//!
//! The parent half ([`Workers`]) starts the worker, gives it a [`Job`] and waits for the end. The child half
//! ([`serve`]) is the same program under the name [`SUBCOMMAND`]: it reads the vault key, confines itself to
//! the vault, then plans, runs and protects the query and asks the airlock. Nothing unprotected crosses the
//! pipe: a cleared table with the airlock's proof, a sealed one, a refusal, or a sealed account of a failure.
//!
//! ```no_run
//! # async fn example(job: cloister_worker::QueryJob) -> Result<(), cloister_worker::Failure> {
//! use cloister_worker::{Ceilings, Outcome, Sandbox, Workers};
//! let workers = Workers::new("hub/vault".into(), "hub/keys/vault.key".into(), Sandbox::Required, Ceilings::default());
//! let ended = workers.query(job, std::future::pending()).await;
//! assert!(!matches!(ended.outcome, Outcome::Cancelled));
//! # Ok(()) }
//! ```
//!
//! It knows no user and no project, only what they were granted. It decides nothing that disclosure control and
//! the airlock do not.

mod beside;
mod child;
mod confine;
mod conversation;
mod explained;
mod frame;
mod job;
mod ledger;
mod parent;
mod parts;
mod report;
mod work;

pub use beside::rules;
pub use child::serve;
pub use cloister_ledger::{Earlier, Finding, Kind, Published, Rules};
pub use explained::{BoundaryReport, CellReport, CheckReport, Explained, StepReport};
pub use job::{
    Ceilings, CheckJob, CompareJob, CreateJob, ExplainJob, GrantedDataset, IndexJob, Job, KeptContent,
    KeptObject, LedgerPast, Past, PolicyTexts, QueryJob, Sandbox, SealedEntry, TableJob, TwinDataset,
    TwinJob, Wanted,
};
pub use ledger::{INDEX_ENTRIES, index_name};
pub use parent::Workers;
pub use report::{
    Account, Checked, Ended, Failure, Invented, Made, Outcome, Plan, Refused, Simulated, Telling, ToLedger,
    Tried,
};

/// The first argument that makes the program an engine worker. Nobody types it.
pub const SUBCOMMAND: &str = "engine-worker";
