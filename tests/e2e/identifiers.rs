//! No identifier of the input is anywhere in the home: not in a file, a footer, a statistic, a dictionary,
//! the database or what was printed.

use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use cloister_governance::FileEntry;
use cloister_model::DataKey;
use cloister_store::{Database as Metadata, Home, PostgresAddress, Store};
use cloister_synth::ErrorRates;
use cloister_tests::{Database, Hub, project};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::encryption::decrypt::FileDecryptionProperties;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Identifiers by length.
#[derive(Default)]
struct Needles(BTreeMap<usize, HashSet<Vec<u8>>>);

impl Needles {
    fn add(&mut self, value: &str) {
        // Shorter ones occur by chance.
        if value.len() >= 5 {
            self.0.entry(value.len()).or_default().insert(value.as_bytes().to_vec());
        }
    }

    fn find(&self, hay: &[u8]) -> Option<String> {
        for (length, set) in &self.0 {
            if let Some(found) = hay.windows(*length).find(|w| set.contains(*w)) {
                return Some(String::from_utf8_lossy(found).into_owned());
            }
        }
        None
    }
}

/// The columns whose values name somebody or something, by file.
const IDENTIFIERS: &[(&str, &[&str])] = &[
    (
        "gp/registrations.csv",
        &["nhs_number", "patient_id", "surname", "forename", "postcode", "practice_code"],
    ),
    ("gp/journal-01.csv", &["nhs_number", "patient_id", "clinician_id", "practice_code"]),
    ("hospital/admissions.csv", &["NEWNHSNO", "LOPATID", "HOMEADD", "EPIKEY"]),
    ("emergency/attendances.csv", &["nhs_number", "attendance_id", "site_code", "postcode"]),
    ("pathology/results.csv", &["nhs_number", "sample_id", "laboratory"]),
    ("social-care/services.csv", &["nhs_number", "la_person_id", "postcode"]),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn no_identifier_is_anywhere_in_the_home() {
    let hub = Hub::new();
    hub.region(300, ErrorRates::default());
    let (mut needles, mut births) = (Needles::default(), Needles::default());
    for (file, columns) in IDENTIFIERS {
        let mut reader = csv::Reader::from_path(hub.path("region").join(file)).unwrap();
        let header = reader.headers().unwrap().clone();
        for record in reader.records().map(Result::unwrap) {
            for (name, value) in header.iter().zip(&record) {
                if columns.contains(&name) {
                    needles.add(value);
                } else if name == "date_of_birth" || name == "DOB" {
                    births.add(value);
                }
            }
        }
    }
    let mut printed = Vec::new();
    for feed in ["gp", "hospital", "emergency", "pathology", "social-care"] {
        let done = hub.land(feed, &hub.path(&format!("region/{feed}"))).expect(0);
        printed.extend_from_slice(done.out.as_bytes());
        printed.extend_from_slice(done.err.as_bytes());
    }
    let grants = "[[grants]]\ndataset = \"gp\"\ntables = [{ name = \"person\", columns = \"all\" }]\n";
    hub.create(&project("p", "automatic", grants)).expect(0);
    hub.query("SELECT sex, count(*) AS n FROM person GROUP BY sex").expect(0);
    hub.query("CREATE TABLE kept AS SELECT * FROM person").expect(0);
    let listed = hub.run(&["workspace", "list", "--project", "p", "--as", "researcher"]).expect(0);
    printed.extend_from_slice(listed.out.as_bytes());
    assert_eq!(needles.find(&printed), None, "printed");
    assert_eq!(births.find(&printed), None, "printed");

    let mut seen = 0;
    for path in files(&hub.home()) {
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(needles.find(&bytes), None, "{}", path.display());
        assert_eq!(births.find(&bytes), None, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 10);
    let database = hub.database().bytes();
    assert!(database.len() > 10_000);
    assert_eq!(needles.find(&database), None, "the database");
    assert_eq!(births.find(&database), None, "the database");
    let decrypted = tokio::runtime::Runtime::new().unwrap().block_on(decrypt(&hub));
    assert!(decrypted.len() >= 6);
    for (name, dated, text) in decrypted {
        assert!(!text.is_empty(), "{name}");
        assert_eq!(needles.find(text.as_bytes()), None, "{name}");
        if !dated {
            assert_eq!(births.find(text.as_bytes()), None, "{name}");
        }
    }
}

/// Every column of every landed file as text, and every footer with its statistics.
async fn decrypt(hub: &Hub) -> Vec<(String, bool, String)> {
    let home = hub.home();
    let database = match hub.database() {
        Database::Sqlite(_) => Metadata::Embedded,
        Database::Postgres { url, schema } => {
            Metadata::Postgres(PostgresAddress::parse(url, schema).unwrap())
        }
    };
    let store = Store::open(&Home::at(home.clone()), &database).await.unwrap();
    let mut texts = Vec::new();
    let mut all: Vec<(DataKey, Vec<FileEntry>)> = Vec::new();
    for version in store.dataset_versions().await.unwrap() {
        let files = version.manifest.tables.iter().flat_map(|t| t.files.clone()).collect();
        all.push((store.data_key(&version).unwrap(), files));
    }
    for object in store.workspaces().await.unwrap() {
        let manifest: serde_json::Value = serde_json::from_str(&object.manifest).unwrap();
        let files: Vec<FileEntry> = serde_json::from_value(manifest["files"].clone()).unwrap();
        assert!(!files.is_empty());
        all.push((store.workspace_key(&object).unwrap().unwrap(), files));
    }
    for (key, files) in &all {
        for entry in files {
            let path = home.join("vault").join(&entry.path);
            // Without the key there is nothing to read: not even how many rows there are.
            assert!(ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).is_err());
            let properties = FileDecryptionProperties::builder(key.file_key(&entry.path).expose().to_vec())
                .with_aad_prefix(entry.path.as_bytes().to_vec())
                .build()
                .unwrap();
            let options = ArrowReaderOptions::new().with_file_decryption_properties(properties);
            let file = File::open(&path).unwrap();
            let metadata = ArrowReaderMetadata::load(&file, options.clone()).unwrap();
            texts.push((format!("{} footer", entry.path), true, format!("{:?}", metadata.metadata())));
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).build().unwrap();
            for batch in reader.map(Result::unwrap) {
                for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                    let mut text = String::new();
                    for row in 0..column.len() {
                        text.push_str(&array_value_to_string(column, row).unwrap());
                        text.push('\n');
                    }
                    let dated = matches!(field.data_type(), DataType::Date32 | DataType::Timestamp(..));
                    texts.push((format!("{} {}", entry.path, field.name()), dated, text));
                }
            }
        }
    }
    texts
}
