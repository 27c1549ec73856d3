//! A release request: for its checkers with the evidence of each output, for everybody else as far as the airlock shows it.

use super::answer::reasons;
use super::fields::{area, button, hidden, select, word};
use super::layout::{Page, Wrong, mistake, moment, state_tag, summary, table, tag, text};
use super::visitor::Visitor;
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use cloister_hub::{
    Choice, Evidence, Exhibit, ExhibitCell, ExhibitRow, ReleaseAct, ReleaseView, ReviewReason,
};
use cloister_model::Name;
use maud::{Markup, html};

/// One release request.
pub(crate) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(request): Path<Name>,
) -> Result<Response, Wrong> {
    shown(&state, &visitor, &request, None).await
}

pub(super) async fn shown(
    state: &AppState,
    visitor: &Visitor,
    request: &Name,
    problem: Option<&Problem>,
) -> Result<Response, Wrong> {
    let view = state.hub.seen(request, &visitor.name).await?;
    let checks = visitor.is("checker") && !view.authors.contains(&visitor.name);
    let mut outputs = Vec::new();
    for output in view.outputs.iter().filter(|o| !o.withdrawn) {
        // Only a checker of it gets any; that they looked is recorded.
        let evidence = match checks {
            true => state.hub.evidence(request, &output.name, &visitor.name).await.ok(),
            false => None,
        };
        outputs.push((output, evidence));
    }
    let may = |act: ReleaseAct| view.may.contains(&act);
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Ok(Page::of("Release request", "desk", visitor).wide().with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Release request " (state_tag(view.state.as_str())) }
            (heading(&view))
            form method="post" action={ "/desk/" (view.id) } novalidate {
                (word(visitor)) (hidden("turn", &view.turn.to_string()))
                @for (index, (output, evidence)) in outputs.iter().enumerate() {
                    section.app-box aria-labelledby={ "output-" (index) } {
                        h2 id={ "output-" (index) } { "Output " (index + 1) " of " (outputs.len()) }
                        @match evidence {
                            Some(evidence) => {
                                (evidence_shown(evidence))
                                @if may(ReleaseAct::Vote) { (vote(&view, visitor, output.name.as_str(), evidence, index == 0)) }
                            }
                            None => { (plain_output(output)) }
                        }
                        (ballots(output))
                    }
                }
                (decisions(&view, &may))
            }
            (talk(&view))
            (steps(&view))
        },
    ))
}

fn heading(view: &ReleaseView) -> Markup {
    let authors: Vec<String> = view.authors.iter().map(ToString::to_string).collect();
    let seats: Vec<String> = view.claims.iter().map(|c| c.checker.to_string()).collect();
    let finished: Vec<String> = view.finished.iter().map(ToString::to_string).collect();
    summary(&[
        ("What it is for", text(&view.purpose)),
        ("Why it is safe", text(&view.justification)),
        ("Project", html! { a href={ "/projects/" (view.project) } { (view.project) } }),
        ("From", text(authors.join(", "))),
        (
            "Handed in",
            html! { @match view.submitted_at { Some(at) => { (moment(&at.to_rfc3339())) } None => { "not yet" } } },
        ),
        ("Review", text(format!("{} checkers", view.mode.as_str()))),
        ("Waits for", text(view.whose_turn.as_str())),
        ("Who has it", text(if seats.is_empty() { "nobody".to_owned() } else { seats.join(", ") })),
        (
            "Finished in this turn",
            text(if finished.is_empty() {
                "nobody that you may know of".to_owned()
            } else {
                finished.join(", ")
            }),
        ),
    ])
}

