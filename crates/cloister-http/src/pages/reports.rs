//! How the airlock does: turnaround, reasons, agreement.

use super::layout::{Page, Wrong, summary, table, text};
use super::visitor::Visitor;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The report.
pub(crate) async fn show(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Wrong> {
    let report = state.hub.report(&visitor.name).await?;
    let hours = |h: Option<f64>| text(h.map_or("–".to_owned(), |h| format!("{h:.1} hours")));
    let agreement = match report.judged_by_two {
        0 => "no output has had two votes yet".to_owned(),
        n => format!("{} of {n} outputs", report.agreed),
    };
    Ok(Page::of("Reports", "reports", &visitor).with(html! {
        h1 { "How the airlock does" }
        (summary(&[
            ("Handed in", text(report.submitted.to_string())),
            ("Released", text(report.released.to_string())),
            ("Returned", text(report.returned.to_string())),
            ("Rejected", text(report.rejected.to_string())),
            ("Half were decided within", hours(report.hours_median)),
            ("Nine of ten within", hours(report.hours_ninth_decile)),
            ("Two checkers agreed on", text(agreement)),
        ]))
        (counted("Reasons that checkers gave", &report.reasons))
        (counted("Why queries were refused", &report.refusals))
    }))
}

fn counted(caption: &str, counts: &BTreeMap<String, usize>) -> Markup {
    let mut rows: Vec<(&String, &usize)> = counts.iter().collect();
    rows.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    html! {
        @if !rows.is_empty() {
            (table(caption, &["Code", "How often"], rows.into_iter().map(|(code, n)| vec![html! { code { (code) } }, text(n.to_string())]).collect()))
        }
    }
}
