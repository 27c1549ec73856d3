//! Disclosure control of tables made elsewhere: R, Stata, Python, a spreadsheet.
//!
//! A file of delimited text, or a Parquet file, and a disclosure policy go in; the same file with some fields suppressed or rounded, the
//! findings, and the proof that nobody can subtract their way back come out. A table that somebody else has suppressed
//! can be attacked instead.
//!
//! It must not guess: what a table does not say is asked for. It must not print a number of the table in an error.
//!
//! ```
//! use cloister_check::{Purpose, Settings, Table};
//! let text = "age,North,South,Total\nyoung,10,20,30\nold,8,9,17\nTotal,18,29,47\n";
//! let table = Table::parse("ages.csv", text.into(), None, &Settings::default(), Purpose::Protect)?;
//! assert_eq!(table.cells(), 9);
//! # Ok::<(), cloister_check::CheckError>(())
//! ```

mod audit;
mod check;
mod encoding;
mod error;
mod grid;
mod hierarchy;
mod marker;
mod measure;
mod number;
mod output;
mod outsider;
mod parquet_table;
mod primary;
mod relation;
mod report;
mod secondary;
mod settings;
mod shape;
mod sheet;
mod table;
mod totals;
mod unprotectable;

pub use audit::{Audited, Recovered, audit};
pub use check::{Checked, Hold, Status, check};
pub use error::CheckError;
pub use marker::Range;
pub use output::{OutputFile, now, write_folder};
pub use settings::Settings;
pub use table::{Purpose, Table};
pub use unprotectable::{Coarser, Unprotectable, UnprotectableCell};
