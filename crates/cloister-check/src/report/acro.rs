//! Findings in the shape of ACRO 1.0.2's results, as the SACRO viewer reads it.
//!
//! The viewer takes one header row and one column of labels for granted, and marks nothing where a file's checksum is
//! missing: so the table is written anew, with labels of several columns joined into one.

use crate::check::{Became, Changed, Checked, Status};
use crate::output::{ACRO, OutputFile};
use cloister_disclosure::Policy;
use cloister_model::{Digest, html_text};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// The version of the shape.
const SHAPE: &str = "1.0.2";
const TABLE: &str = "output_0_0.csv";

pub(super) fn files(checked: &Checked, policy: &Policy, made_at: &str) -> Vec<OutputFile> {
    let table = table(checked);
    let results = format!("{:#}\n", results(checked, policy, made_at));
    let config = json!({"policy": policy.name().to_string(), "digest": policy.digest().to_string()});
    let file = |path: String, bytes: Vec<u8>| OutputFile { path: format!("{ACRO}/{path}"), bytes };
    let checksum = |name: &str, text: &str| {
        file(format!("checksums/{name}.txt"), checksum(text.as_bytes()).into_bytes())
    };
    vec![
        checksum(TABLE, &table),
        checksum("results.json", &results),
        file(TABLE.to_owned(), table.into_bytes()),
        file("results.json".to_owned(), results.into_bytes()),
        file("config.json".to_owned(), format!("{config:#}\n").into_bytes()),
    ]
}

/// Lower-case hexadecimal digits of the SHA-256, without a line end.
fn checksum(bytes: &[u8]) -> String {
    Digest::of(bytes).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// ACRO's name of the check that a rule is.
fn check(rule: &str) -> &'static str {
    match rule {
        "small-count" | "small-branch" | "small-support" | "small-group" => "MinimumThresholdCheck",
        "dominance" | "single-contribution" => "NKCheck",
        "p-percent" => "PPercentCheck",
        "degrees-of-freedom" => "MinimumDoFCheck",
        "secondary" => "PresenceOfLinkedTableCheck",
        _ => "StatbarnDataCheck",
    }
}

/// The table's suppressed fields by check, each as row and column of its numbers.
fn cells(checked: &Checked) -> BTreeMap<&'static str, Vec<[usize; 2]>> {
    let shape = &checked.table.grid.shape;
    let rows: HashMap<usize, usize> = shape.data.iter().enumerate().map(|(i, row)| (*row, i)).collect();
    let columns: HashMap<usize, usize> =
        shape.values.iter().enumerate().map(|(i, v)| (v.column, i)).collect();
    let mut cells: BTreeMap<&'static str, Vec<[usize; 2]>> = BTreeMap::new();
    for changed in &checked.changed {
        if let Became::Suppressed { rule, .. } = changed.became
            && let (Some(row), Some(column)) = (rows.get(&changed.row), columns.get(&changed.column))
        {
            cells.entry(check(rule)).or_default().push([*row, *column]);
        }
    }
    cells
}

/// A column's labels, as one.
fn header(checked: &Checked, place: usize) -> String {
    let shape = &checked.table.grid.shape;
    let Some(value) = shape.values.get(place) else { return String::new() };
    let several = shape.values.iter().any(|v| v.measure != value.measure);
    let mut parts: Vec<&str> = value.labels.iter().map(String::as_str).filter(|l| !l.is_empty()).collect();
    if several || parts.is_empty() {
        parts.insert(0, value.measure.name());
    }
    parts.join(" / ")
}

/// Each row's labels, as one.
fn index(checked: &Checked) -> Vec<(usize, String)> {
    let grid = &checked.table.grid;
    let mut cells: HashMap<usize, usize> = HashMap::new();
    for (place, cell) in grid.cells.iter().enumerate() {
        cells.extend(cell.entries().map(|(_, entry)| (entry.row, place)));
    }
    let label = |row: &usize| {
        let codes = cells.get(row).and_then(|cell| grid.cells.get(*cell)).map(|c| c.codes.as_slice());
        let dimensions = grid.dimensions.iter().take(grid.shape.keys.len());
        let labels = dimensions.zip(codes.unwrap_or_default()).map(|(d, code)| d.label(*code));
        (*row, labels.collect::<Vec<_>>().join(" / "))
    };
    grid.shape.data.iter().map(label).collect()
}

