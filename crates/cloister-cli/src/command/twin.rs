//! `cloister query --twin`

use crate::args::Format;
use crate::command::query::say_why;
use crate::exit;
use crate::target::Tried;
use crate::text::table;
use cloister_client::TwinView;
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;

pub(crate) fn print(tried: &Tried, format: Format) -> ExitCode {
    let answer = &tried.twin.view;
    let mut out = std::io::stdout().lock();
    let ran = answer.status == "twin";
    let printed = match format {
        Format::Json => writeln!(out, "{}", tried.twin.json),
        Format::Csv if ran => out.write_all(csv(answer).as_bytes()),
        Format::Arrow if ran => match &tried.arrow {
            Some(arrow) => out.write_all(arrow),
            None => {
                return exit::fail(
                    "only-local",
                    &"invented rows come as Arrow on the hub's own machine only",
                );
            }
        },
        Format::Table if ran => writeln!(out, "{}", shown(answer)),
        Format::Csv | Format::Arrow | Format::Table => Ok(()),
    };
    if let Err(e) = printed {
        return exit::fail("output", &e);
    }
    if format != Format::Json {
        eprintln!("twin: {}", answer.note);
        if !ran {
            eprintln!("{} on the twin", answer.status);
            say_why(&answer.reasons);
        }
        match answer.real.outcome.as_str() {
            "would-run" => eprintln!("on the real data it would run"),
            "would-be-held" => eprintln!("on the real data its result would be held for checkers"),
            _ => eprintln!("on the real data it would be refused"),
        }
        say_why(&answer.real.reasons);
    }
    match answer.status.as_str() {
        "twin" => ExitCode::SUCCESS,
        "refused" => ExitCode::from(exit::REFUSED),
        _ => ExitCode::from(exit::FAILED),
    }
}

fn shown(answer: &TwinView) -> String {
    let header: Vec<&str> = answer.columns.iter().map(|c| c.name.as_str()).collect();
    let mut out = table(&header);
    for row in text_rows(answer) {
        out.add_row(row);
    }
    out.to_string()
}

/// The rows as text, cell by cell; NULL is empty.
fn text_rows(answer: &TwinView) -> impl Iterator<Item = Vec<String>> + '_ {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    answer.rows.iter().map(move |row| row.iter().map(text).collect())
}

/// The table as CSV (RFC 4180, with a header).
fn csv(answer: &TwinView) -> String {
    let header = answer.columns.iter().map(|c| c.name.clone()).collect();
    let quoted = |field: &String| match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.clone(),
    };
    let lines = std::iter::once(header).chain(text_rows(answer));
    lines.map(|row: Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n").collect()
}
