//! Readers: a file as chunks of records.

use crate::LandingError;
use crate::header::{Places, places};
use crate::inputs::{Format, InputFile};
use crate::records::Records;
use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use cloister_governance::TableContract;
use csv::ByteRecord;
use flate2::read::MultiGzDecoder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;

/// Records of a chunk.
const CHUNK_ROWS: usize = 8_192;
/// Bytes of a chunk's fields, about.
const CHUNK_BYTES: usize = 8 << 20;
/// A longer field is an open quote or no text at all.
const FIELD_BYTES_MAX: usize = 1 << 20;

/// Some records of one file.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The file's place in its table.
    pub(crate) file: u16,
    /// The first record's number in the file, from 1.
    pub(crate) first_row: u64,
    pub(crate) records: Records,
    pub(crate) places: Arc<Places>,
    /// Fields that every record must have.
    pub(crate) width: usize,
    /// Bytes of the file that were read for it.
    pub(crate) bytes: u64,
}

/// A file's records on their way into chunks.
struct Chunks {
    file: u16,
    places: Arc<Places>,
    width: usize,
    first_row: u64,
    records: Records,
}

impl Chunks {
    fn full(&self) -> bool {
        self.records.len() >= CHUNK_ROWS || self.records.bytes() >= CHUNK_BYTES
    }

    /// The records so far as a chunk.
    fn next(&mut self, bytes: u64) -> Chunk {
        let empty = self.records.like();
        let records = std::mem::replace(&mut self.records, empty);
        let first_row = self.first_row;
        self.first_row += records.len() as u64;
        let (file, places, width) = (self.file, self.places.clone(), self.width);
        Chunk { file, first_row, records, places, width, bytes }
    }
}

/// Reads a file and gives its chunks away, until `give` says stop.
pub(crate) fn read(
    file: &InputFile,
    index: u16,
    table: &TableContract,
    give: &mut dyn FnMut(Chunk) -> bool,
) -> Result<(), LandingError> {
    let open = || File::open(&file.path).map_err(|e| broken(file, &e));
    match file.format {
        Format::Csv | Format::GzippedCsv => read_csv(file, index, table, open()?, give),
        Format::Parquet => read_parquet(file, index, table, open()?, give),
    }
}

fn broken(file: &InputFile, error: &std::io::Error) -> LandingError {
    match (file.format, error.kind()) {
        (Format::GzippedCsv, std::io::ErrorKind::UnexpectedEof) => {
            LandingError::file(&file.name, "truncated-gzip", "ends in the middle of the compressed data")
        }
        (Format::GzippedCsv, std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData) => {
            LandingError::file(&file.name, "corrupt-gzip", "its compressed data is damaged")
        }
        (_, kind) => LandingError::file(&file.name, "unreadable-file", format!("cannot be read ({kind})")),
    }
}

/// Counts the bytes of the file itself.
struct Counted<R> {
    inner: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// Notices whether quotes come in pairs, as RFC 4180 has it.
struct Quotes<R> {
    inner: R,
    odd: Rc<Cell<bool>>,
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let quotes = buffer.iter().take(read).filter(|b| **b == b'"').count();
        self.odd.set(self.odd.get() ^ (quotes % 2 == 1));
        Ok(read)
    }
}

