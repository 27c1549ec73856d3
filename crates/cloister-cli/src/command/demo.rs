//! `cloister demo`: a synthetic region, landed, queried and audited, in front of the reader.

mod desk;
mod script;

use crate::args::DemoArgs;
use crate::command::query::{rules, shown};
use crate::exit;
use crate::target::answered;
use crate::text::{bold, faint, green, red, right, table, thousands, yellow};
use cloister_hub::{Answer, Clock, DatabaseConfig, Hub, HubError, NewHub, Status};
use cloister_landing::Silent;
use cloister_model::Name;
use cloister_receiving::{Delivery, ReceivingError, Report, land};
use cloister_synth::{ErrorRates, Region};
use script::{CONTRACTS, HUB, QUERIES, project};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// The same region for everybody.
const SEED: u64 = 2026;

/// The projects, and how their results are reviewed.
const PROJECTS: [(&str, &str); 2] = [("demo", "automatic"), ("demo-reviewed", "two")];

/// Why the demonstration stopped.
#[derive(Debug)]
enum Stopped {
    Hub(HubError),
    Receiving(ReceivingError),
    File(String),
}

impl From<HubError> for Stopped {
    fn from(error: HubError) -> Self {
        Self::Hub(error)
    }
}

impl From<ReceivingError> for Stopped {
    fn from(error: ReceivingError) -> Self {
        Self::Receiving(error)
    }
}

pub(crate) async fn run(home: PathBuf, args: DemoArgs) -> ExitCode {
    match tell(&home, &args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stopped::Hub(e)) => exit::hub(&e),
        Err(Stopped::Receiving(e)) => exit::receiving(&e),
        Err(Stopped::File(e)) => exit::fail("file", &e),
    }
}

async fn tell(home: &Path, args: &DemoArgs) -> Result<(), Stopped> {
    let began = Instant::now();
    clear(home)?;
    println!("{}: patient extracts go in, safe statistics come out.\n", bold("Cloister"));
    let extracts = region(args.people)?;
    let name: Name = HUB.parse().map_err(HubError::from)?;
    let admin: Name = "admin".parse().map_err(HubError::from)?;
    let researcher: Name = "researcher".parse().map_err(HubError::from)?;
    let database = DatabaseConfig::default();
    let new = NewHub { home: home.to_owned(), name, actor: admin.clone(), database };
    let hub = Hub::init(new, Clock::SYSTEM).await?;
    land_all(&hub, extracts.path(), &admin).await?;
    drop(extracts);
    heading(3, "Two projects");
    for (name, review) in PROJECTS {
        hub.create_project(&project(name, review), &admin).await?;
    }
    println!(
        "   `demo` releases what no rule objects to; in `demo-reviewed`, two checkers decide on everything."
    );
    println!(
        "   Both may read every table of the region; neither sees a name, a date of birth or an NHS number.\n"
    );
    heading(4, "What a researcher asks");
    let mut last = None;
    for query in QUERIES {
        let answer = ask(&hub, query.project, &researcher, query).await?;
        match (answer.status(), answer.request()) {
            (Status::Released, Some(request)) => last = Some(request.to_owned()),
            (Status::Held, Some(request)) => desk::ask_for_release(&hub, query.project, request).await?,
            _ => {}
        }
    }
    heading(5, "The record");
    let report = hub.verify_audit().await?;
    println!(
        "   {} the audit log is whole: {} records under {} signed checkpoints",
        green("✓"),
        thousands(report.records),
        thousands(report.checkpoints)
    );
    if let Some(request) = last {
        last_release(home, &request);
    }
    let datasets: Vec<&str> = CONTRACTS.iter().map(|(name, _)| *name).collect();
    desk::open(&hub, &datasets, &PROJECTS.map(|(name, _)| name)).await?;
    desk::tokens(&hub, home).await?;
    hub.close().await;
    let settings = desk::settings(home)?;
    println!("   {}", faint(&format!("{:.1} seconds in all", began.elapsed().as_secs_f64())));
    desk::serve(&settings, !args.no_serve && std::io::stdout().is_terminal())
}

/// Removes what an earlier demonstration left, and nothing else.
fn clear(home: &Path) -> Result<(), Stopped> {
    let config = home.join("hub.toml");
    match std::fs::read_to_string(&config) {
        Ok(text) if text.contains(&format!("name = \"{HUB}\"")) => {
            std::fs::remove_dir_all(home).map_err(|e| Stopped::File(format!("{}: {e}", home.display())))
        }
        Ok(_) => Err(Stopped::File(format!("{} is a hub that no demonstration made", home.display()))),
        Err(_) => Ok(()),
    }
}

