//! Pseudonyms: the only crate that holds pseudonymisation key bytes.
//!
//! A pseudonym is `HMAC-SHA-256(key of its domain, tagged and length-prefixed input)`, of which 128 bits
//! are kept. The keys of the domains are derived from the hub's root key with HKDF-SHA-256 (RFC 5869).
//! A person also has a dense number, given once per hub, which is all that queries need.
//!
//! ```
//! use cloister_pseudonym::{LocalRootKey, PseudonymKeys};
//! let keys = PseudonymKeys::derive(&LocalRootKey::from_bytes([7; 32]), "north-hub")?;
//! assert_eq!(keys.person_by_nhs_number(b"9434765919"), keys.person_by_nhs_number(b"9434765919"));
//! # Ok::<(), cloister_pseudonym::KeyError>(())
//! ```
//!
//! It has no way back from a pseudonym, prints no key, and reads neither files nor clocks: bytes are arguments.

mod keys;
mod people;
mod root;

pub use keys::{Pseudonym, PseudonymKeys};
pub use people::{PeopleError, PeopleIndex};
pub use root::{KeyError, LocalRootKey, RootKey};