fn read_csv(
    file: &InputFile,
    index: u16,
    table: &TableContract,
    open: File,
    give: &mut dyn FnMut(Chunk) -> bool,
) -> Result<(), LandingError> {
    let bytes = Rc::new(Cell::new(0));
    let raw = Counted { inner: open, bytes: bytes.clone() };
    let text: Box<dyn Read> = match file.format {
        Format::GzippedCsv => Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 18, raw))),
        Format::Csv | Format::Parquet => Box::new(raw),
    };
    let odd = Rc::new(Cell::new(false));
    let text = Quotes { inner: text, odd: odd.clone() };
    // The csv crate skips a byte order mark and takes both line ends.
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(1 << 18)
        .from_reader(text);
    let mut header = ByteRecord::new();
    if !next(file, &mut reader, &mut header)? {
        return Err(LandingError::file(&file.name, "empty-file", "has no header"));
    }
    let names: Vec<Vec<u8>> = header.iter().map(<[u8]>::to_vec).collect();
    let places = Arc::new(places(&file.name, &names, table)?);
    let width = names.len();
    let mut chunks = Chunks { file: index, places, width, first_row: 1, records: Records::default() };
    let mut told = 0u64;
    let mut record = ByteRecord::new();
    let mut spans_lines = false;
    loop {
        let more = next(file, &mut reader, &mut record)?;
        if more {
            if record.as_slice().len() > FIELD_BYTES_MAX {
                let row = chunks.first_row + chunks.records.len() as u64;
                return Err(LandingError::file(
                    &file.name,
                    "field-too-long",
                    format!("row {row} is longer than {FIELD_BYTES_MAX} bytes; a quote may be open"),
                ));
            }
            // When the last record is read, all quotes have been counted.
            spans_lines = odd.get() && record.as_slice().contains(&b'\n');
            chunks.records.push(record.iter());
        }
        if chunks.full() || (!more && chunks.records.len() > 0) {
            let chunk = chunks.next(bytes.get() - told);
            told = bytes.get();
            if !give(chunk) {
                return Ok(());
            }
        }
        if !more {
            break;
        }
    }
    if odd.get() && spans_lines {
        return Err(LandingError::file(&file.name, "open-quote", "ends inside a quoted field"));
    }
    Ok(())
}

fn next<R: Read>(
    file: &InputFile,
    reader: &mut csv::Reader<R>,
    record: &mut ByteRecord,
) -> Result<bool, LandingError> {
    reader.read_byte_record(record).map_err(|e| match e.into_kind() {
        csv::ErrorKind::Io(io) => broken(file, &io),
        _ => LandingError::file(&file.name, "not-csv", "cannot be read as CSV"),
    })
}

/// A value's text; nothing for NULL, as an empty field has it.
fn field_at(column: &StringArray, row: usize) -> &[u8] {
    if column.is_null(row) { b"" } else { column.value(row).as_bytes() }
}

/// Parquet columns go through the same validation as text: each value in its usual written form.
fn read_parquet(
    file: &InputFile,
    index: u16,
    table: &TableContract,
    open: File,
    give: &mut dyn FnMut(Chunk) -> bool,
) -> Result<(), LandingError> {
    let damaged =
        || LandingError::file(&file.name, "unreadable-parquet", "is truncated, damaged or encrypted");
    let builder = ParquetRecordBatchReaderBuilder::try_new(open).map_err(|_| damaged())?;
    let names: Vec<Vec<u8>> =
        builder.schema().fields().iter().map(|f| f.name().clone().into_bytes()).collect();
    let width = names.len();
    for field in builder.schema().fields() {
        if field.data_type().is_nested()
            || matches!(field.data_type(), DataType::Binary | DataType::LargeBinary)
        {
            let text =
                format!("the column `{}` is neither text, a number, a date nor a truth value", field.name());
            return Err(LandingError::file(&file.name, "wrong-type", text));
        }
    }
    let places = Arc::new(places(&file.name, &names, table)?);
    let rows_total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default().max(1);
    let reader = builder.with_batch_size(CHUNK_ROWS).build().map_err(|_| damaged())?;
    let mut chunks = Chunks { file: index, places, width, first_row: 1, records: Records::default() };
    let bytes = |rows: usize| file.bytes.saturating_mul(rows as u64) / rows_total;
    for batch in reader {
        let batch = batch.map_err(|_| damaged())?;
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let columns = batch.columns().iter().map(|c| cast_with_options(c, &DataType::Utf8, &options));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|_| damaged())?;
        let columns: Vec<_> = columns.iter().map(|c| c.as_string::<i32>()).collect();
        for row in 0..batch.num_rows() {
            chunks.records.push(columns.iter().map(|c| field_at(c, row)));
            if chunks.full() {
                let bytes = bytes(chunks.records.len());
                if !give(chunks.next(bytes)) {
                    return Ok(());
                }
            }
        }
    }
    if chunks.records.len() > 0 {
        let bytes = bytes(chunks.records.len());
        give(chunks.next(bytes));
    }
    Ok(())
}
