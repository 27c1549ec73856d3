//! Readers: a file as chunks of records.

use crate::LandingError;
use crate::header::{Places, places};
use crate::inputs::{Format, InputFile};
use arrow::array::{Array, AsArray};
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
/// A longer field is an open quote or no text at all.
const FIELD_BYTES_MAX: usize = 1 << 20;

/// Some records of one file.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The file's place in its table.
    pub(crate) file: u16,
    /// The first record's number in the file, from 1.
    pub(crate) first_row: u64,
    pub(crate) records: Vec<ByteRecord>,
    pub(crate) places: Arc<Places>,
    /// Fields that every record must have.
    pub(crate) width: usize,
    /// Bytes of the file that were read for it.
    pub(crate) bytes: u64,
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
    let (mut records, mut first_row, mut told) = (Vec::with_capacity(CHUNK_ROWS), 1u64, 0u64);
    let mut record = ByteRecord::new();
    let mut spans_lines = false;
    loop {
        let more = next(file, &mut reader, &mut record)?;
        if more {
            if record.as_slice().len() > FIELD_BYTES_MAX {
                let row = first_row + records.len() as u64;
                return Err(LandingError::file(
                    &file.name,
                    "field-too-long",
                    format!("row {row} is longer than {FIELD_BYTES_MAX} bytes; a quote may be open"),
                ));
            }
            spans_lines = record.as_slice().contains(&b'\n');
            records.push(record.clone());
        }
        if records.len() == CHUNK_ROWS || (!more && !records.is_empty()) {
            let rows = records.len() as u64;
            let chunk = Chunk {
                file: index,
                first_row,
                records: std::mem::replace(&mut records, Vec::with_capacity(CHUNK_ROWS)),
                places: places.clone(),
                width,
                bytes: bytes.get() - told,
            };
            (told, first_row) = (bytes.get(), first_row + rows);
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
    let mut first_row = 1u64;
    for batch in reader {
        let batch = batch.map_err(|_| damaged())?;
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let columns = batch.columns().iter().map(|c| cast_with_options(c, &DataType::Utf8, &options));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|_| damaged())?;
        let mut records = vec![ByteRecord::new(); batch.num_rows()];
        for column in &columns {
            let text = column.as_string::<i32>();
            for (row, record) in records.iter_mut().enumerate() {
                record.push_field(if text.is_null(row) { b"" } else { text.value(row).as_bytes() });
            }
        }
        let rows = batch.num_rows() as u64;
        let bytes = file.bytes.saturating_mul(rows) / rows_total;
        if !give(Chunk { file: index, first_row, records, places: places.clone(), width, bytes }) {
            return Ok(());
        }
        first_row += rows;
    }
    Ok(())
}
