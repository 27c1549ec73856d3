//! Governed queries against the same queries in DataFusion as it comes, on the same rows.
//!
//! `cargo bench --workspace --bench governed -- HOME [RUNS [QUERY]]`. The other side reads plain Parquet, written once from
//! the vault: what an analyst would have instead; so does DuckDB, in the same order and in any. Alternating runs,
//! medians.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark"
)]

use cloister_disclosure::{Policy, protect};
use cloister_governance::Project;
use cloister_query::{Engine, Limits, ResolvedGrant};
use cloister_store::{Database, Home, Store};
use datafusion::execution::context::SessionContext;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::{ParquetReadOptions, SessionConfig};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

/// The first is answered from files' footers on the other side; it is shown, and left out of the comparison.
const FROM_FOOTERS: &str = "count all";

const QUERIES: &[(&str, &str)] = &[
    (FROM_FOOTERS, "SELECT count(*) AS n FROM gp_event"),
    // One table.
    ("people by kind", "SELECT kind, count(DISTINCT person_id) AS people FROM gp_event GROUP BY kind"),
    (
        "rows by kind and month",
        "SELECT kind, date_trunc('month', event_date) AS month, count(*) AS n FROM gp_event GROUP BY 1, 2",
    ),
    ("rows by code", "SELECT code, count(*) AS n FROM gp_event GROUP BY code"),
    (
        "mean by code",
        "SELECT code, avg(value) AS mean, count(*) AS n FROM gp_event WHERE kind = 'measurement' GROUP BY code",
    ),
    (
        "people with a diagnosis",
        "SELECT count(DISTINCT person_id) AS people FROM gp_event WHERE kind = 'diagnosis' AND code = '44054006'",
    ),
    (
        "spread of results",
        "SELECT test, avg(value) AS mean, stddev(value) AS spread, count(*) AS n FROM result GROUP BY test",
    ),
    (
        "length of stay",
        "SELECT specialty, avg(length_of_stay) AS mean, max(length_of_stay) AS longest FROM admission GROUP BY specialty",
    ),
    ("median stay", "SELECT specialty, median(length_of_stay) AS middle FROM admission GROUP BY specialty"),
    // Distinct counts.
    (
        "people by code and year",
        "SELECT code, date_part('year', event_date) AS year, count(DISTINCT person_id) AS people FROM gp_event WHERE kind = 'diagnosis' GROUP BY 1, 2",
    ),
    (
        "people and codes by kind",
        "SELECT kind, count(DISTINCT person_id) AS people, count(DISTINCT code) AS codes FROM gp_event GROUP BY kind",
    ),
    // Joins.
    (
        "join person",
        "SELECT p.district, p.sex, count(*) AS n FROM gp_event e JOIN person p USING (person_id) GROUP BY 1, 2",
    ),
    (
        "join, people",
        "SELECT p.imd_decile, count(DISTINCT e.person_id) AS people, count(*) AS n FROM gp_event e JOIN person p USING (person_id) WHERE e.kind = 'prescription' GROUP BY 1",
    ),
    (
        "costs",
        "SELECT p.imd_decile, sum(a.cost) AS cost, count(*) AS n FROM admission a JOIN person p USING (person_id) GROUP BY 1",
    ),
    (
        "prevalence by age band",
        "SELECT (2024 - p.birth_year) / 10 AS band, p.sex, count(DISTINCT e.person_id) AS people FROM person p JOIN gp_event e USING (person_id) WHERE e.kind = 'diagnosis' AND e.code = '44054006' GROUP BY 1, 2",
    ),
    (
        "admitted after a diagnosis",
        "SELECT a.specialty, count(DISTINCT a.person_id) AS people FROM admission a JOIN gp_event e USING (person_id) WHERE e.kind = 'diagnosis' AND e.code = '44054006' AND a.admitted_on > e.event_date GROUP BY 1",
    ),
    (
        "without any result",
        "SELECT p.sex, count(*) AS n FROM person p WHERE NOT EXISTS (SELECT 1 FROM result r WHERE r.person_id = p.person_id) GROUP BY 1",
    ),
    (
        "with and without admissions",
        "SELECT p.district, count(DISTINCT p.person_id) AS people, count(a.cost) AS spells FROM person p LEFT JOIN admission a USING (person_id) GROUP BY 1",
    ),
    // Conditions inside.
    (
        "emergencies",
        "SELECT p.district, sum(CASE WHEN a.admission_method IN ('21', '22') THEN 1 ELSE 0 END) AS emergency, count(*) AS n FROM admission a JOIN person p USING (person_id) GROUP BY 1",
    ),
    (
        "a table by kinds",
        "SELECT p.imd_decile, count(*) FILTER (WHERE e.kind = 'diagnosis') AS diagnoses, count(*) FILTER (WHERE e.kind = 'prescription') AS prescriptions, count(*) FILTER (WHERE e.kind = 'consultation') AS consultations, count(*) FILTER (WHERE e.kind = 'measurement') AS measurements FROM gp_event e JOIN person p USING (person_id) GROUP BY 1",
    ),
    (
        "cost by case",
        "SELECT sex_code, sum(CASE WHEN admission_method LIKE '2%' THEN cost ELSE 0 END) AS emergency, sum(CASE WHEN admission_method NOT LIKE '2%' THEN cost ELSE 0 END) AS planned FROM admission GROUP BY 1",
    ),
    // Per person first.
    (
        "results per person",
        "WITH v AS (SELECT person_id, count(*) AS n FROM result GROUP BY person_id) SELECT p.sex, avg(v.n) AS mean FROM v JOIN person p USING (person_id) GROUP BY 1",
    ),
    (
        "first diagnosis by year",
        "WITH f AS (SELECT person_id, min(event_date) AS first FROM gp_event WHERE kind = 'diagnosis' GROUP BY person_id) SELECT date_part('year', first) AS year, count(*) AS n FROM f GROUP BY 1",
    ),
    (
        "how often people consult",
        "WITH v AS (SELECT person_id, count(*) AS n FROM gp_event WHERE kind = 'consultation' GROUP BY person_id) SELECT n, count(*) AS people FROM v GROUP BY n",
    ),
    // Totals.
    (
        "cube",
        "SELECT p.district, p.sex, e.kind, count(*) AS n FROM gp_event e JOIN person p USING (person_id) GROUP BY CUBE (p.district, p.sex, e.kind)",
    ),
    (
        "rollup",
        "SELECT p.imd_decile, p.sex, count(DISTINCT a.person_id) AS people, sum(a.cost) AS cost FROM admission a JOIN person p USING (person_id) GROUP BY ROLLUP (p.imd_decile, p.sex)",
    ),
];

