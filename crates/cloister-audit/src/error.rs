//! What can be wrong with an event, and what the verifier can find.

/// An event cannot be recorded as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The time is not RFC 3339, in UTC, with milliseconds.
    #[error("an event's time must read like 2026-03-01T09:30:00.000Z")]
    Time,
    /// The actor or the subject is empty.
    #[error("an event must name its actor and its subject")]
    Nameless,
    /// A detail is neither a string nor an integer, nor a list or object of these.
    #[error("an event's details may hold strings and whole numbers only")]
    Detail,
    /// Lists and objects lie too deep within each other.
    #[error("an event's details are nested too deeply")]
    Depth,
    /// The canonical bytes are too long.
    #[error("an event is longer than {} bytes", crate::event::EVENT_BYTES_MAX)]
    Length,
    /// The bytes are not the canonical form of an event.
    #[error("the bytes are not an event in canonical form")]
    NotCanonical,
}

impl EventError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Time => "event-time",
            Self::Nameless => "event-nameless",
            Self::Detail => "event-detail",
            Self::Depth => "event-depth",
            Self::Length => "event-length",
            Self::NotCanonical => "event-not-canonical",
        }
    }
}

/// What is wrong with a log, and at which record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The record that should come next is not there.
    #[error("record {seq} is missing or out of place")]
    Missing {
        /// The sequence number that was expected.
        seq: u64,
    },
    /// A record comes a second time, or late.
    #[error("record {seq} is repeated or out of place")]
    Repeated {
        /// The sequence number that was found.
        seq: u64,
    },
    /// The event is not the one whose hash the record carries.
    #[error("record {seq} was changed after it was written")]
    Changed {
        /// The record.
        seq: u64,
    },
    /// The bytes are not an event.
    #[error("record {seq} is not an event in canonical form")]
    Malformed {
        /// The record.
        seq: u64,
    },
    /// The records up to here hash to another root than the signed one; those before `first` are as they were signed.
    #[error("records {first} to {last} are not those that were signed")]
    RootDiffers {
        /// The first record that may differ.
        first: u64,
        /// The last one that the checkpoint covers.
        last: u64,
    },
    /// A checkpoint covers more records than there are.
    #[error("the log ends at record {records}, but {signed} records were signed: it was cut or rolled back")]
    Shorter {
        /// How many records there are.
        records: u64,
        /// How many were signed.
        signed: u64,
    },
    /// A checkpoint's signature is not the hub's.
    #[error("the checkpoint at record {size} is not signed by this hub's key")]
    Signature {
        /// How many records the checkpoint covers.
        size: u64,
    },
    /// Checkpoints do not grow.
    #[error("the checkpoint at record {size} is repeated or out of order")]
    CheckpointOrder {
        /// How many records the checkpoint covers.
        size: u64,
    },
    /// Checkpoints of several hubs are mixed.
    #[error("the checkpoint at record {size} belongs to another hub")]
    OtherHub {
        /// How many records the checkpoint covers.
        size: u64,
    },
    /// A checkpoint's fields cannot be signed, or its text read.
    #[error("not a checkpoint in canonical form")]
    CheckpointForm,
    /// A record's text cannot be read.
    #[error("not a record in canonical form")]
    RecordForm,
    /// A receipt or a proof of consistency cannot be read.
    #[error("not a proof in canonical form")]
    ProofForm,
    /// The record is not among those that were signed.
    #[error("record {seq} is not in the log that the checkpoint signs")]
    NotIncluded {
        /// The record.
        seq: u64,
    },
    /// A later checkpoint does not continue an earlier one.
    #[error("the log of {later} records does not begin with the {earlier} that were signed before")]
    NotConsistent {
        /// How many records the earlier checkpoint covers.
        earlier: u64,
        /// How many the later one covers.
        later: u64,
    },
    /// The bytes are not a key.
    #[error("not an Ed25519 key")]
    Key,
    /// The stored state of the tree is not one.
    #[error("not the state of a Merkle tree")]
    Frontier,
}

impl AuditError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "audit-record-missing",
            Self::Repeated { .. } => "audit-record-repeated",
            Self::Changed { .. } => "audit-record-changed",
            Self::Malformed { .. } => "audit-record-malformed",
            Self::RootDiffers { .. } => "audit-root-differs",
            Self::Shorter { .. } => "audit-log-shorter",
            Self::Signature { .. } => "audit-signature",
            Self::CheckpointOrder { .. } => "audit-checkpoint-order",
            Self::OtherHub { .. } => "audit-other-hub",
            Self::CheckpointForm => "audit-checkpoint-form",
            Self::RecordForm => "audit-record-form",
            Self::ProofForm => "audit-proof-form",
            Self::NotIncluded { .. } => "audit-not-included",
            Self::NotConsistent { .. } => "audit-not-consistent",
            Self::Key => "audit-key",
            Self::Frontier => "audit-frontier",
        }
    }
}
