//! Contracts, dataset versions, projects and grants: what may land, and who may use it until when.
//!
//! Pure: texts and dates are arguments. A contract or project is validated whole; every error is
//! listed with the place it is in.
//!
//! ```
//! use cloister_governance::Contract;
//! let errors = Contract::parse("name = \"gp\"").unwrap_err();
//! assert!(errors.to_string().contains("missing field"));
//! ```

pub mod contract;
mod contract_check;
mod error;
mod manifest;
pub mod parameter;
pub mod project;
mod project_check;

pub use contract::{ColumnContract, Contract, TableContract};
pub use error::{Problem, Problems};
pub use manifest::{FileEntry, Manifest, TableEntry};
pub use parameter::{ParameterError, Parameters};
pub use project::{Grant, Member, Project, QueryMode, ReviewMode};
