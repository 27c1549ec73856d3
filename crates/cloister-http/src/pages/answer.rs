//! Answers: released tables with what was suppressed and why, explanations, twins.

use super::layout::{table, text};
use cloister_hub::{Explained, Reason, TwinAnswer};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;

/// A released answer, as its package holds it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Released {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Json>>,
    pub(crate) cells: Vec<Cell>,
    #[serde(default)]
    attack: Option<Attack>,
}

/// A column of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) role: String,
}

/// A cell of it that is not simply a value.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Cell {
    row: usize,
    column: String,
    state: String,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    secondary: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Attack {
    suppressed: usize,
    secondary: usize,
}

/// A released table, with its suppressed cells marked.
pub(crate) fn released_table(answer: &Released) -> Markup {
    let numeric: Vec<bool> = answer.columns.iter().map(|c| c.role != "key").collect();
    html! {
        div.app-scroll tabindex="0" role="region" aria-label="The released table" {
            table.nhsuk-table {
                caption.nhsuk-table__caption { "The released table" }
                thead.nhsuk-table__head {
                    tr { @for (c, number) in answer.columns.iter().zip(&numeric) { th.app-number[*number] scope="col" { (c.name) } } }
                }
                tbody.nhsuk-table__body {
                    @for (index, row) in answer.rows.iter().enumerate() {
                        tr.nhsuk-table__row {
                            @for ((value, column), number) in row.iter().zip(&answer.columns).zip(&numeric) {
                                @let note = answer.cells.iter().find(|c| c.row == index && c.column == column.name);
                                (cell(value, note, *number))
                            }
                        }
                    }
                }
            }
        }
        (rules(answer))
    }
}

fn cell(value: &Json, note: Option<&Cell>, number: bool) -> Markup {
    let hidden = note.filter(|n| n.state == "suppressed" || n.state == "not-permitted");
    html! {
        td.nhsuk-table__cell.app-number[number].app-suppressed[hidden.is_some_and(|n| !n.secondary)].app-secondary[hidden.is_some_and(|n| n.secondary)]
            title=[hidden.and_then(|n| n.rule.as_deref())] {
            @match (hidden, value) {
                (Some(note), _) => { "*" span.nhsuk-u-visually-hidden { " suppressed" @if let Some(rule) = &note.rule { " by the rule " (rule) } } }
                (None, Json::Null) => { span.nhsuk-u-visually-hidden { "no value" } }
                (None, Json::String(text)) => { (text) }
                (None, other) => { (other.to_string()) }
            }
        }
    }
}

/// What was suppressed, and why.
fn rules(answer: &Released) -> Markup {
    let hidden = answer.cells.iter().filter(|c| c.state == "suppressed" || c.state == "not-permitted");
    let mut counts: Vec<(String, usize)> = Vec::new();
    for cell in hidden {
        let rule = cell.rule.clone().unwrap_or_else(|| "not permitted".to_owned());
        match counts.iter_mut().find(|(name, _)| *name == rule) {
            Some((_, n)) => *n += 1,
            None => counts.push((rule, 1)),
        }
    }
    html! {
        h2 { "What was suppressed, and why" }
        @if counts.is_empty() { p { "No cell is suppressed. Counts are rounded as the disclosure policy says." } }
        @else {
            p { "Suppressed cells are marked " strong { "*" } ". Counts are rounded as the disclosure policy says." }
            (table("Suppressed cells by rule", &["Rule", "Cells", "What it means"], counts.iter().map(|(rule, n)| vec![
                html! { code { (rule) } }, text(n.to_string()), text(meaning(rule)),
            ]).collect()))
        }
        @if let Some(attack) = answer.attack {
            p { "The table was attacked as an outsider would, with every total that it shows: none of the " (attack.suppressed + attack.secondary)
                " suppressed cells can be worked out more closely than the policy permits. " (attack.secondary) " of them are suppressed for that alone." }
        }
    }
}

