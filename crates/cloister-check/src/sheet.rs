//! Delimited text as rows of fields, each with the bytes that it takes: what is changed is changed in place.

use crate::encoding::Decoded;
use crate::error::{Fault, Problem};
use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

/// The most rows of a table that is checked: four times what the policies let go without anybody looking.
pub(crate) const ROWS_MAX: usize = 200_000;
/// The most bytes of a file that is checked.
pub(crate) const BYTES_MAX: usize = 64 << 20;
/// Of two by which as many rows agree, the later: commas stand inside texts and numbers more often than the others.
const DELIMITERS: [u8; 4] = *b",|\t;";

/// A file of delimited text.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    decoded: Decoded,
    delimiter: u8,
    /// The end of each row in `fields`.
    ends: Vec<usize>,
    fields: Vec<Field>,
}

/// One field: its bytes without the quotation marks around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    start: usize,
    end: usize,
    quoted: bool,
}

impl Sheet {
    /// Reads no more of a source than a table may have.
    pub(crate) fn bytes(source: impl Read) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let file = |e: std::io::Error| Problem::File(e.kind().to_string()).whole();
        source.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(file)?;
        Ok(bytes)
    }

    /// Reads a file's bytes.
    pub(crate) fn read(mut bytes: Vec<u8>) -> Result<Self, Fault> {
        let more = bytes.len() > BYTES_MAX;
        if more {
            // The last row may be cut anywhere; what is asked of the rest is only whether it has too many.
            let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
            bytes.truncate(whole);
        }
        let sheet = Self::split(Decoded::read(bytes)?);
        match (sheet, more) {
            (Err(fault), true) if fault == Problem::TooManyRows(ROWS_MAX).in_row(ROWS_MAX) => Err(fault),
            (_, true) => Err(Problem::TooManyBytes(BYTES_MAX).whole()),
            (sheet, false) => sheet,
        }
    }

    fn split(decoded: Decoded) -> Result<Self, Fault> {
        let delimiter = delimiter(&decoded.text);
        let mut fields = Vec::new();
        let mut ends = Vec::new();
        for record in Splitter::new(&decoded.text, delimiter) {
            fields.extend(record.map_err(|()| Problem::Quote.in_row(ends.len()))?);
            ends.push(fields.len());
            if ends.len() > ROWS_MAX {
                return Err(Problem::TooManyRows(ROWS_MAX).in_row(ROWS_MAX));
            }
        }
        if decoded.text.trim().is_empty() {
            return Err(Problem::Empty.whole());
        }
        Ok(Self { decoded, delimiter, ends, fields })
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Whether a comma may be a decimal mark, since it does not separate fields.
    pub(crate) fn comma_is_free(&self) -> bool {
        self.delimiter != b','
    }

    fn row(&self, row: usize) -> &[Field] {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.fields.get(start..end).unwrap_or_default()
    }

    /// How many fields a row has.
    pub(crate) fn width(&self, row: usize) -> usize {
        self.row(row).len()
    }

    /// A field's text without spaces around it; empty where there is none.
    pub(crate) fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        let Some(field) = self.row(row).get(column) else { return Cow::Borrowed("") };
        let raw = self.decoded.text.get(field.start..field.end).unwrap_or_default().trim();
        if field.quoted && raw.contains("\"\"") { raw.replace("\"\"", "\"").into() } else { raw.into() }
    }

    /// How many fields of a row have a text.
    pub(crate) fn filled(&self, row: usize) -> usize {
        (0..self.width(row)).filter(|c| !self.text(row, *c).is_empty()).count()
    }

    /// The file's bytes with some fields' texts in the place of others; every other byte is as it was.
    pub(crate) fn with(&self, edits: &[Edit]) -> Vec<u8> {
        let mut edits: Vec<(Range<usize>, String)> =
            edits.iter().filter_map(|e| self.replacement(e)).collect();
        edits.sort_by_key(|(range, _)| range.start);
        let text = &self.decoded.text;
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (range, new) in edits {
            out.push_str(text.get(done..range.start).unwrap_or_default());
            out.push_str(&new);
            done = range.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        self.decoded.bytes(&out)
    }

    fn replacement(&self, edit: &Edit) -> Option<(Range<usize>, String)> {
        let field = self.row(edit.row).get(edit.column)?;
        let raw = self.decoded.text.get(field.start..field.end)?;
        let start = field.start + (raw.len() - raw.trim_start().len());
        let end = (field.start + raw.trim_end().len()).max(start);
        let text = if field.quoted {
            edit.text.replace('"', "\"\"")
        } else if edit.text.contains(['"', '\n', '\r', char::from(self.delimiter)]) {
            format!("\"{}\"", edit.text.replace('"', "\"\""))
        } else {
            edit.text.clone()
        };
        Some((start..end, text))
    }

    /// Whether a text can stand in a field as it is, without quotation marks of its own.
    pub(crate) fn fits(&self, row: usize, column: usize, text: &str) -> bool {
        let quoted = self.row(row).get(column).is_some_and(|f| f.quoted);
        quoted || !text.contains(char::from(self.delimiter))
    }
}

