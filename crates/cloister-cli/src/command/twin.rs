//! `cloister query --twin`

use crate::args::Format;
use crate::command::query::say_why;
use crate::exit;
use crate::text::table;
use cloister_hub::TwinAnswer;
use std::io::Write;
use std::process::ExitCode;

pub(crate) fn print(answer: &TwinAnswer, format: Format) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let ran = answer.status == "twin";
    let printed = match format {
        Format::Json => writeln!(out, "{}", answer.to_json()),
        Format::Csv if ran => out.write_all(answer.to_csv().as_bytes()),
        Format::Arrow if ran => out.write_all(&answer.arrow),
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
        match answer.real.outcome {
            "would-run" => eprintln!("on the real data it would run"),
            "would-be-held" => eprintln!("on the real data its result would be held for checkers"),
            _ => eprintln!("on the real data it would be refused"),
        }
        say_why(&answer.real.reasons);
    }
    match answer.status {
        "twin" => ExitCode::SUCCESS,
        "refused" => ExitCode::from(exit::REFUSED),
        _ => ExitCode::from(exit::FAILED),
    }
}

fn shown(answer: &TwinAnswer) -> String {
    let header: Vec<&str> = answer.columns.iter().map(|c| c.name.as_str()).collect();
    let mut out = table(&header);
    for row in answer.text_rows() {
        out.add_row(row);
    }
    out.to_string()
}
