//! The query editor: asking, explaining, trying on invented rows.

use super::answer::{explained, twin_table};
use super::fields::{Line, area, button, select, word};
use super::layout::{Page, Wrong, mistake, nothing, redirect};
use super::visitor::{Sent, Visitor};
use crate::jobs::wait;
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloister_hub::Ask;
use cloister_model::Name;
use maud::{Markup, html};
use serde::Deserialize;
use std::time::Duration;

/// What to begin with.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Begin {
    #[serde(default)]
    saved: String,
    #[serde(default)]
    from: String,
}

/// The editor.
pub(crate) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(project): Path<Name>,
    Query(begin): Query<Begin>,
) -> Result<Response, Wrong> {
    let text = match (begin.saved.parse::<Name>(), begin.from.as_str()) {
        (Ok(name), _) => state.hub.saved_query(&project, &visitor.name, &name).await?.text,
        (Err(_), "") => String::new(),
        (Err(_), id) => state.hub.query_record(id, &visitor.name).await?.sql,
    };
    editor(&state, &visitor, &project, &text, None, nothing()).await
}

async fn editor(
    state: &AppState,
    visitor: &Visitor,
    project: &Name,
    sql: &str,
    problem: Option<&Problem>,
    below: Markup,
) -> Result<Response, Wrong> {
    let view = state.hub.project_of(project, &visitor.name).await?;
    let tables = state.hub.tables(project, &visitor.name).await?;
    let saved = state.hub.saved_queries(project, &visitor.name).await?;
    let kept = state.hub.workspace_entries(project, &visitor.name).await?;
    let status = problem.map_or(StatusCode::OK, Problem::status);
    // A form that is sent twice asks once.
    let key = state.hub.query_id(&visitor.name, None)?;
    Ok(Page::of(&format!("Query – {}", view.title), "projects", visitor).wide().with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Ask a query in " (view.title) }
            div.app-columns {
                div {
                    form method="post" action={ "/projects/" (project) "/query" } novalidate {
                        (word(visitor))
                        input type="hidden" name="key" value=(key);
                        (area("sql", "SQL", "One query in PostgreSQL's dialect. Results are counts, sums, means and the like of groups of people.", sql, 14, true))
                        div.app-buttons {
                            (button("run", "Run", ""))
                            (button("twin", "Try on the synthetic twin", "secondary"))
                            (button("explain", "Explain", "secondary"))
                        }
                        details.nhsuk-details {
                            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Keep it under a name" } }
                            div.nhsuk-details__text {
                                (Line { name: "name", label: "Name", width: 20, ..Line::default() }.render())
                                (button("save", "Keep", "secondary"))
                            }
                        }
                    }
                    (below)
                }
                aside aria-label="What there is" {
                    @if !saved.is_empty() {
                        form method="get" action={ "/projects/" (project) "/query" } {
                            (select("saved", "Saved queries", &saved.iter().map(|s| (s.name.as_str(), s.name.as_str())).collect::<Vec<_>>(), ""))
                            (button("", "Open", "secondary"))
                        }
                    }
                    h2.nhsuk-heading-s { "Tables" }
                    ul.nhsuk-list {
                        @for t in &tables {
                            li {
                                details.nhsuk-details {
                                    summary.nhsuk-details__summary { span.nhsuk-details__summary-text { (t.name) } }
                                    div.nhsuk-details__text {
                                        p { (t.description) }
                                        ul { @for c in &t.columns { li { code { (c.name) } " " (c.data_type) } } }
                                    }
                                }
                            }
                        }
                        @for t in &kept { li { code { "workspace." (t.name) } " (" (t.kind) ", until " (t.expires_at.get(..10).unwrap_or_default()) ")" } }
                    }
                    p { a href={ "/projects/" (project) "/tables" } { "Data dictionary" } }
                }
            }
        },
    ))
}

/// Runs, explains, tries or keeps what is in the editor.
pub(crate) async fn send(
    State(state): State<AppState>,
    Path(project): Path<Name>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let sql = fields.get("sql").replace("\r\n", "\n");
    let ask = Ask::sql(sql.clone());
    let result = match fields.get("act") {
        "twin" => {
            state.hub.try_on_twin(&project, &visitor.name, &ask).await.map(|answer| twin_table(&answer))
        }
        "explain" => state.hub.explain(&project, &visitor.name, &ask).await.map(|answer| explained(&answer)),
        "save" => {
            let name = fields.get("name").parse::<Name>();
            match name {
                Ok(name) => {
                    let kept = state.hub.save_query(&project, &visitor.name, &name, &sql, &[]).await;
                    kept.map(|_| html! { div.nhsuk-inset-text { p { "Kept as " code { (name) } "." } } })
                }
                Err(error) => Err(error.into()),
            }
        }
        _ => return run(&state, visitor, &project, fields.get("key"), ask).await,
    };
    match result {
        Ok(below) => editor(&state, visitor, &project, &sql, None, below).await,
        Err(error) => editor(&state, visitor, &project, &sql, Some(&Problem::from(error)), nothing()).await,
    }
}

async fn run(
    state: &AppState,
    visitor: &Visitor,
    project: &Name,
    key: &str,
    ask: Ask,
) -> Result<Response, Wrong> {
    let id = state.hub.query_id(&visitor.name, (!key.is_empty()).then_some(key))?;
    let sql = ask.sql.clone();
    let standing = state.jobs.begin(&state.hub, id.clone(), project.clone(), visitor.name.clone(), ask);
    // Most have ended by then; the others are looked at while they run.
    let ended = wait(standing, Duration::from_secs(5)).await;
    let problem = match ended.as_deref() {
        Some(Ok(answer)) if answer.request().is_none() => {
            answer.reasons().first().map(|r| Problem::of_reason(403, r))
        }
        Some(Err(error)) => Some(Problem::of_error(error)),
        Some(Ok(_)) | None => None,
    };
    match problem {
        Some(problem) => editor(state, visitor, project, &sql, Some(&problem), nothing()).await,
        None => Ok(redirect(&format!("/queries/{id}")).into_response()),
    }
}
