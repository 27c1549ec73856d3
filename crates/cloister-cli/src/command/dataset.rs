//! `cloister dataset`

use crate::args::{DatasetArgs, DatasetCommand};
use crate::exit;
use crate::progress::Bars;
use crate::target::{Place, caller_for};
use crate::text::{right, table, thousands};
use cloister_hub::{Hub, HubError, Scope};
use cloister_model::Name;
use cloister_receiving::{Delivery, Report, land};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: DatasetArgs) -> ExitCode {
    let hub = match place.hub("what `cloister dataset` does").await {
        Ok(hub) => hub,
        Err(fault) => return exit::fault(&fault),
    };
    let code = match args.command {
        DatasetCommand::Land { contract, from, user } => {
            match caller_for(&hub, &place, user.as_ref(), Scope::Administer).await {
                Ok(user) => land_extract(&hub, &contract, from, user).await,
                Err(fault) => exit::fault(&fault),
            }
        }
        DatasetCommand::List => list(&hub).await.unwrap_or_else(|e| exit::hub(&e)),
        DatasetCommand::Show { dataset, version } => {
            show(&hub, &dataset, version).await.unwrap_or_else(|e| exit::hub(&e))
        }
        DatasetCommand::Verify { dataset, user } => {
            match caller_for(&hub, &place, user.as_ref(), Scope::Administer).await {
                Ok(user) => verify(&hub, dataset.as_ref(), &user).await.unwrap_or_else(|e| exit::hub(&e)),
                Err(fault) => exit::fault(&fault),
            }
        }
    };
    hub.close().await;
    code
}

async fn land_extract(hub: &Hub, contract: &Path, from: Vec<PathBuf>, user: Name) -> ExitCode {
    let text = match std::fs::read_to_string(contract) {
        Ok(text) => text,
        Err(e) => return exit::fail("contract", &format!("{}: {e}", contract.display())),
    };
    match land(hub, &Delivery::new(&text, from, user), &Bars::new()).await {
        Ok(report) => {
            print_report(&report);
            ExitCode::SUCCESS
        }
        Err(e) => exit::receiving(&e),
    }
}

/// What landed, table by table.
pub(crate) fn print_report(report: &Report) {
    println!("{} version {} ({})", report.dataset, report.version, report.digest);
    let mut out = table(&["table", "read", "landed", "rejected", "why"]);
    for t in &report.rejects.tables {
        let codes: Vec<String> =
            t.codes.iter().map(|(code, n)| format!("{code} {}", thousands(*n))).collect();
        out.add_row(vec![
            comfy_table::Cell::new(&t.table),
            right(thousands(t.read)),
            right(thousands(t.landed)),
            right(thousands(t.rejected)),
            comfy_table::Cell::new(codes.join(", ")),
        ]);
    }
    println!("{out}");
    println!("{}; reject report: {}", person_counts(report), report.report.display());
}

/// How many people the hub knows.
pub(crate) fn person_counts(report: &Report) -> String {
    let (all, new) = (thousands(report.people as u64), thousands(report.people_new as u64));
    format!("people: {all} in the hub, {new} of them new")
}

async fn list(hub: &Hub) -> Result<ExitCode, HubError> {
    let mut out = table(&["dataset", "version", "tables", "rows", "landed", "by", "digest"]);
    for version in hub.datasets().await? {
        let manifest = &version.manifest;
        let rows: u64 = manifest.tables.iter().map(|t| t.rows).sum();
        out.add_row(vec![
            comfy_table::Cell::new(&manifest.dataset),
            right(manifest.version),
            right(manifest.tables.len()),
            right(thousands(rows)),
            comfy_table::Cell::new(&version.landed_at),
            comfy_table::Cell::new(&version.landed_by),
            comfy_table::Cell::new(version.digest),
        ]);
    }
    println!("{out}");
    Ok(ExitCode::SUCCESS)
}

async fn show(hub: &Hub, dataset: &Name, version: Option<u32>) -> Result<ExitCode, HubError> {
    let version = hub.dataset(dataset, version).await?;
    let manifest = &version.manifest;
    println!("{} version {}", manifest.dataset, manifest.version);
    println!("manifest {}", version.digest);
    println!("contract {}", manifest.contract);
    println!("landed {} by {}", version.landed_at, version.landed_by);
    for t in &manifest.tables {
        println!("\n{}: {} rows in {} files. {}", t.name, thousands(t.rows), t.files.len(), t.description);
        let mut out = table(&["column", "type", "class", "null", "meaning"]);
        for c in &t.columns {
            out.add_row(vec![
                c.name.to_string(),
                c.landed_type.to_string(),
                c.class.as_str().to_owned(),
                if c.nullable { "yes" } else { "no" }.to_owned(),
                c.description.clone(),
            ]);
        }
        println!("{out}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(hub: &Hub, dataset: Option<&Name>, user: &Name) -> Result<ExitCode, HubError> {
    let vault = hub.verify_datasets(dataset, user).await?;
    for version in &vault.versions {
        let found = if version.problems.is_empty() { "as landed" } else { "NOT as landed" };
        println!("{} version {}: {} files, {found}", version.dataset, version.version, version.files);
        for (path, problem) in &version.problems {
            println!("  {}: {path}", problem.as_str());
        }
    }
    for table in &vault.workspace {
        let found = if table.problems.is_empty() { "as written" } else { "NOT as written" };
        println!("workspace table {} of project {}: {found}", table.name, table.project);
        for (path, problem) in &table.problems {
            println!("  {}: {path}", problem.as_str());
        }
    }
    for path in &vault.strays {
        println!("of no dataset: {path}");
    }
    Ok(if vault.is_as_landed() { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}
