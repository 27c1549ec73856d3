//! The audit log: events as canonical bytes, an RFC 6962 Merkle tree over them, signed
//! checkpoints, and a verifier that needs no hub.
//!
//! ```
//! use cloister_audit::{AuditSigner, Event, EventKind, Frontier, Record, verify};
//! let at = "2026-03-01T09:30:00.000Z";
//! let record = Record::of(1, &Event::new(at, "admin", EventKind::HubCreated, "north"))?;
//! let mut tree = Frontier::new();
//! tree.append(record.leaf());
//! let signer = AuditSigner::from_seed(&[7; 32])?;
//! let checkpoint = signer.sign("north", tree.size(), tree.root(), at)?;
//! assert_eq!(verify([record], [checkpoint], &signer.public_key())?.records, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Pure: no files, no clock, no randomness, no database. It must not decide what is recorded, and
//! it must not hold, print or compare a patient's data: events name things, they do not contain them.

mod canonical;
mod checkpoint;
mod error;
mod event;
mod hex;
mod merkle;
mod path;
mod proof;
mod record;
mod verify;

pub use checkpoint::{AuditSigner, Checkpoint, PublicKey};
pub use error::{AuditError, EventError};
pub use event::{Event, EventKind, is_timestamp};
pub use merkle::{Frontier, leaf_hash};
pub use proof::{ConsistencyProof, Receipt};
pub use record::Record;
pub use verify::{Verified, Verifier, verify};
