//! A job's work, behind locked doors: plan, run, protect, finish, decide.

use crate::beside::{Beside, Comparison, versions};
use crate::explained::Explained;
use crate::frame;
use crate::job::{
    CheckJob, CreateJob, ExplainJob, GrantedDataset, KeptContent, KeptObject, QueryJob, TwinJob, Wanted,
};
use crate::parts::Said;
use crate::report::{Checked, Left, Message, Refused, Simulated};
use cloister_airlock::{Decision, Passage, Reviewed, decide};
use cloister_disclosure::{Policy, protect};
use cloister_governance::{Contract, FileEntry};
use cloister_ledger::Finding;
use cloister_model::DataKey;
use cloister_query::{
    Engine, FinishedTable, Limits, Placement, QueryError, Reads, Refusal, ResolvedGrant, TwinGrant,
    WorkspaceObject,
};
use cloister_store::{KeyWrap, VaultKey};
use std::fmt::Display;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};

/// A finished table as the airlock sees it, and what it says beside what was released before.
struct Finished(FinishedTable, Vec<Finding>);

impl Reviewed for Finished {
    fn holds(&self) -> Vec<String> {
        let mut holds = self.0.holds().to_vec();
        if !self.1.is_empty() {
            holds.push("ledger".to_owned());
        }
        holds
    }
}

/// What a worker works with.
pub(crate) struct Desk {
    engine: Engine,
    vault: PathBuf,
    /// None where the job reads no data.
    key: Option<VaultKey>,
}

impl Desk {
    /// A desk without a vault is one over nothing.
    pub(crate) fn new(vault: Option<PathBuf>, key: Option<VaultKey>, limits: Limits) -> Self {
        let vault = vault.unwrap_or_default();
        Self { engine: Engine::new(vault.clone(), limits), vault, key }
    }

    pub(crate) fn vault(&self) -> &Path {
        &self.vault
    }

    pub(crate) fn key(&self) -> Result<&VaultKey> {
        self.key.as_ref().ok_or_else(|| Error::other("a job that reads data, without a key"))
    }

    /// A data key. Where nothing is opened, planning has one that opens nothing.
    fn unwrapped(&self, place: &str, wrapped: &[u8]) -> std::result::Result<DataKey, QueryError> {
        match &self.key {
            Some(key) => key.unwrap(place, wrapped).map_err(failed),
            None => Ok(DataKey::from_bytes([0; 32])),
        }
    }

    /// Does a query and says what came of it.
    pub(crate) async fn query(&self, job: &QueryJob, passage: &Passage, out: &mut impl Write) -> Result<()> {
        let decided = self.decided(job, passage, out).await;
        self.say_last(&job.request, decided, out)
    }

    /// Makes a workspace table or view and says what came of it.
    pub(crate) async fn create(&self, job: &CreateJob, out: &mut (impl Write + Send)) -> Result<()> {
        let made = self.made(job, out).await.map(|message| (message, Vec::new()));
        self.say_last(&job.request, made, out)
    }

    fn say_last(
        &self,
        request: &str,
        ended: std::result::Result<(Message, Vec<u8>), QueryError>,
        out: &mut impl Write,
    ) -> Result<()> {
        let (message, body) = match ended {
            Ok(last) => last,
            Err(QueryError::Refused(refusal)) => (Message::Refused(refused(&refusal)), Vec::new()),
            Err(QueryError::Failed { detail }) => {
                let sealed = self.key()?.seal(&format!("failure|{request}"), detail.as_bytes());
                (Message::Failed, sealed.map_err(std::io::Error::other)?)
            }
        };
        frame::write(out, &message, &body)
    }

    async fn made(
        &self,
        job: &CreateJob,
        out: &mut (impl Write + Send),
    ) -> std::result::Result<Message, QueryError> {
        let policy = job.policy.read().map_err(failed)?;
        let grant = self.resolved(&job.datasets, &job.workspace)?;
        let engine = self.engine_for(&policy, &job.datasets).await?;
        let planned = |digest, reads: &Reads| Message::Planned { digest, reads: reads.clone() };
        let Some(table) = &job.table else {
            let view = engine.plan_view(&grant, &job.sql, &policy).await?;
            frame::write(out, &planned(view.digest, &view.reads), &[]).map_err(failed)?;
            return Ok(Message::Viewed(view.columns));
        };
        let plan = engine.plan_table(&grant, &job.sql, &policy).await?;
        frame::write(out, &planned(plan.digest(), plan.reads()), &[]).map_err(failed)?;
        let mut key = [0u8; 32];
        getrandom::fill(&mut key).map_err(failed)?;
        let placement = Placement {
            path: table.path.clone(),
            key: DataKey::from_bytes(key),
            people_per_bucket: table.people_per_bucket,
            bytes_max: table.bytes_max,
        };
        let stored = plan.materialise(&placement, &mut Said(out)).await?;
        let key = self.key().map_err(failed)?;
        let wrapped_key = key.wrap(&table.key_place, &placement.key).map_err(failed)?;
        Ok(Message::Stored { table: Box::new(stored), wrapped_key })
    }