/// A field's new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) text: String,
}

/// The delimiter by which the most rows have the same number of fields.
fn delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let widths = Splitter::new(text, delimiter).take(200).map(|r| r.map_or(0, |fields| fields.len()));
        let mut counts = std::collections::BTreeMap::new();
        widths.filter(|w| *w > 1).for_each(|w| *counts.entry(w).or_insert(0usize) += 1);
        counts.into_iter().map(|(width, rows)| (rows, width)).max().unwrap_or_default()
    };
    DELIMITERS.into_iter().filter(|d| score(*d).0 > 0).max_by_key(|d| score(*d)).unwrap_or(b',')
}

/// Rows of a text, one after another.
struct Splitter<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    at: usize,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str, delimiter: u8) -> Self {
        Self { bytes: text.as_bytes(), delimiter, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn is_end(&self, byte: u8) -> bool {
        byte == self.delimiter || byte == b'\n' || byte == b'\r'
    }

    /// The field that begins here. Afterwards the place is at a delimiter, at an end of line, or at the end.
    fn field(&mut self) -> Result<Field, ()> {
        if self.peek() != Some(b'"') {
            let start = self.at;
            while self.peek().is_some_and(|b| !self.is_end(b)) {
                self.at += 1;
            }
            return Ok(Field { start, end: self.at, quoted: false });
        }
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek() {
                None => return Err(()),
                Some(b'"') if self.bytes.get(self.at + 1) == Some(&b'"') => self.at += 2,
                Some(b'"') => break,
                Some(_) => self.at += 1,
            }
        }
        let end = self.at;
        self.at += 1;
        if self.peek().is_some_and(|b| !self.is_end(b)) {
            return Err(());
        }
        Ok(Field { start, end, quoted: true })
    }
}

impl Iterator for Splitter<'_> {
    type Item = Result<Vec<Field>, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        self.peek()?;
        let mut fields = Vec::new();
        loop {
            match self.field() {
                Ok(field) => fields.push(field),
                Err(()) => {
                    self.at = self.bytes.len();
                    return Some(Err(()));
                }
            }
            let end = self.peek();
            self.at += 1;
            match end {
                Some(b'\r') if self.peek() == Some(b'\n') => self.at += 1,
                Some(byte) if byte == self.delimiter => continue,
                _ => {}
            }
            return Some(Ok(fields));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet::read(text.as_bytes().to_vec()).unwrap()
    }

    fn texts(sheet: &Sheet) -> Vec<Vec<String>> {
        let row = |r| (0..sheet.width(r)).map(|c| sheet.text(r, c).into_owned()).collect();
        (0..sheet.rows()).map(row).collect()
    }

    #[test]
    fn fields_are_found_whatever_is_quoted() {
        let text = "a,\"b,\"\"c\"\"\",d\r\n\r\n\"x\ny\", 1 ,\r\n";
        assert_eq!(texts(&sheet(text)), [vec!["a", "b,\"c\"", "d"], vec![""], vec!["x\ny", "1", ""]]);
        assert_eq!(texts(&sheet("a;b,c\n1;2,5")), [["a", "b,c"], ["1", "2,5"]]);
        assert_eq!(texts(&sheet("a\tb\r1\t2\r")), [["a", "b"], ["1", "2"]]);
    }

    #[test]
    fn only_the_field_is_changed() {
        let text = "a , \"b\",c\r\n 1 ,\" 2 \",3";
        let edit = |row, column, text: &str| Edit { row, column, text: text.into() };
        let edits = [edit(1, 2, "*"), edit(1, 0, "x,y"), edit(1, 1, "[\"c\"]")];
        assert_eq!(sheet(text).with(&[]), text.as_bytes());
        let new = String::from_utf8(sheet(text).with(&edits)).unwrap();
        assert_eq!(new, "a , \"b\",c\r\n \"x,y\" ,\" [\"\"c\"\"] \",*");
    }

    #[test]
    fn what_is_too_long_or_broken_is_refused() {
        let long = "a,1\n".repeat(ROWS_MAX + 1);
        let error = Sheet::read(long.into_bytes()).unwrap_err().of("t");
        assert_eq!((error.code(), error.row()), ("too-many-rows", Some(ROWS_MAX + 1)));
        let quote = Sheet::read(b"a,b\n1,\"2\n3".to_vec()).unwrap_err().of("t");
        assert_eq!((quote.code(), quote.row()), ("quote", Some(2)));
        let wide = vec![b'1'; BYTES_MAX + 1];
        assert_eq!(Sheet::read(wide).unwrap_err().of("t").code(), "too-many-bytes");
        assert_eq!(Sheet::read(Vec::new()).unwrap_err().of("t").code(), "empty");
        assert_eq!(Sheet::read(b"\n \n".to_vec()).unwrap_err().of("t").code(), "empty");
    }

    /// Ten million rows end after the first few.
    #[test]
    fn a_source_without_end_is_not_read_to_its_end() {
        let error = Sheet::bytes(std::io::repeat(b'\n')).and_then(Sheet::read).unwrap_err().of("t");
        assert_eq!(error.code(), "too-many-rows");
    }
}