const PROJECT: &str = r#"
name = "bench"
title = "Benchmark"
purpose = "To measure"
legal-basis = "None needed: synthetic"
agreement = "-"
controllers = ["-"]
starts = "2020-01-01"
ends = "2099-12-31"
disclosure-policy = "nhs-england"
members = [{ user = "researcher", roles = ["researcher"], training-expires = "2099-12-31" }]
[[grants]]
dataset = "gp"
tables = [{ name = "person", columns = "all" }, { name = "gp_event", columns = "all" }]
[[grants]]
dataset = "hospital"
tables = [{ name = "admission", columns = "all" }]
[[grants]]
dataset = "pathology"
tables = [{ name = "result", columns = "all" }]
"#;

fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let Some(home) = args.next().map(PathBuf::from) else {
        eprintln!("usage: cargo bench -p cloister-query --bench governed -- HOME [RUNS [QUERY]]");
        return;
    };
    let runs: usize = args.next().and_then(|r| r.parse().ok()).unwrap_or(5);
    let only = args.next();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(64 << 20).build().unwrap();
    runtime.block_on(async { tokio::spawn(measure(home, runs, only)).await }).unwrap();
}

async fn measure(home: PathBuf, runs: usize, only: Option<String>) {
    let store = Store::open(&Home::at(home.clone()), &Database::Embedded).await.unwrap();
    let project = Project::parse(PROJECT).unwrap();
    let policy =
        std::fs::read_to_string(store.home().disclosure_policies().join("nhs-england.toml")).unwrap();
    let policy = Policy::parse(&policy).unwrap();
    let plain = tempfile::tempdir().unwrap();
    let mut tables = Vec::new();
    for grant in &project.grants {
        let version = store.dataset_version(&grant.dataset, None).await.unwrap().unwrap();
        tables.extend(ResolvedGrant::tables_of(&version.manifest, grant, &store.data_key(&version).unwrap()));
    }
    for table in &tables {
        let folder = plain.path().join(table.entry.name.as_str());
        std::fs::create_dir(&folder).unwrap();
        for (index, file) in table.entry.files.iter().enumerate() {
            let key = table.key.file_key(&file.path);
            decrypt(
                &home.join("vault").join(&file.path),
                key.expose(),
                &file.path,
                &folder.join(format!("{index:05}.parquet")),
            );
        }
    }
    let grant = ResolvedGrant { tables, workspace: Vec::new() };
    let engine = Engine::new(home.join("vault"), Limits::default());
    let mut duckdb = Duckdb::start(plain.path());
    println!(
        "| query | ungoverned, ms | governed, ms | ratio | DuckDB, any order, ms | DuckDB, sorted, ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    let mut ratios = Vec::new();
    let mut totals = [0.0; 4];
    for (name, sql) in QUERIES.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        let mut times: [Vec<f64>; 4] = Default::default();
        let mut mark = "";
        for run in 0..=runs {
            let (time, twice) = governed(&engine, &grant, &policy, sql).await;
            if twice {
                mark = " (ran twice)";
            }
            let once = [
                ungoverned(plain.path(), &grant, sql).await,
                time,
                duckdb.as_mut().map_or(f64::NAN, |d| d.time("any", sql)),
                duckdb.as_mut().map_or(f64::NAN, |d| d.time("sorted", sql)),
            ];
            // The first run warms every side.
            if run > 0 {
                times.iter_mut().zip(once).for_each(|(times, once)| times.push(once));
            }
        }
        let [u, g, any, sorted] = times.map(median);
        println!("| {name}{mark} | {u:.1} | {g:.1} | {:.2} | {any:.1} | {sorted:.1} |", g / u);
        if *name != FROM_FOOTERS {
            ratios.push(g / u);
            totals.iter_mut().zip([u, g, any, sorted]).for_each(|(total, time)| *total += time);
        }
    }
    let [u, g, any, sorted] = totals;
    println!("| all but the first | {u:.0} | {g:.0} | {:.2} | {any:.0} | {sorted:.0} |", g / u);
    let geometric = (ratios.iter().map(|r| r.ln()).sum::<f64>() / ratios.len() as f64).exp();
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    println!(
        "\nratio: median {:.2}, geometric mean {geometric:.2}, worst {worst:.2}; {} queries, {runs} runs",
        median(ratios.clone()),
        ratios.len()
    );
}

