//! Everything that a checker decides by, about one output.

use super::answer::{Column, plan_text};
use super::chart;
use super::layout::{moment, summary, table, tag, text};
use cloister_hub::{
    EarlierRelease, EarlierReleases, Evidence, Exhibit, ExhibitCell, ExhibitRow, ExhibitTable, Reason,
    SeenBefore,
};
use maud::{Markup, html};
use similar::{ChangeTag, TextDiff};

/// More neighbours of a suppressed value than these are counted, not named.
const NEIGHBOURS_MAX: usize = 6;

/// All of it.
pub(super) fn evidence_shown(evidence: &Evidence) -> Markup {
    html! {
        @if evidence.supporting { p { (tag("grey", "for the checkers only")) " It helps to judge the others, and never leaves." } }
        @if evidence.reasons.is_empty() { p { (tag("green", "no finding")) " No rule objects." } }
        (findings(&evidence.reasons))
        @if let Some(exhibit) = &evidence.exhibit { (beside(exhibit)) }
        @match &evidence.exhibit {
            Some(exhibit) => { (exhibited(exhibit)) }
            None => {}
        }
        details.nhsuk-details open[evidence.exhibit.is_none()] {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "The table as it would leave" } }
            div.nhsuk-details__text { (evidence_table(evidence)) }
        }
        @if let Some(drawn) = drawn(evidence) {
            details.nhsuk-details {
                summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Chart of what would leave" } }
                div.nhsuk-details__text { (drawn) }
            }
        }
        details.nhsuk-details open {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Query" } }
            div.nhsuk-details__text { pre tabindex="0" { (evidence.sql) } }
        }
        @if let Some(exhibit) = evidence.exhibit.as_ref().filter(|e| !e.plan.is_empty()) {
            details.nhsuk-details {
                summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Plan" } }
                div.nhsuk-details__text {
                    p { "The result first. Beside each step is whose rows come out of it." }
                    (plan_text(exhibit.plan.iter().map(|s| (s.depth, s.text.as_str(), s.state.as_deref(), s.boundary))))
                }
            }
        }
        @if let Some(before) = &evidence.before { (changes(before, evidence)) }
        (earlier(&evidence.earlier))
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
                    tbody.nhsuk-table__body { @for row in &table.rows { (exhibit_row(row, table)) } }
                }
            }
            @if table.more > 0 { p { (table.more) " more groups are not shown." } }
        }
        p { "Changed cells are marked: " span.app-suppressed { " suppressed by a rule " } " " span.app-secondary { " suppressed to protect another " } " " span.app-rounded { " rounded " } ". What a value rests on: its contributors, and where fewer, the people in the smallest branch of its conditions or at its extreme." }
    }
}

fn exhibit_row(row: &ExhibitRow, table: &ExhibitTable) -> Markup {
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
                @let rounded = !marked && cell.after.is_some() && cell.after != cell.before;
                td.nhsuk-table__cell.app-number { (cell.before.as_deref().unwrap_or("–")) }
                td.nhsuk-table__cell.app-number.app-suppressed[marked && !cell.secondary].app-secondary[marked && cell.secondary].app-rounded[rounded] {
                    @match (&cell.after, &cell.rule) {
                        (Some(after), _) => { (after) }
                        (None, Some(rule)) => { "* " span.nhsuk-u-visually-hidden { "suppressed by " } small { (rule) } }
                        (None, None) => { "–" }
                    }
                    @if !cell.neighbours.is_empty() { br; small.app-neighbours { "kept uncertain by " (neighbours(cell, table)) } }
                }
                td.nhsuk-table__cell.app-number { (cell.contributors) @if let Some(least) = least(cell) { " (" (least) ")" } }
            }
        }
    }
}

/// What could be worked out from it and what was released before.
fn beside(exhibit: &Exhibit) -> Markup {
    html! {
        @if !exhibit.ledger.is_empty() {
            div.nhsuk-inset-text {
                p { strong { "Beside what was released before: " } "its author is told that there is something, and not what." }
                ul.nhsuk-list.nhsuk-list--bullet { @for finding in &exhibit.ledger { li { (finding.words()) } } }
                @if !exhibit.coarser.is_empty() {
                    p { "It would say nothing if it were not grouped by one of: " strong { (exhibit.coarser.join(", ")) } "." }
                }
            }
        }
    }
}

