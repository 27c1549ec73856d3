//! The list of a package's files, and the signature on it.

use cloister_audit::{AuditSigner, PublicKey};
use cloister_model::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A package: its files by their names, with `/` between parts.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The file that lists all others.
pub const INDEX: &str = "release.json";

/// The file that signs it.
pub const SIGNATURE: &str = "release.sig";

/// The list of a package's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The request whose result it is.
    pub request: String,
    /// When it was made: RFC 3339, UTC, milliseconds.
    pub made_at: String,
    /// Every other file but the signature.
    pub files: Vec<Entry>,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes; packages of before do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// The signature file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    /// The key, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519 (RFC 8032) over the index's bytes after `cloister-package-v1\n`, 128 hexadecimal digits.
    pub signature: String,
}

impl Index {
    /// The list of these files.
    pub fn of(request: &str, made_at: &str, files: &Files) -> Self {
        let entry = |(name, bytes): (&String, &Vec<u8>)| Entry {
            name: name.clone(),
            digest: Digest::of(bytes),
            size: u64::try_from(bytes.len()).ok(),
        };
        Self {
            request: request.to_owned(),
            made_at: made_at.to_owned(),
            files: files.iter().map(entry).collect(),
        }
    }

    /// Its bytes, as they are signed and kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers: this cannot fail.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Reads an index.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The files with their index and its signature.
pub fn seal(mut files: Files, index: &Index, signer: &AuditSigner) -> Files {
    let bytes = index.to_bytes();
    let signature =
        Signature { key: signer.public_key().to_string(), signature: signer.sign_package(&bytes) };
    files.insert(SIGNATURE.to_owned(), serde_json::to_vec_pretty(&signature).unwrap_or_default());
    files.insert(INDEX.to_owned(), bytes);
    files
}

impl Signature {
    /// Who signed these bytes, if the signature is theirs.
    pub fn signer(&self, index: &[u8]) -> Option<PublicKey> {
        let key: PublicKey = self.key.parse().ok()?;
        key.verifies_package(index, &self.signature).then_some(key)
    }
}
