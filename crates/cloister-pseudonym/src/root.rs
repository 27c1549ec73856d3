//! The hub's root key.

use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A key could not be derived.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key service did not derive a key")]
pub struct KeyError;

/// Where keys are derived: in memory, or in a key management service that never gives the root away.
pub trait RootKey {
    /// 32 bytes for this salt and purpose; the same every time.
    fn derive(&self, salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError>;
}

/// A root key in memory; wiped on drop, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct LocalRootKey([u8; 32]);

impl LocalRootKey {
    /// Takes 32 bytes of randomness.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for LocalRootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalRootKey(…)")
    }
}

impl RootKey for LocalRootKey {
    fn derive(&self, salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mut key = Zeroizing::new([0u8; 32]);
        Hkdf::<Sha256>::new(Some(salt), &self.0).expand(info, key.as_mut()).map_err(|_| KeyError)?;
        Ok(key)
    }
}
