//! The disclosure policies in force.

use super::layout::{Page, Wrong, moment, table, tag, text};
use super::visitor::Visitor;
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;

/// Every policy.
pub(crate) async fn list(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Wrong> {
    let policies = state.hub.policies(&visitor.name).await?;
    let rows = policies.iter().map(|p| {
        vec![
            html! { a href={ "/policies/" (p.name) } { (p.name) } },
            html! { span.app-digest { (p.digest) } },
            match &p.problem {
                None => tag("green", "in force"),
                Some(_) => tag("grey", "not for queries"),
            },
        ]
    });
    Ok(Page::of("Disclosure policies", "policies", &visitor).with(html! {
        h1 { "Disclosure policies" }
        p { "A result names the policy that it was released under by its digest." }
        (table("Disclosure policies", &["Policy", "Digest", "State"], rows.collect()))
    }))
}

/// One policy.
pub(crate) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(policy): Path<String>,
) -> Result<Response, Wrong> {
    let found = state.hub.policies(&visitor.name).await?.into_iter().find(|p| p.name == policy);
    let policy = found.ok_or_else(Problem::absent)?;
    Ok(Page::of(&policy.name, "policies", &visitor).with(html! {
        h1 { "Policy " (policy.name) }
        p { span.app-digest { (policy.digest) } }
        @if let Some(problem) = &policy.problem { div.nhsuk-inset-text { p { (problem) } } }
        pre tabindex="0" { (policy.text) }
        @if !policy.history.is_empty() {
            h2 { "History" }
            (table("Texts of this policy that queries ran under, the newest first", &["Digest", "From", "Until", "Queries"], policy.history.iter().map(|u| vec![
                html! { span.app-digest { (u.digest) } @if u.digest == policy.digest { " " (tag("green", "in force")) } },
                moment(&u.first), moment(&u.last), text(u.queries.to_string()),
            ]).collect()))
        }
    }))
}
