//! Setting a hub up, and opening it.

use crate::{Clock, Config, DatabaseConfig, HubError};
use cloister_access::Access;
use cloister_audit::{Event, EventKind};
use cloister_disclosure::Policy;
use cloister_model::Name;
use cloister_store::{Home, Store, write_new};
use cloister_worker::{PolicyTexts, Workers};
use std::path::PathBuf;
use std::sync::Arc;

/// A shipped policy: its name, its text, its cases.
macro_rules! shipped {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../policies/disclosure/", $name, ".toml")),
            include_str!(concat!("../../../policies/disclosure/cases/", $name, ".toml")),
        )
    };
}

/// The disclosure policies that a new hub starts with.
const POLICIES: &[(&str, &str, &str)] = &[
    shipped!("nhs-england"),
    shipped!("opensafely"),
    shipped!("sdap-10"),
    shipped!("cms-11"),
    shipped!("abs"),
    shipped!("eurostat-ifs"),
];

/// A hub: every use case but landing.
#[derive(Clone, Debug)]
pub struct Hub {
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) workers: Workers,
    pub(crate) access: Arc<Access>,
    /// Held from the comparison of a result with the ledger until it is in it.
    pub(crate) ledger: Arc<tokio::sync::Mutex<()>>,
    /// Whether who acts has shown no token, but the home's keys.
    without_token: bool,
}

/// What a new hub is made with.
#[derive(Clone, Debug)]
pub struct NewHub {
    /// Where.
    pub home: PathBuf,
    /// Its name; it goes into every pseudonym and never changes.
    pub name: Name,
    /// Who sets it up.
    pub actor: Name,
    /// Where its metadata is to be.
    pub database: DatabaseConfig,
}

impl Hub {
    /// Sets a hub up. The settings file is written last: where it is, the hub is whole.
    pub async fn init(new: NewHub, clock: Clock) -> Result<Self, HubError> {
        let home = Home::at(new.home);
        let created =
            Event::new(clock.timestamp(), new.actor.as_str(), EventKind::HubCreated, new.name.as_str());
        let mut database = new.database;
        // The hub will be opened from other folders.
        database.url_file = database
            .url_file
            .map(|file| std::path::absolute(&file).map_err(HubError::file(&file)))
            .transpose()?;
        let text = Config::new_text(&new.name, &database)?;
        let store = Store::create(&home, &new.name, &database.database()?, created).await?;
        let cases = home.disclosure_policies().join("cases");
        std::fs::create_dir_all(&cases).map_err(HubError::file(&cases))?;
        for (name, text, their_cases) in POLICIES {
            for (folder, text) in [(&home.disclosure_policies(), text), (&cases, their_cases)] {
                let path = folder.join(format!("{name}.toml"));
                std::fs::write(&path, text).map_err(HubError::file(&path))?;
            }
        }
        let staged = home.staging().join("hub.toml");
        let _ = std::fs::remove_file(&staged);
        write_new(&staged, text.as_bytes())?;
        cloister_store::publish(&staged, &home.config())?;
        let config = Config::read(&home)?;
        Self::assemble(store, config, clock)
    }

    /// Opens a hub, and clears away what a process that died left behind.
    pub async fn open(home: PathBuf) -> Result<Self, HubError> {
        Self::open_at(home, Clock::SYSTEM).await
    }

    /// Opens a hub with a clock of the caller's.
    pub async fn open_at(home: PathBuf, clock: Clock) -> Result<Self, HubError> {
        let home = Home::at(home);
        let config = Config::read(&home)?;
        let store = Store::open(&home, &config.database.database()?).await?;
        let hub = Self::assemble(store, config, clock)?;
        hub.recover().await?;
        Ok(hub)
    }

    fn assemble(store: Store, config: Config, clock: Clock) -> Result<Self, HubError> {
        if config.name != *store.hub() {
            return Err(HubError::Config("the name differs from the hub's".to_owned()));
        }
        let home = store.home();
        let (sandbox, ceilings) = (config.query.sandbox, config.query.ceilings());
        let workers = Workers::new(home.vault(), home.key("vault"), sandbox, ceilings);
        let access = Access::new().map_err(|e| HubError::Internal(e.to_string()))?;
        let ledger = Arc::default();
        Ok(Self { store, config, clock, workers, access: Arc::new(access), ledger, without_token: false })
    }

    /// The home and its metadata.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// An event that happens now.
    pub fn event(&self, actor: &str, kind: EventKind, subject: impl Into<String>) -> Event {
        let event = Event::new(self.clock.timestamp(), actor, kind, subject);
        if self.without_token { event.with("caller", "local") } else { event }
    }

    /// The hub for somebody who has shown no token, but owns the home's keys: the log says so of all that they do.
    #[must_use]
    pub fn without_token(self) -> Self {
        Self { without_token: true, ..self }
    }

    /// A disclosure policy of this hub.
    pub fn policy(&self, name: &Name) -> Result<Policy, HubError> {
        Ok(self.policy_and_texts(name)?.0)
    }

    pub(crate) fn policy_and_texts(&self, name: &Name) -> Result<(Policy, PolicyTexts), HubError> {
        let wrong = |text: String| HubError::Policy(name.clone(), text);
        let folder = self.store.home().disclosure_policies();
        let read = |file: &str, missing: &str| {
            std::fs::read_to_string(folder.join(file)).map_err(|e| match e.kind() {
                std::io::ErrorKind::NotFound => wrong(missing.to_owned()),
                _ => wrong(e.to_string()),
            })
        };
        let text = read(&format!("{name}.toml"), "there is none")?;
        let policy = Policy::parse_for_queries(&text).map_err(|e| wrong(e.to_string()))?;
        if policy.name() != name {
            return Err(wrong(format!("the file is of `{}`", policy.name())));
        }
        let table = policy.cell_key().map(|noise| noise.table.to_owned());
        let perturbation =
            table.map(|table| read(&table, &format!("`{table}` is missing beside it"))).transpose()?;
        let texts = PolicyTexts { policy: text, perturbation };
        Ok((texts.read().map_err(|e| wrong(e.to_string()))?, texts))
    }

    /// Ends all use of the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// A fresh id, such as `req_3kq…`: 100 random bits.
pub(crate) fn fresh_id(prefix: &str) -> Result<String, HubError> {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0u8; 20];
    getrandom::fill(&mut bytes).map_err(|e| HubError::Internal(e.to_string()))?;
    let digits = bytes.iter().filter_map(|b| DIGITS.get(usize::from(b & 31))).map(|d| char::from(*d));
    Ok(format!("{prefix}_{}", digits.collect::<String>()))
}
