//! Findings as one page that needs no server and runs no script.

use super::{several, words};
use crate::check::{Became, Changed, Checked, Status};
use crate::unprotectable::{Coarser, Unprotectable, UnprotectableCell};
use cloister_disclosure::Policy;
use cloister_model::html_text;
use std::collections::HashMap;
use std::fmt::Write as _;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;\
color:#0b0c0c;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem}table{border-collapse:collapse;margin:1rem 0}\
caption{text-align:left;font-weight:600;padding:.3rem 0}th,td{border-bottom:1px solid #b1b4b6;\
padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top}td.n{text-align:right;\
font-variant-numeric:tabular-nums}.why{display:block;font-size:.8rem}td.p{background:#f4cdc6}\
td.s{background:#fbe5b8}td.r{background:#d9e8f3}div{overflow-x:auto}dt{font-weight:600}\
dd{margin:0 0 .5rem;overflow-wrap:anywhere}";
/// The most rows of the table that the page shows.
const ROWS_MAX: usize = 2_000;

pub(super) fn of(checked: &Checked, policy: &Policy, made_at: &str) -> String {
    let name = html_text(checked.table.name());
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Check of {name}</title><style>{STYLE}</style></head><body><main>\n<h1>Check of {name}</h1>\n"
    );
    summary(&mut page, checked);
    if checked.status() != Status::Held {
        table(&mut page, checked);
    }
    findings(&mut page, checked);
    page.push_str("<h2>What it rests on</h2>\n<dl>");
    let mut entry = |name: &str, text: &str| {
        // Writing to a String cannot fail.
        let _ = write!(page, "<dt>{name}</dt><dd>{}</dd>", html_text(text));
    };
    entry("Checked", made_at);
    entry("Disclosure policy", &format!("{} ({})", policy.name(), policy.digest()));
    entry("What it is", policy.title());
    for line in checked.table.totals() {
        entry("Total", &line);
    }
    for (measure, proof) in &checked.proofs {
        let proved = several(proof.goals, "bound");
        entry("Attack", &format!("{}: failed; {proved} of what must stay uncertain proved", measure.name()));
    }
    page.push_str("</dl>\n</main></body></html>\n");
    page
}

fn summary(page: &mut String, checked: &Checked) {
    let (primary, secondary, rounded) = checked.numbers();
    let status = match checked.status() {
        Status::Unchanged => "Nothing had to be changed.",
        Status::Changed => "The table is protected. What is marked is not as it was.",
        Status::Held => "The table is held: a checker must look, and there is no protected table.",
    };
    let _ = writeln!(
        page,
        "<p>{status}</p>\n<p>{} suppressed by a rule, {secondary} so that others cannot be worked out, {rounded} \
         rounded.</p>",
        several(primary, "field")
    );
    for hold in checked.holds() {
        let _ = writeln!(page, "<p><strong>Held</strong> ({}): {}</p>", hold.code, html_text(&hold.message));
        if let Some(found) = &hold.unprotectable {
            unprotectable(page, found);
        }
    }
}

/// Which cells nothing protects, and what would help.
fn unprotectable(page: &mut String, found: &Unprotectable) {
    let mut list = |heading: &str, lines: Vec<String>| {
        let _ = writeln!(page, "<h2>{heading}</h2>\n<ul>");
        for line in lines {
            let _ = writeln!(page, "<li>{}</li>", html_text(&line));
        }
        page.push_str("</ul>\n");
    };
    if !found.coarser.is_empty() {
        list("What would help", found.coarser.iter().map(Coarser::words).collect());
    }
    let mut cells: Vec<String> = found.cells.iter().take(ROWS_MAX).map(UnprotectableCell::words).collect();
    if let Some(more) = found.cells.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        cells.push(format!("and {more} more"));
    }
    list("Cells that nothing protects", cells);
}

/// The protected table, as the file has it.
fn table(page: &mut String, checked: &Checked) {
    let sheet = &checked.table.sheet;
    let shape = &checked.table.grid.shape;
    let changed: HashMap<(usize, usize), &Changed> =
        checked.changed.iter().map(|c| ((c.row, c.column), c)).collect();
    let width = shape.data.first().map_or(0, |row| sheet.width(*row));
    page.push_str("<div><table><caption>The protected table</caption><thead>\n");
    for row in &shape.header {
        page.push_str("<tr>");
        for column in 0..width {
            let _ = write!(page, "<th scope=\"col\">{}</th>", html_text(&shape.label(sheet, *row, column)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</thead><tbody>\n");
    for row in shape.data.iter().take(ROWS_MAX) {
        page.push_str("<tr>");
        for column in 0..width {
            let text = sheet.text(*row, column);
            if shape.keys.iter().any(|k| k.column == column) {
                let _ = write!(page, "<th scope=\"row\">{}</th>", html_text(&text));
                continue;
            }
            let _ = match changed.get(&(*row, column)).map(|c| &c.became) {
                None => write!(page, "<td class=\"n\">{}</td>", html_text(&text)),
                Some(became) => {
                    let (class, text) = match became {
                        Became::Suppressed { secondary: false, .. } => ("p", checked.marker.as_str()),
                        Became::Suppressed { secondary: true, .. } => ("s", checked.marker.as_str()),
                        Became::Written(text) => ("r", text.as_str()),
                    };
                    write!(
                        page,
                        "<td class=\"n {class}\">{}<span class=\"why\">{}</span></td>",
                        html_text(text),
                        html_text(&words(became))
                    )
                }
            };
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
    if shape.data.len() > ROWS_MAX {
        let _ = writeln!(page, "<p>The first {ROWS_MAX} of {} rows are shown.</p>", shape.data.len());
    }
}

fn findings(page: &mut String, checked: &Checked) {
    let suppressed: Vec<&Changed> =
        checked.changed.iter().filter(|c| matches!(c.became, Became::Suppressed { .. })).collect();
    if suppressed.is_empty() {
        return;
    }
    page.push_str(
        "<h2>Findings</h2>\n<div><table><caption>What is suppressed, and why</caption><thead><tr>\
         <th scope=\"col\">Where</th><th scope=\"col\">Measure</th><th scope=\"col\">Why</th></tr></thead><tbody>\n",
    );
    for changed in suppressed.iter().take(ROWS_MAX) {
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            html_text(&checked.place(changed)),
            changed.measure.name(),
            html_text(&words(&changed.became))
        );
    }
    page.push_str("</tbody></table></div>\n");
    if suppressed.len() > ROWS_MAX {
        let _ = writeln!(page, "<p>The first {ROWS_MAX} of {} findings are shown.</p>", suppressed.len());
    }
}
