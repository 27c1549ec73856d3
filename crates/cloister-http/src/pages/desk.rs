//! The desk: what waits for checkers, and approvals of queries.

use super::fields::{button, word};
use super::home::{request_table, waits_for};
use super::layout::{Page, Wrong, mistake, moment, redirect, summary, table, text};
use super::visitor::{Sent, Visitor};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloister_hub::{Decided, ReleaseList, ReleaseView};
use cloister_model::Name;
use maud::html;

/// How many open requests the desk shows, and how many that are over.
const OPEN_MAX: usize = 200;
const OVER_MAX: usize = 50;

/// Every release request that exists for somebody, those that wait for them first, the oldest of them first.
pub(crate) async fn list(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Wrong> {
    let hub = &state.hub;
    let (open, more) = hub.release_requests_after(&visitor.name, ReleaseList::Open, None, OPEN_MAX).await?;
    let (over, _) = hub.release_requests_after(&visitor.name, ReleaseList::Over, None, OVER_MAX).await?;
    let (waiting, others): (Vec<&ReleaseView>, Vec<&ReleaseView>) =
        open.iter().partition(|r| waits_for(r, &visitor));
    let done: Vec<&ReleaseView> = over.iter().collect();
    let approvals = match visitor.is("checker") {
        true => state.hub.awaiting_approval(&visitor.name).await?,
        false => Vec::new(),
    };
    Ok(Page::of("Release requests", "desk", &visitor).wide().with(html! {
        h1 { "Release requests" }
        h2 { "Waiting for you" }
        @if waiting.is_empty() { p { "Nothing." } } @else { (request_table("Requests that wait for you, oldest first", &waiting)) }
        @if !approvals.is_empty() {
            h2 { "Queries to approve" }
            (table("Queries that may run once a checker approves them", &["Asked", "Project", "By", "SQL"], approvals.iter().map(|q| vec![
                html! { a href={ "/desk/approvals/" (q.id) } { (moment(&q.submitted_at)) } }, text(&q.project), text(&q.user),
                html! { code { (q.sql.chars().take(80).collect::<String>()) } },
            ]).collect()))
        }
        @if !others.is_empty() { h2 { "Under way" } (request_table("Requests under way, oldest first", &others)) }
        @if more { p { "There are more: these are the oldest " (OPEN_MAX) " that are open." } }
        @if !done.is_empty() { h2 { "Decided" } (request_table("Requests that are over, newest first", &done)) }
    }))
}

/// One query that waits for an approval.
pub(crate) async fn approval(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(query): Path<String>,
) -> Result<Response, Wrong> {
    approval_shown(&state, &visitor, &query, None).await
}

async fn approval_shown(
    state: &AppState,
    visitor: &Visitor,
    query: &str,
    problem: Option<&Problem>,
) -> Result<Response, Wrong> {
    let record = state.hub.query_record(query, &visitor.name).await?;
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Ok(Page::of("Approve a query", "desk", visitor).with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Approve a query" }
            p { "The approval is for this plan, on the dataset versions and under the disclosure policy of now, and for every value that its parameters may have. Anything else is refused." }
            pre tabindex="0" { (record.sql) }
            (summary(&[
                ("Project", html! { a href={ "/projects/" (record.project) } { (record.project) } }),
                ("By", text(&record.user)),
                ("Asked", moment(&record.submitted_at)),
                ("Plan", html! { span.app-digest { (record.plan_digest.as_deref().unwrap_or("none")) } }),
            ]))
            form method="post" action={ "/desk/approvals/" (record.id) } novalidate { (word(visitor)) (button("approve", "Approve it", "")) }
            p { a href="/desk" { "Back to the desk" } }
        },
    ))
}

/// Approves a query.
pub(crate) async fn approve(
    State(state): State<AppState>,
    Path(query): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let visitor = &sent.visitor;
    let record = state.hub.query_record(&query, &visitor.name).await?;
    let project: Name = record.project.parse().map_err(cloister_hub::HubError::from)?;
    match state.hub.grant_approval(&project, &visitor.name, &Decided::Request(query.clone()), None).await {
        Ok(_) => Ok(redirect("/desk").into_response()),
        Err(error) => approval_shown(&state, visitor, &query, Some(&Problem::from(error))).await,
    }
}
