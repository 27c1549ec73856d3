//! The start: what waits for whoever has signed in.

use super::layout::{Page, Wrong, moment, redirect, state_tag, table, tag, text};
use super::visitor::Visitor;
use crate::guard::cookie_of;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cloister_hub::{ReleaseList, ReleaseView, Weight};
use maud::{Markup, html};

/// The start; the public register for somebody who has not signed in.
pub(crate) async fn show(State(state): State<AppState>, headers: HeaderMap, request: Request) -> Response {
    if cookie_of(&headers, state.settings.is_secure()).is_none() {
        return redirect("/register").into_response();
    }
    let (mut parts, _) = request.into_parts();
    match Visitor::from_request_parts(&mut parts, &state).await {
        Ok(visitor) => home(&state, &visitor).await.unwrap_or_else(Wrong::plain),
        Err(response) => response,
    }
}

/// Of how many open requests those that wait are sought.
const OPEN_MAX: usize = 200;

async fn home(state: &AppState, visitor: &Visitor) -> Result<Response, Wrong> {
    let projects = state.hub.projects_of(&visitor.name).await?;
    let open = ReleaseList::Open;
    let (requests, _) = state.hub.release_requests_after(&visitor.name, open, None, OPEN_MAX).await?;
    let (queries, _) = state.hub.query_records(&visitor.name, None, 5).await?;
    let waiting: Vec<&ReleaseView> = requests.iter().filter(|r| waits_for(r, visitor)).collect();
    let yours = projects.iter().filter(|p| p.may.iter().any(|m| m == "run-query"));
    let yours: Vec<_> = yours.collect();
    Ok(Page::of("Start", "", visitor).with(html! {
        h1 { "Good day, " (visitor.me.person.display_name) }
        @if visitor.me.person.terms_expire.is_none() && visitor.is("researcher") {
            div.nhsuk-inset-text { p { "You have not accepted the terms of use: nothing runs until you do, on " a href="/account" { "your account" } "." } }
        }
        h2 { "Waits for you" }
        @if waiting.is_empty() { p { "Nothing." } } @else { (request_table("Release requests that wait for you", &waiting)) }
        @if !yours.is_empty() {
            h2 { "Your projects" }
            (table("Projects that you research in", &["Project", "What for", "Until"], yours.iter().map(|p| vec![
                html! { a href={ "/projects/" (p.name) "/query" } { (p.title) } }, text(&p.purpose), text(&p.ends),
            ]).collect()))
        }
        @if !queries.is_empty() {
            h2 { "Last queries" }
            (table("Queries that you may see, newest first", &["Asked", "Project", "State"], queries.iter().map(|q| vec![
                html! { a href={ "/queries/" (q.id) } { (moment(&q.submitted_at)) } }, text(&q.project), state_tag(&q.state),
            ]).collect()))
        }
    }))
}

/// Whether a request waits for this person to do something.
pub(crate) fn waits_for(request: &ReleaseView, visitor: &Visitor) -> bool {
    use cloister_hub::Turn;
    let wrote = request.authors.contains(&visitor.name);
    match request.whose_turn {
        Turn::Author => wrote,
        Turn::Checkers => !request.may.is_empty() && !wrote,
        Turn::System | Turn::Nobody => false,
    }
}

/// How much a request asks of its checkers: `high` where a rule objects, `medium` where one wants a person to look, and
/// `low` where no rule does.
fn risk(request: &ReleaseView) -> Markup {
    let live = request.outputs.iter().filter(|o| !o.withdrawn);
    let weights: Vec<Weight> = live.flat_map(|o| o.findings.values().copied()).collect();
    if weights.contains(&Weight::Objection) {
        tag("red", "high")
    } else if weights.is_empty() {
        tag("green", "low")
    } else {
        tag("yellow", "medium")
    }
}

/// Release requests as a table.
pub(crate) fn request_table(caption: &str, requests: &[&ReleaseView]) -> Markup {
    let rows = requests.iter().map(|r| {
        let since = r.submitted_at.unwrap_or(r.created_at).to_rfc3339();
        let seats: Vec<String> = r.claims.iter().map(|c| c.checker.to_string()).collect();
        vec![
            html! { a href={ "/desk/" (r.id) } { (r.purpose) } },
            risk(r),
            text(r.project.as_str()),
            text(r.authors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
            moment(&since),
            text(if seats.is_empty() { "nobody".to_owned() } else { seats.join(", ") }),
            state_tag(r.state.as_str()),
        ]
    });
    table(caption, &["What for", "Risk", "Project", "From", "Since", "Who has it", "State"], rows.collect())
}
