//! Queries made up by grammars, on a small vault whose every row is known.
//!
//! The narrow grammar's queries are understood by an oracle of plain loops, which knows the people behind every
//! released cell and its exact value. The wide grammar's are only checked for what no query may do: panic, fail,
//! show rows of people, or put data into an error.
//!
//! `FUZZ_QUERIES` says how many of each (3,000 where it is not set), `FUZZ_SEED` from which seed on. What is wrong
//! is printed with its seed: `FUZZ_SEED=<seed> FUZZ_QUERIES=1` runs it again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod ast;
mod check;
mod grammar;
mod oracle;
mod random;
mod wide;
mod world;

use cloister_disclosure::{Policy, protect};
use cloister_query::{Engine, FinishedTable, Limits, QueryError, ResolvedGrant};
use random::Random;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use world::World;

/// The vault with what is needed to query it.
struct Hub {
    engine: Engine,
    grant: ResolvedGrant,
    policy: Policy,
    world: World,
    _folder: tempfile::TempDir,
}

/// What became of a query.
enum Outcome {
    Finished(FinishedTable),
    /// The code, and all that the researcher is told.
    Refused(String, String),
    Failed(String),
}

impl Hub {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new();
        let grant = world.vault(folder.path());
        let limits = Limits { partitions: 2, ..Limits::default() };
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/disclosure/nhs-england.toml");
        let policy = Policy::parse(&std::fs::read_to_string(policy).unwrap()).unwrap();
        Self { engine: Engine::new(folder.path().to_owned(), limits), grant, policy, world, _folder: folder }
    }

    async fn run(&self, sql: &str) -> Outcome {
        match self.try_run(sql).await {
            Ok(table) => Outcome::Finished(table),
            Err(QueryError::Refused(refusal)) => {
                let told = format!("{} {}", refusal.message(), refusal.hint());
                Outcome::Refused(refusal.code().to_owned(), told)
            }
            Err(QueryError::Failed { detail }) => Outcome::Failed(detail),
        }
    }

    async fn try_run(&self, sql: &str) -> Result<FinishedTable, QueryError> {
        let planned = self.engine.plan(&self.grant, sql, &self.policy).await?;
        let governed = planned.run().await?;
        let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &self.policy)).collect();
        governed.finish(&protected).await
    }
}

/// What a run found.
#[derive(Default)]
struct Found {
    problems: Vec<String>,
    outcomes: BTreeMap<String, usize>,
}

impl Found {
    fn count(&mut self, outcome: impl Into<String>) {
        *self.outcomes.entry(outcome.into()).or_default() += 1;
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Runs a check over all seeds, two at a time; a panic is a problem too.
fn fuzz<F>(name: &str, check: fn(Arc<Hub>, u64, Arc<Mutex<Found>>) -> F) -> Found
where
    F: Future<Output = Vec<String>> + Send + 'static,
{
    let (first, queries) = (setting("FUZZ_SEED", 0), setting("FUZZ_QUERIES", 3_000));
    let (hub, found) = (Arc::new(Hub::new()), Arc::new(Mutex::new(Found::default())));
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(16 << 20)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let lanes = (0..2).map(|lane| {
            let (hub, found) = (hub.clone(), found.clone());
            tokio::spawn(async move {
                for seed in (first..first + queries).filter(|seed| seed % 2 == lane) {
                    let problems = match tokio::spawn(check(hub.clone(), seed, found.clone())).await {
                        Ok(problems) => problems,
                        Err(e) => vec![format!("panic: {e}")],
                    };
                    let seeded = problems.into_iter().map(|p| format!("seed {seed}: {p}"));
                    found.lock().unwrap().problems.extend(seeded);
                }
            })
        });
        for lane in lanes.collect::<Vec<_>>() {
            lane.await.unwrap();
        }
    });
    drop(runtime);
    let found = std::mem::take(&mut *found.lock().unwrap());
    eprintln!("{name}: {queries} queries in {:.1} s: {:?}", started.elapsed().as_secs_f64(), found.outcomes);
    found
}

fn assert_nothing(found: &Found) {
    let problems: Vec<&str> = found.problems.iter().take(30).map(String::as_str).collect();
    assert!(problems.is_empty(), "{} problems\n{}", found.problems.len(), problems.join("\n\n"));
}

/// Texts of the data in what the researcher is told, but for those that the query has itself.
fn data_in(text: &str, sql: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|w| w.starts_with("zq") && !sql.contains(w)).map(str::to_owned).collect()
}

async fn narrow(hub: Arc<Hub>, seed: u64, found: Arc<Mutex<Found>>) -> Vec<String> {
    let query = grammar::query(&mut Random::new(seed));
    let sql = query.sql();
    let (outcome, problems) = match hub.run(&sql).await {
        Outcome::Finished(table) => {
            let mut problems = check::problems(&query, &hub.world, &table);
            let held = !table.holds().is_empty();
            if !held && check::must_be_held(&query) {
                problems.push("released though rows repeat".to_owned());
            }
            (if held { format!("held {:?}", table.holds()) } else { "released".to_owned() }, problems)
        }
        Outcome::Refused(code, told) => {
            let data = data_in(&told, &sql);
            let problems = if data.is_empty() { Vec::new() } else { vec![format!("{told} tells {data:?}")] };
            (format!("refused {code}"), problems)
        }
        Outcome::Failed(detail) => ("failed".to_owned(), vec![format!("failed: {detail}")]),
    };
    found.lock().unwrap().count(outcome);
    problems.into_iter().map(|p| format!("{p}\n  {sql}")).collect()
}

#[test]
fn every_released_cell_is_what_the_oracle_says() {
    let found = fuzz("narrow", narrow);
    assert_nothing(&found);
    let released = found.outcomes.get("released").copied().unwrap_or_default();
    let all: usize = found.outcomes.values().sum();
    assert!(all < 100 || released * 3 > all, "{released} of {all} are released: {:?}", found.outcomes);
}

async fn wide(hub: Arc<Hub>, seed: u64, found: Arc<Mutex<Found>>) -> Vec<String> {
    let sql = wide::query(&mut Random::new(seed));
    let (outcome, problems) = match hub.run(&sql).await {
        Outcome::Finished(table) => {
            let texts = table.rows().iter().flatten().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(" ");
            // What only one person has, may stand nowhere.
            let own: Vec<String> =
                data_in(&texts, &sql).into_iter().filter(|text| text.contains("zqtag")).collect();
            let problems = if own.is_empty() { Vec::new() } else { vec![format!("shows {own:?}")] };
            (if table.holds().is_empty() { "released" } else { "held" }.to_owned(), problems)
        }
        Outcome::Refused(code, told) => {
            let data = data_in(&told, &sql);
            let problems = if data.is_empty() { Vec::new() } else { vec![format!("{told} tells {data:?}")] };
            (format!("refused {code}"), problems)
        }
        Outcome::Failed(detail) => ("failed".to_owned(), vec![format!("failed: {detail}")]),
    };
    found.lock().unwrap().count(outcome);
    problems.into_iter().map(|p| format!("{p}\n  {sql}")).collect()
}

#[test]
fn no_query_panics_fails_or_tells() {
    let found = fuzz("wide", wide);
    assert_nothing(&found);
    let ran = ["released", "held"].iter().filter_map(|o| found.outcomes.get(*o)).sum::<usize>();
    let all: usize = found.outcomes.values().sum();
    assert!(all < 100 || ran * 4 > all, "{ran} of {all} ran: {:?}", found.outcomes);
}