fn meaning(rule: &str) -> &'static str {
    match rule {
        "small-count" => "Fewer people than the policy allows stand behind it.",
        "small-difference" => "It differs from another shown number by too few people.",
        "small-branch" => "A condition inside it is met by too few people.",
        "small-complement" => "All but too few people of the group are in it.",
        "dominance" => "One or two people make up most of it.",
        "p-percent" => "Somebody could estimate another's share too closely.",
        "degrees-of-freedom" => "It rests on too few degrees of freedom.",
        "secondary" => "It protects another cell, which could be worked out from it.",
        "extreme" => "The smallest or largest value may be one person's.",
        "quantile" => "Too few people lie on one side of it.",
        _ => "The disclosure policy says so.",
    }
}

/// Reasons as a list.
pub(crate) fn reasons(all: &[Reason]) -> Markup {
    html! {
        @for reason in all {
            div.nhsuk-inset-text {
                p { strong { code { (reason.code) } } " " (reason.message) }
                @if !reason.hint.is_empty() { p { (reason.hint) } }
            }
        }
    }
}

/// An answer of the synthetic twin.
pub(crate) fn twin_table(answer: &TwinAnswer) -> Markup {
    let columns: Vec<&str> = answer.columns.iter().map(|c| c.name.as_str()).collect();
    let shown = 100;
    let rows = answer.text_rows();
    html! {
        section aria-labelledby="twin" {
            h2 id="twin" { "On the synthetic twin" }
            p { strong { "Every value here is invented." } " The real query would be: " strong { (answer.real.outcome.replace('-', " ")) } "." }
            (reasons(&answer.real.reasons))
            (reasons(&answer.reasons))
            @if !columns.is_empty() {
                (table("Invented rows", &columns, rows.iter().take(shown).map(|r| r.iter().map(text).collect()).collect()))
                @if rows.len() > shown { p { "The first " (shown) " of " (rows.len()) " rows." } }
            }
        }
    }
}

/// What the checks say of a query.
pub(crate) fn explained(answer: &Explained) -> Markup {
    let checks = answer.checks.iter().map(|c| {
        vec![text(&c.title), super::layout::tag(outcome_colour(&c.outcome), &c.outcome.replace('-', " "))]
    });
    html! {
        section aria-labelledby="explained" {
            h2 id="explained" { "Explained" }
            p { "Nothing ran, and no number here comes from data." }
            (reasons(&answer.reasons))
            @if !answer.holds.is_empty() { h3 { "It would wait for checkers" } (reasons(&answer.holds)) }
            @if let Some(approval) = &answer.approval {
                @if approval.required {
                    p { @match &approval.granted { Some(id) => { "It is approved (" code { (id) } ")." } None => { "It has no approval, which this project needs." } } }
                }
            }
            (table("Checks", &["What is checked", "Outcome"], checks.collect()))
            @if !answer.plan.is_empty() {
                h3 { "Plan" }
                (plan_text(answer.plan.iter().map(|s| (s.depth, s.text.as_str(), s.state.as_deref(), s.boundary))))
            }
            @if let Some(digest) = &answer.plan_digest { p { "Plan " span.app-digest { (digest) } } }
        }
    }
}

/// A plan as an indented tree: of each step its depth, its text, whose rows come out, and whether values are protected there.
pub(super) fn plan_text<'a>(steps: impl Iterator<Item = (usize, &'a str, Option<&'a str>, bool)>) -> Markup {
    html! {
        pre tabindex="0" {
            @for (depth, text, state, boundary) in steps {
                (" ".repeat(2 * depth)) (text) @if let Some(state) = state { "   [" (state) "]" } @if boundary { "   ← values are protected here" } "\n"
            }
        }
    }
}

fn outcome_colour(outcome: &str) -> &'static str {
    match outcome {
        "passed" => "green",
        "failed" => "red",
        _ => "grey",
    }
}
