//! Landing: one extract in, one dataset version of encrypted Parquet out.
//!
//! Readers stream records; every value is validated against the contract and transformed; rows are sorted
//! by person in memory that stays flat; identifiers never reach the disk. Whatever is rejected is reported as
//! file, row, column and code, never as a value.
//!
//! ```no_run
//! # fn example(contract: &cloister_governance::Contract) -> Result<(), cloister_landing::LandingError> {
//! let inputs = cloister_landing::resolve_inputs(contract, &["extract".into()])?;
//! println!("{}", inputs.digest());
//! # Ok(()) }
//! ```
//!
//! It registers nothing: it fills a staging folder, and the caller publishes it.

mod column;
mod error;
mod header;
mod identity;
mod inputs;
mod land;
mod memo;
mod merge;
mod output;
mod parse;
mod pipeline;
mod progress;
mod reader;
mod records;
mod reject;
mod run;
mod spill;

pub use error::LandingError;
pub use inputs::{Inputs, resolve_inputs};
pub use land::{Landed, Landing, land};
pub use progress::{Progress, Silent};
pub use reject::{RejectSummary, TableRejects};