/// Everything that a checker decides by, about one output.
fn evidence_shown(evidence: &Evidence) -> Markup {
    html! {
        @if evidence.reasons.is_empty() { p { (tag("green", "no finding")) " No rule objects." } }
        (reasons(&evidence.reasons))
        @match &evidence.exhibit {
            Some(exhibit) => { (exhibited(exhibit)) }
            None => {}
        }
        details.nhsuk-details open[evidence.exhibit.is_none()] {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "The table as it would leave" } }
            div.nhsuk-details__text { (evidence_table(evidence)) }
        }
        details.nhsuk-details open {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Query" } }
            div.nhsuk-details__text { pre tabindex="0" { (evidence.sql) } }
        }
        details.nhsuk-details {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "What it rests on" } }
            div.nhsuk-details__text {
                (summary(&[
                    ("Disclosure policy", html! { a href={ "/policies/" (evidence.policy.0) } { (evidence.policy.0) } " " span.app-digest { (evidence.policy.1) } }),
                    ("Data", html! { ul.nhsuk-list { @for d in &evidence.datasets { li { (d.name) " version " (d.version) " " span.app-digest { (d.digest) } } } } }),
                    ("Plan", html! { span.app-digest { (evidence.plan_digest.as_deref().unwrap_or("none")) } }),
                    ("Content", html! { span.app-digest { (evidence.digest) } }),
                ]))
            }
        }
    }
}

