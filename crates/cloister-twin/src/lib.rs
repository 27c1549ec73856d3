//! Synthetic twins: rows that a contract allows, made from its text alone.
//!
//! A twin has the tables and columns of a dataset, the contract's codes, ranges, patterns and dates, people
//! who are in all of its tables, and keys that join. Nothing in it comes from data, so any query may be tried
//! on it. The same contract gives the same twin, everywhere.
//!
//! ```
//! # let text = "name = \"t\"\nversion = 1\ntitle = \"T\"\nperson-scheme = \"nhs-number\"\n[[tables]]\nname = \"person\"\nfiles = [\"p.csv\"]\nperson = \"nhs\"\nunique = [\"nhs\"]\ncolumns = [ { name = \"nhs\", to = \"person_id\", type = \"text\", class = \"identifier\", required = true, transform = { pseudonymise = \"person\" } } ]";
//! use cloister_governance::Contract;
//! let twin = cloister_twin::twin(&Contract::parse(text).unwrap(), Contract::digest(text));
//! assert_eq!(twin[0].rows.len(), usize::try_from(cloister_twin::PEOPLE).unwrap());
//! ```
//!
//! It must not read anything but the contract: it has no files, no clock, and no randomness but the digest's.

mod cell;
mod draw;
mod key;
mod pattern;
mod source;
mod table;

pub use cell::Cell;
pub use table::{PEOPLE, TwinTable, twin};
