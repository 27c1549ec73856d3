//! The offline verifier: records and checkpoints in, the first thing that is wrong out.

use crate::{AuditError, Checkpoint, Frontier, PublicKey, Record, leaf_hash};
use std::iter::Peekable;
use std::vec::IntoIter;

/// A log that is as it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// How many checkpoints were checked against them.
    pub checkpoints: u64,
    /// How many records follow the last checkpoint: nothing vouches for these. A hub signs with
    /// every change, so its own log has none.
    pub unsigned_tail: u64,
}

/// Takes records one at a time, so that a log of any length is verified in little memory.
#[derive(Debug)]
pub struct Verifier {
    tree: Frontier,
    checkpoints: Peekable<IntoIter<Checkpoint>>,
    count: u64,
    signed: u64,
}

impl Verifier {
    /// Checks every signature, that all belong to one hub, and that they grow.
    ///
    /// # Errors
    /// [`AuditError::Signature`], [`AuditError::OtherHub`], [`AuditError::CheckpointOrder`].
    pub fn new(checkpoints: Vec<Checkpoint>, key: &PublicKey) -> Result<Self, AuditError> {
        let mut before: Option<&Checkpoint> = None;
        for checkpoint in &checkpoints {
            let size = checkpoint.size();
            checkpoint.verify(key)?;
            match before {
                Some(before) if before.hub() != checkpoint.hub() => {
                    return Err(AuditError::OtherHub { size });
                }
                Some(before) if before.size() >= size => return Err(AuditError::CheckpointOrder { size }),
                None if size == 0 => return Err(AuditError::CheckpointOrder { size }),
                _ => before = Some(checkpoint),
            }
        }
        let checkpoints = checkpoints.into_iter().peekable();
        Ok(Self { tree: Frontier::new(), checkpoints, count: 0, signed: 0 })
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// What is wrong with it, or with the records since the last checkpoint.
    pub fn push(&mut self, record: &Record) -> Result<(), AuditError> {
        let seq = record.seq();
        let expected = self.tree.size().saturating_add(1);
        if seq < expected {
            return Err(AuditError::Repeated { seq });
        }
        if seq > expected {
            return Err(AuditError::Missing { seq: expected });
        }
        if record.leaf() != leaf_hash(seq, record.event_bytes()) {
            return Err(AuditError::Changed { seq });
        }
        record.event().map_err(|_| AuditError::Malformed { seq })?;
        self.tree.append(record.leaf());
        if let Some(checkpoint) = self.checkpoints.next_if(|checkpoint| checkpoint.size() == seq) {
            if checkpoint.root() != self.tree.root() {
                return Err(AuditError::RootDiffers { first: self.signed.saturating_add(1), last: seq });
            }
            self.signed = seq;
            self.count = self.count.saturating_add(1);
        }
        Ok(())
    }

    /// Says that there are no more records.
    ///
    /// # Errors
    /// [`AuditError::Shorter`] where a checkpoint covers more.
    pub fn finish(self) -> Result<Verified, AuditError> {
        let records = self.tree.size();
        // They grow, so the last one covers the most.
        if let Some(beyond) = self.checkpoints.last() {
            return Err(AuditError::Shorter { records, signed: beyond.size() });
        }
        let unsigned_tail = records.saturating_sub(self.signed);
        Ok(Verified { records, checkpoints: self.count, unsigned_tail })
    }
}

/// Verifies a whole log: `records` and `checkpoints` in their order, against the hub's public key.
///
/// What was signed is found changed, removed, inserted, repeated or moved. What nothing here shows
/// is a log cut back *together with* its checkpoints: compare with checkpoints kept elsewhere.
///
/// # Errors
/// The first thing that is wrong, with its sequence number.
pub fn verify(
    records: impl IntoIterator<Item = Record>,
    checkpoints: impl IntoIterator<Item = Checkpoint>,
    key: &PublicKey,
) -> Result<Verified, AuditError> {
    let mut verifier = Verifier::new(checkpoints.into_iter().collect(), key)?;
    for record in records {
        verifier.push(&record)?;
    }
    verifier.finish()
}

#[cfg(test)]
mod tests;
