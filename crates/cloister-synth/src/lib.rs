//! A synthetic region: one population, and the extracts that five organisations would send of it.
//!
//! ```
//! use cloister_synth::{ErrorRates, Region};
//! let folder = std::env::temp_dir().join(format!("cloister-synth-doc-{}", std::process::id()));
//! let region = Region { seed: 1, people: 100, events_per_person: 20.0, errors: ErrorRates::default() };
//! let summary = region.write(&folder)?;
//! assert_eq!(summary.tables.len(), 6);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Nobody in it exists. It must not learn from data about real people: every number here is written down.

mod arithmetic;
mod condition;
mod error_rates;
mod feed;
mod names;
mod nhs_number;
mod output;
mod person;
mod place;
mod random;
mod region;
mod slip;

pub use error_rates::ErrorRates;
pub use nhs_number::check_digit;
pub use region::{Region, Summary, TableSummary};
