//! A small vault, and the same rows in plain vectors. Every text of it begins with `zq`, so that it is found where
//! it must not be; `tag` is another text for every person.

use crate::random::Random;
use cloister_governance::{FileEntry, TableEntry};
use cloister_model::{ColumnClass, DataKey, Digest, LandedColumn, LandedType, bucket_path};
use cloister_query::{GrantedTable, ResolvedGrant};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int32Array, RecordBatch, StringViewArray, UInt32Array,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use datafusion::parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const PEOPLE: u32 = 220;
const BUCKETS: u32 = 4;

/// A value as the oracle sees it.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Val {
    Null,
    Num(f64),
    Text(String),
}

impl Val {
    pub(crate) fn num(&self) -> Option<f64> {
        match self {
            Self::Num(n) => Some(*n),
            Self::Null | Self::Text(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// A column, in the catalogue and for who writes queries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Col {
    pub(crate) name: &'static str,
    pub(crate) text: bool,
    /// Its class is `measure`.
    pub(crate) measure: bool,
    pub(crate) public: bool,
    pub(crate) nullable: bool,
    /// It is a count of rows.
    pub(crate) counted: bool,
}

const fn text(name: &'static str, public: bool, nullable: bool) -> Col {
    Col { name, text: true, measure: false, public, nullable, counted: false }
}

const fn measure(name: &'static str) -> Col {
    Col { name, text: false, measure: true, public: false, nullable: true, counted: false }
}

const fn number(name: &'static str, public: bool) -> Col {
    Col { name, text: false, measure: false, public, nullable: false, counted: false }
}

pub(crate) const PERSON: [Col; 5] = [
    text("sex", true, false),
    text("region", true, false),
    text("band", false, true),
    text("tag", false, false),
    measure("score"),
];
pub(crate) const VISIT: [Col; 4] =
    [text("kind", true, false), text("ward", false, false), measure("cost"), number("age", true)];
pub(crate) const WARD: [Col; 3] =
    [text("wname", false, false), text("site", false, false), number("beds", false)];
/// What a person's own visits come to.
pub(crate) const OWN: [Col; 2] = [
    Col { name: "n", text: false, measure: false, public: false, nullable: false, counted: true },
    measure("total"),
];

/// Whose row it is, and its values.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) person: u32,
    pub(crate) values: Vec<Val>,
}

/// The rows of the world.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) person: Vec<Row>,
    pub(crate) visit: Vec<Row>,
    pub(crate) ward: Vec<Vec<Val>>,
}

fn name(kind: &str, n: usize) -> Val {
    Val::Text(format!("zq{kind}{n}"))
}

/// Small numbers are much more frequent than great ones.
fn skewed(random: &mut Random, n: usize) -> usize {
    let first = random.below(n);
    let second = random.below(n);
    random.below(first.min(second) + 1)
}

impl World {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(4711);
        let (mut person, mut visit) = (Vec::new(), Vec::new());
        for p in 0..PEOPLE {
            let score = match random.below(8) {
                0 => Val::Null,
                1 => Val::Num(0.0),
                _ => Val::Num((random.below(40) * 5) as f64),
            };
            let band = if random.one_in(12) { Val::Null } else { name("band", skewed(&mut random, 12)) };
            person.push(Row {
                person: p,
                values: vec![
                    name("sex", random.below(2)),
                    name("region", skewed(&mut random, 8)),
                    band,
                    Val::Text(format!("zqtag{p}x")),
                    score,
                ],
            });
            for _ in 0..random.below(6) {
                let cost = match random.below(10) {
                    0 => Val::Null,
                    1 => Val::Num(0.0),
                    _ => Val::Num((random.below(60) * 25) as f64),
                };
                visit.push(Row {
                    person: p,
                    values: vec![
                        name("kind", skewed(&mut random, 5)),
                        name("ward", skewed(&mut random, 9)),
                        cost,
                        Val::Num((20 + random.below(50)) as f64),
                    ],
                });
            }
        }
        // The last ward has no row here.
        let ward = (0..8).map(|w| vec![name("ward", w), name("site", w / 3), Val::Num((w * 7 % 4) as f64)]);
        Self { person, visit, ward: ward.collect() }
    }

