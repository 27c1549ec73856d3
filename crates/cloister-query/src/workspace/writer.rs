//! The files of a workspace table: written like a dataset's, one encrypted file for each range of people, whose rows
//! ascend by person. The settings are those of `cloister-landing`, which may not use this crate, nor be used by it.

use super::Placement;
use cloister_governance::FileEntry;
use cloister_model::{Hasher, bucket_file};
use datafusion::arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef, UInt32Type};
use datafusion::common::{Result, exec_err};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use datafusion::parquet::file::metadata::SortingColumn;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use std::io::{BufWriter, Result as IoResult, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of a row group: enough to compress and to scan, little enough to skip.
const ROW_GROUP_ROWS: usize = 131_072;

/// Where the bytes of a table's files go, as they are written: file by file, each encrypted already.
pub trait TableSink: Send {
    /// Takes the next bytes of a bucket's file. Every file comes whole before the next begins.
    fn take(&mut self, bucket: u32, bytes: &[u8]) -> IoResult<()>;
}

type Shared<'a> = Arc<Mutex<&'a mut dyn TableSink>>;

/// A table under way.
pub(super) struct TableWriter<'a> {
    placement: &'a Placement,
    sink: Shared<'a>,
    schema: SchemaRef,
    /// Whether the first column is the person that rows are sorted by.
    by_person: bool,
    current: Option<BucketFile<'a>>,
    done: Vec<FileEntry>,
    last: Option<u32>,
}

impl<'a> TableWriter<'a> {
    pub(super) fn new(
        placement: &'a Placement,
        sink: &'a mut dyn TableSink,
        schema: SchemaRef,
        by_person: bool,
    ) -> Self {
        let sink = Arc::new(Mutex::new(sink));
        Self { placement, sink, schema, by_person, current: None, done: Vec::new(), last: None }
    }

    pub(super) fn by_person(&self) -> bool {
        self.by_person
    }

    /// Writes rows; where there is a person, in ascending order, nobody's first.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec())?;
        if !self.by_person {
            self.write_run(0, &batch)?;
            return self.check_size();
        }
        let Some(people) = batch.column(0).as_primitive_opt::<UInt32Type>().cloned() else {
            return exec_err!("the person is no number");
        };
        let mut start = 0;
        while start < batch.num_rows() {
            let bucket = self.bucket(&people, start);
            let mut end = start;
            while end < batch.num_rows() && self.bucket(&people, end) == bucket {
                self.check_order(people.is_valid(end).then(|| people.value(end)))?;
                end += 1;
            }
            self.write_run(bucket, &batch.slice(start, end - start))?;
            start = end;
        }
        self.check_size()
    }

    fn bucket(&self, people: &UInt32Array, row: usize) -> u32 {
        if people.is_valid(row) { people.value(row) / self.placement.people_per_bucket.max(1) } else { 0 }
    }

    /// What counts people later relies on their order.
    fn check_order(&mut self, person: Option<u32>) -> Result<()> {
        if person < self.last {
            return exec_err!("people are not in order");
        }
        self.last = person;
        Ok(())
    }

    fn write_run(&mut self, bucket: u32, rows: &RecordBatch) -> Result<()> {
        if self.current.as_ref().is_some_and(|file| file.bucket != bucket) {
            self.end_bucket()?;
        }
        let file = match &mut self.current {
            Some(file) => file,
            None => {
                let to = Hashed::new(bucket, self.sink.clone());
                let new = BucketFile::create(self.placement, bucket, to, &self.schema, self.by_person)?;
                self.current.insert(new)
            }
        };
        file.rows += rows.num_rows() as u64;
        Ok(file.writer.write(rows)?)
    }

    fn end_bucket(&mut self) -> Result<()> {
        if let Some(file) = self.current.take() {
            self.done.push(file.finish()?);
        }
        Ok(())
    }

    fn check_size(&self) -> Result<()> {
        let done: u64 = self.done.iter().map(|f| f.bytes).sum();
        let now = self.current.as_ref().map_or(0, |f| f.writer.bytes_written() + f.writer.in_progress_size());
        if done.saturating_add(now as u64) > self.placement.bytes_max {
            return exec_err!("the table is larger than a workspace table may be");
        }
        Ok(())
    }

    /// Ends the last file.
    pub(super) fn finish(mut self) -> Result<Vec<FileEntry>> {
        self.end_bucket()?;
        self.check_size()?;
        Ok(self.done)
    }
}

/// Hashes what it passes on.
struct Hashed<'a> {
    bucket: u32,
    sink: Shared<'a>,
    hasher: Hasher,
    bytes: u64,
}

impl<'a> Hashed<'a> {
    /// With room for larger pieces than a Parquet writer's.
    fn new(bucket: u32, sink: Shared<'a>) -> BufWriter<Self> {
        BufWriter::with_capacity(1 << 18, Self { bucket, sink, hasher: Hasher::new(), bytes: 0 })
    }
}

impl Write for Hashed<'_> {
    fn write(&mut self, buffer: &[u8]) -> IoResult<usize> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).take(self.bucket, buffer)?;
        self.hasher.update(buffer);
        self.bytes += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

struct BucketFile<'a> {
    writer: ArrowWriter<BufWriter<Hashed<'a>>>,
    path: String,
    bucket: u32,
    rows: u64,
}

impl<'a> BucketFile<'a> {
    fn create(
        placement: &Placement,
        bucket: u32,
        to: BufWriter<Hashed<'a>>,
        schema: &SchemaRef,
        sorted: bool,
    ) -> Result<Self> {
        let path = format!("{}/{}", placement.path, bucket_file(bucket));
        let encryption = FileEncryptionProperties::builder(placement.key.file_key(&path).expose().to_vec())
            .with_aad_prefix(path.as_bytes().to_vec())
            .with_aad_prefix_storage(false)
            .build()?;
        let order =
            sorted.then(|| vec![SortingColumn { column_idx: 0, descending: false, nulls_first: true }]);
        let mut properties = WriterProperties::builder();
        for field in schema.fields().iter().filter(|f| matches!(f.data_type(), DataType::FixedSizeBinary(_)))
        {
            let column = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_statistics_enabled(column, EnabledStatistics::None);
        }
        let properties = properties
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_sorting_columns(order)
            .set_created_by("cloister".to_owned())
            .with_file_encryption_properties(encryption)
            .build();
        let writer = ArrowWriter::try_new(to, schema.clone(), Some(properties))?;
        Ok(Self { writer, path, bucket, rows: 0 })
    }

    fn finish(self) -> Result<FileEntry> {
        let buffer = self.writer.into_inner()?;
        let hashed = buffer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        Ok(FileEntry {
            path: self.path,
            bucket: self.bucket,
            rows: self.rows,
            bytes: hashed.bytes,
            digest: hashed.hasher.finish(),
        })
    }
}
