//! `cloister query`

use crate::args::{Format, QueryArgs};
use crate::command::{explain, twin};
use crate::exit;
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::{right, table};
use cloister_client::{AnswerView, Answered, Reason};
use cloister_hub::{Answer, Ask};
use serde_json::json;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

/// A longer file is not read: no query is that long.
const SQL_BYTES_MAX: u64 = 4 << 20;

pub(crate) async fn run(place: Place, args: QueryArgs) -> ExitCode {
    let format = args.format;
    let sql = match &args.saved {
        Some(_) => Ok(String::new()),
        None => sql_of(args.sql.as_deref(), args.file.as_deref()),
    };
    let sql = match sql {
        Ok(sql) => sql,
        Err(text) => return broke_off(format, "file", &text),
    };
    let target = match Target::open(&place, args.at.user.as_ref(), None).await {
        Ok(target) => target,
        Err(fault) => return stopped(format, &fault),
    };
    let ask = Ask { sql, saved: args.saved, domains: args.domains, values: args.params };
    let project = &args.at.project;
    let done = if args.explain {
        target.explain(project, &ask).await.map(|explained| explain::print(&explained, format))
    } else if args.twin {
        target.try_on_twin(project, &ask).await.map(|tried| twin::print(&tried, format))
    } else {
        match target.ask(project, &ask, interrupted()).await {
            Ok(answered) => Ok(print(&target, &answered, format).await),
            Err(e) => Err(e),
        }
    };
    let code = done.unwrap_or_else(|fault| stopped(format, &fault));
    target.close().await;
    code
}

/// Ready when the person, or the system, wants the program to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        // Then the signals do what they always do.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// The SQL of the command line, or of a file.
pub(crate) fn sql_of(sql: Option<&str>, file: Option<&Path>) -> Result<String, String> {
    match (sql, file) {
        (Some(sql), _) => Ok(sql.to_owned()),
        (None, Some(file)) => read(file).map_err(|e| format!("{}: {e}", file.display())),
        (None, None) => Err("no query".to_owned()),
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(SQL_BYTES_MAX).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).map_err(|_| std::io::Error::other("is not UTF-8 text"))
}

/// `--format json` prints one object whatever happens.
fn broke_off(format: Format, code: &str, text: &str) -> ExitCode {
    if format == Format::Json {
        println!("{}", Answer::failed(code, text).to_json());
    }
    exit::fail(code, &text)
}

/// The same, where it may be a refusal.
fn stopped(format: Format, fault: &Fault) -> ExitCode {
    match fault {
        Fault::Failed { .. } if format == Format::Json => {
            println!("{}", Answer::failed(fault.code(), fault.text()).to_json());
        }
        Fault::Refused(reason) if format == Format::Json => {
            println!("{}", json!({ "status": "refused", "request": null, "reasons": [reason] }));
        }
        Fault::Failed { .. } | Fault::Refused(_) => {}
    }
    exit::fault(fault)
}

async fn print(target: &Target, answered: &Answered, format: Format) -> ExitCode {
    let answer = &answered.answer.view;
    if let Some(problem) = &answered.withheld {
        let request = answer.request.as_deref().unwrap_or_default();
        if format == Format::Json {
            println!("{}", answered.answer.json);
        }
        eprintln!("released, request {request}; the table is not given to you");
        return exit::fail(&problem.code, problem);
    }
    let rows = match answered.rows() {
        Ok(rows) => rows,
        Err(text) => return exit::fail("output", &text),
    };
    let mut out = std::io::stdout().lock();
    let released = answer.status == "released";
    let printed = match format {
        Format::Json => writeln!(out, "{}", answered.answer.json),
        Format::Csv => out.write_all(answered.csv.as_deref().unwrap_or_default()),
        Format::Table if released => writeln!(out, "{}", shown(answer, &rows)),
        Format::Table => Ok(()),
        Format::Arrow => match answer.request.as_deref().filter(|_| released) {
            Some(request) => {
                drop(out);
                match target.arrow(request).await {
                    Ok(bytes) => std::io::stdout().lock().write_all(&bytes),
                    Err(fault) => return exit::fault(&fault),
                }
            }
            None => Ok(()),
        },
    };
    if let Err(e) = printed {
        return exit::fail("output", &e);
    }
    if format != Format::Json {
        say(answer);
    }
    exit::of(&answer.status)
}

