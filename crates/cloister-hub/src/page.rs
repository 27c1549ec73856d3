//! A release as one page that needs no server and runs no script.

use crate::{Answer, AnswerCell};
use cloister_model::html_text;
use std::fmt::Write as _;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#0b0c0c;background:#fff}h1{font-size:1.6rem}table{border-collapse:collapse;margin:1rem 0}\
caption{text-align:left;font-weight:600;padding:.3rem 0}th,td{border-bottom:1px solid #b1b4b6;\
padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top}td.n{text-align:right;\
font-variant-numeric:tabular-nums}td.s{color:#505a5f}pre{background:#f3f2f1;padding:1rem;overflow-x:auto}\
dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}";

/// The page of a released answer.
pub(crate) fn render(answer: &Answer, sql: &str, made_at: &str) -> String {
    let request = answer.request().unwrap_or_default();
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Release {0}</title><style>{STYLE}</style></head><body><main>\n<h1>Release {0}</h1>\n",
        html_text(request)
    );
    table(&mut page, answer);
    rules(&mut page, answer);
    // Writing to a String cannot fail.
    let _ = writeln!(page, "<h2>Query</h2>\n<pre>{}</pre>", html_text(sql));
    page.push_str("<h2>What it rests on</h2>\n<dl>");
    let mut entry = |name: &str, text: &str| {
        let _ = write!(page, "<dt>{name}</dt><dd>{}</dd>", html_text(text));
    };
    entry("Released", made_at);
    for dataset in answer.datasets() {
        entry("Dataset", &format!("{} version {} ({})", dataset.name, dataset.version, dataset.digest));
    }
    if let Some(policy) = answer.policy() {
        entry("Disclosure policy", &format!("{} ({})", policy.name, policy.digest));
    }
    page.push_str("</dl>\n</main></body></html>\n");
    page
}

fn table(page: &mut String, answer: &Answer) {
    page.push_str("<table><caption>The released table</caption><thead><tr>");
    for column in answer.columns() {
        let _ = write!(page, "<th scope=\"col\">{}</th>", html_text(&column.name));
    }
    page.push_str("</tr></thead><tbody>\n");
    for (index, row) in answer.text_rows().unwrap_or_default().iter().enumerate() {
        page.push_str("<tr>");
        for (text, column) in row.iter().zip(answer.columns()) {
            let note = answer.cells().iter().find(|c| c.row == index && c.column == column.name);
            let class = match note.map(|n| n.state) {
                Some("suppressed" | "not-permitted") => "n s",
                _ if column.role == "key" => "",
                _ => "n",
            };
            let title = note.and_then(|n| n.rule).map(|r| format!(" title=\"{r}\"")).unwrap_or_default();
            let _ = write!(page, "<td class=\"{class}\"{title}>{}</td>", html_text(text));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

fn rules(page: &mut String, answer: &Answer) {
    let hidden = |c: &&AnswerCell| matches!(c.state, "suppressed" | "not-permitted");
    let suppressed: Vec<&AnswerCell> = answer.cells().iter().filter(hidden).collect();
    let mut rules: Vec<&str> = suppressed.iter().filter_map(|c| c.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let text = match suppressed.len() {
        0 => "No cell is suppressed.".to_owned(),
        n => format!("{n} cells are suppressed, by the rules {}.", rules.join(", ")),
    };
    let _ = writeln!(page, "<p>{text} Counts are rounded as the disclosure policy says.</p>");
    if let Some(attack) = answer.attack() {
        let _ = writeln!(
            page,
            "<p>The table was attacked as an outsider would, with every total that it shows: none of the {} suppressed \
             cells can be worked out more closely than the policy permits. {} of them are suppressed for that alone.</p>",
            attack.suppressed + attack.secondary,
            attack.secondary
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_query_is_text() {
        let page = render(&Answer::failed("x", "y"), "SELECT '<script>' AS \"a\" & 1", "2026-01-01");
        assert!(page.contains("SELECT &#39;&lt;script&gt;&#39; AS &quot;a&quot; &amp; 1"));
        assert!(!page.contains("<script"));
    }
}
