use super::*;
use crate::GrantedTable;
use cloister_disclosure::Value;
use cloister_governance::{FileEntry, TableEntry};
use cloister_model::{ColumnClass, DataKey, LandedColumn, LandedType, bucket_path};
use datafusion::arrow::array::{ArrayRef, StringArray, UInt32Array};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use datafusion::parquet::file::properties::WriterProperties;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

const BUCKETS: u32 = 12;
const PEOPLE_PER_BUCKET: u32 = 50;
const KEY: [u8; 32] = [9; 32];

/// Events as landing writes them: one file a bucket, by ascending person. Files differ in size, so that
/// partitions end at different times.
fn rows(bucket: u32) -> Vec<(u32, String)> {
    let people = bucket * PEOPLE_PER_BUCKET..(bucket + 1) * PEOPLE_PER_BUCKET;
    let codes =
        |person: u32| (0..1 + (bucket % 3) * 40).map(move |i| format!("code {}", (person * 7 + i) % 5));
    people.flat_map(|person| codes(person).map(move |code| (person, code))).collect()
}

fn table(vault: &Path, name: &str) -> GrantedTable {
    let key = DataKey::from_bytes(KEY);
    let column = |name: &str, landed_type, class| LandedColumn {
        name: name.parse().unwrap(),
        landed_type,
        class,
        nullable: false,
        public_labels: false,
        description: String::new(),
    };
    let columns = vec![
        column("person_id", LandedType::Person, ColumnClass::Pseudonym),
        column("code", LandedType::Text, ColumnClass::QuasiIdentifier),
    ];
    let schema = crate::vault::schema_of(&columns);
    let mut files = Vec::new();
    for bucket in 0..BUCKETS {
        let path = bucket_path(&"test".parse().unwrap(), 1, &name.parse().unwrap(), bucket);
        let rows = rows(bucket);
        let person = UInt32Array::from_iter_values(rows.iter().map(|r| r.0));
        let code: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.1)));
        let code = datafusion::arrow::compute::cast(&code, schema.field(1).data_type()).unwrap();
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(person), code]).unwrap();
        let encryption = FileEncryptionProperties::builder(key.file_key(&path).expose().to_vec())
            .with_aad_prefix(path.as_bytes().to_vec())
            .with_aad_prefix_storage(false)
            .build()
            .unwrap();
        let properties = WriterProperties::builder().with_file_encryption_properties(encryption).build();
        std::fs::create_dir_all(vault.join(&path).parent().unwrap()).unwrap();
        let file = File::create(vault.join(&path)).unwrap();
        let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let bytes = std::fs::metadata(vault.join(&path)).unwrap().len();
        files.push(FileEntry { path, bucket, rows: rows.len() as u64, bytes, digest: Digest::of(b"") });
    }
    let entry = TableEntry {
        name: name.parse().unwrap(),
        person: Some("person_id".parse().unwrap()),
        description: String::new(),
        columns: columns.clone(),
        rows: files.iter().map(|f| f.rows).sum(),
        files,
    };
    GrantedTable { schema: "test".to_owned(), entry, columns, row_filter: None, window: None, key }
}

fn policy() -> Policy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/disclosure/nhs-england.toml");
    Policy::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn run(vault: &Path, grant: &ResolvedGrant, sql: &str) -> Governed {
    let engine = Engine::new(vault.to_owned(), Limits { partitions: 4, ..Limits::default() });
    engine.plan(grant, sql, &policy()).await.unwrap().run().await.unwrap()
}

/// Threads that read each other's files would lose the order, and every query would run twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_layout_keeps_people_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let tables = vec![table(folder.path(), "event"), table(folder.path(), "other")];
    let grant = ResolvedGrant { tables };
    let mut truth: BTreeMap<String, (u64, BTreeSet<u32>)> = BTreeMap::new();
    for (person, code) in (0..BUCKETS).flat_map(rows) {
        let (rows, people) = truth.entry(code).or_default();
        *rows += 1;
        people.insert(person);
    }
    let people: Vec<u64> = truth.values().map(|(_, people)| people.len() as u64).collect();
    let counts: Vec<Value> = truth.values().map(|(rows, _)| Value::Count(*rows as i64)).collect();
    for _ in 0..10 {
        let governed =
            run(folder.path(), &grant, "SELECT code, count(*) AS n FROM event GROUP BY code").await;
        assert!(!governed.order_lost());
        let groups = &governed.evidence().groups;
        assert_eq!(groups.iter().map(|g| g.people).collect::<Vec<_>>(), people);
        assert_eq!(groups.iter().map(|g| g.cells[0].value).collect::<Vec<_>>(), counts);
    }
    for sql in [
        "SELECT count(*) AS n FROM event",
        "SELECT e.code, count(*) AS n FROM event e JOIN other o USING (person_id) GROUP BY 1",
        "SELECT code, count(*) FILTER (WHERE code < 'code 3') AS n FROM event GROUP BY code",
        "SELECT n, count(*) AS people FROM (SELECT person_id, count(*) AS n FROM event GROUP BY person_id) q GROUP BY n",
    ] {
        let lost = run(folder.path(), &grant, sql).await.order_lost();
        // A person's own rows are counted in hash tables, which keep no order.
        assert_eq!(lost, sql.contains("GROUP BY person_id"), "{sql}");
    }
}
