//! Housekeeping: `cargo run -p xtask -- check`.
//!
//! Who may depend on whom, what pure crates may not touch, no heavy crate twice, and how long files are.

mod graph;
mod rules;
mod sizes;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("check") => check(),
        _ => {
            eprintln!("usage: cargo run -p xtask -- check");
            ExitCode::FAILURE
        }
    }
}

fn check() -> ExitCode {
    let graph = match graph::Graph::read() {
        Ok(graph) => graph,
        Err(e) => {
            eprintln!("error: {e}");
            return ExitCode::FAILURE;
        }
    };
    let mut problems = rules::problems(&graph);
    problems.extend(sizes::problems(&graph.root));
    for problem in &problems {
        eprintln!("error: {problem}");
    }
    if problems.is_empty() {
        println!("housekeeping: {} crates of our own in order", graph.members.len());
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
