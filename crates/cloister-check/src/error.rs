//! What is wrong with a table, and where: never what stands there.

use std::fmt;

/// A table, a hierarchy or an output folder that cannot be used. Nothing has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckError {
    file: String,
    fault: Fault,
}

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    row: Option<usize>,
    column: Option<usize>,
    problem: Problem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("the file cannot be read or written: {0}")]
    File(String),
    #[error("the file is empty")]
    Empty,
    #[error("there is a header and no row of numbers below it")]
    HeaderOnly,
    #[error("no column of numbers is found")]
    NoNumbers,
    #[error("the text is not UTF-8; save it as UTF-8, or as UTF-16 with a byte order mark")]
    Encoding,
    #[error("more than {0} rows; a table that nobody can read is not checked")]
    TooManyRows(usize),
    #[error("more than {0} bytes; a table that nobody can read is not checked")]
    TooManyBytes(usize),
    #[error("more than {0} cells; a table that nobody can read is not checked")]
    TooManyCells(usize),
    #[error("a quotation mark is opened and not closed, or closed before the end of the field")]
    Quote,
    #[error("{found} fields, where the rows of numbers have {expected}")]
    Ragged { found: usize, expected: usize },
    #[error("not a number")]
    NotANumber,
    #[error("more than one number in a field; there must be one number per cell")]
    SeveralNumbers,
    #[error("percentages cannot be protected on their own; give the counts that they come from")]
    Percentage,
    #[error("a number that can be read in two ways; say which mark separates decimals (`--decimal`)")]
    AmbiguousNumber,
    #[error("a suppression marker; a table that is suppressed already is attacked with `--audit`")]
    AlreadySuppressed,
    #[error("a marker that can mean several things; say what it means (`--marker TEXT=LOW..HIGH`)")]
    AmbiguousMarker,
    #[error("no value; write 0 where nobody is")]
    Blank,
    #[error("a negative number where people or amounts are counted")]
    Negative,
    #[error("a fraction where people are counted")]
    Fraction,
    #[error("a label is missing")]
    NoLabel,
    #[error("a second cell with the labels of another one (row {0})")]
    Duplicate(usize),
    #[error(
        "combined with the other columns' labels, this row's first label has no cell somewhere; write 0 where nobody is"
    )]
    MissingCombination,
    #[error("the total is not the sum of its parts")]
    TotalsDoNotAdd,
    #[error("a second name for the total of the same labels; say which is the total (`--total`)")]
    TwoTotals,
    #[error("more than one label could be the total of the others; say which (`--total`)")]
    AmbiguousTotal,
    #[error(
        "the column is neither a label nor a measure that is known; name it with `--count`, `--value`, `--top1`, `--top2` or `--keys`"
    )]
    UnknownMeasure,
    #[error("two columns for the same measure")]
    TwoColumns,
    #[error("no column has the name that `{0}` gives")]
    NoSuchColumn(&'static str),
    #[error("no column tells how many people stand behind each cell (`--count`)")]
    NoCount,
    #[error("not a hierarchy: {0}")]
    Hierarchy(String),
    #[error("`{0}` is no label of the table's `{1}`")]
    UnknownCode(String, String),
    #[error("`{0}` is in two groups")]
    TwoGroups(String),
    #[error("`{0}` is a part of itself")]
    Circle(String),
    #[error("a label that the hierarchy does not have")]
    NotInHierarchy,
    #[error("no column has the name or the labels of the hierarchy `{0}`")]
    UnknownDimension(String),
    #[error("no cell has the labels of `--important {0}`")]
    UnknownCell(String),
    #[error("not a whole Parquet file")]
    Parquet,
    #[error("a column of a Parquet type that is neither text, number, truth value nor date")]
    ParquetType,
    #[error("there is something of that name; `--force` replaces it")]
    Exists,
}

