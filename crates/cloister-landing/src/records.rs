//! Records of one chunk, in one buffer: a row costs no allocation.

/// Fields one after another, and where each record and each field ends.
#[derive(Debug, Default)]
pub(crate) struct Records {
    bytes: Vec<u8>,
    /// Where each field ends in `bytes`.
    fields: Vec<usize>,
    /// Where each record ends in `fields`.
    records: Vec<usize>,
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    bytes: &'a [u8],
    /// The whole buffer, where all of it is UTF-8.
    text: Option<&'a str>,
    /// Where its first field begins.
    start: usize,
    /// Where each of its fields ends.
    ends: &'a [usize],
}

impl Records {
    /// Adds a record.
    pub(crate) fn push<'f>(&mut self, fields: impl Iterator<Item = &'f [u8]>) {
        for field in fields {
            self.bytes.extend_from_slice(field);
            self.fields.push(self.bytes.len());
        }
        self.records.push(self.fields.len());
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Bytes of all fields.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Empty, with room for as much as is in these.
    pub(crate) fn like(&self) -> Self {
        Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            fields: Vec::with_capacity(self.fields.len()),
            records: Vec::with_capacity(self.records.len()),
        }
    }

    /// The records, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        // Checked at once, which is faster than field by field.
        let text = std::str::from_utf8(&self.bytes).ok();
        let mut first = 0usize;
        self.records.iter().map(move |end| {
            let start = first.checked_sub(1).and_then(|last| self.fields.get(last)).copied().unwrap_or(0);
            let ends = self.fields.get(first..*end).unwrap_or_default();
            first = *end;
            Record { bytes: &self.bytes, text, start, ends }
        })
    }
}

impl<'a> Record<'a> {
    /// How many fields it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn range(&self, field: usize) -> Option<std::ops::Range<usize>> {
        let end = *self.ends.get(field)?;
        let start = match field.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => self.start,
        };
        Some(start..end)
    }

    /// A field's bytes; nothing where there is no such field.
    pub(crate) fn bytes(&self, field: usize) -> &'a [u8] {
        self.range(field).and_then(|range| self.bytes.get(range)).unwrap_or_default()
    }

    /// A field's text; `None` where it is not UTF-8.
    pub(crate) fn text(&self, field: usize) -> Option<&'a str> {
        // Two fields may share a character of the whole: then each is judged by itself.
        let part = self.range(field).and_then(|range| self.text?.get(range));
        part.or_else(|| std::str::from_utf8(self.bytes(field)).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the bytes, the fields are those that went in, and text is what UTF-8 says it is.
        #[test]
        fn fields_come_out_as_they_went_in(
            rows in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..4), 0..6),
            ascii: bool,
        ) {
            let rows: Vec<Vec<Vec<u8>>> = match ascii {
                true => rows.into_iter().map(|r| r.into_iter().map(|f| f.iter().map(|b| b & 127).collect()).collect()).collect(),
                false => rows,
            };
            let mut records = Records::default();
            for row in &rows {
                records.push(row.iter().map(Vec::as_slice));
            }
            prop_assert_eq!(records.len(), rows.len());
            for (record, row) in records.iter().zip(&rows) {
                prop_assert_eq!(record.len(), row.len());
                for (index, field) in row.iter().enumerate() {
                    prop_assert_eq!(record.bytes(index), field.as_slice());
                    prop_assert_eq!(record.text(index), std::str::from_utf8(field).ok());
                }
                prop_assert_eq!(record.text(row.len()), Some(""));
            }
        }
    }

    #[test]
    fn a_character_does_not_span_fields() {
        let mut records = Records::default();
        records.push([&b"\xc3"[..], b"\xa9"].into_iter());
        let record = records.iter().next().unwrap();
        assert_eq!((record.text(0), record.text(1)), (None, None));
    }
}