/// The table as it would leave, its suppressed cells marked.
fn evidence_table(evidence: &Evidence) -> Markup {
    let rule = |row: usize, column: &str| {
        evidence
            .suppressed
            .iter()
            .find(|(r, c, _)| *r == row && c == column)
            .map(|(_, _, rule)| rule.as_str())
    };
    html! {
        div.app-scroll tabindex="0" role="region" aria-label="The table as it would leave" {
            table.nhsuk-table {
                caption.nhsuk-table__caption { "The table as it would leave" }
                thead.nhsuk-table__head { tr { @for c in &evidence.columns { th scope="col" { (c) } } } }
                tbody.nhsuk-table__body {
                    @for (index, row) in evidence.rows.iter().enumerate() {
                        tr.nhsuk-table__row {
                            @for (value, column) in row.iter().zip(&evidence.columns) {
                                @let hidden = rule(index, column);
                                td.nhsuk-table__cell.app-suppressed[hidden.is_some_and(|r| r != "secondary")].app-secondary[hidden == Some("secondary")] title=[hidden] {
                                    (value)
                                    @if let Some(rule) = hidden { span.nhsuk-u-visually-hidden { " suppressed by the rule " (rule) } }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if !evidence.suppressed.is_empty() { p { (evidence.suppressed.len()) " cells are suppressed; the rule of each is told where you point at it." } }
    }
}

/// Who stands behind each value, and what was done to it.
fn exhibited(exhibit: &Exhibit) -> Markup {
    html! {
        @for (index, table) in exhibit.tables.iter().enumerate() {
            @let caption = if exhibit.tables.len() == 1 { "Before and after".to_owned() } else { format!("Before and after, aggregate {}", index + 1) };
            div.app-scroll tabindex="0" role="region" aria-label=(caption) {
                table.nhsuk-table {
                    caption.nhsuk-table__caption { (caption) }
                    thead.nhsuk-table__head {
                        tr {
                            @for key in &table.keys { th scope="col" { (key) } }
                            th.app-number scope="col" { "people" }
                            @for c in &table.columns {
                                th.app-number scope="col" { (c.name) " before" }
                                th.app-number scope="col" { (c.name) " as it leaves" }
                                th.app-number scope="col" { (c.name) " rests on" }
                            }
                        }
                    }
                    tbody.nhsuk-table__body { @for row in &table.rows { (exhibit_row(row)) } }
                }
            }
            @if table.more > 0 { p { (table.more) " more groups are not shown." } }
        }
        p { "Changed cells are marked: " span.app-suppressed { " suppressed by a rule " } " " span.app-secondary { " suppressed to protect another " } ". What a value rests on: its contributors, and where fewer, the people in the smallest branch of its conditions or at its extreme." }
    }
}

fn exhibit_row(row: &ExhibitRow) -> Markup {
    html! {
        tr.nhsuk-table__row {
            @for (index, label) in row.labels.iter().enumerate() {
                td.nhsuk-table__cell {
                    @match label { Some(label) => { (label) } None => { "–" } }
                    @if index == 0 && row.merged { br; (tag("grey", "label does not leave")) }
                }
            }
            td.nhsuk-table__cell.app-number { (row.people) }
            @for cell in &row.cells {
                @let marked = cell.rule.is_some();
                td.nhsuk-table__cell.app-number { (cell.before.as_deref().unwrap_or("–")) }
                td.nhsuk-table__cell.app-number.app-suppressed[marked && !cell.secondary].app-secondary[marked && cell.secondary] {
                    @match (&cell.after, &cell.rule) {
                        (Some(after), _) => { (after) }
                        (None, Some(rule)) => { "* " span.nhsuk-u-visually-hidden { "suppressed by " } small { (rule) } }
                        (None, None) => { "–" }
                    }
                }
                td.nhsuk-table__cell.app-number { (cell.contributors) @if let Some(least) = least(cell) { " (" (least) ")" } }
            }
        }
    }
}

/// The fewest people that a value hangs on, where they are fewer than its contributors.
fn least(cell: &ExhibitCell) -> Option<u64> {
    let least = cell.least_branch.into_iter().chain(cell.support).min()?;
    (least < cell.contributors).then_some(least)
}

fn vote(view: &ReleaseView, visitor: &Visitor, output: &str, evidence: &Evidence, first: bool) -> Markup {
    let mine = view
        .outputs
        .iter()
        .filter(|o| o.name.as_str() == output)
        .flat_map(|o| &o.ballots)
        .rfind(|b| b.checker == visitor.name && b.turn == view.turn && b.digest == evidence.digest);
    let chosen = mine.map_or("", |b| b.choice.as_str());
    let name = format!("vote-{output}");
    html! {
        (hidden(&format!("digest-{output}"), &evidence.digest.to_string()))
        div.nhsuk-form-group {
            fieldset.nhsuk-fieldset {
                legend.nhsuk-fieldset__legend.nhsuk-fieldset__legend--s { "Your vote" }
                div.nhsuk-radios.nhsuk-radios--small.nhsuk-radios--inline {
                    @for (choice, key) in Choice::ALL.into_iter().zip(["a", "c", "r"]) {
                        @let id = format!("{name}-{}", choice.as_str());
                        div.nhsuk-radios__item {
                            input.nhsuk-radios__input id=(id) name=(name) type="radio" value=(choice.as_str()) checked[choice.as_str() == chosen] data-key=[first.then_some(key)];
                            label.nhsuk-label.nhsuk-radios__label for=(id) { (words(choice)) @if first { " " kbd aria-hidden="true" { (key) } } }
                        }
                    }
                }
            }
        }
        (area(&format!("comment-{output}"), "Comment on this output", "Needed where you do not approve. The author sees it when the request is returned or decided.", "", 2, false))
    }
}

fn words(choice: Choice) -> &'static str {
    match choice {
        Choice::Approve => "Approve",
        Choice::RequestChanges => "Request changes",
        Choice::Reject => "Reject",
    }
}

fn plain_output(output: &cloister_hub::OutputView) -> Markup {
    html! {
        p { "From query " a href={ "/queries/" (output.query) } { (output.query) } "." }
        @if let Some(outcome) = output.outcome { p { "What the checkers think of it: " (state_tag(outcome.as_str())) } }
    }
}

fn ballots(output: &cloister_hub::OutputView) -> Markup {
    html! {
        @if !output.ballots.is_empty() {
            (table("Votes that you may see", &["Checker", "Turn", "Vote"], output.ballots.iter().map(|b| vec![
                text(b.checker.as_str()), text(b.turn.to_string()), state_tag(b.choice.as_str()),
            ]).collect()))
        }
    }
}

/// What may be done now.
fn decisions(view: &ReleaseView, may: &impl Fn(ReleaseAct) -> bool) -> Markup {
    let reasons_for = |act: ReleaseAct| -> Vec<(&'static str, &'static str)> {
        let fit = ReviewReason::ALL.iter().filter(move |r| r.acts().contains(&act));
        fit.map(|r| (r.as_str(), r.words())).collect()
    };
    let wants_reason = may(ReleaseAct::Return) || may(ReleaseAct::Reject) || may(ReleaseAct::Revoke);
    let mut codes = reasons_for(ReleaseAct::Return);
    for act in [ReleaseAct::Reject, ReleaseAct::Revoke] {
        codes.extend(reasons_for(act));
    }
    codes.sort_unstable();
    codes.dedup();
    html! {
        @if may(ReleaseAct::Vote) || may(ReleaseAct::FinishReview) {
            div.app-buttons {
                (button("vote", "Save votes and comments", "secondary"))
                (button("finish", "Save and finish the review", ""))
            }
        }
        @if may(ReleaseAct::Claim) || may(ReleaseAct::ReleaseClaim) || may(ReleaseAct::Approve) || may(ReleaseAct::Submit) || may(ReleaseAct::Withdraw) {
            h2 { "What may be done now" }
            div.app-buttons {
                @if may(ReleaseAct::Approve) { (button("approve", "Approve: it is released at once", "")) }
                @if may(ReleaseAct::Claim) && view.claims.is_empty() { (button("claim", "Take a seat", "secondary")) }
                @if may(ReleaseAct::ReleaseClaim) && !view.claims.is_empty() { (button("leave-seat", "Leave your seat", "secondary")) }
                @if may(ReleaseAct::Submit) { (button("submit", "Hand it in again", "")) }
                @if may(ReleaseAct::Withdraw) { (button("withdraw", "Give it up", "warning")) }
            }
        }
        @if wants_reason {
            details.nhsuk-details {
                summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Return, reject or revoke" } }
                div.nhsuk-details__text {
                    (select("reason", "Reason", &codes, ""))
                    (area("text", "In words", "The author reads this.", "", 3, false))
                    div.app-buttons {
                        @if may(ReleaseAct::Return) { (button("return", "Return it to the author", "secondary")) }
                        @if may(ReleaseAct::Reject) { (button("reject", "Reject it", "warning")) }
                        @if may(ReleaseAct::Revoke) { (button("revoke", "Take the release back", "warning")) }
                    }
                }
            }
        }
        @if may(ReleaseAct::Comment) && !may(ReleaseAct::Vote) {
            (area("comment", "Say something", "Checkers read it when it is handed in; authors when it is returned or decided.", "", 3, false))
            (button("comment", "Say it", "secondary"))
        }
        @if may(ReleaseAct::Comment) && may(ReleaseAct::Vote) {
            (area("comment", "Comment on the whole", "", "", 2, false))
        }
    }
}

fn talk(view: &ReleaseView) -> Markup {
    html! {
        @if !view.comments.is_empty() {
            h2 { "Comments" }
            (table("Comments that you may see", &["When", "Who", "On", "What"], view.comments.iter().map(|c| vec![
                moment(&c.at.to_rfc3339()), text(c.by.as_str()),
                text(c.output.as_ref().map_or("the whole".to_owned(), ToString::to_string)), text(&c.text),
            ]).collect()))
        }
    }
}

fn steps(view: &ReleaseView) -> Markup {
    html! {
        @if !view.steps.is_empty() {
            h2 { "What has happened" }
            (table("Steps, oldest first", &["When", "What", "By", "Why"], view.steps.iter().map(|s| vec![
                moment(&s.at.to_rfc3339()), text(s.act.as_str()),
                text(s.by.as_ref().map_or("the hub".to_owned(), ToString::to_string)),
                html! { @if let Some(reason) = s.reason { (reason.words()) } @if let Some(words) = &s.text { " – " (words) } },
            ]).collect()))
        }
    }
}
