//! The hub's settings: `hub.toml`.

use crate::HubError;
use cloister_model::Name;
use cloister_store::{Database, Home, PostgresAddress, Shares, StoreError};
use cloister_worker::{Ceilings, Sandbox};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// The hub's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The hub's name; pseudonyms depend on it.
    pub name: Name,
    /// How many people one bucket file of a table spans.
    #[serde(default = "people_per_bucket")]
    pub people_per_bucket: u32,
    /// Where the metadata is.
    #[serde(default)]
    pub database: DatabaseConfig,
    /// What a query may use.
    #[serde(default)]
    pub query: QueryConfig,
    /// What a project may keep.
    #[serde(default)]
    pub workspace: WorkspaceConfig,
    /// How long sessions last.
    #[serde(default)]
    pub sign_in: SignInConfig,
}

/// Where the metadata is: in the home (SQLite), or on a PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DatabaseConfig {
    /// A file with the server's address, which may hold a password, so that only its owner may read it; none for the
    /// database in the home.
    pub url_file: Option<PathBuf>,
    /// The schema on the server that is this hub's alone.
    pub schema: String,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url_file: None, schema: "cloister".to_owned() }
    }
}

impl DatabaseConfig {
    /// The database that these settings name.
    pub fn database(&self) -> Result<Database, HubError> {
        match &self.url_file {
            None => Ok(Database::Embedded),
            Some(file) => Ok(Database::Postgres(PostgresAddress::from_file(file, &self.schema)?)),
        }
    }

    fn text(&self) -> Result<String, HubError> {
        let Some(file) = &self.url_file else { return Ok(EMBEDDED_TEXT.to_owned()) };
        let file = file
            .to_str()
            .ok_or_else(|| HubError::Config("the path of database.url-file is not UTF-8".to_owned()))?;
        let (file, schema) = (toml::Value::from(file), toml::Value::from(self.schema.as_str()));
        Ok(format!("[database]\n{SERVER_TEXT}url-file = {file}\nschema = {schema}\n"))
    }
}

/// How long sessions of the pages last.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SignInConfig {
    /// Minutes without use.
    pub idle_minutes: u32,
    /// Minutes in all.
    pub session_minutes: u32,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self { idle_minutes: 30, session_minutes: 720 }
    }
}

impl SignInConfig {
    fn check(&self) -> Result<(), HubError> {
        if self.idle_minutes == 0 || self.session_minutes < self.idle_minutes || self.session_minutes > 1_440
        {
            let text = "sign-in.session-minutes must be at least sign-in.idle-minutes, which is at least 1, and at most 1440";
            return Err(HubError::Config(text.to_owned()));
        }
        Ok(())
    }
}

/// What a project may keep in its workspace. No limit depends on how large a table becomes: a table is counted at
/// the size it may have, so that a refusal says nothing of anybody's data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WorkspaceConfig {
    /// Tables and views together.
    pub objects_max: u32,
    /// How large one table may be, in MiB.
    pub table_mib_max: u32,
    /// How large all tables together may be, in MiB.
    pub mib_max: u32,
    /// How many days a table or view can be used.
    pub days_max: u32,
}

impl Default for WorkspaceConfig {
    fn default() -> Self {
        Self { objects_max: 64, table_mib_max: 512, mib_max: 16_384, days_max: 90 }
    }
}

impl WorkspaceConfig {
    /// How many tables there is room for.
    pub fn tables_max(&self) -> u32 {
        self.mib_max / self.table_mib_max.max(1)
    }

    /// How large the files of one table may be.
    pub fn table_bytes_max(&self) -> u64 {
        u64::from(self.table_mib_max) << 20
    }

    fn check(&self) -> Result<(), HubError> {
        if self.table_mib_max == 0 || self.mib_max < self.table_mib_max {
            let text = "workspace.table-mib-max must be at least 1, and at most workspace.mib-max";
            return Err(HubError::Config(text.to_owned()));
        }
        Ok(())
    }
}

