//! Landings: what each source sent, when, and what was rejected of it.

use super::fields::{Line, button, hidden, word};
use super::layout::{Page, Wrong, moment, redirect, table, text};
use super::visitor::{Sent, Visitor};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cloister_hub::{DatasetView, HubError};
use cloister_model::Name;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Every dataset that somebody may see the landings of.
pub(crate) async fn show(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Wrong> {
    let datasets = state.hub.datasets_of(&visitor.name).await?;
    Ok(Page::of("Landings", "landings", &visitor).wide().with(html! {
        h1 { "Landings" }
        p { "Extracts are landed in the receiving zone, which nothing on a network reaches: " code { "cloister dataset land" } "." }
        @if datasets.is_empty() { p { "There is no dataset that you may see." } }
        @else {
            (table("Freshness by source", &["Dataset", "Newest version", "Landed"], datasets.iter().map(|d| {
                let last = d.versions.last();
                vec![text(&d.name), text(last.map_or(String::new(), |v| v.version.to_string())), last.map_or(html! {}, |v| moment(&v.landed_at))]
            }).collect()))
        }
        @for dataset in &datasets { (one(&visitor, dataset)) }
    }))
}

fn one(visitor: &Visitor, dataset: &DatasetView) -> Markup {
    let rows = dataset.versions.iter().rev().map(|v| {
        vec![
            text(v.version.to_string()),
            moment(&v.landed_at),
            text(&v.landed_by),
            text(v.tables.join(", ")),
            rejects(&v.rejects),
        ]
    });
    html! {
        h2 { (dataset.name) }
        p { "Who answers for it: " (if dataset.owners.is_empty() { "nobody yet".to_owned() } else { dataset.owners.join(", ") }) "." }
        (table(&format!("Versions of {}, newest first", dataset.name), &["Version", "Landed", "By", "Tables", "Rejected"], rows.collect()))
        @if visitor.may("manage-people") {
            details.nhsuk-details {
                summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Say who answers for " (dataset.name) } }
                div.nhsuk-details__text {
                    form method="post" action="/landings" novalidate {
                        (word(visitor)) (hidden("dataset", &dataset.name))
                        (Line { name: &format!("owners-{}", dataset.name), label: "Information asset owners", hint: "Names, separated by commas.", value: &dataset.owners.join(", "), width: 30, ..Line::default() }.render())
                        (button("", "Say so", "secondary"))
                    }
                }
            }
        }
    }
}

/// A reject report, as it is stored: counts by file, row and code.
fn rejects(report: &serde_json::Value) -> Markup {
    match report {
        serde_json::Value::Array(all) if all.is_empty() => html! { "nothing" },
        serde_json::Value::Object(all) if all.is_empty() => html! { "nothing" },
        serde_json::Value::Object(all) => html! {
            ul.nhsuk-list { @for (key, value) in all { li { (key) ": " (value.to_string()) } } }
        },
        other => html! { code { (other.to_string()) } },
    }
}

/// Says who answers for a dataset.
pub(crate) async fn owners(State(state): State<AppState>, sent: Sent) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let dataset: Name = fields.get("dataset").parse().map_err(HubError::from)?;
    let field = format!("owners-{dataset}");
    let names = fields.get(&field).split(',').map(str::trim).filter(|n| !n.is_empty());
    let owners: Result<BTreeSet<Name>, _> = names.map(str::parse).collect();
    let owners = owners.map_err(|_| Problem::new(422, "name", "One of these is not a name."))?;
    state.hub.set_dataset_owners(&dataset, &owners, &visitor.name).await?;
    Ok(redirect("/landings").into_response())
}
