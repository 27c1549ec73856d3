//! What lands depends on the extract alone: not on threads, memory, the order of the header or the form of the file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use chrono::NaiveDate;
use cloister_governance::Contract;
use cloister_landing::{Landed, Landing, Silent, land, resolve_inputs};
use cloister_model::{DataKey, Digest};
use cloister_pseudonym::{LocalRootKey, PeopleIndex, PseudonymKeys};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::encryption::decrypt::FileDecryptionProperties;
use std::fs::File;
use std::path::Path;

const CONTRACT: &str = r#"
name = "t"
version = 1
title = "Test"
person-scheme = { local = "t" }
[[tables]]
name = "event"
files = ["event*.csv", "event*.parquet"]
person = "id"
unique = ["id", "day", "n"]
columns = [
  { name = "id", to = "person_id", type = "text", class = "identifier", required = true, transform = { pseudonymise = "person" } },
  { name = "day", type = "date", class = "sensitive" },
  { name = "n", type = "int32", class = "measure" },
  { name = "note", type = "text", class = "code" },
  { name = "visit", type = "text", class = "identifier", transform = { pseudonymise = "local-id" } },
]
"#;

/// Rows of 700 people in a mixed order, some of them twice.
fn rows() -> Vec<[String; 5]> {
    let mut state = 9u64;
    let mut draw = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut rows: Vec<[String; 5]> = Vec::new();
    for _ in 0..30_000 {
        let twice = !rows.is_empty() && draw(100) == 0;
        let row = if twice {
            rows[draw(rows.len() as u64) as usize].clone()
        } else {
            let day = format!("2024-{:02}-{:02}", 1 + draw(12), 1 + draw(28));
            [
                format!("p{}", draw(700)),
                day,
                draw(50).to_string(),
                format!("note {}", draw(9)),
                format!("v{}", draw(5_000)),
            ]
        };
        rows.push(row);
    }
    rows
}

struct Run {
    memory_bytes: usize,
    threads: usize,
    people_per_bucket: u32,
}

fn run(extract: &Path, run: &Run) -> (Landed, RecordBatch) {
    let contract = Contract::parse(CONTRACT).unwrap();
    let staging = tempfile::tempdir().unwrap();
    let inputs = resolve_inputs(&contract, &[extract.to_owned()]).unwrap();
    let data_key = DataKey::from_bytes([3; 32]);
    let landing = Landing {
        contract: &contract,
        contract_digest: Digest::of(CONTRACT.as_bytes()),
        version: 1,
        inputs: &inputs,
        staging: staging.path().to_owned(),
        data_key: data_key.clone(),
        keys: &PseudonymKeys::derive(&LocalRootKey::from_bytes([1; 32]), "hub").unwrap(),
        people_per_bucket: run.people_per_bucket,
        reference_date: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        memory_bytes: run.memory_bytes,
        threads: run.threads,
        progress: &Silent,
    };
    let landed = land(&landing, &mut PeopleIndex::default()).unwrap();
    let mut batches = Vec::new();
    for entry in &landed.manifest.tables[0].files {
        let bytes = std::fs::read(staging.path().join(&entry.path)).unwrap();
        assert_eq!(Digest::of(&bytes), entry.digest);
        let properties = FileDecryptionProperties::builder(data_key.file_key(&entry.path).expose().to_vec())
            .with_aad_prefix(entry.path.as_bytes().to_vec())
            .build()
            .unwrap();
        let options = ArrowReaderOptions::new().with_file_decryption_properties(properties);
        let file = File::open(staging.path().join(&entry.path)).unwrap();
        let reader =
            ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).unwrap().build().unwrap();
        batches.extend(reader.map(Result::unwrap));
    }
    let schema = batches[0].schema();
    (landed, concat_batches(&schema, &batches).unwrap())
}

fn write_csv(folder: &Path, order: [usize; 5], parts: usize) {
    let rows = rows();
    for (part, rows) in rows.chunks(rows.len().div_ceil(parts)).enumerate() {
        let mut writer = csv::Writer::from_path(folder.join(format!("event-{part}.csv"))).unwrap();
        let header = ["id", "day", "n", "note", "visit"];
        writer.write_record(order.map(|i| header[i])).unwrap();
        for row in rows {
            writer.write_record(order.map(|i| row[i].as_str())).unwrap();
        }
        writer.flush().unwrap();
    }
}

#[test]
fn threads_memory_and_the_form_of_the_extract_do_not_matter() {
    let plain = tempfile::tempdir().unwrap();
    write_csv(plain.path(), [0, 1, 2, 3, 4], 1);
    let (landed, expected) =
        run(plain.path(), &Run { memory_bytes: 1 << 30, threads: 1, people_per_bucket: 100 });
    assert_eq!(landed.manifest.tables[0].files.len(), 7);
    assert!(landed.rejects.tables[0].codes["duplicate-key"] > 200);
    assert_eq!(landed.rejects.tables[0].landed as usize, expected.num_rows());
    for (threads, memory_bytes) in [(4, 1 << 30), (1, 1 << 16), (3, 1 << 12)] {
        let (_, found) = run(plain.path(), &Run { memory_bytes, threads, people_per_bucket: 100 });
        assert_eq!(found, expected, "{threads} threads, {memory_bytes} bytes");
    }
    let (_, found) =
        run(plain.path(), &Run { memory_bytes: 1 << 16, threads: 2, people_per_bucket: 1_000_000 });
    assert_eq!(found, expected, "one bucket");

    let mixed = tempfile::tempdir().unwrap();
    write_csv(mixed.path(), [4, 2, 0, 3, 1], 3);
    let (_, found) = run(mixed.path(), &Run { memory_bytes: 1 << 16, threads: 2, people_per_bucket: 100 });
    assert_eq!(found, expected, "several files, another order of columns");

    let parquet = tempfile::tempdir().unwrap();
    let columns = (0..5).map(|i| {
        let values: Vec<String> = rows().iter().map(|r| r[i].clone()).collect();
        let array: arrow::array::ArrayRef = std::sync::Arc::new(arrow::array::StringArray::from(values));
        (["ID", "Day", "n", "note", "visit"][i], array)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(parquet.path().join("event.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (_, found) = run(parquet.path(), &Run { memory_bytes: 1 << 30, threads: 2, people_per_bucket: 100 });
    assert_eq!(found, expected, "Parquet");
}

#[test]
fn people_ascend_and_no_bucket_shares_one() {
    let folder = tempfile::tempdir().unwrap();
    write_csv(folder.path(), [0, 1, 2, 3, 4], 1);
    let (landed, found) =
        run(folder.path(), &Run { memory_bytes: 1 << 14, threads: 2, people_per_bucket: 64 });
    let people = found.column(0).as_any().downcast_ref::<arrow::array::UInt32Array>().unwrap();
    assert!(people.values().windows(2).all(|w| w[0] <= w[1]));
    let mut at = 0;
    for file in &landed.manifest.tables[0].files {
        let part = &people.values()[at..at + file.rows as usize];
        assert!(part.iter().all(|p| p / 64 == file.bucket));
        at += part.len();
    }
}
