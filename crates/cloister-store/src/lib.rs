//! The hub's home on disk: metadata in SQLite or PostgreSQL, keys, the vault's folders, releases, the audit log.
//!
//! A change of state and its audit record are one transaction: [`Transaction::commit`] takes the events,
//! and there is no other way to commit.
//!
//! ```no_run
//! # async fn example() -> Result<(), cloister_store::StoreError> {
//! use cloister_store::{Database, Home, Store};
//! let store = Store::open(&Home::at("cloister-hub".into()), &Database::Embedded).await?;
//! for project in store.projects().await? {
//!     println!("{} {}", project.name, project.state.as_str());
//! }
//! # Ok(()) }
//! ```
//!
//! It decides nothing: who may do what, and what may leave, is decided above it. All SQL for metadata is here.

mod account;
mod approval;
mod audit_log;
mod data_keys;
mod database;
mod dataset;
#[cfg(test)]
mod ephemeral;
mod error;
mod home;
mod key_file;
mod ledger;
mod lock;
mod people;
#[cfg(test)]
#[path = "../../../tests/src/postgres.rs"]
mod postgres;
mod project;
mod publish;
mod queue;
mod release_request;
mod request;
mod saved;
mod schema;
mod standing;
mod store;
mod transaction;
mod workspace;

pub use account::{StoredAccount, StoredSession, StoredToken};
pub use approval::Approval;
pub use audit_log::AuditReport;
pub use data_keys::{KeyWrap, VaultKey};
pub use database::{Database, PostgresAddress};
pub use dataset::DatasetVersion;
pub use error::StoreError;
pub use home::Home;
pub use key_file::{create_key, read_key};
pub use ledger::LedgerRow;
pub use lock::Lock;
pub use people::PeopleSegment;
pub use project::StoredProject;
pub use publish::{publish, remove, sync_folder, write_new};
pub use queue::{Place, Queue, Shares};
pub use release_request::StoredReleaseRequest;
pub use request::{Outcome, PolicyUsed, ReleasedOf, Request, RequestState};
pub use saved::SavedQuery;
pub use standing::{Conflict, Egress};
pub use store::Store;
pub use transaction::Transaction;
pub use workspace::{ObjectEnd, ObjectKind, StoredObject};
