//! A bucket file: encrypted Parquet, hashed as it is written, on the disk before it is named in a manifest.

use crate::LandingError;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cloister_governance::FileEntry;
use cloister_model::{DataKey, Hasher, LandedColumn, LandedType};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// Rows of a row group: enough to compress and to scan, little enough to skip.
const ROW_GROUP_ROWS: usize = 131_072;

/// The column of record keys, in a file of its own.
pub(crate) const RECORD_KEY: &str = "record_key";

/// The Arrow schema of landed columns.
pub(crate) fn schema_of(columns: &[LandedColumn]) -> SchemaRef {
    let fields = columns.iter().map(|c| {
        let data_type = match c.landed_type {
            LandedType::Person => DataType::UInt32,
            LandedType::Pseudonym => DataType::FixedSizeBinary(16),
            LandedType::Text => DataType::Utf8,
            LandedType::Int32 => DataType::Int32,
            LandedType::Int64 => DataType::Int64,
            LandedType::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
            LandedType::Float => DataType::Float64,
            LandedType::Date => DataType::Date32,
            LandedType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            LandedType::Bool => DataType::Boolean,
        };
        Field::new(c.name.as_str(), data_type, c.nullable)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Hashes what it writes.
struct Hashed {
    file: BufWriter<File>,
    hasher: Hasher,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hasher.update(buffer.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A bucket file under way.
pub(crate) struct BucketFile {
    writer: ArrowWriter<Hashed>,
    path: String,
    bucket: u32,
    rows: u64,
}

impl BucketFile {
    /// Begins the file at `path` (as in `cloister_model::bucket_path`) under the staging folder.
    pub(crate) fn create(
        staging: &Path,
        path: String,
        bucket: u32,
        schema: &SchemaRef,
        sorted: bool,
        key: &DataKey,
    ) -> Result<Self, LandingError> {
        let target = staging.join(&path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(LandingError::Write)?;
        }
        let file = File::create_new(&target).map_err(LandingError::Write)?;
        let hashed =
            Hashed { file: BufWriter::with_capacity(1 << 18, file), hasher: Hasher::new(), bytes: 0 };
        let encryption = FileEncryptionProperties::builder(key.file_key(&path).expose().to_vec())
            .with_aad_prefix(path.as_bytes().to_vec())
            .with_aad_prefix_storage(false)
            .build()
            .map_err(LandingError::parquet)?;
        let order =
            sorted.then(|| vec![SortingColumn { column_idx: 0, descending: false, nulls_first: false }]);
        let mut properties = WriterProperties::builder();
        for field in schema.fields().iter().filter(|f| matches!(f.data_type(), DataType::FixedSizeBinary(_)))
        {
            // The least and the greatest pseudonym of a row group tell nobody anything.
            let column = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_statistics_enabled(column, EnabledStatistics::None);
        }
        // Random numbers have no words in common: a dictionary of them is as long as they are.
        let properties = properties.set_column_dictionary_enabled(ColumnPath::from(RECORD_KEY), false);
        let properties = properties
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(LandingError::parquet)?))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_sorting_columns(order)
            .set_created_by("cloister".to_owned())
            .with_file_encryption_properties(encryption)
            .build();
        let writer =
            ArrowWriter::try_new(hashed, schema.clone(), Some(properties)).map_err(LandingError::parquet)?;
        Ok(Self { writer, path, bucket, rows: 0 })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), LandingError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(LandingError::parquet)
    }

    /// Ends the file and puts it on the disk.
    pub(crate) fn finish(self) -> Result<FileEntry, LandingError> {
        let hashed = self.writer.into_inner().map_err(LandingError::parquet)?;
        let file = hashed.file.into_inner().map_err(|e| LandingError::Write(e.into_error()))?;
        file.sync_all().map_err(LandingError::Write)?;
        Ok(FileEntry {
            path: self.path,
            bucket: self.bucket,
            rows: self.rows,
            bytes: hashed.bytes,
            digest: hashed.hasher.finish(),
        })
    }
}