    /// Writes the vault as landing would; what a project with every column granted may query.
    pub(crate) fn vault(&self, folder: &Path) -> ResolvedGrant {
        let ward: Vec<Row> = self.ward.iter().map(|v| Row { person: 0, values: v.clone() }).collect();
        ResolvedGrant {
            tables: vec![
                table(folder, "person", &PERSON, &self.person, true),
                table(folder, "visit", &VISIT, &self.visit, true),
                table(folder, "ward", &WARD, &ward, false),
            ],
            workspace: Vec::new(),
        }
    }
}

fn table(folder: &Path, name: &str, columns: &[Col], rows: &[Row], of_people: bool) -> GrantedTable {
    let key = DataKey::from_bytes([7; 32]);
    let mut landed = Vec::new();
    if of_people {
        landed.push(column("person_id", LandedType::Person, ColumnClass::Pseudonym, false, false));
    }
    for c in columns {
        let (kind, class) = match (c.text, c.measure) {
            (true, _) => (LandedType::Text, ColumnClass::QuasiIdentifier),
            (_, true) => (LandedType::Float, ColumnClass::Measure),
            _ => (LandedType::Int32, ColumnClass::QuasiIdentifier),
        };
        landed.push(column(c.name, kind, class, c.nullable, c.public));
    }
    let buckets = if of_people { BUCKETS } else { 1 };
    let mut files = Vec::new();
    for bucket in 0..buckets {
        let range = bucket * PEOPLE / buckets..(bucket + 1) * PEOPLE / buckets;
        let here: Vec<&Row> = rows.iter().filter(|r| range.contains(&r.person)).collect();
        let batch = batch(columns, &here, of_people);
        let path = bucket_path(&"test".parse().unwrap(), 1, &name.parse().unwrap(), bucket);
        let bytes = write(folder, &path, &key, &batch);
        files.push(FileEntry { path, bucket, rows: here.len() as u64, bytes, digest: Digest::of(b"") });
    }
    let entry = TableEntry {
        name: name.parse().unwrap(),
        person: of_people.then(|| "person_id".parse().unwrap()),
        description: String::new(),
        columns: landed.clone(),
        rows: rows.len() as u64,
        files,
    };
    GrantedTable { schema: "test".to_owned(), entry, columns: landed, row_filter: None, window: None, key }
}

fn column(
    name: &str,
    landed_type: LandedType,
    class: ColumnClass,
    nullable: bool,
    public_labels: bool,
) -> LandedColumn {
    LandedColumn {
        name: name.parse().unwrap(),
        landed_type,
        class,
        nullable,
        public_labels,
        description: String::new(),
        no_equality: false,
        of_one_person: false,
    }
}

fn batch(columns: &[Col], rows: &[&Row], of_people: bool) -> RecordBatch {
    let (mut fields, mut arrays): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    if of_people {
        fields.push(Field::new("person_id", DataType::UInt32, false));
        arrays.push(Arc::new(UInt32Array::from_iter_values(rows.iter().map(|r| r.person))));
    }
    for (i, c) in columns.iter().enumerate() {
        let values = rows.iter().map(|r| &r.values[i]);
        let array: ArrayRef = match (c.text, c.measure) {
            (true, _) => Arc::new(StringViewArray::from_iter(values.map(|v| match v {
                Val::Text(text) => Some(text.clone()),
                _ => None,
            }))),
            (_, true) => Arc::new(Float64Array::from_iter(values.map(Val::num))),
            _ => Arc::new(Int32Array::from_iter(values.map(|v| v.num().map(|n| n as i32)))),
        };
        fields.push(Field::new(c.name, array.data_type().clone(), c.nullable));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn write(vault: &Path, path: &str, key: &DataKey, batch: &RecordBatch) -> u64 {
    let encryption = FileEncryptionProperties::builder(key.file_key(path).expose().to_vec())
        .with_aad_prefix(path.as_bytes().to_vec())
        .with_aad_prefix_storage(false)
        .build()
        .unwrap();
    let properties = WriterProperties::builder().with_file_encryption_properties(encryption).build();
    std::fs::create_dir_all(vault.join(path).parent().unwrap()).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(vault.join(path)).unwrap(), batch.schema(), Some(properties))
            .unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    std::fs::metadata(vault.join(path)).unwrap().len()
}
