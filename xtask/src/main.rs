//! Housekeeping: `cargo run -p xtask -- check`.
//!
//! Who may depend on whom, what pure crates may not touch, no heavy crate twice, how long files are, whether the
//! documentation's links lead anywhere and its generated pages are what the code says.
//!
//! `reference --bin DIR` writes those pages, and with `--check` compares them; `site DIR` lays the documentation out for mdBook.

mod graph;
mod reference;
mod rules;
mod site;
mod sizes;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p xtask -- check | reference [--bin DIR] [--check] | site DIR";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["check"] => check(),
        ["reference"] => pages(None, false),
        ["reference", "--check"] => pages(None, true),
        ["reference", "--bin", folder] => pages(Some(Path::new(folder)), false),
        ["reference", "--bin", folder, "--check"] => pages(Some(Path::new(folder)), true),
        ["site", folder] => graph::Graph::read()
            .and_then(|graph| site::stage(&graph.root, Path::new(folder)))
            .map_err(|e| vec![e]),
        _ => Err(vec![USAGE.to_owned()]),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            for problem in problems {
                eprintln!("error: {problem}");
            }
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<(), Vec<String>> {
    let graph = graph::Graph::read().map_err(|e| vec![e])?;
    let mut problems = rules::problems(&graph);
    problems.extend(sizes::problems(&graph.root));
    problems.extend(site::problems(&graph.root));
    match reference::from_source(&graph.root) {
        Ok(pages) => problems.extend(reference::problems(&graph.root, &pages)),
        Err(e) => problems.push(e),
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    println!("housekeeping: {} crates of our own in order", graph.members.len());
    Ok(())
}

/// The generated pages; those that programs print, only where the programs are.
fn pages(programs: Option<&Path>, compare: bool) -> Result<(), Vec<String>> {
    let graph = graph::Graph::read().map_err(|e| vec![e])?;
    let mut pages = reference::from_source(&graph.root).map_err(|e| vec![e])?;
    if let Some(programs) = programs {
        let folder = std::env::temp_dir().join(format!("cloister-reference-{}", std::process::id()));
        let made = made_in(programs, folder).map_err(|e| vec![e])?;
        pages.extend(made);
    }
    if compare {
        let problems = reference::problems(&graph.root, &pages);
        return if problems.is_empty() { Ok(()) } else { Err(problems) };
    }
    reference::write(&graph.root, &pages).map_err(|e| vec![e])
}

fn made_in(programs: &Path, folder: PathBuf) -> Result<Vec<(&'static str, String)>, String> {
    std::fs::create_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let made = reference::from_programs(programs, &folder);
    std::fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    made
}
