//! Landing an extract.

use crate::LandingError;
use crate::column::Context;
use crate::identity::People;
use crate::inputs::Inputs;
use crate::merge::{Unique, merge};
use crate::output::{BucketFile, RECORD_KEY, schema_of};
use crate::pipeline::{TablePlan, Validated};
use crate::progress::Progress;
use crate::reject::{RejectSummary, RejectWriter, TableRejects};
use crate::run::{Cursor, Run};
use crate::spill::{Spilled, Spills};
use arrow::array::{ArrayRef, RecordBatch, UInt16Array, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::NaiveDate;
use cloister_governance::{Contract, FileEntry, Manifest, TableContract, TableEntry};
use cloister_model::{DataKey, Digest, bucket_path, record_keys_path};
use cloister_pseudonym::{PeopleIndex, PseudonymKeys};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What to land, with what, and where to.
pub struct Landing<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The digest of its text.
    pub contract_digest: Digest,
    /// The version that this becomes.
    pub version: u32,
    /// The files.
    pub inputs: &'a Inputs,
    /// An empty folder; the files land under it as they will stand in the vault, and `rejects.csv` beside.
    pub staging: PathBuf,
    /// The key of this version.
    pub data_key: DataKey,
    /// The pseudonymisation keys.
    pub keys: &'a PseudonymKeys,
    /// How many people a bucket spans.
    pub people_per_bucket: u32,
    /// The day that ages are reckoned at.
    pub reference_date: NaiveDate,
    /// Bytes of rows that are sorted at once; beyond that, runs are spilled.
    pub memory_bytes: usize,
    /// Threads that validate and write.
    pub threads: usize,
    /// Told of progress.
    pub progress: &'a dyn Progress,
}

/// What was landed.
#[derive(Debug)]
pub struct Landed {
    /// Every file, table and column.
    pub manifest: Manifest,
    /// What was rejected, in numbers.
    pub rejects: RejectSummary,
}

/// Lands an extract. New people are added to the index, which counts only if the caller keeps it; where
/// this fails, nothing outside the staging folder has changed.
pub fn land(landing: &Landing<'_>, people: &mut PeopleIndex) -> Result<Landed, LandingError> {
    let mut writer = RejectWriter::create(&landing.staging.join("rejects.csv"))?;
    let mut people = People::new(landing.keys, &landing.contract.person_scheme, people);
    let (mut tables, mut rejects) = (Vec::new(), RejectSummary::default());
    for table in &landing.contract.tables {
        let Some(files) = landing.inputs.tables.get(table.name.as_str()) else {
            // What an extract may come without is there for queries, and empty.
            let (entry, _) = Collector::new(landing, table, Vec::new())?.finish(&mut writer)?;
            tables.push(entry);
            continue;
        };
        let names: Vec<String> = files.iter().map(|f| f.name.clone()).collect();
        let mut collector = Collector::new(landing, table, names)?;
        landing.progress.table(table.name.as_str(), files.iter().map(|f| f.bytes).sum());
        let context = Context {
            contract: landing.contract,
            keys: landing.keys,
            reference_date: landing.reference_date,
        };
        let plan = TablePlan::new(table, context)?;
        plan.run(files, landing.threads, landing.progress, |chunk| {
            collector.take(chunk, &mut people, &mut writer)
        })?;
        let (entry, summary) = collector.finish(&mut writer)?;
        landing.progress.done(summary.landed, summary.rejected);
        tables.push(entry);
        rejects.tables.push(summary);
    }
    writer.finish()?;
    if !rejects.over_limit().is_empty() {
        return Err(LandingError::TooManyRejects(rejects));
    }
    let of_people = landing.contract.tables.iter().any(|t| t.person.is_some());
    let record_keys = of_people.then(|| record_keys(landing, &people.record_keys())).transpose()?;
    sync_folders(&landing.staging)?;
    let manifest = Manifest {
        dataset: landing.contract.name.clone(),
        version: landing.version,
        contract: landing.contract_digest,
        people_per_bucket: landing.people_per_bucket,
        tables,
        record_keys,
    };
    Ok(Landed { manifest, rejects })
}

/// Rows of a batch of record keys.
const RECORD_KEYS: usize = 1 << 20;

