//! A small region in encrypted files, and the same rows in DataFusion as it comes.

use super::*;

pub(super) const BUCKETS: u32 = 12;
pub(super) const PEOPLE_PER_BUCKET: u32 = 50;
pub(super) const KEY: [u8; 32] = [9; 32];

pub(super) type Rows = Vec<(u32, String)>;

/// Events as landing writes them: one file a bucket, by ascending person. Files differ in size, so that
/// partitions end at different times.
pub(super) fn rows(bucket: u32) -> Rows {
    let people = bucket * PEOPLE_PER_BUCKET..(bucket + 1) * PEOPLE_PER_BUCKET;
    let codes =
        |person: u32| (0..1 + (bucket % 3) * 40).map(move |i| format!("code {}", (person * 7 + i) % 5));
    people.flat_map(|person| codes(person).map(move |code| (person, code))).collect()
}

/// Two in three people have one row here, and two in five of those another.
pub(super) fn other_rows(bucket: u32) -> Rows {
    let people = (bucket * PEOPLE_PER_BUCKET..(bucket + 1) * PEOPLE_PER_BUCKET).filter(|p| p % 3 != 0);
    let row = |person: u32, i: u32| (person, format!("code {}", (person + i) % 4));
    people.flat_map(|p| (0..1 + u32::from(p % 5 < 2)).map(move |i| row(p, i))).collect()
}

pub(super) fn write(vault: &Path, path: &str, key: &DataKey, batch: &RecordBatch) -> u64 {
    let encryption = FileEncryptionProperties::builder(key.file_key(path).expose().to_vec())
        .with_aad_prefix(path.as_bytes().to_vec())
        .with_aad_prefix_storage(false)
        .build()
        .unwrap();
    let properties = WriterProperties::builder().with_file_encryption_properties(encryption).build();
    std::fs::create_dir_all(vault.join(path).parent().unwrap()).unwrap();
    let file = File::create(vault.join(path)).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    std::fs::metadata(vault.join(path)).unwrap().len()
}

pub(super) fn column(name: &str, landed_type: LandedType, class: ColumnClass) -> LandedColumn {
    let (name, description) = (name.parse().unwrap(), String::new());
    LandedColumn {
        name,
        landed_type,
        class,
        nullable: false,
        public_labels: false,
        of_one_person: false,
        no_equality: false,
        description,
    }
}

/// A table with a person column, in several files.
pub(super) fn table(vault: &Path, name: &str, rows: fn(u32) -> Rows) -> (GrantedTable, Vec<RecordBatch>) {
    let columns = vec![
        column("person_id", LandedType::Person, ColumnClass::Pseudonym),
        column("code", LandedType::Text, ColumnClass::QuasiIdentifier),
    ];
    let schema = crate::vault::schema_of(&columns);
    let batches = (0..BUCKETS).map(|bucket| {
        let rows = rows(bucket);
        let person = UInt32Array::from_iter_values(rows.iter().map(|r| r.0));
        let code = StringViewArray::from_iter_values(rows.iter().map(|r| &r.1));
        RecordBatch::try_new(schema.clone(), vec![Arc::new(person), Arc::new(code)]).unwrap()
    });
    granted(vault, name, columns, Some("person_id"), batches.collect())
}

/// Codes and the groups they are in: nobody's rows.
pub(super) fn reference(vault: &Path) -> (GrantedTable, Vec<RecordBatch>) {
    let columns = vec![
        column("code", LandedType::Text, ColumnClass::Reference),
        column("family", LandedType::Text, ColumnClass::Reference),
    ];
    let schema = crate::vault::schema_of(&columns);
    let code = StringViewArray::from_iter_values((0..7).map(|i| format!("code {i}")));
    let family = StringViewArray::from_iter_values((0..7).map(|i| format!("family {}", i % 2)));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(code), Arc::new(family)]).unwrap();
    granted(vault, "code", columns, None, vec![batch])
}

pub(super) fn granted(
    vault: &Path,
    name: &str,
    columns: Vec<LandedColumn>,
    person: Option<&str>,
    batches: Vec<RecordBatch>,
) -> (GrantedTable, Vec<RecordBatch>) {
    let key = DataKey::from_bytes(KEY);
    let files = (0u32..).zip(&batches).map(|(bucket, batch)| {
        let path = bucket_path(&"test".parse().unwrap(), 1, &name.parse().unwrap(), bucket);
        let bytes = write(vault, &path, &key, batch);
        FileEntry { path, bucket, rows: batch.num_rows() as u64, bytes, digest: Digest::of(b"") }
    });
    let files: Vec<FileEntry> = files.collect();
    let entry = TableEntry {
        name: name.parse().unwrap(),
        person: person.map(|p| p.parse().unwrap()),
        description: String::new(),
        columns: columns.clone(),
        rows: files.iter().map(|f| f.rows).sum(),
        files,
    };
    let schema = "test".to_owned();
    (GrantedTable { schema, entry, columns, row_filter: None, window: None, key }, batches)
}

/// The engine on a small region, and the same rows in DataFusion as it comes.
pub(super) struct Both {
    pub(super) folder: TempDir,
    pub(super) grant: ResolvedGrant,
    pub(super) plain: SessionContext,
}

impl Both {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path();
        let plain = SessionContext::new();
        let all = [table(vault, "event", rows), table(vault, "other", other_rows), reference(vault)];
        let tables = all.into_iter().map(|(table, batches)| {
            let memory = MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
            plain.register_table(table.entry.name.as_str(), Arc::new(memory)).unwrap();
            table
        });
        let grant = ResolvedGrant { tables: tables.collect(), workspace: Vec::new() };
        Self { folder, grant, plain }
    }

    pub(super) async fn plan(&self, sql: &str) -> Result<Planned, QueryError> {
        self.plan_with(sql, &policy()).await
    }

    pub(super) async fn plan_with(&self, sql: &str, policy: &Policy) -> Result<Planned, QueryError> {
        let limits = Limits { partitions: 4, ..Limits::default() };
        let engine = Engine::new(self.folder.path().to_owned(), limits);
        engine.plan(&self.grant, sql, policy).await
    }

    pub(super) async fn run(&self, sql: &str) -> Governed {
        let planned = self.plan(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"))
    }

    /// The rows of a query without governance: whole numbers.
    pub(super) async fn numbers(&self, sql: &str) -> Vec<Vec<i64>> {
        let batches = self.plain.sql(sql).await.unwrap().collect().await.unwrap();
        let mut rows = Vec::new();
        for batch in batches {
            let columns = batch.columns().iter().map(|c| cast(c, &DataType::Int64).unwrap());
            let columns: Vec<_> = columns.collect();
            let value = |c: &ArrayRef, row| c.as_primitive::<Int64Type>().value(row);
            rows.extend(
                (0..batch.num_rows()).map(|row| columns.iter().map(|c| value(c, row)).collect::<Vec<_>>()),
            );
        }
        rows
    }
}

pub(super) fn policy() -> Policy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/disclosure/nhs-england.toml");
    Policy::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}
