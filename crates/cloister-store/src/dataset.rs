//! Dataset versions.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_governance::Manifest;
use cloister_model::{DataKey, Digest, Name};

/// A landed dataset version as it is recorded.
#[derive(Clone, Debug)]
pub struct DatasetVersion {
    /// Files, tables, columns.
    pub manifest: Manifest,
    /// The digest of the manifest's text.
    pub digest: Digest,
    /// The manifest as it was hashed: JSON.
    pub manifest_text: String,
    /// The contract's text.
    pub contract: String,
    /// The digest of the extract's files.
    pub source_digest: Digest,
    /// The data key, wrapped.
    pub wrapped_key: Vec<u8>,
    /// The landing's rejects in numbers: JSON.
    pub rejects: String,
    /// Who landed it.
    pub landed_by: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub landed_at: String,
}

impl DatasetVersion {
    /// What its data key is wrapped for.
    pub fn key_place(dataset: &Name, version: u32) -> String {
        format!("data-key|{dataset}|{version}")
    }
}

const COLUMNS: &str = "digest, manifest, contract, source_digest, wrapped_key, rejects, landed_by, landed_at";

impl Store {
    /// Every dataset version, by name and version.
    pub async fn dataset_versions(&self) -> Result<Vec<DatasetVersion>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM dataset_version ORDER BY dataset, version");
        let rows = statement(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// One version, or the newest.
    pub async fn dataset_version(
        &self,
        dataset: &Name,
        version: Option<u32>,
    ) -> Result<Option<DatasetVersion>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM dataset_version WHERE dataset = $1 AND ($2 IS NULL OR version = $2)
             ORDER BY version DESC LIMIT 1"
        );
        let query = statement(sqlx::AssertSqlSafe(sql)).bind(dataset.as_str()).bind(version);
        query.fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// The version that these files were landed as before.
    pub async fn landed_from(&self, dataset: &Name, source: Digest) -> Result<Option<u32>, StoreError> {
        let row = statement("SELECT version FROM dataset_version WHERE dataset = $1 AND source_digest = $2")
            .bind(dataset.as_str())
            .bind(source.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|r| r.try_get("version")).transpose()?)
    }

    /// The data key of a version.
    pub fn data_key(&self, version: &DatasetVersion) -> Result<DataKey, StoreError> {
        let place = DatasetVersion::key_place(&version.manifest.dataset, version.manifest.version);
        self.keys().unwrap(&place, &version.wrapped_key)
    }
}

fn read(row: &Row) -> Result<DatasetVersion, StoreError> {
    let manifest_text: String = row.try_get("manifest")?;
    let digest: String = row.try_get("digest")?;
    let digest: Digest = digest.parse().map_err(|_| StoreError::Stored("digest"))?;
    if Manifest::digest(&manifest_text) != digest {
        return Err(StoreError::Stored("a manifest that does not fit its digest"));
    }
    let source: String = row.try_get("source_digest")?;
    Ok(DatasetVersion {
        manifest: serde_json::from_str(&manifest_text).map_err(|_| StoreError::Stored("manifest"))?,
        digest,
        manifest_text,
        contract: row.try_get("contract")?,
        source_digest: source.parse().map_err(|_| StoreError::Stored("source digest"))?,
        wrapped_key: row.try_get("wrapped_key")?,
        rejects: row.try_get("rejects")?,
        landed_by: row.try_get("landed_by")?,
        landed_at: row.try_get("landed_at")?,
    })
}

impl Transaction {
    /// Records a dataset version.
    pub async fn add_dataset_version(&mut self, version: &DatasetVersion) -> Result<(), StoreError> {
        statement(
            "INSERT INTO dataset_version
             (dataset, version, digest, manifest, contract, source_digest, wrapped_key, rejects, landed_by, landed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(version.manifest.dataset.as_str())
        .bind(version.manifest.version)
        .bind(version.digest.to_string())
        .bind(&version.manifest_text)
        .bind(&version.contract)
        .bind(version.source_digest.to_string())
        .bind(&version.wrapped_key)
        .bind(&version.rejects)
        .bind(&version.landed_by)
        .bind(&version.landed_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
