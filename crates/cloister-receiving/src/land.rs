//! Landing an extract: validate and pseudonymise in staging, publish, record.

use crate::ReceivingError;
use cloister_audit::EventKind;
use cloister_governance::{Contract, Manifest};
use cloister_hub::Hub;
use cloister_landing::{Inputs, Landed, Landing, LandingError, Progress, RejectSummary, resolve_inputs};
use cloister_model::{DataKey, Digest, Name};
use cloister_pseudonym::{LocalRootKey, PeopleIndex, PseudonymKeys};
use cloister_store::{
    DatasetVersion, PeopleSegment, StoreError, publish, read_key, remove, sync_folder, write_new,
};
use std::path::{Path, PathBuf};

/// Bytes of rows that are sorted at once.
const MEMORY_BYTES: usize = 192 << 20;

/// One extract and how to take it in.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The contract's text.
    pub contract: String,
    /// Files, or folders of files.
    pub from: Vec<PathBuf>,
    /// Who lands it.
    pub actor: Name,
    /// Bytes of rows that are sorted at once; more is spilled, encrypted, to the staging folder.
    pub memory_bytes: usize,
    /// Threads that validate and write.
    pub threads: usize,
}

impl Delivery {
    /// A delivery that may use 192 MiB for sorting and every processor.
    pub fn new(contract: &str, from: Vec<PathBuf>, actor: Name) -> Self {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self { contract: contract.to_owned(), from, actor, memory_bytes: MEMORY_BYTES, threads }
    }
}

/// What landed.
#[derive(Debug)]
pub struct Report {
    /// The dataset.
    pub dataset: Name,
    /// The version that it became.
    pub version: u32,
    /// The digest of its manifest.
    pub digest: Digest,
    /// Rows read, landed and rejected.
    pub rejects: RejectSummary,
    /// Where `rejects.csv` and `summary.json` are.
    pub report: PathBuf,
    /// People whom the hub had not met before.
    pub people_new: usize,
    /// People whom the hub knows now.
    pub people: usize,
}

/// Lands an extract. Either a new dataset version is recorded when this returns, or the hub is as it was.
pub async fn land(hub: &Hub, delivery: &Delivery, progress: &dyn Progress) -> Result<Report, ReceivingError> {
    let contract = Contract::parse(&delivery.contract)?;
    let store = hub.store();
    let _lock = store.landing_lock()?;
    let inputs = match resolve_inputs(&contract, &delivery.from) {
        Ok(inputs) => inputs,
        Err(e) => return Err(fail(hub, delivery, &contract.name, e, None).await),
    };
    if let Some(version) = store.landed_from(&contract.name, inputs.digest()).await? {
        return Err(ReceivingError::LandedBefore { dataset: contract.name, version });
    }
    let root = LocalRootKey::from_bytes(*read_key(&store.home().key("pseudonym"))?);
    let keys = PseudonymKeys::derive(&root, store.hub().as_str())?;
    let mut people = PeopleIndex::default();
    for segment in store.people_segments().await? {
        people.open(&keys, &segment.sealed, segment.count as usize)?;
    }
    let newest = store.dataset_version(&contract.name, None).await?;
    let version = newest.map_or(1, |v| v.manifest.version.saturating_add(1));
    let mut staging = Staging::create(hub)?;
    let data_key = DataKey::from_bytes(random()?);
    let landing = Landing {
        contract: &contract,
        contract_digest: Digest::of(delivery.contract.as_bytes()),
        version,
        inputs: &inputs,
        staging: staging.path.clone(),
        data_key: data_key.clone(),
        keys: &keys,
        people_per_bucket: hub.config().people_per_bucket,
        reference_date: hub.clock().today(),
        memory_bytes: delivery.memory_bytes,
        threads: delivery.threads,
        progress,
    };
    let landed = match cloister_landing::land(&landing, &mut people) {
        Ok(landed) => landed,
        Err(e) => {
            let report = keep_rejects(hub, &staging, &contract.name, &e)?;
            return Err(fail(hub, delivery, &contract.name, e, report).await);
        }
    };
    let wrapped = store.keys().wrap(&DatasetVersion::key_place(&contract.name, version), &data_key)?;
    let segment = people.seal_new(&keys, random()?)?.map(|sealed| segment(&people, sealed)).transpose()?;
    record(hub, delivery, &inputs, &mut staging, landed, wrapped, segment).await.map(|mut report| {
        (report.people_new, report.people) = (people.new_people().1, people.len());
        report
    })
}

/// A folder of one landing, removed when it is over.
struct Staging {
    path: PathBuf,
    /// Files are in the vault and not yet recorded: the folder stays, as the sign that tells the next
    /// start to look for them.
    unrecorded: bool,
}

