//! Opening the home.

use crate::database::{self, Pool, statement};
use crate::key_file::{create_key, read_key};
use crate::lock::Lock;
use crate::publish::{remove, sync_folder, write_new};
use crate::transaction::Transaction;
use crate::{Database, Home, KeyWrap, PostgresAddress, Queue, StoreError, VaultKey, schema};
use cloister_audit::{AuditSigner, Checkpoint, Event, Frontier};
use cloister_model::Name;
use std::sync::Arc;

/// A hub's metadata, keys and folders.
#[derive(Clone)]
pub struct Store {
    home: Home,
    hub: Name,
    pub(crate) pool: Pool,
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
    ///
    /// # Errors
    /// The home, or the schema of the server, is not empty.
    pub async fn create(
        home: &Home,
        hub: &Name,
        database: &Database,
        first: Event,
    ) -> Result<Self, StoreError> {
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
        // What an earlier attempt left in the home is no hub. A server's schema is never cleared.
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
        let store = Self::connect(home, hub.clone(), database, true).await?;
        write_new(&home.audit_public_key(), format!("{}\n", store.signer.public_key()).as_bytes())?;
        write_new(&home.checkpoints(), b"")?;
        let mut begun = store.pool.begin_schema().await?;
        database::make_room(database, &mut begun).await?;
        schema::create(&mut begun).await?;
        statement("INSERT INTO hub (\"only\", name, schema_version) VALUES (1, $1, $2)")
            .bind(hub.as_str())
            .bind(schema::VERSION)
            .execute(&mut begun)
            .await?;
        statement("INSERT INTO audit_frontier (\"only\", state) VALUES (1, $1)")
            .bind(Frontier::new().to_bytes())
            .execute(&mut begun)
            .await?;
        Transaction::new(store.clone(), begun).commit(vec![first]).await?;
        sync_folder(home.path())?;
        Ok(store)
    }

    /// Opens a hub, and brings its database to this version's schema.
    ///
    /// # Errors
    /// There is no hub, or the database is another hub's, or of a later version.
    pub async fn open(home: &Home, database: &Database) -> Result<Self, StoreError> {
        if !home.config().exists() || matches!(database, Database::Embedded) && !home.database().exists() {
            return Err(StoreError::NoHub(home.path().to_owned()));
        }
        let unknown = "unknown".parse().map_err(|_| StoreError::Stored("hub"))?;
        let mut store = Self::connect(home, unknown, database, false).await?;
        database::expect_hub(database, &store.pool).await?;
        schema::upgrade(&store.pool).await?;
        let row = statement("SELECT name FROM hub").fetch_one(&store.pool).await?;
        let name: String = row.try_get("name")?;
        store.hub = name.parse().map_err(|_| StoreError::Stored("hub"))?;
        match database {
            Database::Embedded => {}
            Database::Postgres(address) => store.expect_own(address).await?,
        }
        store.append_checkpoints().await?;
        Ok(store)
    }

    /// A server has schemas of many hubs: this home's key must have signed the log of the one that it is given.
    async fn expect_own(&self, address: &PostgresAddress) -> Result<(), StoreError> {
        let newest = statement("SELECT line FROM audit_checkpoint ORDER BY size DESC LIMIT 1");
        let line: String = newest.fetch_one(&self.pool).await?.try_get("line")?;
        let other = || StoreError::OtherHub(address.schema().to_owned());
        Checkpoint::from_line(&line)?.verify(&self.audit_key()).map_err(|_| other())
    }

    async fn connect(home: &Home, hub: Name, database: &Database, create: bool) -> Result<Self, StoreError> {
        let signer = AuditSigner::from_seed(&*read_key(&home.key("audit"))?)?;
        let keys = VaultKey::from_bytes(&*read_key(&home.key("vault"))?);
        let pool = Pool::connect(home, database, create).await?;
        Ok(Self { home: home.clone(), hub, pool, signer: Arc::new(signer), keys: Arc::new(keys) })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        statement("SELECT name FROM hub").fetch_one(&self.pool).await?;
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
        Ok(Transaction::new(self.clone(), self.pool.begin().await?))
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

#[cfg(test)]
mod tests;
