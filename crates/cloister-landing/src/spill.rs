//! Runs on disk: chunks of Arrow IPC, each sealed with AES-256-GCM under a key that exists only while this
//! landing does. What a crash leaves behind cannot be read by anybody.

use crate::LandingError;
use crate::run::{CHUNK_ROWS, Run};
use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

/// The key of one landing's runs, and how many chunks it has sealed.
struct SpillKey {
    key: LessSafeKey,
    sealed: AtomicU64,
}

impl SpillKey {
    /// A new random key.
    fn new() -> Result<Self, LandingError> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).map_err(|e| LandingError::Internal(e.to_string()))?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| unreadable())?;
        Ok(Self { key: LessSafeKey::new(key), sealed: AtomicU64::new(0) })
    }
}

/// Where a chunk is in its file.
pub(crate) struct SealedChunk {
    offset: u64,
    bytes: usize,
    number: u64,
}

/// A run on disk.
pub(crate) struct Spilled {
    file: File,
    key: Arc<SpillKey>,
    chunks: BTreeMap<u32, Vec<SealedChunk>>,
}

/// Runs written so far, and one that is being sorted and written while more rows are read.
pub(crate) struct Spills {
    key: Arc<SpillKey>,
    folder: PathBuf,
    people_per_bucket: u32,
    written: Vec<Spilled>,
    writing: Option<JoinHandle<Result<Spilled, LandingError>>>,
}

impl Spills {
    pub(crate) fn new(folder: &Path, people_per_bucket: u32) -> Result<Self, LandingError> {
        let (key, folder) = (Arc::new(SpillKey::new()?), folder.to_owned());
        Ok(Self { key, folder, people_per_bucket, written: Vec::new(), writing: None })
    }

    /// Sorts and writes batches beside the caller, once the run before is on the disk.
    pub(crate) fn add(&mut self, batches: Vec<RecordBatch>) -> Result<(), LandingError> {
        self.wait()?;
        let (key, folder) = (self.key.clone(), self.folder.clone());
        let (people_per_bucket, number) = (self.people_per_bucket, self.written.len());
        self.writing = Some(std::thread::spawn(move || {
            Spilled::write(&Run::sort(batches, people_per_bucket)?, key, &folder, number)
        }));
        Ok(())
    }

    /// All runs, on the disk.
    pub(crate) fn finish(mut self) -> Result<Vec<Spilled>, LandingError> {
        self.wait()?;
        Ok(std::mem::take(&mut self.written))
    }

    fn wait(&mut self) -> Result<(), LandingError> {
        if let Some(writing) = self.writing.take() {
            let stopped = |_| LandingError::Internal("a writer stopped".to_owned());
            self.written.push(writing.join().map_err(stopped)??);
        }
        Ok(())
    }
}

impl Drop for Spills {
    /// Nothing writes to the folder any more when a landing that failed clears it away.
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take() {
            drop(writing.join());
        }
    }
}

fn unreadable() -> LandingError {
    LandingError::Internal("a spilled run cannot be read back".to_owned())
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0u8; 12];
    bytes.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    Nonce::assume_unique_for_key(bytes)
}

impl Spilled {
    /// Writes a run out. The file has no name on disk any more once it is open, so that nothing is left
    /// behind whatever happens.
    fn write(run: &Run, key: Arc<SpillKey>, folder: &Path, number: usize) -> Result<Self, LandingError> {
        let path = folder.join(format!("run-{number}"));
        let mut file = File::options()
            .create_new(true)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(LandingError::Write)?;
        std::fs::remove_file(&path).map_err(LandingError::Write)?;
        let (mut chunks, mut offset) = (BTreeMap::<u32, Vec<SealedChunk>>::new(), 0u64);
        for (bucket, range) in &run.buckets {
            let mut rest = range.clone();
            while !rest.is_empty() {
                let part = rest.start..rest.end.min(rest.start + CHUNK_ROWS);
                rest.start = part.end;
                let number = key.sealed.fetch_add(1, Ordering::Relaxed);
                let sealed = seal(&run.rows(part)?, &key.key, number)?;
                file.write_all(&sealed).map_err(LandingError::Write)?;
                chunks.entry(*bucket).or_default().push(SealedChunk { offset, bytes: sealed.len(), number });
                offset += sealed.len() as u64;
            }
        }
        Ok(Self { file, key, chunks })
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = u32> {
        self.chunks.keys().copied()
    }

    pub(crate) fn chunks(&self, bucket: u32) -> &[SealedChunk] {
        self.chunks.get(&bucket).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn read(&self, chunk: &SealedChunk) -> Result<RecordBatch, LandingError> {
        let mut bytes = vec![0u8; chunk.bytes];
        self.file.read_exact_at(&mut bytes, chunk.offset).map_err(LandingError::Write)?;
        let plain = self.key.key.open_in_place(nonce(chunk.number), Aad::empty(), &mut bytes);
        let plain: &[u8] = plain.map_err(|_| unreadable())?;
        StreamReader::try_new(plain, None)?.next().ok_or_else(unreadable)?.map_err(LandingError::from)
    }
}

fn seal(batch: &RecordBatch, key: &LessSafeKey, number: u64) -> Result<Vec<u8>, LandingError> {
    let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
    writer.write(batch)?;
    let mut bytes = writer.into_inner()?;
    key.seal_in_place_append_tag(nonce(number), Aad::empty(), &mut bytes).map_err(|_| unreadable())?;
    Ok(bytes)
}
