//! The reject report: file, row, column and code of everything that did not land; never a value.

use crate::LandingError;
use cloister_governance::contract::RejectLimits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// One objection to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    pub(crate) row: u64,
    /// The contract's column; `None` for the row as a whole.
    pub(crate) column: Option<usize>,
    pub(crate) code: &'static str,
}

/// A landing's rejects, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectSummary {
    /// By table, in the contract's order.
    pub tables: Vec<TableRejects>,
}

/// A table's rejects, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRejects {
    /// The table.
    pub table: String,
    /// Rows in the files.
    pub read: u64,
    /// Rows that landed.
    pub landed: u64,
    /// Rows that did not.
    pub rejected: u64,
    /// Objections by code; a row may have several.
    pub codes: BTreeMap<String, u64>,
    /// Whether more were rejected than the contract allows.
    pub over_limit: bool,
}

impl RejectSummary {
    /// The tables with more rejects than the contract allows, each with its numbers.
    pub fn over_limit(&self) -> Vec<String> {
        let over = self.tables.iter().filter(|t| t.over_limit);
        over.map(|t| format!("{} of {} in `{}`", t.rejected, t.read, t.table)).collect()
    }
}

impl TableRejects {
    /// Compares with the contract's limits.
    pub(crate) fn judge(&mut self, limits: &RejectLimits) {
        let share = if self.read == 0 { 0.0 } else { self.rejected as f64 / self.read as f64 };
        self.over_limit = self.rejected > limits.rows_max || share > limits.fraction_max;
    }
}

/// Writes `rejects.csv`.
pub(crate) struct RejectWriter {
    out: BufWriter<File>,
}

impl RejectWriter {
    pub(crate) fn create(path: &Path) -> Result<Self, LandingError> {
        let mut out = BufWriter::new(File::create(path).map_err(LandingError::Write)?);
        out.write_all(b"file,row,column,code\n").map_err(LandingError::Write)?;
        Ok(Self { out })
    }

    pub(crate) fn write(
        &mut self,
        file: &str,
        row: u64,
        column: &str,
        code: &str,
    ) -> Result<(), LandingError> {
        // The name of a file is the sender's; it is quoted if it needs to be.
        let file = match file.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", file.replace('"', "\"\"")),
            false => file.to_owned(),
        };
        writeln!(self.out, "{file},{row},{column},{code}").map_err(LandingError::Write)
    }

    pub(crate) fn finish(self) -> Result<(), LandingError> {
        let file = self.out.into_inner().map_err(|e| LandingError::Write(e.into_error()))?;
        file.sync_all().map_err(LandingError::Write)
    }
}
