//! Hubs of this crate's tests: one on each database that the machine has.

use crate::postgres::Postgres;
use crate::{Database, Home, PostgresAddress, Store, StoreError};
use cloister_audit::{Event, EventKind};
use tempfile::TempDir;

/// A moment.
pub(crate) const AT: &str = "2026-01-02T03:04:05.678Z";

/// A hub that goes with its test; of a schema, with the server.
pub(crate) struct Ephemeral {
    folder: TempDir,
    pub(crate) database: Database,
    pub(crate) store: Store,
}

impl Ephemeral {
    /// One hub in a home of its own and, where there is a server, one on that.
    pub(crate) async fn on_each() -> Vec<Self> {
        let mut hubs = vec![Self::on(Database::Embedded).await];
        if let Some(database) = fresh() {
            hubs.push(Self::on(database).await);
        }
        hubs
    }

    /// A hub on this database.
    pub(crate) async fn on(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = create(&folder, &database).await.unwrap();
        std::fs::write(store.home().config(), "").unwrap();
        Self { folder, database, store }
    }

    pub(crate) fn home(&self) -> Home {
        Home::at(self.folder.path().to_owned())
    }

    /// Opens it once more, as another process would.
    pub(crate) async fn again(&self) -> Result<Store, StoreError> {
        Store::open(&self.home(), &self.database).await
    }
}

/// Makes an empty hub.
pub(crate) async fn create(folder: &TempDir, database: &Database) -> Result<Store, StoreError> {
    let home = Home::at(folder.path().to_owned());
    Store::create(&home, &"north".parse().unwrap(), database, event("north")).await
}

/// A schema that nobody uses, where there is a server.
pub(crate) fn fresh() -> Option<Database> {
    Postgres::shared().map(|server| at(server, ""))
}

/// A schema that nobody uses, with more for the server's address.
pub(crate) fn at(server: &Postgres, more: &str) -> Database {
    let url = format!("{}{more}", server.url());
    Database::Postgres(PostgresAddress::parse(&url, &Postgres::fresh_schema()).unwrap())
}

/// Something that happens.
pub(crate) fn event(subject: &str) -> Event {
    Event::new(AT, "admin", EventKind::ProjectCreated, subject)
}
