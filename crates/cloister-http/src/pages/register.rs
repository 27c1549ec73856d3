//! The public register of projects.

use super::layout::{Page, Wrong, state_tag};
use super::visitor::Visitor;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use maud::html;

/// Every project, its purpose and data, and how much left it.
pub(crate) async fn show(State(state): State<AppState>, visitor: Option<Visitor>) -> Result<Response, Wrong> {
    let entries = state.hub.register().await?;
    let page = match &visitor {
        Some(visitor) => Page::of("Register of projects", "register", visitor),
        None => Page::open("Register of projects", "register"),
    };
    Ok(page.with(html! {
        h1 { "Register of projects" }
        p.nhsuk-lede-text { "Who uses the region's health data, what for, under which agreement, and how much has left." }
        @if entries.is_empty() { p { "There is no project yet." } }
        @for entry in entries {
            div.nhsuk-card {
                div.nhsuk-card__content {
                    h2.nhsuk-card__heading { (entry.title) }
                    p { (entry.purpose) }
                    dl.nhsuk-summary-list.nhsuk-summary-list--no-border {
                        @for (key, value) in [
                            ("State", html! { (state_tag(&entry.state)) }),
                            ("From and to", html! { (entry.starts) " to " (entry.ends) }),
                            ("Data", html! { (entry.datasets.join(", ")) }),
                            ("Controllers", html! { (entry.controllers.join(", ")) }),
                            ("Legal basis", html! { (entry.legal_basis) }),
                            ("Released", html! { (entry.releases) " results" @if let Some(last) = &entry.last_released { ", the last on " (last) } }),
                        ] {
                            div.nhsuk-summary-list__row { dt.nhsuk-summary-list__key { (key) } dd.nhsuk-summary-list__value { (value) } }
                        }
                    }
                }
            }
        }
    }))
}
