//! Writing extracts, and the truth about their errors.

use crate::region::TableSummary;
use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

/// What is wrong with a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrong {
    pub(crate) column: &'static str,
    pub(crate) kind: &'static str,
    /// Whether a contract must reject the row.
    pub(crate) reject: bool,
}

/// Every error, as `errors.csv`.
#[derive(Debug)]
pub(crate) struct Truth(BufWriter<File>);

impl Truth {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let mut out = BufWriter::new(File::create(path)?);
        out.write_all(b"file,row,column,kind,reject\n")?;
        Ok(Self(out))
    }

    pub(crate) fn finish(mut self) -> Result<()> {
        self.0.flush()
    }
}

/// One table of an extract, in one file or several.
#[derive(Debug)]
pub(crate) struct Table {
    folder: PathBuf,
    stem: &'static str,
    header: &'static str,
    /// Rows of one file; none where there is one file.
    split: Option<u64>,
    part: u32,
    file: String,
    out: BufWriter<File>,
    row: u64,
    line: String,
    wrong: Vec<Wrong>,
    summary: TableSummary,
}

impl Table {
    pub(crate) fn create(
        folder: &Path,
        stem: &'static str,
        header: &'static str,
        split: Option<u64>,
    ) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (file, out) = open(folder, stem, header, split.map(|_| 1))?;
        Ok(Self {
            folder: folder.to_owned(),
            stem,
            header,
            split,
            part: 1,
            file,
            out,
            row: 0,
            line: String::with_capacity(256),
            wrong: Vec::new(),
            summary: TableSummary { name: stem.to_owned(), ..TableSummary::default() },
        })
    }

    /// The next field of the row under way.
    pub(crate) fn field(&mut self, value: impl Display) -> &mut Self {
        if !self.line.is_empty() {
            self.line.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(self.line, "{value}");
        if self.line.is_empty() {
            // An empty first field: told apart from no field by quotes.
            self.line.push_str("\"\"");
        }
        self
    }

    /// Says that the row under way is wrong.
    pub(crate) fn wrong(&mut self, wrong: Wrong) {
        self.wrong.push(wrong);
    }

    /// Ends the row; twice, where it is a duplicate.
    pub(crate) fn end(&mut self, duplicate: Option<Wrong>, truth: &mut Truth) -> Result<()> {
        self.write(truth)?;
        if let Some(duplicate) = duplicate {
            self.wrong.push(duplicate);
            self.write(truth)?;
        }
        self.line.clear();
        self.wrong.clear();
        Ok(())
    }

    fn write(&mut self, truth: &mut Truth) -> Result<()> {
        if self.split.is_some_and(|rows| self.row >= rows) {
            self.out.flush()?;
            self.part += 1;
            (self.file, self.out) = open(&self.folder, self.stem, self.header, Some(self.part))?;
            self.row = 0;
        }
        self.row += 1;
        self.summary.rows += 1;
        self.summary.must_reject += u64::from(self.wrong.iter().any(|w| w.reject));
        for w in &self.wrong {
            writeln!(truth.0, "{},{},{},{},{}", self.file, self.row, w.column, w.kind, w.reject)?;
        }
        self.out.write_all(self.line.as_bytes())?;
        self.out.write_all(b"\n")
    }

    pub(crate) fn finish(mut self) -> Result<TableSummary> {
        self.out.flush()?;
        Ok(self.summary)
    }
}

fn open(folder: &Path, stem: &str, header: &str, part: Option<u32>) -> Result<(String, BufWriter<File>)> {
    let name = match part {
        Some(part) => format!("{stem}-{part:02}.csv"),
        None => format!("{stem}.csv"),
    };
    let mut out = BufWriter::with_capacity(1 << 18, File::create(folder.join(&name))?);
    out.write_all(header.as_bytes())?;
    out.write_all(b"\n")?;
    Ok((name, out))
}
