//! Reading the vault: exactly the files of the manifest, each with its own key.

use crate::grant::GrantedTable;
use async_trait::async_trait;
use cloister_governance::FileEntry;
use cloister_model::{DataKey, LandedColumn, LandedType};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::EncryptionFactoryOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::parquet_encryption::EncryptionFactory;
use datafusion::logical_expr::Expr;
use datafusion::object_store::{ObjectStore, path::Path};
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// The only store there is; `file://` and every other scheme are unknown.
const VAULT_URL: &str = "vault://hub/";

/// A registry that knows the vault and nothing else.
#[derive(Debug)]
pub(crate) struct VaultOnly(pub(crate) Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for VaultOnly {
    fn register_store(&self, _: &url::Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &url::Url) -> Result<Arc<dyn ObjectStore>> {
        if url.as_str() == VAULT_URL {
            Ok(self.0.clone())
        } else {
            datafusion::common::plan_err!("no such store")
        }
    }
}

/// The keys of one dataset version's files. Never used to write.
#[derive(Debug)]
struct ReadKeys(DataKey);

#[async_trait]
impl EncryptionFactory for ReadKeys {
    async fn get_file_encryption_properties(
        &self,
        _: &EncryptionFactoryOptions,
        _: &SchemaRef,
        _: &Path,
    ) -> Result<Option<Arc<FileEncryptionProperties>>> {
        datafusion::common::plan_err!("the vault is read-only")
    }

    async fn get_file_decryption_properties(
        &self,
        _: &EncryptionFactoryOptions,
        path: &Path,
    ) -> Result<Option<Arc<FileDecryptionProperties>>> {
        let key = self.0.file_key(path.as_ref());
        let properties = FileDecryptionProperties::builder(key.expose().to_vec())
            .with_aad_prefix(path.as_ref().as_bytes().to_vec())
            .build()?;
        Ok(Some(properties))
    }
}

/// A table of the vault with all its columns, granted or not. Only the rewriting reads it.
#[derive(Debug)]
pub(crate) struct VaultTable {
    schema: SchemaRef,
    /// By ascending range of people.
    files: Vec<FileEntry>,
    key: DataKey,
}

impl VaultTable {
    pub(crate) fn new(table: GrantedTable) -> Self {
        let schema = schema_of(&table.entry.columns);
        Self::of_files(schema, table.entry.files, table.key)
    }

    /// Files that hold these columns.
    pub(crate) fn of_files(schema: SchemaRef, files: Vec<FileEntry>, key: DataKey) -> Self {
        Self { schema, files, key }
    }

    fn rows(&self) -> u64 {
        self.files.iter().map(|f| f.rows).sum()
    }

    /// The files in ranges of people, one range a partition: no person is in two partitions, and each
    /// partition's people ascend.
    fn partitions(&self, wanted: usize) -> Vec<FileGroup> {
        let share = self.rows().div_ceil(wanted.max(1) as u64).max(1);
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new()];
        let mut filled = 0;
        for file in &self.files {
            if filled >= share && groups.len() < wanted {
                groups.push(Vec::new());
                filled = 0;
            }
            filled += file.rows;
            if let Some(group) = groups.last_mut() {
                group.push(PartitionedFile::new(file.path.clone(), file.bytes));
            }
        }
        groups.into_iter().map(FileGroup::new).collect()
    }
}

#[async_trait]
impl TableProvider for VaultTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = ParquetSource::new(self.schema.clone())
            .with_encryption_factory(Arc::new(ReadKeys(self.key.clone())));
        // Inexact on purpose: the optimiser may order joins by it, never answer a query from it.
        let mut statistics = Statistics::new_unknown(&self.schema);
        let rows = usize::try_from(self.rows()).unwrap_or(usize::MAX);
        statistics.num_rows = Precision::Inexact(rows);
        statistics.total_byte_size = Precision::Inexact(rows.saturating_mul(self.schema.fields().len() * 8));
        let url = ObjectStoreUrl::parse(VAULT_URL)?;
        let scan = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(self.partitions(state.config().target_partitions()))
            .with_statistics(statistics)
            .with_limit(limit)
            // Idle partitions would read each other's files, and a partition's people would no longer ascend.
            .with_preserve_order(true)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// The Arrow schema of landed columns.
pub(crate) fn schema_of(columns: &[LandedColumn]) -> SchemaRef {
    let fields = columns.iter().map(|c| Field::new(c.name.as_str(), arrow_type(c.landed_type), c.nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn arrow_type(landed: LandedType) -> DataType {
    match landed {
        LandedType::Person => DataType::UInt32,
        LandedType::Pseudonym => DataType::FixedSizeBinary(16),
        // Views point into the file's dictionary: reading, filtering and grouping texts copies none of them.
        LandedType::Text => DataType::Utf8View,
        LandedType::Int32 => DataType::Int32,
        LandedType::Int64 => DataType::Int64,
        LandedType::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
        LandedType::Float => DataType::Float64,
        LandedType::Date => DataType::Date32,
        LandedType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        LandedType::Bool => DataType::Boolean,
    }
}
