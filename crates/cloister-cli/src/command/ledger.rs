//! `cloister ledger`

use crate::args::ViewFormat;
use crate::command::query::{say_why, sql_of};
use crate::exit;
use crate::fault::Fault;
use crate::target::{Place, Target, caller_for};
use crate::text::{bold, table, thousands};
use clap::{Args, Subcommand};
use cloister_client::{LedgerStatusView, LedgerToldView, Shown};
use cloister_hub::{Ask, Hub, HubError, Scope};
use cloister_model::Name;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// What it holds, project by project.
    Status {
        #[command(flatten)]
        how: LedgerHow,
    },
    /// What it holds of a release, or what a held result says beside what was released.
    Explain {
        /// The query.
        request: String,
        #[command(flatten)]
        how: LedgerHow,
    },
    /// What a query would say beside what was released. It runs, and nothing of it is kept; that it was tried is logged.
    Simulate {
        /// The SQL; or give --file.
        #[arg(required_unless_present = "file")]
        sql: Option<String>,
        /// A file with the SQL; `-` is standard input.
        #[arg(long, value_name = "FILE", conflicts_with = "sql")]
        file: Option<PathBuf>,
        /// The project.
        #[arg(long)]
        project: Name,
        #[command(flatten)]
        how: LedgerHow,
    },
    /// Compare it with the audit log, and its files with their digests.
    Verify {
        /// Who asks. Where the hub's people have accounts, it is whose token it is.
        #[arg(long = "as", value_name = "USER")]
        user: Option<Name>,
    },
    /// Make entries again whose files are lost, from the queries that were released.
    Rebuild {
        /// Who asks. Where the hub's people have accounts, it is whose token it is.
        #[arg(long = "as", value_name = "USER")]
        user: Option<Name>,
    },
}

#[derive(Debug, Args)]
struct LedgerHow {
    /// Who asks. Where the hub's people have accounts, it is whose token it is.
    #[arg(long = "as", value_name = "USER")]
    user: Option<Name>,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = ViewFormat::Table)]
    format: ViewFormat,
}

pub(crate) async fn run(place: Place, args: LedgerArgs) -> ExitCode {
    let user = match &args.command {
        LedgerCommand::Status { how }
        | LedgerCommand::Explain { how, .. }
        | LedgerCommand::Simulate { how, .. } => how.user.clone(),
        LedgerCommand::Verify { user } => return kept(&place, user.clone(), true).await,
        LedgerCommand::Rebuild { user } => return kept(&place, user.clone(), false).await,
    };
    Target::with(&place, user.as_ref(), None, async |target| carry_out(target, args.command).await).await
}

async fn carry_out(target: &Target, command: LedgerCommand) -> Result<(), Fault> {
    match command {
        LedgerCommand::Status { how } => put(how.format, &target.ledger_status().await?, status),
        LedgerCommand::Explain { request, how } => put(how.format, &target.ledger_of(&request).await?, told),
        LedgerCommand::Simulate { sql, file, project, how } => {
            let sql = sql_of(sql.as_deref(), file.as_deref()).map_err(|e| Fault::failed("file", e))?;
            put(how.format, &target.simulate_release(&project, &Ask::sql(&sql)).await?, told);
        }
        // They are done where the hub is.
        LedgerCommand::Verify { .. } | LedgerCommand::Rebuild { .. } => {}
    }
    Ok(())
}

fn put<T>(format: ViewFormat, shown: &Shown<T>, show: fn(&T)) {
    match format {
        ViewFormat::Table => show(&shown.view),
        ViewFormat::Json => println!("{}", shown.json),
    }
}

fn status(status: &LedgerStatusView) {
    let (releases, numbers) = (thousands(status.releases), thousands(status.numbers));
    println!("{releases} releases, {numbers} numbers; {} indexed", thousands(status.indexed));
    if status.not_in_it > 0 {
        println!(
            "{} more releases are not in it: nothing is compared with them",
            thousands(status.not_in_it)
        );
    }
    if status.projects.is_empty() {
        return;
    }
    let mut out = table(&["project", "releases", "numbers", "had before", "last"]);
    for of in &status.projects {
        out.add_row(vec![
            of.project.clone(),
            thousands(of.releases),
            thousands(of.numbers),
            thousands(of.repeated),
            of.last.clone(),
        ]);
    }
    println!("{out}");
}

fn told(told: &LedgerToldView) {
    if !told.reasons.is_empty() {
        println!("it would be refused");
        say_why(&told.reasons);
        return;
    }
    if let (Some(number), Some(at)) = (told.number, &told.made_at) {
        println!("release {number} of the ledger, of `{}`, {at}", told.project);
    }
    if let (Some(numbers), Some(repeated)) = (told.would_hold, told.repeated) {
        let (numbers, had) = (thousands(numbers), thousands(repeated));
        println!("{numbers} numbers, of which `{}` has had {had} before", told.project);
    }
    if !told.numbers.is_empty() {
        let mut out = table(&["number", "published as", "true within"]);
        for number in &told.numbers {
            let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| v.to_string());
            out.add_row(vec![number.name.clone(), text(number.published), text(number.within)]);
        }
        println!("{out}");
    }
    if told.number.is_none() {
        match told.findings.as_slice() {
            [] => println!("it says nothing beside what was released"),
            findings => {
                println!("{}", bold("Beside what was released"));
                for finding in findings {
                    println!("  {finding}");
                }
            }
        }
    }
    if !told.coarser.is_empty() {
        println!("it would say nothing if it were not grouped by one of: {}", told.coarser.join(", "));
    }
}

/// Verifies the ledger of a hub on this machine, or makes it whole.
async fn kept(place: &Place, user: Option<Name>, verify: bool) -> ExitCode {
    let hub = match place.hub("the ledger's files").await {
        Ok(hub) => hub,
        Err(fault) => return exit::fault(&fault),
    };
    let code = match caller_for(&hub, place, user.as_ref(), Scope::Administer).await {
        Ok(user) if verify => verified(&hub, &user).await.unwrap_or_else(|e| exit::hub(&e)),
        Ok(user) => rebuilt(&hub, &user).await.unwrap_or_else(|e| exit::hub(&e)),
        Err(fault) => exit::fault(&fault),
    };
    hub.close().await;
    code
}

async fn verified(hub: &Hub, user: &Name) -> Result<ExitCode, HubError> {
    let (entries, problems) = hub.verify_ledger(user).await?;
    if problems.is_empty() {
        println!("the ledger is whole: {} releases, as the log has them", thousands(entries));
        return Ok(ExitCode::SUCCESS);
    }
    for problem in &problems {
        println!("the entry of {} {}", problem.request, problem.problem);
    }
    eprintln!(
        "the ledger is not whole: restore it from a backup, or make it again with `cloister ledger rebuild`"
    );
    Ok(ExitCode::from(exit::FAILED))
}

async fn rebuilt(hub: &Hub, user: &Name) -> Result<ExitCode, HubError> {
    let all = hub.rebuild_ledger(user).await?;
    if all.is_empty() {
        println!("nothing is lost");
    }
    for one in &all {
        match &one.problem {
            None => println!("{} is made again", one.request),
            Some(problem) => println!("{} is not: {problem}", one.request),
        }
    }
    let whole = all.iter().all(|one| one.problem.is_none());
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}
