//! Asking a query, and hearing of its end.

use crate::client::absent;
use crate::view::{AnswerView, LedgerStatusView, LedgerToldView, QueryView};
use crate::{Client, ClientError, Problem, Shown};
use cloister_model::Name;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

/// What is sent that waits for a query's end for a second: most have ended by then, and others are known to be under way.
const WAIT: HeaderValue = HeaderValue::from_static("wait=1");
/// Between two looks at a query whose events broke off.
const PAUSE: Duration = Duration::from_secs(1);

/// A query as it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NewAsk {
    /// The SQL; absent with a saved query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// A saved query's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<Name>,
    /// Declared domains of parameters.
    pub domains: BTreeMap<String, String>,
    /// Values of parameters.
    pub values: BTreeMap<String, String>,
}

/// What became of a query.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Shown<AnswerView>,
    /// The released table as CSV; none where nothing is released, or it may not be taken out.
    pub csv: Option<Vec<u8>>,
    /// Why a table that is released is not with it.
    pub withheld: Option<Problem>,
}

/// Who hears how a query goes.
pub trait Progress: Sync {
    /// It is under way, under this id.
    fn running(&self, id: &str);
}

impl Client {
    /// What the checks say of a query. Nothing runs.
    ///
    /// # Errors
    /// As the server says.
    pub async fn explain<T: serde::de::DeserializeOwned>(
        &self,
        project: &Name,
        ask: &NewAsk,
    ) -> Result<Shown<T>, ClientError> {
        self.call(Method::POST, &["v1", "projects", project.as_str(), "explain"], Some(ask)).await
    }

    /// What a query would say beside what was released.
    ///
    /// # Errors
    /// As the server says.
    pub async fn simulate_release(
        &self,
        project: &Name,
        ask: &NewAsk,
    ) -> Result<Shown<LedgerToldView>, ClientError> {
        self.call(Method::POST, &["v1", "projects", project.as_str(), "simulated-releases"], Some(ask)).await
    }

    /// What the ledger holds.
    ///
    /// # Errors
    /// As the server says.
    pub async fn ledger_status(&self) -> Result<Shown<LedgerStatusView>, ClientError> {
        self.call(Method::GET, &["v1", "ledger"], None::<&()>).await
    }

    /// What the ledger says of a query.
    ///
    /// # Errors
    /// As the server says.
    pub async fn ledger_of(&self, query: &str) -> Result<Shown<LedgerToldView>, ClientError> {
        self.call(Method::GET, &["v1", "ledger", query], None::<&()>).await
    }

    /// Runs a query on invented rows.
    ///
    /// # Errors
    /// As the server says.
    pub async fn twin<T: serde::de::DeserializeOwned>(
        &self,
        project: &Name,
        ask: &NewAsk,
    ) -> Result<Shown<T>, ClientError> {
        self.call(Method::POST, &["v1", "projects", project.as_str(), "twin"], Some(ask)).await
    }

    /// Asks a query and waits for its end, however long that takes. When `stop` is ready the query is cancelled, and its
    /// end waited for.
    ///
    /// # Errors
    /// As the server says. A connection that breaks off while the query runs is made again.
    pub async fn ask(
        &self,
        project: &Name,
        ask: &NewAsk,
        stop: impl Future<Output = ()>,
        progress: &dyn Progress,
    ) -> Result<Answered, ClientError> {
        let mut stop = pin!(stop);
        let mut stopped = false;
        let body = serde_json::to_vec(ask).map_err(|_| self.not_a_server())?;
        let key = key()?;
        let begun = {
            let mut begin = pin!(self.begin(project, &body, &key));
            tokio::select! {
                begun = &mut begin => begun,
                () = &mut stop => {
                    stopped = true;
                    begin.await
                }
            }
        };
        let mut query: Shown<QueryView> = begun?;
        if query.view.state == "running" {
            progress.running(&query.view.id);
            let id = query.view.id.clone();
            let mut end = pin!(self.end_of(&id));
            if !stopped {
                stopped = tokio::select! {
                    ended = &mut end => {
                        query = ended?;
                        false
                    }
                    () = &mut stop => true,
                };
            }
            if stopped {
                self.cancel(&id).await?;
                query = end.await?;
            }
        }
        self.answered(query).await
    }

