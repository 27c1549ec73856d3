//! A release request: for its checkers with the evidence of each output, for everybody else as far as the airlock shows it.

use super::evidence::evidence_shown;
use super::fields::{area, button, hidden, select, word};
use super::layout::{Page, Wrong, mistake, moment, state_tag, summary, table, text};
use super::visitor::Visitor;
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use cloister_hub::{Choice, Evidence, QueryRecord, ReleaseAct, ReleaseView, ReviewReason};
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
    let spare = match may(ReleaseAct::AddOutput) {
        true => state.hub.held_results(&view.project, &visitor.name).await?,
        false => Vec::new(),
    };
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
                                @if may(ReleaseAct::Override) { (objections(evidence, output.name.as_str())) }
                                @if may(ReleaseAct::Vote) && !evidence.supporting { (vote(&view, visitor, output.name.as_str(), evidence, index == 0)) }
                            }
                            None => { (plain_output(output)) }
                        }
                        (ballots(output))
                    }
                }
                (decisions(&view, &may))
                @if may(ReleaseAct::AddOutput) { (revisions(&view, &spare)) }
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

/// Findings with which the output does not leave, and the consent to set one aside.
fn objections(evidence: &Evidence, output: &str) -> Markup {
    html! {
        @for (code, may_be_set_aside) in &evidence.objections {
            div.nhsuk-inset-text {
                p { strong { (code) } ": with this finding the output does not leave." }
                @if *may_be_set_aside {
                    (area(&format!("set-aside-{output}.{code}"), "Why it does not hold here", "The policy lets two checkers set it aside, each with a reason. It is recorded as an override.", "", 2, false))
                    (button("set-aside", "Set it aside", "secondary"))
                } @else { p { "The policy lets nobody set it aside." } }
            }
        }
    }
}

/// What an author may put into a request that came back.
fn revisions(view: &ReleaseView, spare: &[QueryRecord]) -> Markup {
    let results: Vec<(String, String)> = spare
        .iter()
        .map(|q| (q.id.clone(), format!("{} {}", q.submitted_at, q.sql.chars().take(60).collect::<String>())))
        .collect();
    let results: Vec<(&str, &str)> = results.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let live = view.outputs.iter().filter(|o| !o.withdrawn).enumerate();
    let mut places = vec![
        ("new".to_owned(), "A new output".to_owned()),
        ("supporting".to_owned(), "A new one, for the checkers only".to_owned()),
    ];
    places.extend(live.map(|(index, o)| (o.name.to_string(), format!("In place of output {}", index + 1))));
    let places: Vec<(&str, &str)> = places.iter().map(|(v, t)| (v.as_str(), t.as_str())).collect();
    html! {
        h2 { "Other results" }
        @if results.is_empty() { p { "None of your results in this project is held and free: ask the query again, changed, and put its result in here." } }
        @else {
            (select("result", "Result", &results, ""))
            (select("place", "As what", &places, ""))
            (button("revise", "Put it in", "secondary"))
        }
        @if view.outputs.iter().filter(|o| !o.withdrawn).count() > 1 {
            @let outputs: Vec<(String, String)> = view.outputs.iter().filter(|o| !o.withdrawn).enumerate().map(|(i, o)| (o.name.to_string(), format!("Output {}", i + 1))).collect();
            @let outputs: Vec<(&str, &str)> = outputs.iter().map(|(v, t)| (v.as_str(), t.as_str())).collect();
            (select("left-out", "Leave out", &outputs, ""))
            (button("leave-out", "Leave it out", "secondary"))
        }
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