    async fn decided(
        &self,
        job: &QueryJob,
        passage: &Passage,
        out: &mut impl Write,
    ) -> std::result::Result<(Message, Vec<u8>), QueryError> {
        let policy = job.policy.read().map_err(failed)?;
        let grant = self.resolved(&job.datasets, &job.workspace)?;
        let planned = self.engine_for(&policy, &job.datasets).await?.plan(&grant, &job.sql, &policy).await?;
        let reads = planned.reads().clone();
        let plan = Message::Planned { digest: planned.digest(), reads: reads.clone() };
        frame::write(out, &plan, &[]).map_err(failed)?;
        if job.approved.as_ref().is_some_and(|plans| !plans.contains(&planned.digest())) {
            return Ok((Message::Refused(not_approved()), Vec::new()));
        }
        let governed = planned.run().await?;
        let protected: Vec<_> = governed.evidence().iter().map(|table| protect(table, &policy)).collect();
        let beside = match &job.ledger {
            Some(past) => {
                let named = governed.named(&versions(&job.datasets, &reads)).await?;
                let (request, tables) = (job.request.as_str(), governed.evidence());
                let comparison = Comparison { request, policy: &policy, tables, named: &named, past };
                comparison.made(self, protected).map_err(failed)?
            }
            None => Beside { protected, ..Beside::default() },
        };
        match job.wanted {
            Wanted::Result => {}
            Wanted::Findings => {
                let Beside { found, coarser, left: Left { numbers, repeated, .. }, .. } = beside;
                return Ok((Message::Simulated(Simulated { numbers, repeated, found, coarser }), Vec::new()));
            }
            Wanted::Entry => return Ok((Message::Entry(beside.left), beside.bytes)),
        }
        let finished = governed.finish(&beside.protected).await?;
        match decide(job.review, Finished(finished, beside.found)) {
            Decision::Release(cleared) => {
                let sent = passage.send(&cleared, |finished| finished.0.to_bytes()).map_err(failed)?;
                let (table, mut bytes) = (sent.bytes.len(), sent.bytes);
                bytes.extend_from_slice(&beside.bytes);
                Ok((Message::Released { proof: sent.proof, table, left: beside.left }, bytes))
            }
            Decision::Hold { result, reasons } => {
                let table = result.0.to_bytes().map_err(failed)?;
                let key = self.key().map_err(failed)?;
                let mut sealed = key.seal(&format!("held|{}", job.request), &table).map_err(failed)?;
                // Its text is a help to the checker; without it they have the query and the digest.
                let explained = self.engine.explain(&grant, &job.sql, &policy).await;
                let plan = explained.map(|explained| explained.plan).unwrap_or_default();
                let exhibit = result.0.exhibit(plan, result.1, beside.coarser).map_err(failed)?;
                let exhibit = serde_json::to_vec(&exhibit).map_err(failed)?;
                let exhibit = key.seal(&format!("exhibit|{}", job.request), &exhibit).map_err(failed)?;
                let table = sealed.len();
                sealed.extend_from_slice(&exhibit);
                sealed.extend_from_slice(&beside.bytes);
                Ok((Message::Held { reasons, table, exhibit: exhibit.len(), left: beside.left }, sealed))
            }
        }
    }

    /// Plans a query on every granted table, which plans its row filter.
    pub(crate) async fn check(&self, job: &CheckJob, out: &mut impl Write) -> Result<()> {
        let policy = job.policy.read().map_err(std::io::Error::other)?;
        let grant = self.resolved(&job.datasets, &[]).map_err(std::io::Error::other)?;
        let mut checked = Vec::new();
        for table in &grant.tables {
            let table = format!("{}.{}", table.schema, table.entry.name);
            let sql = format!("SELECT count(*) AS n FROM {table}");
            let problem = match self.engine.plan(&grant, &sql, &policy).await {
                Ok(_) => continue,
                Err(QueryError::Refused(refusal)) => refusal.message().to_owned(),
                Err(QueryError::Failed { .. }) => "cannot be planned".to_owned(),
            };
            checked.push(Checked { table, problem });
        }
        frame::write(out, &Message::Checked(checked), &[])
    }