    /// The same request, sent again, begins nothing: it has a key.
    async fn begin(
        &self,
        project: &Name,
        body: &[u8],
        key: &HeaderValue,
    ) -> Result<Shown<QueryView>, ClientError> {
        loop {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", WAIT);
            headers.insert("idempotency-key", key.clone());
            let url = self.url(&["v1", "projects", project.as_str(), "queries"])?;
            match self.send(Method::POST, url, headers, Some(body.to_vec())).await {
                Ok(answer) => return self.read(answer).await,
                // It has not been recorded yet.
                Err(ClientError::Problem(problem)) if problem.code == "busy" && !problem.refused => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn cancel(&self, id: &str) -> Result<(), ClientError> {
        match self.tell(Method::POST, &["v1", "queries", id, "cancel"]).await {
            // It has ended meanwhile.
            Err(ClientError::Problem(problem)) if problem.status == StatusCode::CONFLICT.as_u16() => Ok(()),
            other => other,
        }
    }

    /// Hears events until there are no more, and looks what became of it.
    async fn end_of(&self, id: &str) -> Result<Shown<QueryView>, ClientError> {
        loop {
            let url = self.url(&["v1", "queries", id, "events"])?;
            match self.send(Method::GET, url, HeaderMap::new(), None).await {
                Ok(mut answer) => while let Ok(Some(_)) = answer.chunk().await {},
                Err(ClientError::Unreachable(_)) => {}
                Err(error) => return Err(error),
            }
            match self.get::<QueryView>(&["v1", "queries", id]).await {
                Ok(query) if query.view.state != "running" => return Ok(query),
                Ok(_) | Err(ClientError::Unreachable(_)) => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    async fn answered(&self, query: Shown<QueryView>) -> Result<Answered, ClientError> {
        let id = query.view.id.as_str();
        if query.view.state != "released" {
            let answer = Shown::of_json(without_rows(&query)).map_err(|_| self.not_a_server())?;
            return Ok(Answered { answer, csv: None, withheld: None });
        }
        let json = match query.json.get("answer").filter(|answer| !answer.is_null()) {
            Some(answer) => Ok(answer.clone()),
            None => match self.file(id, "answer.json").await {
                Ok(bytes) => Ok(serde_json::from_slice(&bytes).map_err(|_| self.not_a_server())?),
                Err(ClientError::Problem(problem)) if problem.status == 403 => Err(problem),
                Err(error) => return Err(error),
            },
        };
        match json {
            Ok(json) => {
                let csv = self.file(id, "table.csv").await?;
                let answer = Shown::of_json(json).map_err(|_| self.not_a_server())?;
                Ok(Answered { answer, csv: Some(csv), withheld: None })
            }
            Err(problem) => {
                let answer = Shown::of_json(without_rows(&query)).map_err(|_| self.not_a_server())?;
                Ok(Answered { answer, csv: None, withheld: Some(problem) })
            }
        }
    }
}

/// The answer that a query has from its record alone, in the form of all answers.
fn without_rows(query: &Shown<QueryView>) -> Value {
    let view = &query.view;
    let status = match view.state.as_str() {
        "released" | "held" | "refused" | "created" | "dropped" => view.state.as_str(),
        "revoked" => "held",
        _ => "failed",
    };
    json!({
        "status": status,
        "request": view.id,
        "policy": { "name": view.policy, "digest": view.policy_digest },
        "datasets": view.datasets,
        "plan_digest": view.plan_digest,
        "columns": [],
        "cells": [],
        "reasons": view.reasons,
    })
}

/// A key that nobody else has.
fn key() -> Result<HeaderValue, ClientError> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| ClientError::Random)?;
    let text: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    HeaderValue::from_str(&text).map_err(|_| absent().into())
}

impl Answered {
    /// The released table, cell by cell, as the policy shows it; nothing where none is released.
    ///
    /// # Errors
    /// Where the table is not the answer's.
    pub fn rows(&self) -> Result<Vec<Vec<String>>, &'static str> {
        const ANOTHER: &str = "the table is not the one that the answer describes";
        let Some(csv) = &self.csv else { return Ok(Vec::new()) };
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(csv.as_slice());
        let mut read = Vec::new();
        for record in reader.records() {
            read.push(record.map_err(|_| ANOTHER)?.iter().map(str::to_owned).collect::<Vec<_>>());
        }
        let wanted = self.answer.json.get("rows").and_then(Value::as_array).ok_or(ANOTHER)?;
        if read.len() == wanted.len() {
            return Ok(read);
        }
        // An empty cell alone in its row is an empty line, which readers of CSV skip.
        let mut left = read.into_iter();
        let mut rows = Vec::new();
        for (index, row) in wanted.iter().enumerate() {
            let empty = row.as_array().is_some_and(|cells| cells.len() == 1 && is_empty(cells.first()))
                && !self.answer.view.cells.iter().any(|c| c.row == index && c.state != "null");
            match empty {
                true => rows.push(vec![String::new()]),
                false => rows.push(left.next().ok_or(ANOTHER)?),
            }
        }
        if left.next().is_none() { Ok(rows) } else { Err(ANOTHER) }
    }
}

fn is_empty(cell: Option<&Value>) -> bool {
    cell.is_none_or(|cell| cell.is_null() || cell.as_str() == Some(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(csv: &str, rows: Value, cells: Value) -> Answered {
        let json = json!({
            "status": "released", "request": "req_x", "policy": { "name": "p", "digest": "d" }, "datasets": [],
            "plan_digest": null, "columns": [{ "name": "n", "type": "Int64", "role": "count" }],
            "rows": rows, "cells": cells, "reasons": [],
        });
        Answered { answer: Shown::of_json(json).unwrap(), csv: Some(csv.into()), withheld: None }
    }

    #[test]
    fn no_row_is_lost() {
        let cells = json!([{ "row": 1, "column": "n", "state": "null", "secondary": false },
                           { "row": 2, "column": "n", "state": "suppressed", "secondary": false }]);
        let table = answered("n\r\n10\r\n\r\n*\r\n", json!([[10], [null], [null]]), cells);
        assert_eq!(table.rows().unwrap(), [["10"], [""], ["*"]]);
        assert!(answered("n\r\n10\r\n", json!([[10], [20]]), json!([])).rows().is_err());
        assert!(answered("n\r\n10\r\n20\r\n", json!([[10]]), json!([])).rows().is_err());
    }
}
