//! The receiving zone's use case: one extract in, one recorded dataset version out.
//!
//! ```no_run
//! # async fn example(hub: &cloister_hub::Hub, contract: &str) -> Result<(), cloister_receiving::ReceivingError> {
//! use cloister_receiving::{Delivery, land};
//! let delivery = Delivery::new(contract, vec!["extracts/gp".into()], "admin".parse()?);
//! let report = land(hub, &delivery, &cloister_landing::Silent).await?;
//! println!("version {}", report.version);
//! # Ok(()) }
//! ```
//!
//! The only code that reads the pseudonymisation key. No program that listens on a network may link it.

mod error;
mod land;

pub use error::ReceivingError;
pub use land::{Delivery, Report, land};