/// What queries may use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct QueryConfig {
    /// Memory of one query's operators, in MiB. Its process may take a quarter and 1.5 GiB more, then it is ended.
    pub memory_mib_max: u32,
    /// Memory of all running queries' operators, in MiB. A query that does not fit waits.
    pub hub_memory_mib_max: u32,
    /// Wall-clock time of one query, in seconds, without the time that it waits.
    pub seconds_max: u32,
    /// Rows of the tables that one query reads, each table as often as it is read.
    pub rows_max: u64,
    /// Cells of one query's table.
    pub cells_max: u64,
    /// Queries that run at once.
    pub queries_max: u32,
    /// Queries of one project that run at once.
    pub project_queries_max: u32,
    /// How long a query waits for its turn, in seconds, before it is refused as `busy`.
    pub queue_seconds_max: u32,
    /// Whether queries may run where the kernel cannot confine them.
    pub sandbox: Sandbox,
}

impl Default for QueryConfig {
    fn default() -> Self {
        Self {
            memory_mib_max: 4_096,
            hub_memory_mib_max: 8_192,
            seconds_max: 300,
            rows_max: 10_000_000_000,
            cells_max: 1_000_000,
            queries_max: 4,
            project_queries_max: 2,
            queue_seconds_max: 60,
            sandbox: Sandbox::BestEffort,
        }
    }
}

fn people_per_bucket() -> u32 {
    65_536
}

impl QueryConfig {
    pub(crate) fn ceilings(&self) -> Ceilings {
        Ceilings {
            memory_bytes_max: u64::from(self.memory_mib_max) << 20,
            time_ms_max: u64::from(self.seconds_max) * 1_000,
            rows_max: self.rows_max,
            cells_max: self.cells_max,
            ..Ceilings::default()
        }
    }

    pub(crate) fn shares(&self) -> Shares {
        Shares {
            queries_max: self.queries_max,
            project_queries_max: self.project_queries_max,
            memory_mib_max: u64::from(self.hub_memory_mib_max),
        }
    }

    pub(crate) fn queue_max(&self) -> Duration {
        Duration::from_secs(u64::from(self.queue_seconds_max))
    }

    /// Limits under which nothing could run are refused, rather than discovered by the first researcher.
    fn check(&self) -> Result<(), HubError> {
        let least = [
            ("memory-mib-max", u64::from(self.memory_mib_max)),
            ("seconds-max", u64::from(self.seconds_max)),
            ("rows-max", self.rows_max),
            ("cells-max", self.cells_max),
            ("queries-max", u64::from(self.queries_max)),
            ("project-queries-max", u64::from(self.project_queries_max)),
        ];
        if let Some((name, _)) = least.iter().find(|(_, value)| *value == 0) {
            return Err(HubError::Config(format!("query.{name} must be at least 1")));
        }
        if self.hub_memory_mib_max < self.memory_mib_max {
            let text = "query.hub-memory-mib-max must be at least query.memory-mib-max";
            return Err(HubError::Config(text.to_owned()));
        }
        Ok(())
    }
}

impl Config {
    /// The text of a new hub's settings.
    pub(crate) fn new_text(name: &Name, database: &DatabaseConfig) -> Result<String, HubError> {
        Ok(format!(
            "# The settings of one hub. The name goes into every pseudonym: it must not change.\n\
             name = \"{name}\"\n\
             # How many people one bucket file of a table spans.\n\
             people-per-bucket = {}\n\n{}\n{QUERY_TEXT}\n{WORKSPACE_TEXT}\n{SIGN_IN_TEXT}",
            people_per_bucket(),
            database.text()?,
        ))
    }

    pub(crate) fn read(home: &Home) -> Result<Self, HubError> {
        let path = home.config();
        let text = std::fs::read_to_string(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => StoreError::NoHub(home.path().to_owned()).into(),
            _ => HubError::file(&path)(e),
        })?;
        let config: Self = toml::from_str(&text).map_err(|e| HubError::Config(e.to_string()))?;
        if config.people_per_bucket == 0 {
            return Err(HubError::Config("people-per-bucket must be at least 1".to_owned()));
        }
        config.query.check()?;
        config.workspace.check()?;
        config.sign_in.check()?;
        Ok(config)
    }
}