impl Staging {
    fn create(hub: &Hub) -> Result<Self, ReceivingError> {
        let name: String = random::<8>()?.iter().map(|b| format!("{b:02x}")).collect();
        let path = hub.store().home().staging().join(format!("landing-{name}"));
        std::fs::create_dir(&path).map_err(|e| file_error(&path, e))?;
        Ok(Self { path, unrecorded: false })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.unrecorded {
            // What cannot be removed now is removed by the next start.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn random<const N: usize>() -> Result<[u8; N], ReceivingError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|e| ReceivingError::Internal(e.to_string()))?;
    Ok(bytes)
}

fn file_error(path: &Path, source: std::io::Error) -> ReceivingError {
    StoreError::File { path: path.to_owned(), source }.into()
}

fn segment(people: &PeopleIndex, sealed: Vec<u8>) -> Result<PeopleSegment, ReceivingError> {
    let (first, count) = people.new_people();
    let number = |n| u32::try_from(n).map_err(|_| ReceivingError::Internal("too many people".to_owned()));
    Ok(PeopleSegment { first: number(first)?, count: number(count)?, sealed })
}

/// Records that a landing failed.
async fn fail(
    hub: &Hub,
    delivery: &Delivery,
    dataset: &Name,
    source: LandingError,
    report: Option<PathBuf>,
) -> ReceivingError {
    let event = hub
        .event(delivery.actor.as_str(), EventKind::LandingFailed, dataset.as_str())
        .with("reason", source.code());
    let recorded = match hub.store().begin().await {
        Ok(tx) => tx.commit(vec![event]).await,
        Err(e) => Err(e),
    };
    match recorded {
        Ok(()) => ReceivingError::Landing { source, report },
        Err(e) => e.into(),
    }
}

/// Keeps the reject report of a landing that had too many.
fn keep_rejects(
    hub: &Hub,
    staging: &Staging,
    dataset: &Name,
    error: &LandingError,
) -> Result<Option<PathBuf>, ReceivingError> {
    let LandingError::TooManyRejects(summary) = error else { return Ok(None) };
    let stamp: String = hub.clock().timestamp().chars().filter(char::is_ascii_alphanumeric).collect();
    publish_rejects(hub, staging, &format!("{dataset}-failed-{stamp}"), summary).map(Some)
}

fn publish_rejects(
    hub: &Hub,
    staging: &Staging,
    name: &str,
    summary: &RejectSummary,
) -> Result<PathBuf, ReceivingError> {
    let folder = staging.path.join("rejects");
    std::fs::create_dir(&folder).map_err(|e| file_error(&folder, e))?;
    publish(&staging.path.join("rejects.csv"), &folder.join("rejects.csv"))?;
    let text = serde_json::to_vec_pretty(summary).map_err(|e| ReceivingError::Internal(e.to_string()))?;
    write_new(&folder.join("summary.json"), &text)?;
    sync_folder(&folder)?;
    let target = hub.store().home().rejects().join(name);
    // A landing that died between here and its record left one.
    remove(&target)?;
    publish(&folder, &target)?;
    Ok(target)
}

/// Moves the files to the vault and records the version. Files without a record are removed by the next start.
async fn record(
    hub: &Hub,
    delivery: &Delivery,
    inputs: &Inputs,
    staging: &mut Staging,
    landed: Landed,
    wrapped_key: Vec<u8>,
    segment: Option<PeopleSegment>,
) -> Result<Report, ReceivingError> {
    let internal = |e: serde_json::Error| ReceivingError::Internal(e.to_string());
    let Landed { manifest, rejects } = landed;
    let (dataset, version) = (manifest.dataset.clone(), manifest.version);
    let place = format!("{dataset}/v{version:05}");
    let manifest_text = serde_json::to_string(&manifest).map_err(internal)?;
    let digest = Manifest::digest(&manifest_text);
    let report = publish_rejects(hub, staging, &format!("{dataset}-v{version:05}"), &rejects)?;
    let home = hub.store().home();
    staging.unrecorded = true;
    publish(&staging.path.join(&place), &home.vault().join(&place))?;
    sync_folder(home.path())?;
    let rows: u64 = rejects.tables.iter().map(|t| t.landed).sum();
    let rejected: u64 = rejects.tables.iter().map(|t| t.rejected).sum();
    let event = hub
        .event(delivery.actor.as_str(), EventKind::DatasetLanded, place)
        .with("manifest", digest.to_string())
        .with("contract", manifest.contract.to_string())
        .with("source", inputs.digest().to_string())
        .with("rows", rows)
        .with("rejected", rejected);
    let stored = DatasetVersion {
        manifest,
        digest,
        manifest_text,
        contract: delivery.contract.clone(),
        source_digest: inputs.digest(),
        wrapped_key,
        rejects: serde_json::to_string(&rejects).map_err(internal)?,
        landed_by: delivery.actor.to_string(),
        landed_at: event.at.clone(),
    };
    let mut tx = hub.store().begin().await?;
    tx.add_dataset_version(&stored).await?;
    if let Some(segment) = &segment {
        tx.add_people_segment(segment).await?;
    }
    tx.commit(vec![event]).await?;
    staging.unrecorded = false;
    Ok(Report { dataset, version, digest, rejects, report, people_new: 0, people: 0 })
}
