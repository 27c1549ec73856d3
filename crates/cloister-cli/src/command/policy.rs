//! `cloister policy`: disclosure policies and the cases that lie beside them. On this machine it opens no hub, only files.

use crate::args::{PolicyArgs, PolicyCommand};
use crate::exit;
use crate::fault::Fault;
use crate::target::Place;
use crate::text::table;
use cloister_disclosure::{Policy, run_cases};
use cloister_model::Name;
use cloister_store::Home;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: PolicyArgs) -> ExitCode {
    if place.server.is_some() && !matches!(&args.command, PolicyCommand::Test { files } if !files.is_empty())
    {
        return exit::done(at_a_server(&place, args.command).await);
    }
    let folder = Home::at(place.home).disclosure_policies();
    let done = match args.command {
        PolicyCommand::Test { files } => test(&folder, files),
        PolicyCommand::List => list(&folder).map(|()| ExitCode::SUCCESS),
        PolicyCommand::Show { policy } => show(&folder, &policy).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(words) => exit::fail("policy", &words),
    }
}

/// The policies in force at a server.
async fn at_a_server(place: &Place, command: PolicyCommand) -> Result<(), Fault> {
    let name = match command {
        PolicyCommand::Test { .. } => return Err(Fault::only_local("testing the policies of a hub")),
        PolicyCommand::List => None,
        PolicyCommand::Show { policy } => Some(policy),
    };
    let all = place.signed_in(None).await?.policies().await?;
    let mut out = table(HEADER);
    for view in all {
        match &name {
            // One that cannot be used has neither version nor title.
            None => {
                let read = Policy::parse(&view.text).ok();
                let version = read.as_ref().map_or_else(String::new, |p| p.version().to_string());
                let title = read.as_ref().map(|p| p.title().to_owned()).or(view.problem);
                out.add_row(vec![view.name, version, title.unwrap_or_default(), view.digest]);
            }
            Some(name) if view.name == name.as_str() => {
                let policy = Policy::parse(&view.text).map_err(|e| Fault::failed("policy", e.to_string()))?;
                print_policy(&policy, &view.text);
                return Ok(());
            }
            Some(_) => {}
        }
    }
    match name {
        None => println!("{out}"),
        Some(name) => return Err(Fault::failed("not-found", format!("there is no policy `{name}`"))),
    }
    Ok(())
}

/// What a list of policies says of each.
const HEADER: &[&str] = &["name", "version", "title", "digest"];

/// Runs the cases of each policy, and says which do not hold. A policy without cases has failed.
fn test(folder: &Path, files: Vec<PathBuf>) -> Result<ExitCode, String> {
    let files = if files.is_empty() { policies_in(folder)? } else { files };
    let mut failures = 0;
    for path in files {
        let policy = read(&path)?;
        let beside = path.parent().unwrap_or(Path::new("")).join("cases");
        let cases = beside.join(path.file_name().unwrap_or_default());
        let text = std::fs::read_to_string(&cases).map_err(|e| format!("{}: {e}", cases.display()))?;
        let outcomes = run_cases(&text, &policy).map_err(|e| format!("{}: {e}", cases.display()))?;
        let failed: Vec<_> = outcomes.iter().filter_map(|o| Some((o, o.failure.as_ref()?))).collect();
        println!("{}: {} of {} cases hold", policy.name(), outcomes.len() - failed.len(), outcomes.len());
        for (outcome, failure) in &failed {
            println!("  {}: {}: {failure}", outcome.rule, outcome.description);
        }
        failures += failed.len();
    }
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}

fn list(folder: &Path) -> Result<(), String> {
    let mut out = table(HEADER);
    for path in policies_in(folder)? {
        let policy = read(&path)?;
        let (name, version) = (policy.name().to_string(), policy.version().to_string());
        out.add_row(vec![name, version, policy.title().to_owned(), policy.digest().to_string()]);
    }
    println!("{out}");
    Ok(())
}

fn show(folder: &Path, name: &Name) -> Result<(), String> {
    let path = folder.join(format!("{name}.toml"));
    let policy = read(&path)?;
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    print_policy(&policy, &text);
    Ok(())
}

fn print_policy(policy: &Policy, text: &str) {
    println!("# {} {}, {}", policy.name(), policy.version(), policy.digest());
    print!("{text}");
    let unsourced = policy.unsourced();
    if !unsourced.is_empty() {
        eprintln!("no source is given for {}", unsourced.join(", "));
    }
}

/// A policy from its file.
pub(crate) fn read(path: &Path) -> Result<Policy, String> {
    let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
    let policy = Policy::parse(&text).map_err(|e| wrong(&e))?;
    let Some(table) = policy.cell_key().map(|noise| path.with_file_name(noise.table)) else {
        return Ok(policy);
    };
    let text = std::fs::read_to_string(&table).map_err(|e| format!("{}: {e}", table.display()))?;
    policy.with_perturbation(&text).map_err(|e| wrong(&e))
}

/// The policies of a folder, by name; none is an error.
fn policies_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let wrong = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_file() && path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() { Err(format!("{}: there is no policy", folder.display())) } else { Ok(files) }
}
