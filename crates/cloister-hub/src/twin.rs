//! Trying a query on synthetic twins: invented rows, made from the contracts alone.

use crate::answer::{AnswerCell, AnswerColumn, Reason, columns_and_cells, csv_of, json_of, text_of};
use crate::explain::{broke_off, holds, of_refused};
use crate::query::Workspace;
use crate::{Ask, Hub, HubError};
use cloister_access::act;
use cloister_audit::EventKind;
use cloister_governance::{Contract, QueryMode};
use cloister_model::{Digest, Name};
use cloister_worker::{Invented, Tried, TwinDataset, TwinJob};
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

/// What stands beside every result of a twin.
const NOTE: &str =
    "These values are invented, from the datasets' contracts alone. They say nothing about anybody.";

/// What a query gives on invented rows, and what would become of it on the real ones.
#[derive(Debug, Serialize, ToSchema)]
pub struct TwinAnswer {
    /// `twin`; `refused` or `failed` where it does not run on the twin either.
    pub status: &'static str,
    /// That the values are invented.
    pub note: &'static str,
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// The rows.
    pub rows: Vec<Vec<Json>>,
    /// Where there is no value.
    pub cells: Vec<AnswerCell>,
    /// Why it did not run.
    pub reasons: Vec<Reason>,
    /// What would become of it on the real data.
    pub real: RealOutcome,
    /// The table as an Arrow IPC stream.
    #[serde(skip)]
    pub arrow: Vec<u8>,
}

/// What would become of a query on the real data, as far as that is known without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RealOutcome {
    /// `would-run`, `would-be-held` or `would-be-refused`.
    pub outcome: &'static str,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl TwinAnswer {
    fn without_rows(status: &'static str, reasons: Vec<Reason>, real: RealOutcome) -> Self {
        let (columns, rows, cells) = (Vec::new(), Vec::new(), Vec::new());
        Self { status, note: NOTE, columns, rows, cells, reasons, real, arrow: Vec::new() }
    }

    fn of(table: &Invented, real: RealOutcome) -> Result<Self, HubError> {
        let table = table.table();
        let (columns, cells) = columns_and_cells(table);
        let rows = table.rows().iter().map(|row| row.iter().map(json_of).collect()).collect();
        let arrow =
            table.to_arrow_stream().map_err(|_| HubError::Internal("the table cannot be written".into()))?;
        Ok(Self { columns, rows, cells, arrow, ..Self::without_rows("twin", Vec::new(), real) })
    }

    /// The answer as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// The rows as text, cell by cell; NULL is empty.
    pub fn text_rows(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| row.iter().map(text_of).collect()).collect()
    }

    /// The table as CSV (RFC 4180, with a header).
    pub fn to_csv(&self) -> String {
        csv_of(&self.columns, &self.text_rows())
    }
}

impl Hub {
    /// Runs a query of a project's researcher on the twins of the project's datasets, without governance,
    /// and says what would become of it on the real data. It is logged, and not recorded as a request.
    pub async fn try_on_twin(&self, project: &Name, user: &Name, ask: &Ask) -> Result<TwinAnswer, HubError> {
        let refused = |reason: Reason| {
            let real = RealOutcome { outcome: "would-be-refused", reasons: vec![reason.clone()] };
            TwinAnswer::without_rows("refused", vec![reason], real)
        };
        let (workspace, text) = match self.prepared(project, user, ask).await? {
            Ok(prepared) => prepared,
            Err(reason) => return Ok(refused(reason)),
        };
        let event = self
            .event(user.as_str(), EventKind::TwinQueried, project.as_str())
            .with("sql", Digest::of(text.as_bytes()).to_string());
        let proof = self.may::<act::QueryTwin>(user, &self.facts_of(project).await?).await?;
        self.commit(self.store.begin().await?, proof, vec![event]).await?;
        let real = self.real_outcome(&workspace, &text).await?;
        let alive = workspace.kept.iter().map(|kept| &kept.stored).filter(|stored| stored.end.is_none());
        let kept = alive.map(|stored| (stored.name.clone(), stored.sql.clone())).collect();
        let job = TwinJob { datasets: self.twins(&workspace).await?, workspace: kept, sql: text };
        match self.workers.twin(job).await {
            Ok(Tried::Ran(table)) => TwinAnswer::of(&table, real),
            Ok(Tried::Refused(why)) => Ok(TwinAnswer::without_rows("refused", vec![of_refused(why)], real)),
            Ok(Tried::Failed) | Err(_) => Ok(TwinAnswer::without_rows("failed", vec![broke_off()], real)),
        }
    }

    /// What a project's twins are made of: contracts, and the columns that it has.
    async fn twins(&self, workspace: &Workspace) -> Result<Vec<TwinDataset>, HubError> {
        let mut twins = Vec::new();
        for granted in &workspace.granted {
            let manifest = &granted.manifest;
            let version = self.dataset(&manifest.dataset, Some(manifest.version)).await?;
            if Contract::digest(&version.contract) != manifest.contract {
                return Err(HubError::Internal("a contract that its dataset version does not name".into()));
            }
            let tables = granted.grant.tables.iter().filter_map(|grant| {
                let entry = manifest.tables.iter().find(|t| t.name == grant.name)?;
                let columns = entry.columns.iter().filter(|c| grant.columns.grants(&c.name));
                Some((entry.name.clone(), columns.cloned().collect()))
            });
            let (schema, contract) = (manifest.schema_name(), version.contract);
            twins.push(TwinDataset { schema, contract, tables: tables.collect() });
        }
        Ok(twins)
    }

    async fn real_outcome(&self, workspace: &Workspace, text: &str) -> Result<RealOutcome, HubError> {
        let refused = |reason| Ok(RealOutcome { outcome: "would-be-refused", reasons: vec![reason] });
        let explained = match self.explained(workspace, text).await {
            Ok(explained) => explained,
            Err(reason) => return refused(reason),
        };
        if let Some(why) = explained.refused {
            return refused(of_refused(why));
        }
        if workspace.project.queries == QueryMode::Approved
            && let Some(plan) = explained.plan_digest
            && let Err(reason) = self.approval_of(workspace, plan).await?
        {
            return refused(reason);
        }
        let reasons = holds(&explained, workspace.project.review);
        let outcome = if reasons.is_empty() { "would-run" } else { "would-be-held" };
        Ok(RealOutcome { outcome, reasons })
    }
}