/// The groups that keep a suppressed value uncertain, by their labels.
fn neighbours(cell: &ExhibitCell, table: &ExhibitTable) -> String {
    let name = |row: &ExhibitRow| {
        let labels = row.labels.iter().map(|label| label.as_deref().unwrap_or("–"));
        labels.collect::<Vec<_>>().join(" · ")
    };
    let rows = cell.neighbours.iter().filter_map(|row| table.rows.get(*row));
    let mut names: Vec<String> = rows.take(NEIGHBOURS_MAX).map(name).collect();
    match cell.neighbours.len().saturating_sub(names.len()) {
        0 => {}
        more => names.push(format!("{more} more")),
    }
    names.join("; ")
}

/// The table as it would leave as a picture, where it can be drawn.
fn drawn(evidence: &Evidence) -> Option<Markup> {
    let columns = evidence.columns.iter().zip(&evidence.roles);
    let columns: Vec<Column> =
        columns.map(|(name, role)| Column { name: name.clone(), role: (*role).to_owned() }).collect();
    chart::bars(&columns, &evidence.values)
}

/// The fewest people that a value hangs on, where they are fewer than its contributors.
fn least(cell: &ExhibitCell) -> Option<u64> {
    let least = cell.least_branch.into_iter().chain(cell.support).min()?;
    (least < cell.contributors).then_some(least)
}

/// Why it is held. What its author might do about it is not for checkers.
fn findings(reasons: &[Reason]) -> Markup {
    html! {
        @for reason in reasons {
            div.nhsuk-inset-text { p { strong { (reason.code) } ": " (reason.message) } }
        }
    }
}

/// What is different from what the checkers saw in the turn before: the query line by line, and the table row by row.
fn changes(before: &SeenBefore, evidence: &Evidence) -> Markup {
    let line = |row: &Vec<String>| row.join(" | ");
    let rows = |head: &Vec<String>, rows: &[Vec<String>]| -> String {
        std::iter::once(line(head)).chain(rows.iter().map(line)).collect::<Vec<_>>().join("\n")
    };
    let (head, was) = before.rows.split_first().map_or((Vec::new(), &[][..]), |(h, r)| (h.clone(), r));
    let (was, is) = (rows(&head, was), rows(&evidence.columns, &evidence.rows));
    html! {
        details.nhsuk-details open {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "What changed since your last turn" } }
            div.nhsuk-details__text {
                (difference("The query", &before.sql, &evidence.sql))
                (difference("The table as it would leave", &was, &is))
            }
        }
    }
}

/// Two texts, line by line: what went, what came, what stayed.
fn difference(name: &str, was: &str, is: &str) -> Markup {
    let diff = TextDiff::from_lines(was, is);
    let same = diff.iter_all_changes().all(|change| change.tag() == ChangeTag::Equal);
    html! {
        @if same { p { (name) " is the same." } }
        @else {
            table.nhsuk-table.app-diff {
                caption.nhsuk-table__caption { (name) }
                thead.nhsuk-visually-hidden { tr { th scope="col" { "change" } th scope="col" { "line" } } }
                tbody {
                    @for change in diff.iter_all_changes() {
                        @let (class, sign, word) = match change.tag() {
                            ChangeTag::Delete => ("app-went", "−", "went: "),
                            ChangeTag::Insert => ("app-came", "+", "came: "),
                            ChangeTag::Equal => ("", "", ""),
                        };
                        tr class=(class) {
                            td { span aria-hidden="true" { (sign) } span.nhsuk-u-visually-hidden { (word) } }
                            td { code { (change.value().trim_end()) } }
                        }
                    }
                }
            }
        }
    }
}

/// Releases that rest on some of the same data: what could be subtracted from this one, or this one from it.
fn earlier(earlier: &EarlierReleases) -> Markup {
    let shares = |r: &EarlierRelease| {
        let mut parts: Vec<String> = r.same_versions.iter().map(|d| format!("{d}, the same")).collect();
        parts.extend(r.other_versions.iter().map(|d| format!("{d}, another")));
        parts.join("; ")
    };
    html! {
        details.nhsuk-details {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Earlier releases of the same data: " (earlier.releases.len() + earlier.more) } }
            div.nhsuk-details__text {
                @if earlier.releases.is_empty() { p { "None that you may see." } }
                @else {
                    (table("Releases, the closest first", &["Released", "Project", "Data", "SQL"], earlier.releases.iter().map(|r| vec![
                        html! { a href={ "/queries/" (r.query) } { (moment(&r.released_at)) } @if r.same_plan { " " (tag("purple", "the same plan")) } },
                        text(&r.project), text(shares(r)), html! { code { (r.sql) } },
                    ]).collect()))
                }
                @if earlier.more > 0 { p { (earlier.more) " more are not shown, some because they are of projects that you may not see." } }
            }
        }
    }
}
