//! Proofs that whoever holds the hub's public key checks without the log: that a record is in it, and that a later
//! log continues an earlier one.

use crate::path;
use crate::{AuditError, Checkpoint, PublicKey, Record, canonical, leaf_hash};
use cloister_model::Digest;
use serde::Deserialize;

/// A record, a checkpoint that covers it, and the hashes between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    record: Record,
    checkpoint: Checkpoint,
    path: Vec<Digest>,
}

/// Two checkpoints, and the hashes that show the later log to begin with the earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    earlier: Checkpoint,
    later: Checkpoint,
    path: Vec<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptLine {
    checkpoint: serde_json::Value,
    path: Vec<Digest>,
    record: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsistencyLine {
    earlier: serde_json::Value,
    later: serde_json::Value,
    path: Vec<Digest>,
}

fn hashes(path: &[Digest]) -> String {
    let texts: Vec<String> = path.iter().map(|hash| canonical::string(&hash.to_string())).collect();
    format!("[{}]", texts.join(","))
}

/// As a position among the leaves, which are counted from 0.
fn place(seq: u64) -> Option<usize> {
    usize::try_from(seq.checked_sub(1)?).ok()
}

impl Receipt {
    /// For a record; `leaves` are the hashes of the records that the checkpoint covers, in order.
    ///
    /// # Errors
    /// [`AuditError::NotIncluded`] where the record is not one of them.
    pub fn of(record: Record, checkpoint: Checkpoint, leaves: &[Digest]) -> Result<Self, AuditError> {
        let seq = record.seq();
        let path = place(seq).and_then(|place| path::inclusion(leaves, place));
        let receipt = Self { record, checkpoint, path: path.ok_or(AuditError::NotIncluded { seq })? };
        receipt.proves()?;
        Ok(receipt)
    }

    /// The record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    fn proves(&self) -> Result<(), AuditError> {
        let (seq, size) = (self.record.seq(), self.checkpoint.size());
        let leaf = leaf_hash(seq, self.record.event_bytes());
        let index = seq.checked_sub(1).ok_or(AuditError::NotIncluded { seq })?;
        if leaf == self.record.leaf() && path::includes(index, size, leaf, &self.path, self.checkpoint.root())
        {
            Ok(())
        } else {
            Err(AuditError::NotIncluded { seq })
        }
    }

    /// Whether the hub that owns the key recorded it.
    ///
    /// # Errors
    /// [`AuditError::Signature`], [`AuditError::NotIncluded`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), AuditError> {
        self.checkpoint.verify(key)?;
        self.proves()
    }

    /// One line of text: `{"checkpoint":{…},"path":["sha256:…"],"record":{…}}`.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] where the record is not an event in canonical form.
    pub fn to_line(&self) -> Result<String, AuditError> {
        Ok(canonical::object([
            ("checkpoint", self.checkpoint.to_line()),
            ("path", hashes(&self.path)),
            ("record", self.record.to_line()?),
        ]))
    }

    /// Reads a line, and refuses any other writing of it. Nothing is proven here.
    ///
    /// # Errors
    /// [`AuditError::ProofForm`].
    pub fn from_line(line: &str) -> Result<Self, AuditError> {
        let form = |_| AuditError::ProofForm;
        let read: ReceiptLine = serde_json::from_str(line).map_err(|_| AuditError::ProofForm)?;
        let record = Record::from_line(&read.record.to_string()).map_err(form)?;
        let checkpoint = Checkpoint::from_line(&read.checkpoint.to_string()).map_err(form)?;
        let receipt = Self { record, checkpoint, path: read.path };
        if receipt.to_line()? == line { Ok(receipt) } else { Err(AuditError::ProofForm) }
    }
}

impl ConsistencyProof {
    /// Between two checkpoints; `leaves` are the hashes of the records that the later one covers, in order.
    ///
    /// # Errors
    /// [`AuditError::NotConsistent`] where the later log does not begin with the earlier.
    pub fn of(earlier: Checkpoint, later: Checkpoint, leaves: &[Digest]) -> Result<Self, AuditError> {
        let differ = AuditError::NotConsistent { earlier: earlier.size(), later: later.size() };
        let size = usize::try_from(earlier.size()).ok();
        let path = size.and_then(|size| path::consistency(leaves, size)).ok_or(differ)?;
        let proof = Self { earlier, later, path };
        proof.proves()?;
        Ok(proof)
    }

    /// The earlier checkpoint, to be compared with one that was kept.
    pub fn earlier(&self) -> &Checkpoint {
        &self.earlier
    }

    /// The later checkpoint.
    pub fn later(&self) -> &Checkpoint {
        &self.later
    }

    fn proves(&self) -> Result<(), AuditError> {
        let (earlier, later) = (&self.earlier, &self.later);
        let same = earlier.hub() == later.hub()
            && path::continues(earlier.size(), later.size(), earlier.root(), later.root(), &self.path);
        if same {
            Ok(())
        } else {
            Err(AuditError::NotConsistent { earlier: earlier.size(), later: later.size() })
        }
    }

    /// Whether the hub that owns the key only appended between the two.
    ///
    /// # Errors
    /// [`AuditError::Signature`], [`AuditError::NotConsistent`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), AuditError> {
        self.earlier.verify(key)?;
        self.later.verify(key)?;
        self.proves()
    }

    /// One line of text: `{"earlier":{…},"later":{…},"path":["sha256:…"]}`.
    pub fn to_line(&self) -> String {
        canonical::object([
            ("earlier", self.earlier.to_line()),
            ("later", self.later.to_line()),
            ("path", hashes(&self.path)),
        ])
    }

    /// Reads a line, and refuses any other writing of it. Nothing is proven here.
    ///
    /// # Errors
    /// [`AuditError::ProofForm`].
    pub fn from_line(line: &str) -> Result<Self, AuditError> {
        let form = |_| AuditError::ProofForm;
        let read: ConsistencyLine = serde_json::from_str(line).map_err(|_| AuditError::ProofForm)?;
        let earlier = Checkpoint::from_line(&read.earlier.to_string()).map_err(form)?;
        let later = Checkpoint::from_line(&read.later.to_string()).map_err(form)?;
        let proof = Self { earlier, later, path: read.path };
        if proof.to_line() == line { Ok(proof) } else { Err(AuditError::ProofForm) }
    }
}

#[cfg(test)]
mod tests;