/// A released table for people.
pub(crate) fn shown(answer: &AnswerView, rows: &[Vec<String>]) -> String {
    let header: Vec<&str> = answer.columns.iter().map(|c| c.name.as_str()).collect();
    let mut out = table(&header);
    for row in rows {
        let cells = row.iter().zip(&answer.columns).map(|(text, column)| {
            if column.role == "key" { comfy_table::Cell::new(text) } else { right(text) }
        });
        out.add_row(cells.collect::<Vec<_>>());
    }
    out.to_string()
}

/// What became of the query, on standard error.
fn say(answer: &AnswerView) {
    let request = answer.request.as_ref().map(|r| format!(", request {r}")).unwrap_or_default();
    match answer.status.as_str() {
        "released" => {
            let suppressed = answer
                .cells
                .iter()
                .filter(|c| ["suppressed", "not-permitted"].contains(&c.state.as_str()))
                .count();
            let policy = answer.policy.as_ref().map(|p| p.name.as_str()).unwrap_or_default();
            eprintln!("released under {policy}{request}; {suppressed} cells suppressed");
            for rule in rules(answer) {
                eprintln!("  {rule}");
            }
            if answer.attack.is_some() {
                eprintln!(
                    "  attacked with every total shown: no suppressed cell can be worked out more closely"
                );
            }
        }
        "held" => eprintln!("held for checkers{request}"),
        "refused" => eprintln!("refused{request}"),
        "created" => eprintln!("created in the project's workspace{request}"),
        "dropped" => eprintln!("dropped from the project's workspace{request}"),
        _ => eprintln!("failed{request}"),
    }
    say_why(&answer.reasons);
}

/// Reasons, on standard error.
pub(crate) fn say_why(reasons: &[Reason]) {
    for reason in reasons {
        eprintln!("  {}: {}", reason.code, reason.message);
        if !reason.hint.is_empty() {
            eprintln!("  hint: {}", reason.hint);
        }
    }
}

/// Each rule that took cells away, in words.
pub(crate) fn rules(answer: &AnswerView) -> Vec<String> {
    let mut rules: Vec<&str> = answer.cells.iter().filter_map(|c| c.rule.as_deref()).collect();
    rules.sort_unstable();
    rules.dedup();
    let text = |rule: &str| match rule {
        "small-count" => "fewer people than the policy's threshold stand behind the cell",
        "small-branch" => "fewer people than the threshold are in one branch of the cell's condition",
        "small-support" => {
            "fewer people than the threshold have the extreme value, or are on one side of the quantile"
        }
        "small-difference" => {
            "fewer people than the threshold make the difference to other numbers of the row"
        }
        "small-group" => "the group is too small, and its label is not public",
        "merged-statistic" => "the statistic cannot be merged over small groups",
        "dominance" => "one or two people make up too much of the total",
        "p-percent" => "whoever contributes second most could work out too much of the first's part",
        "degrees-of-freedom" => "too few people for a spread, a correlation or a regression",
        "extreme" => "the policy permits no least and no greatest values",
        "quantile" => "the policy permits no quantiles",
        "class-disclosure" => "the table says of a whole group which category its people are in",
        "precision" => "what the number derives from is rounded so far that nothing of it is left",
        "secondary" => {
            "nothing is wrong with the cell, but others could be worked out from it and the totals"
        }
        "ledger" => "with what was released before it would say something of too few people",
        "cell-key" => "the policy shows counts with noise only, and there is none for this one",
        _ => "suppressed",
    };
    rules.into_iter().map(|rule| format!("{rule}: {}", text(rule))).collect()
}