/// Writes the record key of everybody whom the hub knows now.
fn record_keys(landing: &Landing<'_>, keys: &[u32]) -> Result<FileEntry, LandingError> {
    let schema = Arc::new(Schema::new(vec![Field::new(RECORD_KEY, DataType::UInt32, false)]));
    let path = record_keys_path(&landing.contract.name, landing.version);
    let mut file = BucketFile::create(&landing.staging, path, 0, &schema, false, &landing.data_key)?;
    for keys in keys.chunks(RECORD_KEYS) {
        let column: ArrayRef = Arc::new(UInt32Array::from(keys.to_vec()));
        file.write(&RecordBatch::try_new(schema.clone(), vec![column])?)?;
    }
    file.finish()
}

/// Rows that repeat a key that must be unique: the file's place and the row.
type Duplicates = Vec<(u16, u64)>;

/// What every bucket file of a table is made with; writers share it.
struct Shape<'a> {
    landing: &'a Landing<'a>,
    table: &'a TableContract,
    schema: SchemaRef,
}

/// One table's rows on their way from validation to files.
struct Collector<'a> {
    landing: &'a Landing<'a>,
    table: &'a TableContract,
    files: Vec<String>,
    /// The schema with the hidden columns, for a table with people.
    run_schema: SchemaRef,
    batches: Vec<RecordBatch>,
    bytes: usize,
    spills: Spills,
    /// A reference table's only file, written as it is read.
    reference: Option<BucketFile>,
    shape: Shape<'a>,
    summary: TableRejects,
}

impl<'a> Collector<'a> {
    fn new(
        landing: &'a Landing<'a>,
        table: &'a TableContract,
        files: Vec<String>,
    ) -> Result<Self, LandingError> {
        let schema = schema_of(&table.landed());
        let mut fields: Vec<Field> = schema.fields().iter().map(|f| f.as_ref().clone()).collect();
        if !table.unique.is_empty() {
            fields.push(Field::new("__key", DataType::FixedSizeBinary(16), false));
            fields.push(Field::new("__file", DataType::UInt16, false));
            fields.push(Field::new("__row", DataType::UInt64, false));
        }
        let shape = Shape { landing, table, schema };
        let reference = match table.person {
            None => Some(shape.bucket_file(0)?),
            Some(_) => None,
        };
        Ok(Self {
            landing,
            table,
            files,
            run_schema: Arc::new(Schema::new(fields)),
            batches: Vec::new(),
            bytes: 0,
            spills: Spills::new(&landing.staging, landing.people_per_bucket)?,
            reference,
            shape,
            summary: TableRejects { table: table.name.as_str().to_owned(), ..TableRejects::default() },
        })
    }

    fn take(
        &mut self,
        chunk: Validated,
        people: &mut People<'_>,
        rejects: &mut RejectWriter,
    ) -> Result<(), LandingError> {
        let file = self.files.get(usize::from(chunk.file)).map(String::as_str).unwrap_or_default();
        for reject in &chunk.rejects {
            let column = reject.column.and_then(|c| self.table.columns.get(c));
            let column = column.map(|c| c.name.as_str()).unwrap_or_default();
            rejects.write(file, reject.row, column, reject.code)?;
            *self.summary.codes.entry(reject.code.to_owned()).or_default() += 1;
        }
        self.summary.read += chunk.read;
        self.summary.rejected += chunk.rejected;
        if let Some(reference) = &mut self.reference {
            let batch = RecordBatch::try_new(self.shape.schema.clone(), chunk.columns)?;
            return reference.write(&batch);
        }
        let numbers = chunk.people.into_iter().map(|p| people.number(p)).collect::<Result<Vec<u32>, _>>()?;
        let rows = numbers.len();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from(numbers))];
        columns.extend(chunk.columns);
        if let Some(keys) = chunk.keys {
            columns.push(keys);
            columns.push(Arc::new(UInt16Array::from(vec![chunk.file; rows])));
            columns.push(Arc::new(UInt64Array::from(chunk.rows)));
        }
        let batch = RecordBatch::try_new(self.run_schema.clone(), columns)?;
        self.bytes += batch.get_array_memory_size();
        if rows > 0 {
            self.batches.push(batch);
        }
        if self.bytes > self.landing.memory_bytes {
            self.bytes = 0;
            self.spills.add(std::mem::take(&mut self.batches))?;
        }
        Ok(())
    }

    fn finish(self, rejects: &mut RejectWriter) -> Result<(TableEntry, TableRejects), LandingError> {
        let (files, duplicates) = match self.reference {
            Some(reference) => (vec![reference.finish()?], Vec::new()),
            None => {
                let last = Run::sort(self.batches, self.landing.people_per_bucket)?;
                self.shape.write_buckets(&self.spills.finish()?, &last)?
            }
        };
        let mut summary = self.summary;
        report_duplicates(self.table, &self.files, duplicates, rejects, &mut summary)?;
        let rows = files.iter().map(|f| f.rows).sum();
        summary.landed = rows;
        summary.judge(&self.landing.contract.rejects);
        let person = self.table.person.as_ref().and_then(|p| self.table.column(p));
        let entry = TableEntry {
            name: self.table.name.clone(),
            person: person.map(|p| p.landed_name().clone()),
            description: self.table.description.clone(),
            columns: self.table.landed(),
            rows,
            files,
        };
        Ok((entry, summary))
    }
}