    /// Plans and checks a query.
    pub(crate) async fn explain(&self, job: &ExplainJob, out: &mut impl Write) -> Result<()> {
        let policy = job.policy.read().map_err(Error::other)?;
        let grant = self.resolved(&job.datasets, &job.workspace).map_err(Error::other)?;
        let explained = self.engine.explain(&grant, &job.sql, &policy).await.map_err(Error::other)?;
        frame::write(out, &Message::Explained(Explained::of(&explained)), &[])
    }

    /// Makes the twins and runs a query on them.
    pub(crate) async fn twin(&self, job: &TwinJob, out: &mut impl Write) -> Result<()> {
        let mut twins = Vec::new();
        for dataset in &job.datasets {
            let contract = Contract::parse(&dataset.contract).map_err(Error::other)?;
            let mut tables = cloister_twin::twin(&contract, Contract::digest(&dataset.contract));
            for (name, columns) in &dataset.tables {
                let place = tables.iter().position(|t| t.name == *name);
                let place = place.ok_or_else(|| Error::other("a table that the contract does not name"))?;
                let (schema, columns) = (dataset.schema.clone(), columns.clone());
                twins.push(TwinGrant { schema, table: tables.swap_remove(place), columns });
            }
        }
        let kept = job.workspace.iter().map(|(name, sql)| WorkspaceObject::view(name.clone(), sql.clone()));
        let (message, body) = match self.engine.on_twin(&twins, kept.collect(), &job.sql).await {
            Ok(table) => (Message::Invented, table.to_bytes().map_err(Error::other)?),
            Err(QueryError::Refused(refusal)) => (Message::Refused(refused(&refusal)), Vec::new()),
            Err(QueryError::Failed { .. }) => (Message::Failed, Vec::new()),
        };
        frame::write(out, &message, &body)
    }

    /// The engine, with everybody's record key where the policy has noise: those of the version that knew most people, which
    /// are those of the others too.
    async fn engine_for(
        &self,
        policy: &Policy,
        datasets: &[GrantedDataset],
    ) -> std::result::Result<Engine, QueryError> {
        if policy.cell_key().is_none() {
            return Ok(self.engine.clone());
        }
        let mut most: Option<(&GrantedDataset, &FileEntry)> = None;
        for dataset in datasets.iter().filter(|d| d.manifest.tables.iter().any(|t| t.person.is_some())) {
            let file = dataset.manifest.record_keys.as_ref().ok_or_else(|| {
                Refusal::no_record_keys(&dataset.manifest.dataset, dataset.manifest.version)
            })?;
            if most.is_none_or(|(_, other)| other.rows < file.rows) {
                most = Some((dataset, file));
            }
        }
        let Some((dataset, file)) = most else { return Ok(self.engine.clone()) };
        let key = self.unwrapped(&dataset.key_place, &dataset.wrapped_key)?;
        self.engine.clone().with_record_keys(file.clone(), key).await
    }

    fn resolved(
        &self,
        datasets: &[GrantedDataset],
        kept: &[KeptObject],
    ) -> std::result::Result<ResolvedGrant, QueryError> {
        let mut tables = Vec::new();
        for dataset in datasets {
            let key = self.unwrapped(&dataset.key_place, &dataset.wrapped_key)?;
            tables.extend(ResolvedGrant::tables_of(&dataset.manifest, &dataset.grant, &key));
        }
        let workspace =
            kept.iter().map(|object| self.opened(object)).collect::<std::result::Result<_, _>>()?;
        Ok(ResolvedGrant { tables, workspace })
    }

    fn opened(&self, object: &KeptObject) -> std::result::Result<WorkspaceObject, QueryError> {
        let name = object.name.clone();
        Ok(match &object.content {
            KeptContent::Table { stored, key_place, wrapped_key } => {
                let key = self.unwrapped(key_place, wrapped_key)?;
                WorkspaceObject::table(name, stored.clone(), key)
            }
            KeptContent::View(sql) => WorkspaceObject::view(name, sql.clone()),
            KeptContent::Unusable { columns, why } => WorkspaceObject::unusable(name, columns.clone(), *why),
        })
    }
}

/// What nobody has approved. The hub knows more of why.
fn not_approved() -> Refused {
    Refused {
        code: "approval-required".to_owned(),
        message: "The project runs approved queries only, and this one has no approval.".to_owned(),
        hint: "Ask a checker of the project to approve it.".to_owned(),
    }
}

fn failed(error: impl Display) -> QueryError {
    QueryError::Failed { detail: error.to_string() }
}

pub(crate) fn refused(refusal: &Refusal) -> Refused {
    Refused {
        code: refusal.code().to_owned(),
        message: refusal.message().to_owned(),
        hint: refusal.hint().to_owned(),
    }
}
