//! Keys of dataset versions, wrapped by the hub's vault key, and small values sealed by it.

use crate::StoreError;
use cloister_model::DataKey;
use hkdf::Hkdf;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What wraps data keys: a key in memory, or a key management service.
pub trait KeyWrap: Send + Sync {
    /// Seals bytes for a place; only the same place opens them.
    fn seal(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, StoreError>;

    /// Opens what was sealed for a place.
    fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError>;

    /// Wraps the data key of a place.
    fn wrap(&self, place: &str, key: &DataKey) -> Result<Vec<u8>, StoreError> {
        self.seal(place, key.expose())
    }

    /// Unwraps the data key of a place.
    fn unwrap(&self, place: &str, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let bytes = self.open(place, wrapped)?;
        let key = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| StoreError::Sealed)?);
        Ok(DataKey::from_bytes(*key))
    }
}

/// The vault key in memory. Every seal is made under a key of its own, derived (HKDF-SHA-256) from the
/// vault key and 32 random bytes that lead the sealed value, so that no number of seals wears a key out.
pub struct VaultKey(Hkdf<Sha256>);

impl VaultKey {
    /// From the key's bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Hkdf::new(Some(b"cloister|vault|v1"), bytes))
    }

    /// 32 secret bytes for a purpose, always the same.
    ///
    /// # Errors
    /// Never, for a purpose of ordinary length.
    pub fn derived(&self, purpose: &str) -> Result<[u8; 32], StoreError> {
        let mut bytes = [0u8; 32];
        let info = [b"derived|", purpose.as_bytes()];
        self.0.expand_multi_info(&info, &mut bytes).map_err(|_| StoreError::Sealed)?;
        Ok(bytes)
    }

    fn key(&self, salt: &[u8; 32], place: &str) -> Result<LessSafeKey, StoreError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        self.0
            .expand_multi_info(&[b"seal|", salt, place.as_bytes()], bytes.as_mut())
            .map_err(|_| StoreError::Sealed)?;
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_ref()).map_err(|_| StoreError::Sealed)?;
        Ok(LessSafeKey::new(key))
    }
}

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

/// A key that is used once needs no other nonce.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

impl KeyWrap for VaultKey {
    fn seal(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut salt = [0u8; 32];
        getrandom::fill(&mut salt).map_err(|_| StoreError::Sealed)?;
        let mut sealed = bytes.to_vec();
        self.key(&salt, place)?
            .seal_in_place_append_tag(nonce(), Aad::from(place.as_bytes()), &mut sealed)
            .map_err(|_| StoreError::Sealed)?;
        Ok([salt.as_slice(), &sealed].concat())
    }

    fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let (salt, sealed) = sealed.split_first_chunk::<32>().ok_or(StoreError::Sealed)?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let opened = self
            .key(salt, place)?
            .open_in_place(nonce(), Aad::from(place.as_bytes()), &mut bytes)
            .map_err(|_| StoreError::Sealed)?
            .len();
        bytes.truncate(opened);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_with_its_own_key_for_its_own_place_only() {
        let vault = VaultKey::from_bytes(&[1; 32]);
        let wrapped = vault.wrap("gp/1", &DataKey::from_bytes([5; 32])).unwrap();
        assert_eq!(vault.unwrap("gp/1", &wrapped).unwrap().expose(), &[5; 32]);
        assert!(!wrapped.windows(8).any(|w| w == [5; 8]));
        assert_ne!(vault.wrap("gp/1", &DataKey::from_bytes([5; 32])).unwrap(), wrapped);
        let opens = |vault: &VaultKey, place, bytes: &[u8]| vault.unwrap(place, bytes).is_ok();
        assert!(!opens(&vault, "gp/2", &wrapped));
        assert!(!opens(&VaultKey::from_bytes(&[2; 32]), "gp/1", &wrapped));
        assert!(!opens(&vault, "gp/1", &[]));
        for i in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[i] ^= 1;
            assert!(!opens(&vault, "gp/1", &changed), "{i}");
        }
    }
}