fn heading(number: u32, text: &str) {
    println!("{} {}", faint(&format!("{number}.")), bold(text));
}

fn region(people: u32) -> Result<tempfile::TempDir, Stopped> {
    heading(1, "A synthetic region");
    let wrong = |e: std::io::Error| Stopped::File(format!("the extracts cannot be written: {e}"));
    let began = Instant::now();
    let folder = tempfile::tempdir().map_err(wrong)?;
    let region = Region { seed: SEED, people, events_per_person: 20.0, errors: ErrorRates::default() };
    let summary = region.write(folder.path()).map_err(wrong)?;
    let rows: u64 = summary.tables.iter().map(|t| t.rows).sum();
    println!(
        "   {} people who do not exist, and what five organisations would send of them: {} rows {}\n",
        thousands(u64::from(people)),
        thousands(rows),
        faint(&format!("({:.1} s)", began.elapsed().as_secs_f64()))
    );
    Ok(folder)
}

async fn land_all(hub: &Hub, extracts: &Path, admin: &Name) -> Result<(), Stopped> {
    heading(2, "Landed: validated, joined by person, pseudonymised, encrypted");
    let mut out = table(&["dataset", "table", "rows", "landed", "rejected", "why", "rows/s"]);
    let mut last: Option<Report> = None;
    for (name, contract) in CONTRACTS {
        let began = Instant::now();
        let delivery = Delivery::new(contract, vec![extracts.join(name)], admin.clone());
        let report = land(hub, &delivery, &Silent).await?;
        let seconds = began.elapsed().as_secs_f64().max(0.001);
        let read: u64 = report.rejects.tables.iter().map(|t| t.read).sum();
        let rate = thousands((read as f64 / seconds) as u64);
        for (index, t) in report.rejects.tables.iter().enumerate() {
            let mut codes: Vec<(&String, &u64)> = t.codes.iter().collect();
            codes.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
            let why: Vec<String> =
                codes.iter().take(2).map(|(code, n)| format!("{code} {}", thousands(**n))).collect();
            let more = if codes.len() > 2 { ", …" } else { "" };
            out.add_row(vec![
                comfy_table::Cell::new(if index == 0 { name } else { "" }),
                comfy_table::Cell::new(&t.table),
                right(thousands(t.read)),
                right(thousands(t.landed)),
                right(thousands(t.rejected)),
                comfy_table::Cell::new(format!("{}{more}", why.join(", "))),
                right(if index == 0 { rate.as_str() } else { "" }),
            ]);
        }
        last = Some(report);
    }
    println!("{out}");
    if let Some(report) = last {
        println!(
            "   People: {}. Every rejected row is listed by file, row, column",
            thousands(report.people as u64)
        );
        println!("   and code, never by value: {}\n", hub.store().home().rejects().display());
    }
    Ok(())
}

async fn ask(hub: &Hub, project: &str, user: &Name, query: &script::Query) -> Result<Answer, Stopped> {
    let answer = hub.query(&project.parse().map_err(HubError::from)?, user, query.sql).await?;
    println!("   {}", query.title);
    for line in query.sql.lines() {
        println!("   {}", faint(line));
    }
    match answer.status() {
        Status::Released => {
            let view = answered(&answer).map_err(|f| Stopped::File(f.text().to_owned()))?;
            let rows = view.rows().map_err(|text| Stopped::File(text.to_owned()))?;
            for line in shown(&view.answer.view, &rows).lines() {
                println!("   {line}");
            }
            println!("   {} under the policy nhs-england: {}", green("released"), query.remark);
            for rule in rules(&view.answer.view) {
                println!("   * {rule}");
            }
        }
        Status::Held => println!("   {} as {}", yellow("held"), answer.request().unwrap_or_default()),
        Status::Refused | Status::Failed => println!("   {}", red("refused")),
        Status::Created | Status::Dropped => println!("   {}", green("done")),
    }
    for reason in answer.reasons() {
        println!("   {}: {}\n   {}", reason.code, reason.message, reason.hint);
    }
    println!();
    Ok(answer)
}

fn last_release(home: &Path, request: &str) {
    let folder = home.join("releases").join(request);
    let page = folder.join("release.html");
    let page = page.canonicalize().unwrap_or(page);
    println!("   the last release: {}", folder.display());
    println!("   the released table as a page: file://{}\n", page.display());
}
