//! How files in the vault are named and keyed: agreed here between landing, which writes them,
//! and the query engine, which reads them.
//!
//! Every dataset version has a random data key. Every file has its own key,
//! `HMAC-SHA-256(data key, "cloister:file:v1:" ‖ path)`, and its path as additional authenticated
//! data, so that a file opened under another file's name, or another version's, fails to decrypt.

use crate::{Ident, Name};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key of one dataset version: 32 random bytes, wiped on drop, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DataKey([u8; 32]);

/// The AES-256 key of one file of a dataset version, wiped on drop, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FileKey([u8; 32]);

impl DataKey {
    /// Takes 32 bytes of randomness.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be wrapped.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of the file at `path` (as in [`bucket_path`]).
    pub fn file_key(&self, path: &str) -> FileKey {
        // HMAC pads a short key with zeros to its block of 64 bytes (RFC 2104); a whole block cannot be refused.
        let mut block = [0u8; 64];
        for (to, from) in block.iter_mut().zip(self.0) {
            *to = from;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        block.zeroize();
        mac.update(b"cloister:file:v1:");
        mac.update(path.as_bytes());
        let key: [u8; 32] = mac.finalize().into_bytes().into();
        FileKey(key)
    }
}

impl FileKey {
    /// The bytes, for the cipher.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(…)")
    }
}

/// The path of a bucket file inside the vault: `<dataset>/v<version>/<table>/b<bucket>.parquet`.
/// A reference table has the one bucket 0. It is also the file's additional authenticated data.
pub fn bucket_path(dataset: &Name, version: u32, table: &Ident, bucket: u32) -> String {
    format!("{dataset}/v{version:05}/{table}/{}", bucket_file(bucket))
}

/// The path of a dataset version's record keys inside the vault. No table's name begins so.
pub fn record_keys_path(dataset: &Name, version: u32) -> String {
    format!("{dataset}/v{version:05}/_record-keys/{}", bucket_file(0))
}

/// Where workspace tables lie inside the vault. No dataset's name begins so.
pub const WORKSPACES: &str = "_workspace";

/// The folder of the vault with what was released, and whose it is. No dataset has this name.
pub const LEDGER: &str = "_ledger";

/// The folder of one version of a workspace table inside the vault: `_workspace/<project>/<request>`, after the
/// request that made it.
pub fn workspace_folder(project: &Name, request: &str) -> String {
    format!("{WORKSPACES}/{project}/{request}")
}

/// The name of a bucket's file in its table's folder.
pub fn bucket_file(bucket: u32) -> String {
    format!("b{bucket:06}.parquet")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_own_key_and_no_key_prints() {
        let key = DataKey::from_bytes([7; 32]);
        let a = bucket_path(&"gp".parse().unwrap(), 1, &"person".parse().unwrap(), 0);
        let b = bucket_path(&"gp".parse().unwrap(), 2, &"person".parse().unwrap(), 0);
        assert_eq!(a, "gp/v00001/person/b000000.parquet");
        assert_ne!(key.file_key(&a).expose(), key.file_key(&b).expose());
        assert_eq!(key.file_key(&a).expose(), key.file_key(&a).expose());
        assert_eq!(format!("{key:?} {:?}", key.file_key(&a)), "DataKey(…) FileKey(…)");
    }
}