fn report_duplicates(
    table: &TableContract,
    files: &[String],
    mut duplicates: Duplicates,
    rejects: &mut RejectWriter,
    summary: &mut TableRejects,
) -> Result<(), LandingError> {
    duplicates.sort_unstable();
    let column = table.unique.first().map(|c| c.as_str()).unwrap_or_default();
    for (file, row) in &duplicates {
        let file = files.get(usize::from(*file)).map(String::as_str).unwrap_or_default();
        rejects.write(file, *row, column, "duplicate-key")?;
    }
    if !duplicates.is_empty() {
        summary.codes.insert("duplicate-key".to_owned(), duplicates.len() as u64);
        summary.rejected += duplicates.len() as u64;
    }
    Ok(())
}

impl Shape<'_> {
    fn bucket_file(&self, bucket: u32) -> Result<BucketFile, LandingError> {
        let landing = self.landing;
        let path = bucket_path(&landing.contract.name, landing.version, &self.table.name, bucket);
        let sorted = self.table.person.is_some();
        BucketFile::create(&landing.staging, path, bucket, &self.schema, sorted, &landing.data_key)
    }

    /// Merges every bucket into its file, several at once.
    fn write_buckets(
        &self,
        spilled: &[Spilled],
        last: &Run,
    ) -> Result<(Vec<FileEntry>, Duplicates), LandingError> {
        let mut buckets: BTreeSet<u32> = spilled.iter().flat_map(Spilled::buckets).collect();
        buckets.extend(last.buckets.iter().map(|(bucket, _)| *bucket));
        if buckets.is_empty() {
            return Ok((vec![self.bucket_file(0)?.finish()?], Vec::new()));
        }
        let waiting = Mutex::new(buckets.into_iter());
        let work = || -> Result<Vec<(FileEntry, Duplicates)>, LandingError> {
            let mut done = Vec::new();
            loop {
                let next = waiting.lock().map(|mut w| w.next());
                match next {
                    Ok(Some(bucket)) => done.push(self.write_bucket(bucket, spilled, last)?),
                    Ok(None) => return Ok(done),
                    Err(_) => return Err(LandingError::Internal("a writer stopped".to_owned())),
                }
            }
        };
        let done = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.landing.threads.max(1)).map(|_| scope.spawn(work)).collect();
            let results = workers.into_iter().map(|w| {
                w.join().map_err(|_| LandingError::Internal("a writer stopped".to_owned())).flatten()
            });
            results.collect::<Result<Vec<_>, _>>()
        })?;
        let (mut files, duplicates): (Vec<_>, Vec<_>) = done.into_iter().flatten().unzip();
        files.sort_by_key(|f: &FileEntry| f.bucket);
        Ok((files, duplicates.concat()))
    }

    fn write_bucket(
        &self,
        bucket: u32,
        spilled: &[Spilled],
        last: &Run,
    ) -> Result<(FileEntry, Duplicates), LandingError> {
        let spilled = spilled.iter().filter_map(|run| Cursor::of_spilled(run, bucket));
        let cursors = spilled.chain(Cursor::of_run(last, bucket)).collect();
        let mut file = self.bucket_file(bucket)?;
        let mut unique = (!self.table.unique.is_empty()).then(Unique::default);
        merge(cursors, |batch| match &mut unique {
            Some(unique) => file.write(&unique.keep(&batch)?),
            None => file.write(&batch),
        })?;
        Ok((file.finish()?, unique.map(|u| u.duplicates).unwrap_or_default()))
    }
}

/// Puts the names of the landed files on the disk, folder by folder.
fn sync_folders(folder: &Path) -> Result<(), LandingError> {
    for entry in std::fs::read_dir(folder).map_err(LandingError::Write)? {
        let path = entry.map_err(LandingError::Write)?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    File::open(folder).and_then(|f| f.sync_all()).map_err(LandingError::Write)
}
