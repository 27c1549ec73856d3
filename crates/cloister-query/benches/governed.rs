//! Governed queries against the same queries in DataFusion as it comes, on the same rows.
//!
//! `cargo bench -p cloister-query --bench governed -- HOME [RUNS]`. The other side reads plain Parquet, written
//! once from the vault: what an analyst would have instead. Alternating runs, medians.
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
use cloister_store::{Home, Store};
use datafusion::execution::context::SessionContext;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::{ParquetReadOptions, SessionConfig};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

const QUERIES: &[(&str, &str)] = &[
    ("count all", "SELECT count(*) AS n FROM gp_event"),
    ("people by kind", "SELECT kind, count(DISTINCT person_id) AS people FROM gp_event GROUP BY kind"),
    (
        "rows by kind and month",
        "SELECT kind, date_trunc('month', event_date) AS month, count(*) AS n FROM gp_event GROUP BY 1, 2",
    ),
    (
        "mean by code",
        "SELECT code, avg(value) AS mean, count(*) AS n FROM gp_event WHERE kind = 'measurement' GROUP BY code",
    ),
    (
        "people filter",
        "SELECT count(DISTINCT person_id) AS people FROM gp_event WHERE kind = 'diagnosis' AND code = '44054006'",
    ),
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
        "case branches",
        "SELECT p.district, sum(CASE WHEN a.admission_method IN ('21', '22') THEN 1 ELSE 0 END) AS emergency, count(*) AS n FROM admission a JOIN person p USING (person_id) GROUP BY 1",
    ),
    (
        "per person first",
        "WITH v AS (SELECT person_id, count(*) AS n FROM result GROUP BY person_id) SELECT p.sex, avg(v.n) AS mean FROM v JOIN person p USING (person_id) GROUP BY 1",
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
        eprintln!("usage: cargo bench -p cloister-query --bench governed -- HOME [RUNS]");
        return;
    };
    let runs: usize = args.next().and_then(|r| r.parse().ok()).unwrap_or(5);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(64 << 20).build().unwrap();
    runtime.block_on(async { tokio::spawn(measure(home, runs)).await }).unwrap();
}

async fn measure(home: PathBuf, runs: usize) {
    let store = Store::open(&Home::at(home.clone())).await.unwrap();
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
    let grant = ResolvedGrant { tables };
    let engine = Engine::new(home.join("vault"), Limits::default());
    println!("| query | ungoverned, ms | governed, ms | ratio |\n|---|--:|--:|--:|");
    let mut ratios = Vec::new();
    for (name, sql) in QUERIES {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for run in 0..=runs {
            let (u, g) =
                (ungoverned(plain.path(), &grant, sql).await, governed(&engine, &grant, &policy, sql).await);
            // The first run warms both sides.
            if run > 0 {
                theirs.push(u);
                ours.push(g);
            }
        }
        let (u, g) = (median(theirs), median(ours));
        ratios.push(g / u);
        println!("| {name} | {u:.1} | {g:.1} | {:.2} |", g / u);
    }
    let geometric = (ratios.iter().map(|r| r.ln()).sum::<f64>() / ratios.len() as f64).exp();
    println!("\ngeometric mean of the ratios: {geometric:.2}; median: {:.2}; {runs} runs", median(ratios));
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

async fn governed(engine: &Engine, grant: &ResolvedGrant, policy: &Policy, sql: &str) -> f64 {
    let began = Instant::now();
    let governed = engine.plan(grant, sql, policy).await.unwrap().run().await.unwrap();
    assert!(!governed.order_lost(), "{sql}: people came out of order, and the query ran twice");
    let protected: Vec<_> = governed.evidence().iter().map(|table| protect(table, policy)).collect();
    governed.finish(&protected).await.unwrap();
    began.elapsed().as_secs_f64() * 1_000.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