impl Problem {
    fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Empty => "empty",
            Self::HeaderOnly => "header-only",
            Self::NoNumbers => "no-numbers",
            Self::Encoding => "encoding",
            Self::TooManyRows(_) => "too-many-rows",
            Self::TooManyBytes(_) => "too-many-bytes",
            Self::TooManyCells(_) => "too-many-cells",
            Self::Quote => "quote",
            Self::Ragged { .. } => "ragged",
            Self::NotANumber => "not-a-number",
            Self::SeveralNumbers => "several-numbers",
            Self::Percentage => "percentage",
            Self::AmbiguousNumber => "ambiguous-number",
            Self::AlreadySuppressed => "already-suppressed",
            Self::AmbiguousMarker => "ambiguous-marker",
            Self::Blank => "blank",
            Self::Negative => "negative",
            Self::Fraction => "fraction",
            Self::NoLabel => "no-label",
            Self::Duplicate(_) => "duplicate",
            Self::MissingCombination => "missing-combination",
            Self::TotalsDoNotAdd => "totals-do-not-add",
            Self::TwoTotals => "two-totals",
            Self::AmbiguousTotal => "ambiguous-total",
            Self::UnknownMeasure => "unknown-measure",
            Self::TwoColumns => "two-columns",
            Self::NoSuchColumn(_) => "no-such-column",
            Self::NoCount => "no-count",
            Self::Hierarchy(_) => "hierarchy",
            Self::UnknownCode(..) => "unknown-code",
            Self::TwoGroups(_) => "two-groups",
            Self::Circle(_) => "circle",
            Self::NotInHierarchy => "not-in-hierarchy",
            Self::UnknownDimension(_) => "unknown-dimension",
            Self::UnknownCell(_) => "unknown-cell",
            Self::Parquet => "parquet",
            Self::ParquetType => "parquet-type",
            Self::Exists => "exists",
        }
    }

    /// Of the file as a whole.
    pub(crate) fn whole(self) -> Fault {
        Fault { row: None, column: None, problem: self }
    }

    /// Of a column, counted from 0.
    pub(crate) fn in_column(self, column: usize) -> Fault {
        Fault { row: None, column: Some(column + 1), problem: self }
    }

    /// In a row, counted from 0.
    pub(crate) fn in_row(self, row: usize) -> Fault {
        Fault { row: Some(row + 1), column: None, problem: self }
    }

    /// In a field; row and column are counted from 0.
    pub(crate) fn at(self, row: usize, column: usize) -> Fault {
        Fault { row: Some(row + 1), column: Some(column + 1), problem: self }
    }
}

impl Fault {
    /// The error for people, who know the file by its name.
    pub(crate) fn of(self, file: &str) -> CheckError {
        CheckError { file: file.to_owned(), fault: self }
    }
}

impl CheckError {
    /// The stable identifier.
    pub fn code(&self) -> &'static str {
        self.fault.problem.code()
    }

    /// The row, counted from 1 with the header, as a spreadsheet does.
    pub fn row(&self) -> Option<usize> {
        self.fault.row
    }

    /// The column, counted from 1.
    pub fn column(&self) -> Option<usize> {
        self.fault.column
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(row) = self.fault.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = self.fault.column {
            write!(f, ", column {column} ({})", letters(column))?;
        }
        write!(f, ": {}", self.fault.problem)
    }
}

impl std::error::Error for CheckError {}

/// A column's letters in a spreadsheet: 1 is A, 27 is AA.
pub(crate) fn letters(column: usize) -> String {
    let mut out = Vec::new();
    let mut rest = column;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or(0);
        out.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    out.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_spreadsheets() {
        assert_eq!([1, 26, 27, 52, 703].map(letters), ["A", "Z", "AA", "AZ", "AAA"]);
    }

    #[test]
    fn errors_say_where() {
        let error = Problem::Negative.at(2, 1).of("table.csv");
        assert_eq!(
            error.to_string(),
            "table.csv, row 3, column 2 (B): a negative number where people or amounts are counted"
        );
        assert_eq!((error.code(), error.row(), error.column()), ("negative", Some(3), Some(2)));
    }
}
