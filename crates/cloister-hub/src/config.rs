//! The hub's settings: `hub.toml`.

use crate::HubError;
use cloister_model::Name;
use cloister_query::Limits;
use cloister_store::Home;
use serde::Deserialize;
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
    /// What a query may use.
    #[serde(default)]
    pub query: QueryConfig,
}

/// What a query may use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct QueryConfig {
    /// Memory of its operators.
    pub memory_mib_max: u32,
    /// Wall-clock time.
    pub seconds_max: u32,
}

impl Default for QueryConfig {
    fn default() -> Self {
        Self { memory_mib_max: 4_096, seconds_max: 300 }
    }
}

fn people_per_bucket() -> u32 {
    65_536
}

impl QueryConfig {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            memory_bytes_max: (self.memory_mib_max as usize).saturating_mul(1 << 20),
            time_max: Duration::from_secs(u64::from(self.seconds_max)),
            ..Limits::default()
        }
    }
}

impl Config {
    /// The text of a new hub's settings.
    pub(crate) fn new_text(name: &Name) -> String {
        format!(
            "# The settings of one hub. The name goes into every pseudonym: it must not change.\n\
             name = \"{name}\"\n\
             # How many people one bucket file of a table spans.\n\
             people-per-bucket = {}\n\n\
             [query]\n\
             # What one query may use.\n\
             memory-mib-max = {}\n\
             seconds-max = {}\n",
            people_per_bucket(),
            QueryConfig::default().memory_mib_max,
            QueryConfig::default().seconds_max,
        )
    }

    pub(crate) fn read(home: &Home) -> Result<Self, HubError> {
        let path = home.config();
        let text = std::fs::read_to_string(&path).map_err(HubError::file(&path))?;
        let config: Self = toml::from_str(&text).map_err(|e| HubError::Config(e.to_string()))?;
        if config.people_per_bucket == 0 {
            return Err(HubError::Config("people-per-bucket must be at least 1".to_owned()));
        }
        Ok(config)
    }
}
