//! Sorted runs: rows in the order of their people, in memory or sealed on disk.

use crate::LandingError;
use crate::spill::Spilled;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::UInt32Type;
use std::ops::Range;

/// Rows of a chunk that is merged or written at once.
pub(crate) const CHUNK_ROWS: usize = 8_192;

/// Rows sorted by person, and among one person's by their order in the extract.
pub(crate) struct Run {
    batches: Vec<RecordBatch>,
    /// Where each row is: its batch and its place in it.
    order: Vec<(usize, usize)>,
    /// The buckets with rows, ascending, and their part of the order.
    pub(crate) buckets: Vec<(u32, Range<usize>)>,
}

impl Run {
    /// Sorts batches whose first column is the person's number; rows come in the extract's order.
    pub(crate) fn sort(batches: Vec<RecordBatch>, people_per_bucket: u32) -> Result<Self, LandingError> {
        let mut keys: Vec<(u32, u32, u32)> =
            Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for (index, batch) in (0u32..).zip(&batches) {
            let people = person_column(batch)?;
            keys.extend((0u32..).zip(people).map(|(row, person)| (*person, index, row)));
        }
        keys.sort_unstable();
        let mut buckets: Vec<(u32, Range<usize>)> = Vec::new();
        for (place, (person, ..)) in keys.iter().enumerate() {
            let bucket = person / people_per_bucket;
            match buckets.last_mut() {
                Some((last, range)) if *last == bucket => range.end = place + 1,
                _ => buckets.push((bucket, place..place + 1)),
            }
        }
        let order = keys.into_iter().map(|(_, batch, row)| (batch as usize, row as usize)).collect();
        Ok(Self { batches, order, buckets })
    }

    /// The rows of a part of the order.
    pub(crate) fn rows(&self, part: Range<usize>) -> Result<RecordBatch, LandingError> {
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        Ok(interleave_record_batch(&batches, self.order.get(part).unwrap_or_default())?)
    }
}

/// The numbers of a batch's people: its first column.
pub(crate) fn person_column(batch: &RecordBatch) -> Result<&[u32], LandingError> {
    let column = batch.columns().first().and_then(|c| c.as_primitive_opt::<UInt32Type>());
    match column {
        Some(people) if people.null_count() == 0 => Ok(people.values()),
        _ => Err(LandingError::Internal("rows without people".to_owned())),
    }
}

/// The rows of one bucket in one run, chunk by chunk.
pub(crate) enum Cursor<'a> {
    Memory { run: &'a Run, rest: Range<usize> },
    Disk { run: &'a Spilled, chunks: std::slice::Iter<'a, crate::spill::SealedChunk> },
}

impl<'a> Cursor<'a> {
    pub(crate) fn of_run(run: &'a Run, bucket: u32) -> Option<Self> {
        let (_, rest) = run.buckets.iter().find(|(b, _)| *b == bucket)?;
        Some(Self::Memory { run, rest: rest.clone() })
    }

    pub(crate) fn of_spilled(run: &'a Spilled, bucket: u32) -> Option<Self> {
        let chunks = run.chunks(bucket);
        (!chunks.is_empty()).then(|| Self::Disk { run, chunks: chunks.iter() })
    }

    /// The next rows, in order; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, LandingError> {
        match self {
            Self::Memory { run, rest } => {
                if rest.start >= rest.end {
                    return Ok(None);
                }
                let part = rest.start..rest.end.min(rest.start + CHUNK_ROWS);
                rest.start = part.end;
                run.rows(part).map(Some)
            }
            Self::Disk { run, chunks } => chunks.next().map(|chunk| run.read(chunk)).transpose(),
        }
    }
}