fn table(checked: &Checked) -> String {
    let (sheet, shape) = (&checked.table.sheet, &checked.table.grid.shape);
    let changed: HashMap<(usize, usize), &Changed> =
        checked.changed.iter().map(|c| ((c.row, c.column), c)).collect();
    let names: Vec<&str> = shape.keys.iter().map(|k| k.name.as_str()).collect();
    let mut out = quoted(&names.join(" / "));
    for place in 0..shape.values.len() {
        out.push(',');
        out.push_str(&quoted(&header(checked, place)));
    }
    out.push('\n');
    for (row, label) in &index(checked) {
        out.push_str(&quoted(label));
        for value in &shape.values {
            out.push(',');
            // ACRO leaves a suppressed field empty. A table that is held shows no number at all.
            let text = match changed.get(&(*row, value.column)).map(|c| &c.became) {
                _ if checked.status() == Status::Held => String::new(),
                Some(Became::Suppressed { .. }) => String::new(),
                Some(Became::Written(text)) => text.clone(),
                None => sheet.text(*row, value.column).into_owned(),
            };
            out.push_str(&quoted(&text));
        }
        out.push('\n');
    }
    out
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn results(checked: &Checked, policy: &Policy, made_at: &str) -> Value {
    let cells = cells(checked);
    let mut counts: Map<String, Value> =
        ["RequiredZeroCheck", "PresenceOfZeroCheck", "PresenceOfLinkedTableCheck", "MinimumThresholdCheck"]
            .map(|name| (name.to_owned(), 0.into()))
            .into_iter()
            .collect();
    counts.extend(cells.iter().map(|(name, places)| ((*name).to_owned(), places.len().into())));
    let found: String =
        cells.iter().map(|(name, places)| format!("{name}: {} cells; ", places.len())).collect();
    let status = if cells.is_empty() && checked.holds().is_empty() { "pass" } else { "fail" };
    let holds: Vec<Value> =
        checked.holds().iter().map(|h| html_text(&format!("held: {}", h.message)).into()).collect();
    let exception = match checked.status() {
        Status::Unchanged => "",
        Status::Changed => "Suppression automatically applied where needed",
        Status::Held => "Held: a checker must look; no number is shown",
    };
    let rounded = policy.rounding_base() > 1;
    let mitigation = match (checked.status(), rounded) {
        (Status::Changed, true) => "suppress and round",
        (Status::Changed, false) => "suppress",
        _ => "none",
    };
    json!({
        "version": SHAPE,
        "tool": {"@type": "SoftwareApplication", "name": "Cloister", "version": env!("CARGO_PKG_VERSION")},
        "results": {"output_0": {
            "uid": "output_0",
            "status": status,
            "type": "table",
            "properties": {"method": "check", "mitigation": mitigation},
            "files": [{"name": TABLE, "sdc": {"summary": counts, "cells": cells}}],
            "outcome": outcome(checked),
            "command": html_text(&format!("cloister check {}", checked.table.name())),
            "summary": format!("{status}; {found}"),
            "timestamp": made_at,
            "comments": holds,
            "exception": exception,
        }},
    })
}

/// Column → row → what was found.
fn outcome(checked: &Checked) -> Value {
    let shape = &checked.table.grid.shape;
    let mut found: HashMap<(usize, usize), &'static str> = HashMap::new();
    for changed in &checked.changed {
        if let Became::Suppressed { rule, .. } = changed.became {
            found.insert((changed.row, changed.column), check(rule));
        }
    }
    let labels: Vec<(usize, String)> =
        index(checked).into_iter().map(|(row, label)| (row, html_text(&label))).collect();
    let columns = shape.values.iter().enumerate().map(|(place, value)| {
        let rows = labels.iter().map(|(row, label)| {
            let text = found.get(&(*row, value.column)).map_or("ok".to_owned(), |name| format!("{name}; "));
            (label.clone(), Value::from(text))
        });
        (html_text(&header(checked, place)), Value::Object(rows.collect()))
    });
    Value::Object(columns.collect())
}