/// What a new hub's settings say of the database in the home.
const EMBEDDED_TEXT: &str = "# The metadata is in the home (SQLite). `cloister init --database-url-file` sets a hub up on a PostgreSQL server.\n";

/// What they say of a server.
const SERVER_TEXT: &str = "# The metadata is on a PostgreSQL server: the file holds `postgres://user:password@host/database`, and only its owner\n\
     # may read it. A server on another machine is spoken to by TLS, with its certificate verified (`sslrootcert`).\n";

/// A new hub's limits, which are the defaults.
const QUERY_TEXT: &str = r#"[query]
# One query: memory of its operators, wall-clock time, rows of the tables that it reads, cells of its table.
memory-mib-max = 4096
seconds-max = 300
rows-max = 10000000000
cells-max = 1000000
# All queries that run at once: memory, how many, and how many of one project. The others wait, in turn by
# project, and are refused as `busy` after so many seconds.
hub-memory-mib-max = 8192
queries-max = 4
project-queries-max = 2
queue-seconds-max = 60
# Queries run in a process that the kernel confines (Landlock, seccomp). Where it cannot: "required" refuses to
# run them, "best-effort" runs them and warns.
sandbox = "best-effort"
"#;

/// A new hub's workspaces, which are the defaults.
const WORKSPACE_TEXT: &str = r#"[workspace]
# What a project may keep: tables and views together, MiB of one table and of all (each counts as large as it may
# be), days after which a table or view is removed.
objects-max = 64
table-mib-max = 512
mib-max = 16384
days-max = 90
"#;

/// A new hub's sessions, which are the defaults.
const SIGN_IN_TEXT: &str = r#"[sign-in]
# Sessions of the pages: minutes without use, and in all, after which one signs in again.
idle-minutes = 30
session-minutes = 720
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn config(query: &str) -> Result<Config, HubError> {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        std::fs::write(home.config(), format!("name = \"north\"\n[query]\n{query}")).unwrap();
        Config::read(&home)
    }

    #[test]
    fn a_new_hub_says_what_the_defaults_are() {
        let text = Config::new_text(&"north".parse().unwrap(), &DatabaseConfig::default()).unwrap();
        let config: Config = toml::from_str(&text).unwrap();
        assert_eq!(config.database, DatabaseConfig::default());
        assert!(matches!(config.database.database(), Ok(Database::Embedded)));
        assert_eq!(config.query, QueryConfig::default());
        assert_eq!(config.workspace, WorkspaceConfig::default());
        assert_eq!(config.sign_in, SignInConfig::default());
        let keys =
            text.lines().skip_while(|l| *l != "[query]").filter(|l| l.contains(" = ") && !l.starts_with('#'));
        assert_eq!(keys.count(), 15);
    }

    #[test]
    fn limits_under_which_nothing_runs_are_refused() {
        assert!(config("").is_ok() && config("sandbox = \"required\"\nqueue-seconds-max = 0").is_ok());
        for wrong in [
            "memory-mib-max = 0",
            "seconds-max = 0",
            "rows-max = 0",
            "cells-max = 0",
            "queries-max = 0",
            "project-queries-max = 0",
            "hub-memory-mib-max = 4095",
            "sandbox = \"none\"",
            "seconds = 1",
            "[workspace]\ntable-mib-max = 0",
            "[workspace]\nmib-max = 511",
        ] {
            assert_eq!(config(wrong).unwrap_err().code(), "config", "{wrong}");
        }
    }

    #[test]
    fn a_new_hub_on_a_server_says_where_it_is() {
        let odd = "/etc/clo\"is\\ter/a b";
        let database = DatabaseConfig { url_file: Some(odd.into()), schema: "north".to_owned() };
        let text = Config::new_text(&"north".parse().unwrap(), &database).unwrap();
        let config: Config = toml::from_str(&text).unwrap();
        assert_eq!((&config.database, &config.query), (&database, &QueryConfig::default()));
        // A file that is not there is no reason to begin with an empty database in the home.
        assert_eq!(config.database.database().unwrap_err().code(), "file");
    }

    #[test]
    fn where_there_are_no_settings_there_is_no_hub() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Config::read(&Home::at(folder.path().to_owned())).unwrap_err().code(), "no-hub");
    }
}
