//! Asking queries, here or at a server.

use super::calls::by_name;
use super::local::views;
use super::{Local, Target};
use crate::fault::Fault;
use cloister_client::{
    Answered, ClientError, ExplainedView, LedgerStatusView, LedgerToldView, NewAsk, Problem, Progress, Shown,
    TwinView,
};
use cloister_hub::{Answer, Ask, HubError, PackageFile, Scope, Status};
use cloister_model::Name;
use serde_json::json;
use std::io::IsTerminal;

/// What a twin gives: the view, the table as CSV, and as Arrow where the rows are on this machine.
pub(crate) struct Tried {
    pub(crate) twin: Shown<TwinView>,
    pub(crate) arrow: Option<Vec<u8>>,
}

/// Says on a terminal that a query is under way.
struct Telling;

impl Progress for Telling {
    fn running(&self, id: &str) {
        if std::io::stderr().is_terminal() {
            eprintln!("running as {id}; Ctrl-C cancels it");
        }
    }
}

impl Target {
    pub(crate) async fn explain(&self, project: &Name, ask: &Ask) -> Result<Shown<ExplainedView>, Fault> {
        match self {
            Self::Local(l) => views::shown(&l.may(Scope::Query)?.explain(project, l.user(), ask).await?),
            Self::Remote(client) => Ok(client.explain(project, &sent(ask)?).await?),
        }
    }

    pub(crate) async fn simulate_release(
        &self,
        project: &Name,
        ask: &Ask,
    ) -> Result<Shown<LedgerToldView>, Fault> {
        match self {
            Self::Local(l) => {
                views::shown(&l.may(Scope::Review)?.simulate_release(project, l.user(), ask).await?)
            }
            Self::Remote(client) => Ok(client.simulate_release(project, &sent(ask)?).await?),
        }
    }

    pub(crate) async fn ledger_status(&self) -> Result<Shown<LedgerStatusView>, Fault> {
        match self {
            Self::Local(l) => views::shown(&l.may(Scope::Review)?.ledger_status(l.user()).await?),
            Self::Remote(client) => Ok(client.ledger_status().await?),
        }
    }

    pub(crate) async fn ledger_of(&self, query: &str) -> Result<Shown<LedgerToldView>, Fault> {
        match self {
            Self::Local(l) => views::shown(&l.may(Scope::Review)?.ledger_of(query, l.user()).await?),
            Self::Remote(client) => Ok(client.ledger_of(query).await?),
        }
    }

    pub(crate) async fn try_on_twin(&self, project: &Name, ask: &Ask) -> Result<Tried, Fault> {
        match self {
            Self::Local(l) => {
                let answer = l.may(Scope::Query)?.try_on_twin(project, l.user(), ask).await?;
                let twin = views::shown(&answer)?;
                Ok(Tried { twin, arrow: Some(answer.arrow) })
            }
            Self::Remote(client) => Ok(Tried { twin: client.twin(project, &sent(ask)?).await?, arrow: None }),
        }
    }

    /// Asks, and waits for the end or until `stop` is ready.
    pub(crate) async fn ask(
        &self,
        project: &Name,
        ask: &Ask,
        stop: impl Future<Output = ()>,
    ) -> Result<Answered, Fault> {
        match self {
            Self::Local(l) => {
                let answer = l.may(Scope::Query)?.ask_until(project, l.user(), ask, stop).await?;
                match answer.request() {
                    Some(request) if answer.status() == Status::Released && !l.trusts_names() => {
                        taken_out(l, request, &answer).await
                    }
                    Some(_) | None => views::answered(&answer),
                }
            }
            Self::Remote(client) => match client.ask(project, &sent(ask)?, stop, &Telling).await {
                // Turned away at the door: an answer, as it is here.
                Err(ClientError::Problem(p)) if p.refused => {
                    let reason = json!({ "code": p.code, "message": p.title, "hint": p.detail });
                    let answer = json!({
                        "status": "refused", "request": null, "policy": null, "datasets": [], "plan_digest": null,
                        "columns": [], "cells": [], "reasons": [reason],
                    });
                    let answer = Shown::of_json(answer).map_err(|e| Fault::form(&e))?;
                    Ok(Answered { answer, csv: None, withheld: None })
                }
                other => Ok(other?),
            },
        }
    }

    /// A released table as an Arrow stream.
    pub(crate) async fn arrow(&self, request: &str) -> Result<Vec<u8>, Fault> {
        self.fetch(request, PackageFile::Arrow).await
    }
}

/// A table that was released at once, for somebody who has an account: looking at it is taking it out, which needs the
/// right of egress and is recorded, as at a server (ADR 16).
async fn taken_out(local: &Local, request: &str, answer: &Answer) -> Result<Answered, Fault> {
    match local.may(Scope::Read)?.fetch(request, local.user(), PackageFile::Json).await {
        Ok(_) => views::answered(answer),
        Err(HubError::Denied(denied)) => {
            let mut withheld = Answered { csv: None, ..views::answered(answer)? };
            let mut json = withheld.answer.json;
            if let Some(object) = json.as_object_mut() {
                object.remove("rows");
                object.remove("attack");
                object.insert("columns".to_owned(), json!([]));
                object.insert("cells".to_owned(), json!([]));
            }
            withheld.answer = Shown::of_json(json).map_err(|e| Fault::form(&e))?;
            withheld.withheld = Some(Problem {
                title: denied.to_string(),
                status: 403,
                code: denied.code().to_owned(),
                detail: String::new(),
                refused: false,
                retry_after: None,
            });
            Ok(withheld)
        }
        Err(error) => Err(error.into()),
    }
}

fn sent(ask: &Ask) -> Result<NewAsk, Fault> {
    Ok(NewAsk {
        sql: ask.saved.is_none().then(|| ask.sql.clone()),
        saved: ask.saved.clone(),
        domains: by_name(&ask.domains)?,
        values: by_name(&ask.values)?,
    })
}
