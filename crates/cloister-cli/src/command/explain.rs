//! `cloister query --explain`

use crate::args::Format;
use crate::command::query::say_why;
use crate::exit;
use crate::text::{bold, faint, green, red};
use cloister_client::{Boundary, ExplainedView, Shown};
use std::process::ExitCode;

pub(crate) fn print(shown: &Shown<ExplainedView>, format: Format) -> ExitCode {
    let explained = &shown.view;
    let is_refused = !explained.reasons.is_empty();
    if format == Format::Json {
        println!("{}", shown.json);
    } else {
        show(explained);
        if is_refused {
            eprintln!("refused");
            say_why(&explained.reasons);
        }
    }
    if is_refused { ExitCode::from(exit::REFUSED) } else { ExitCode::SUCCESS }
}

fn show(explained: &ExplainedView) {
    println!("{}", bold("Checks"));
    for check in &explained.checks {
        let mark = match check.outcome.as_str() {
            "passed" => green("passed     "),
            "failed" => red("failed     "),
            _ => faint("not reached"),
        };
        println!("  {mark} {}: {}", check.code, check.title);
    }
    if !explained.plan.is_empty() {
        println!("\n{} {}", bold("Plan"), faint("(the result first; whose rows come out of each step)"));
    }
    for step in &explained.plan {
        let state = step.state.as_deref().unwrap_or("not checked");
        let indent = "  ".repeat(step.depth + 1);
        let boundary = if step.boundary { "  ← release boundary" } else { "" };
        println!("{indent}{} {}{boundary}", step.text, faint(&format!("[{state}]")));
    }
    for boundary in &explained.boundaries {
        show_boundary(boundary);
    }
    if !explained.holds.is_empty() {
        println!("\n{}", bold("Held for checkers, whatever the values are"));
        for hold in &explained.holds {
            println!("  {}: {}", hold.code, hold.message);
        }
    }
    println!();
    for dataset in &explained.datasets {
        println!("dataset {} version {} ({})", dataset.name, dataset.version, dataset.digest);
    }
    if let Some(policy) = &explained.policy {
        println!("policy {} ({})", policy.name, policy.digest);
    }
    if let Some(plan) = &explained.plan_digest {
        println!("plan {plan}");
    }
    match &explained.approval {
        Some(state) if state.required => match &state.granted {
            Some(approval) => println!("approved as {approval}"),
            None => println!("the project runs approved queries only, and this one has no approval"),
        },
        _ => {}
    }
}

fn show_boundary(boundary: &Boundary) {
    let place = if boundary.inside { "Protected inside, before people's rows meet it" } else { "Protected" };
    let by =
        if boundary.keys.is_empty() { String::new() } else { format!(" by {}", boundary.keys.join(", ")) };
    println!("\n{}{by}", bold(place));
    if !boundary.keys.is_empty() {
        println!("  labels: {}", boundary.labels);
    }
    for cell in &boundary.cells {
        println!("  {} ({}): {}", cell.name, cell.role, cell.evidence.join("; "));
    }
}
