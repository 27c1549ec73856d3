//! A job's work, behind locked doors: plan, run, protect, finish, decide.

use crate::frame;
use crate::job::{CheckJob, GrantedDataset, QueryJob};
use crate::report::{Checked, Message, Refused};
use cloister_airlock::{Decision, Passage, Reviewed, decide};
use cloister_disclosure::{Policy, protect};
use cloister_query::{Engine, FinishedTable, Limits, QueryError, Refusal, ResolvedGrant};
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
        let (message, body) = match self.decided(job, passage, out).await {
            Ok(decided) => decided,
            Err(QueryError::Refused(refusal)) => (Message::Refused(refused(&refusal)), Vec::new()),
            Err(QueryError::Failed { detail }) => {
                let sealed = self.key.seal(&format!("failure|{}", job.request), detail.as_bytes());
                (Message::Failed, sealed.map_err(std::io::Error::other)?)
            }
        };
        frame::write(out, &message, &body)
    }

    async fn decided(
        &self,
        job: &QueryJob,
        passage: &Passage,
        out: &mut impl Write,
    ) -> std::result::Result<(Message, Vec<u8>), QueryError> {
        let policy = Policy::parse(&job.policy).map_err(failed)?;
        let grant = self.resolved(&job.datasets)?;
        let planned = self.engine.plan(&grant, &job.sql, &policy).await?;
        frame::write(out, &Message::Planned { digest: planned.digest() }, &[]).map_err(failed)?;
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
        let grant = self.resolved(&job.datasets).map_err(std::io::Error::other)?;
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

    fn resolved(&self, datasets: &[GrantedDataset]) -> std::result::Result<ResolvedGrant, QueryError> {
        let mut tables = Vec::new();
        for dataset in datasets {
            let key = self.key.unwrap(&dataset.key_place, &dataset.wrapped_key).map_err(failed)?;
            tables.extend(ResolvedGrant::tables_of(&dataset.manifest, &dataset.grant, &key));
        }
        Ok(ResolvedGrant { tables })
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
