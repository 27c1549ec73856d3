//! Queries: the history, what became of each, and asking for a held result's release.

use super::answer::{Released, reasons, released_table};
use super::chart;
use super::fields::{area, button, hidden, word};
use super::layout::{Page, Wrong, mistake, moment, redirect, state_tag, summary, table, text};
use super::visitor::{Sent, Visitor};
use crate::api::queries::{attachment, kind};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloister_hub::{PackageFile, QueryRecord, ReleaseDraft};
use maud::{Markup, html};
use serde::Deserialize;

/// Which page of the history.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct From {
    after: Option<String>,
}

/// The history, newest first.
pub(crate) async fn list(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(from): Query<From>,
) -> Result<Response, Wrong> {
    let (records, next) = state.hub.query_records(&visitor.name, from.after.as_deref(), 50).await?;
    let rows = records.iter().map(|q| {
        vec![
            html! { a href={ "/queries/" (q.id) } { (moment(&q.submitted_at)) } },
            text(&q.project),
            text(&q.user),
            html! { code { (first_line(&q.sql)) } },
            state_tag(&q.state),
        ]
    });
    Ok(Page::of("Queries", "queries", &visitor).wide().with(html! {
        h1 { "Queries" }
        @if records.is_empty() { p { "There is none that you may see." } }
        @else { (table("Queries, newest first", &["Asked", "Project", "By", "SQL", "State"], rows.collect())) }
        @if let Some(next) = next { p { a href={ "/queries?after=" (next) } { "Older queries" } } }
    }))
}

fn first_line(sql: &str) -> String {
    let line = sql.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    line.chars().take(80).collect()
}

/// One query.
pub(crate) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(query): Path<String>,
) -> Result<Response, Wrong> {
    shown(&state, &visitor, &query, None).await
}

async fn shown(
    state: &AppState,
    visitor: &Visitor,
    query: &str,
    problem: Option<&Problem>,
) -> Result<Response, Wrong> {
    let record = state.hub.query_record(query, &visitor.name).await?;
    let own = record.user == visitor.name.as_str();
    let status = problem.map_or(StatusCode::OK, Problem::status);
    let result = match record.state.as_str() {
        "released" if own => released(state, visitor, &record).await,
        "held" if own => held(visitor, &record),
        "running" => running(visitor, &record, own),
        _ => html! {},
    };
    Ok(Page::of("Query", "queries", visitor).wide().with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Query " (state_tag(&record.state)) }
            (reasons(&record.reasons))
            (result)
            h2 { "What was asked" }
            pre tabindex="0" { (record.sql) }
            @if own { p { a href={ "/projects/" (record.project) "/query?from=" (record.id) } { "Edit and ask again" } } }
            h2 { "What it rests on" }
            (facts(&record))
        },
    ))
}

fn facts(record: &QueryRecord) -> Markup {
    summary(&[
        ("Id", html! { span.app-digest { (record.id) } }),
        ("Project", html! { a href={ "/projects/" (record.project) } { (record.project) } }),
        ("By", text(&record.user)),
        ("Asked", moment(&record.submitted_at)),
        ("Ended", html! { @if let Some(at) = &record.settled_at { (moment(at)) } @else { "not yet" } }),
        ("Disclosure policy", html! { a href={ "/policies/" (record.policy) } { (record.policy) } }),
        (
            "Data",
            html! { ul.nhsuk-list { @for d in &record.datasets { li { (d.name) " version " (d.version) " " span.app-digest { (d.digest) } } } } },
        ),
        ("Plan", html! { span.app-digest { (record.plan_digest.as_deref().unwrap_or("none")) } }),
        (
            "Release request",
            html! { @match &record.release_request { Some(id) => { a href={ "/desk/" (id) } { (id) } } None => { "none" } } },
        ),
    ])
}

/// The released table, if the person may take it out; else why not.
async fn released(state: &AppState, visitor: &Visitor, record: &QueryRecord) -> Markup {
    let bytes = match state.hub.fetch(&record.id, &visitor.name, PackageFile::Json).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let problem = Problem::from(error);
            return html! { div.nhsuk-inset-text { p { "It is released, and you cannot take it out: " (problem.title()) } } };
        }
    };
    let Ok(answer) = serde_json::from_slice::<Released>(&bytes) else {
        return html! { p { "The release cannot be shown; its files can be downloaded." } };
    };
    html! {
        (released_table(&answer))
        @if let Some(drawn) = chart::bars(&answer.columns, &answer.rows) { h2 { "Chart" } (drawn) }
        h2 { "Downloads" }
        ul.nhsuk-list {
            @for file in PackageFile::ALL { li { a href={ "/queries/" (record.id) "/files/" (file.name()) } { (file.name()) } } }
        }
    }
}

/// The form that asks for a held result's release.
fn held(visitor: &Visitor, record: &QueryRecord) -> Markup {
    if let Some(request) = &record.release_request {
        return html! { p { "It is in a release request: " a href={ "/desk/" (request) } { "look how it goes" } "." } };
    }
    html! {
        h2 { "Ask for its release" }
        p { "Checkers look at it. You see nothing of it until it is released." }
        form method="post" action={ "/queries/" (record.id) } novalidate {
            (word(visitor)) (hidden("act", "request"))
            (area("purpose", "What is it for?", "A table of which paper, which figure, which decision.", "", 3, false))
            (area("justification", "Why is it safe to release?", "What you did so that nobody can be recognised.", "", 3, false))
            (button("", "Hand it to the checkers", ""))
        }
    }
}

fn running(visitor: &Visitor, record: &QueryRecord, own: bool) -> Markup {
    html! {
        div data-running=(record.id) aria-live="polite" {
            p { "It waits or runs. " a href={ "/queries/" (record.id) } { "Look again" } "." }
            @if own {
                form method="post" action={ "/queries/" (record.id) } novalidate { (word(visitor)) (button("cancel", "Cancel", "secondary")) }
            }
        }
    }
}

/// Asks for a release, or ends a query.
pub(crate) async fn act(
    State(state): State<AppState>,
    Path(query): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    if fields.get("act") == "cancel" {
        state.hub.query_record(&query, &visitor.name).await?;
        state.jobs.cancel(&query, &visitor.name);
        return Ok(redirect(&format!("/queries/{query}")).into_response());
    }
    let record = state.hub.query_record(&query, &visitor.name).await?;
    let draft = ReleaseDraft {
        id: None,
        queries: vec![query.clone()],
        supporting: Vec::new(),
        purpose: fields.get("purpose").trim().to_owned(),
        justification: fields.get("justification").trim().to_owned(),
    };
    let project = record.project.parse().map_err(cloister_hub::HubError::from)?;
    match state.hub.request_release(&project, &visitor.name, &draft).await {
        Ok(view) => Ok(redirect(&format!("/desk/{}", view.id)).into_response()),
        Err(error) => shown(&state, visitor, &query, Some(&Problem::from(error))).await,
    }
}

/// A file of a release.
pub(crate) async fn file(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((query, file)): Path<(String, String)>,
) -> Result<Response, Wrong> {
    let file = PackageFile::ALL.into_iter().find(|f| f.name() == file).ok_or_else(Problem::absent)?;
    let bytes = state.hub.fetch(&query, &visitor.name, file).await?;
    Ok(attachment(&query, file.name(), kind(file), bytes))
}
