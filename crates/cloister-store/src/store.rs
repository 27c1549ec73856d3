//! Opening the home.

use crate::key_file::{create_key, read_key};
use crate::lock::Lock;
use crate::publish::{remove, sync_folder, write_new};
use crate::transaction::Transaction;
use crate::{Home, KeyWrap, Queue, StoreError, VaultKey, schema};
use cloister_audit::{AuditSigner, Event, Frontier};
use cloister_model::Name;
use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::sync::Arc;
use std::time::Duration;

/// A hub's metadata, keys and folders.
#[derive(Clone)]
pub struct Store {
    home: Home,
    hub: Name,
    pub(crate) pool: SqlitePool,
    pub(crate) signer: Arc<AuditSigner>,
    keys: Arc<dyn KeyWrap>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.home.path().display())
    }
}

impl Store {
    /// Makes an empty hub: folders, keys, database, the first audit record. Where it fails, or is killed,
    /// there is no hub: the settings file, which says that there is one, is written last, by the caller.
    pub async fn create(home: &Home, hub: &Name, first: Event) -> Result<Self, StoreError> {
        if home.config().exists() {
            return Err(StoreError::HubExists(home.path().to_owned()));
        }
        make_folder(home.path())?;
        let holds_files =
            std::fs::read_dir(home.path()).map_err(StoreError::file(home.path()))?.next().is_some();
        if holds_files && !home.key("audit").exists() && !home.path().join("keys").exists() {
            return Err(StoreError::File {
                path: home.path().to_owned(),
                source: std::io::Error::other("the folder is not empty"),
            });
        }
        // What an earlier attempt left is no hub.
        for leftover in [
            home.database(),
            home.database().with_extension("db-wal"),
            home.database().with_extension("db-shm"),
        ] {
            remove(&leftover)?;
        }
        for folder in home.folders() {
            make_folder(&folder)?;
        }
        // The pseudonymisation key is only made here; only the receiving zone reads it.
        for key in ["vault", "audit", "pseudonym"] {
            remove(&home.key(key))?;
            create_key(&home.key(key))?;
        }
        remove(&home.audit_public_key())?;
        remove(&home.checkpoints())?;
        let store = Self::connect(home, hub.clone(), true).await?;
        write_new(&home.audit_public_key(), format!("{}\n", store.signer.public_key()).as_bytes())?;
        write_new(&home.checkpoints(), b"")?;
        let mut tx = store.begin().await?;
        for statement in schema::CREATE.iter().chain(schema::ADDED) {
            sqlx::query(*statement).execute(tx.connection()).await?;
        }
        sqlx::query("INSERT INTO hub (only, name, schema_version) VALUES (1, ?, ?)")
            .bind(hub.as_str())
            .bind(schema::VERSION)
            .execute(tx.connection())
            .await?;
        sqlx::query("INSERT INTO audit_frontier (only, state) VALUES (1, ?)")
            .bind(Frontier::new().to_bytes())
            .execute(tx.connection())
            .await?;
        tx.commit(vec![first]).await?;
        sync_folder(home.path())?;
        Ok(store)
    }

    /// Opens a hub.
    pub async fn open(home: &Home) -> Result<Self, StoreError> {
        if !home.config().exists() || !home.database().exists() {
            return Err(StoreError::NoHub(home.path().to_owned()));
        }
        let mut store =
            Self::connect(home, "unknown".parse().map_err(|_| StoreError::Stored("hub"))?, false).await?;
        let row = sqlx::query("SELECT name, schema_version FROM hub").fetch_one(&store.pool).await?;
        let found: i64 = row.try_get("schema_version")?;
        if found != schema::VERSION {
            return Err(StoreError::Schema { found, expected: schema::VERSION });
        }
        let name: String = row.try_get("name")?;
        store.hub = name.parse().map_err(|_| StoreError::Stored("hub"))?;
        for statement in schema::ADDED {
            sqlx::query(*statement).execute(&store.pool).await?;
        }
        store.append_checkpoints().await?;
        Ok(store)
    }

    async fn connect(home: &Home, hub: Name, create: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(home.database())
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is deleted, wrapped keys among it, is overwritten.
            .pragma("secure_delete", "on")
            .busy_timeout(Duration::from_secs(30));
        let signer = AuditSigner::from_seed(&*read_key(&home.key("audit"))?)?;
        let keys = VaultKey::from_bytes(&*read_key(&home.key("vault"))?);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        Ok(Self { home: home.clone(), hub, pool, signer: Arc::new(signer), keys: Arc::new(keys) })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT name FROM hub").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The hub's name.
    pub fn hub(&self) -> &Name {
        &self.hub
    }

    /// What signs checkpoints and release packages.
    pub fn signer(&self) -> &AuditSigner {
        &self.signer
    }

    /// What wraps data keys and seals held results.
    pub fn keys(&self) -> &dyn KeyWrap {
        self.keys.as_ref()
    }

    /// Begins a change of state. Nothing of it stays unless it is committed with its events.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction::new(self.clone(), self.pool.begin_with("BEGIN IMMEDIATE").await?))
    }

    /// The lock that a landing holds.
    pub fn landing_lock(&self) -> Result<Lock, StoreError> {
        Lock::take(
            &self.home.staging().join("landing.lock"),
            "another landing is under way; wait for it to end",
        )
    }

    /// Takes the lock of a request that this process has just named.
    pub fn own_request_lock(&self, request: &str) -> Result<Lock, StoreError> {
        Lock::own(&self.home.staging().join(format!("{request}.lock")))
    }

    /// The lock that a query holds while it runs.
    pub fn request_lock(&self, request: &str) -> Result<Lock, StoreError> {
        Lock::take(&self.home.staging().join(format!("{request}.lock")), "the query is running")
    }

    /// The queue of queries.
    pub fn queue(&self) -> Queue {
        Queue::at(self.home.queue())
    }

    /// Ends all use of the database, so that everything written is in the one file.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

pub(crate) fn make_folder(path: &std::path::Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(StoreError::file(path))
}
