//! The audit log, for those who may read it.

use super::fields::{Line, button, select};
use super::layout::{Page, Wrong, moment, table, text};
use super::visitor::{Visitor, url_escape};
use crate::state::AppState;
use axum::extract::{Query, State};
use axum::response::Response;
use cloister_hub::{AuditQuery, EventKind};
use maud::html;
use serde::Deserialize;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    subject: String,
}

/// A page of the log.
pub(crate) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Wrong> {
    let some = |text: &String| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let query = AuditQuery {
        after: wanted.after,
        limit: 100,
        kind: EventKind::parse(&wanted.kind),
        actor: some(&wanted.actor),
        subject: some(&wanted.subject),
    };
    let events = state.hub.read_audit(&query, &visitor.name).await?;
    let report = state.hub.verify_audit_for(&visitor.name).await;
    let rows = events.iter().map(|(number, e)| {
        let details: Vec<String> = e.details.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        vec![
            text(number.to_string()),
            moment(&e.at),
            text(&e.actor),
            text(e.kind.as_str()),
            text(&e.subject),
            html! { span.app-digest { (details.join(", ")) } },
        ]
    });
    let kinds: Vec<(&str, &str)> =
        std::iter::once(("", "any")).chain(EventKind::ALL.iter().map(|k| (k.as_str(), k.as_str()))).collect();
    let next = events.last().filter(|_| events.len() == 100).map(|(number, _)| {
        let (kind, actor, subject) =
            (url_escape(&wanted.kind), url_escape(&wanted.actor), url_escape(&wanted.subject));
        format!("/audit?after={number}&kind={kind}&actor={actor}&subject={subject}")
    });
    Ok(Page::of("Audit", "audit", &visitor).wide().with(html! {
        h1 { "Audit log" }
        @match report {
            Ok(report) => { p { "The log is whole: " (report.records) " records under " (report.checkpoints) " signed checkpoints. That you read it is in it." } }
            Err(error) => {
                div.nhsuk-error-summary { div role="alert" { h2.nhsuk-error-summary__heading { "The log does not verify" } div.nhsuk-error-summary__body { p { (error.to_string()) } } } }
            }
        }
        form method="get" action="/audit" {
            (select("kind", "What", &kinds, &wanted.kind))
            (Line { name: "actor", label: "Who", value: &wanted.actor, ..Line::default() }.render())
            (Line { name: "subject", label: "To what", value: &wanted.subject, ..Line::default() }.render())
            (button("", "Look", "secondary"))
        }
        @if events.is_empty() { p { "There is nothing of that." } } @else { (table("Events, oldest first", &["Number", "When", "Who", "What", "To what", "More"], rows.collect())) }
        @if let Some(next) = next { p { a href=(next) { "Later events" } } }
        p { a href="/v1/audit/export" { "The whole log as text" } ", which " code { "cloister audit verify" } " verifies without a hub." }
    }))
}