/// DuckDB on the same rows as plain Parquet, in a process that stays: `tests/bench/duckdb_times.py`.
struct Duckdb {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Duckdb {
    /// None, said loudly, where Python has no `duckdb`.
    fn start(folder: &Path) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bench/duckdb_times.py");
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let threads = Limits::default().partitions.to_string();
        let started = Command::new(python)
            .arg(script)
            .arg(folder)
            .arg(threads)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = started.ok()?;
        let answers = BufReader::new(child.stdout.take()?);
        let mut duckdb = Self { child, answers };
        match duckdb.line().as_deref() {
            Some("ready") => Some(duckdb),
            _ => {
                eprintln!("WARNING: no DuckDB (`pip install duckdb`): its columns are empty");
                None
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        Some(line.trim().to_owned())
    }

    /// Milliseconds that a query takes.
    fn time(&mut self, order: &str, sql: &str) -> f64 {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{order}\t{sql}").unwrap();
        self.line().and_then(|line| line.parse().ok()).unwrap_or(f64::NAN)
    }
}

impl Drop for Duckdb {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn decrypt(from: &Path, key: &[u8], aad: &str, to: &Path) {
    let properties = FileDecryptionProperties::builder(key.to_vec())
        .with_aad_prefix(aad.as_bytes().to_vec())
        .build()
        .unwrap();
    let options = ArrowReaderOptions::new().with_file_decryption_properties(properties);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(from).unwrap(), options).unwrap();
    let writing = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .set_max_row_group_row_count(Some(131_072))
        .build();
    let mut writer =
        ArrowWriter::try_new(File::create(to).unwrap(), builder.schema().clone(), Some(writing)).unwrap();
    for batch in builder.with_batch_size(65_536).build().unwrap() {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
}

async fn ungoverned(folder: &Path, grant: &ResolvedGrant, sql: &str) -> f64 {
    let began = Instant::now();
    let config = SessionConfig::new().with_target_partitions(Limits::default().partitions);
    let context = SessionContext::new_with_config(config);
    for table in &grant.tables {
        let name = table.entry.name.as_str();
        let path = folder.join(name);
        context.register_parquet(name, path.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
    }
    context.sql(sql).await.unwrap().collect().await.unwrap();
    began.elapsed().as_secs_f64() * 1_000.0
}

/// Milliseconds; and whether people came out of order, so that the query ran twice.
async fn governed(engine: &Engine, grant: &ResolvedGrant, policy: &Policy, sql: &str) -> (f64, bool) {
    let began = Instant::now();
    let governed = engine.plan(grant, sql, policy).await.unwrap().run().await.unwrap();
    let twice = governed.order_lost();
    let protected: Vec<_> = governed.evidence().iter().map(|table| protect(table, policy)).collect();
    governed.finish(&protected).await.unwrap();
    (began.elapsed().as_secs_f64() * 1_000.0, twice)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
