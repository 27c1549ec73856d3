//! Release packages: what is in one, its signature, and a verifier that needs no hub.
//!
//! A package is files by their names. One of them, the index, lists all others with size and SHA-256; another signs it.
//!
//! ```
//! use cloister_audit::AuditSigner;
//! use cloister_package::{Index, seal, verify};
//! let signer = AuditSigner::from_seed(&[7; 32])?;
//! let files = [("table.csv".to_owned(), b"a,b\n1,2\n".to_vec())].into();
//! let index = Index::of("req_1", "2026-03-01T09:30:00.000Z", &files);
//! let package = seal(files, &index, &signer);
//! assert!(verify(&package, Some(&signer.public_key())).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Pure: names and bytes go in and come out. It must not know what a table says, nor decide that one may leave.

mod archive;
mod crate_metadata;
mod index;
mod verify;

pub use archive::{ArchiveError, unzip, zip};
pub use crate_metadata::{CRATE_METADATA, Described, metadata};
pub use index::{Entry, Files, INDEX, Index, SIGNATURE, seal};
pub use verify::{Fault, Verified, verify};
