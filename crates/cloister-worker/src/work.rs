//! A job's work, behind locked doors: plan, run, protect, finish, decide.

use crate::frame;
use crate::job::{CheckJob, CreateJob, GrantedDataset, KeptContent, KeptObject, QueryJob};
use crate::parts::Said;
use crate::report::{Checked, Message, Refused};
use cloister_airlock::{Decision, Passage, Reviewed, decide};
use cloister_disclosure::{Policy, protect};
use cloister_model::DataKey;
use cloister_query::{
    Engine, FinishedTable, Limits, Placement, QueryError, Reads, Refusal, ResolvedGrant, WorkspaceObject,
};
use cloister_store::{KeyWrap, VaultKey};
use std::fmt::Display;
use std::io::{Result, Write};
use std::path::PathBuf;

/// A finished table as the airlock sees it.
struct Finished(FinishedTable);

impl Reviewed for Finished {
    fn holds(&self) -> Vec<String> {
        self.0.holds().to_vec()
    }
}

/// What a worker works with.
pub(crate) struct Desk {
    engine: Engine,
    key: VaultKey,
}

impl Desk {
    pub(crate) fn new(vault: PathBuf, key: VaultKey, limits: Limits) -> Self {
        Self { engine: Engine::new(vault, limits), key }
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
                let sealed = self.key.seal(&format!("failure|{request}"), detail.as_bytes());
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
        let policy = Policy::parse(&job.policy).map_err(failed)?;
        let grant = self.resolved(&job.datasets, &job.workspace)?;
        let planned = |digest, reads: &Reads| Message::Planned { digest, reads: reads.clone() };
        let Some(table) = &job.table else {
            let view = self.engine.plan_view(&grant, &job.sql, &policy).await?;
            frame::write(out, &planned(view.digest, &view.reads), &[]).map_err(failed)?;
            return Ok(Message::Viewed(view.columns));
        };
        let plan = self.engine.plan_table(&grant, &job.sql, &policy).await?;
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
        let wrapped_key = self.key.wrap(&table.key_place, &placement.key).map_err(failed)?;
        Ok(Message::Stored { table: Box::new(stored), wrapped_key })
    }

    async fn decided(
        &self,
        job: &QueryJob,
        passage: &Passage,
        out: &mut impl Write,
    ) -> std::result::Result<(Message, Vec<u8>), QueryError> {
        let policy = Policy::parse(&job.policy).map_err(failed)?;
        let grant = self.resolved(&job.datasets, &job.workspace)?;
        let planned = self.engine.plan(&grant, &job.sql, &policy).await?;
        let plan = Message::Planned { digest: planned.digest(), reads: planned.reads().clone() };
        frame::write(out, &plan, &[]).map_err(failed)?;
        let governed = planned.run().await?;
        let protected: Vec<_> = governed.evidence().iter().map(|table| protect(table, &policy)).collect();
        let finished = governed.finish(&protected).await?;
        match decide(job.review, Finished(finished)) {
            Decision::Release(cleared) => {
                let sent = passage.send(&cleared, |finished| finished.0.to_bytes()).map_err(failed)?;
                Ok((Message::Released { proof: sent.proof }, sent.bytes))
            }
            Decision::Hold { result, reasons } => {
                let table = result.0.to_arrow_stream().map_err(failed)?;
                let sealed = self.key.seal(&format!("held|{}", job.request), &table).map_err(failed)?;
                Ok((Message::Held { reasons }, sealed))
            }
        }
    }

    /// Plans a query on every granted table, which plans its row filter.
    pub(crate) async fn check(&self, job: &CheckJob, out: &mut impl Write) -> Result<()> {
        let policy = Policy::parse(&job.policy).map_err(std::io::Error::other)?;
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

    fn resolved(
        &self,
        datasets: &[GrantedDataset],
        kept: &[KeptObject],
    ) -> std::result::Result<ResolvedGrant, QueryError> {
        let mut tables = Vec::new();
        for dataset in datasets {
            let key = self.key.unwrap(&dataset.key_place, &dataset.wrapped_key).map_err(failed)?;
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
                let key = self.key.unwrap(key_place, wrapped_key).map_err(failed)?;
                WorkspaceObject::table(name, stored.clone(), key)
            }
            KeptContent::View(sql) => WorkspaceObject::view(name, sql.clone()),
            KeptContent::Unusable { columns, why } => WorkspaceObject::unusable(name, columns.clone(), *why),
        })
    }
}

fn failed(error: impl Display) -> QueryError {
    QueryError::Failed { detail: error.to_string() }
}

fn refused(refusal: &Refusal) -> Refused {
    Refused {
        code: refusal.code().to_owned(),
        message: refusal.message().to_owned(),
        hint: refusal.hint().to_owned(),
    }
}
