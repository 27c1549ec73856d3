//! Signed statements of how long the log is and what it hashes to.

use crate::{AuditError, canonical, hex, is_timestamp};
use cloister_model::Digest;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// Stands before the signed bytes, so that a signature made for something else is none of ours.
const DOMAIN: &[u8] = b"cloister-checkpoint-v1\n";

/// The first `size` records of a hub's log hash to `root`: signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Checkpoint {
    hub: String,
    size: u64,
    root: Digest,
    at: String,
    signature: [u8; 64],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: String,
    hub: String,
    root: Digest,
    signature: String,
    size: u64,
}

impl Checkpoint {
    /// A checkpoint as it was stored. Its signature is not checked here.
    pub fn from_parts(hub: String, size: u64, root: Digest, at: String, signature: [u8; 64]) -> Self {
        Self { hub, size, root, at, signature }
    }

    /// The hub's id.
    pub fn hub(&self) -> &str {
        &self.hub
    }

    /// How many records it covers.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree over them.
    pub fn root(&self) -> Digest {
        self.root
    }

    /// When it was signed: RFC 3339, UTC, milliseconds.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// The Ed25519 signature (RFC 8032).
    pub fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// One line of text:
    /// `{"at":"…","hub":"…","root":"sha256:…","signature":"<128 hexadecimal digits>","size":1}`.
    pub fn to_line(&self) -> String {
        canonical::object(
            self.signed_fields()
                .into_iter()
                .chain([("signature", canonical::string(&hex::encode(&self.signature)))]),
        )
    }

    /// Reads a line, and refuses any other writing of it. The signature is not checked here.
    ///
    /// # Errors
    /// [`AuditError::CheckpointForm`].
    pub fn from_line(line: &str) -> Result<Self, AuditError> {
        let read: Line = serde_json::from_str(line).map_err(|_| AuditError::CheckpointForm)?;
        let signature = hex::decode(&read.signature).ok_or(AuditError::CheckpointForm)?;
        let checkpoint = Self { hub: read.hub, size: read.size, root: read.root, at: read.at, signature };
        if checkpoint.to_line() == line { Ok(checkpoint) } else { Err(AuditError::CheckpointForm) }
    }

    /// Whether the hub's key signed it.
    ///
    /// # Errors
    /// [`AuditError::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), AuditError> {
        UnparsedPublicKey::new(&ED25519, &key.0)
            .verify(&self.signed_bytes(), &self.signature)
            .map_err(|_| AuditError::Signature { size: self.size })
    }

    fn signed_fields(&self) -> [(&'static str, String); 4] {
        [
            ("at", canonical::string(&self.at)),
            ("hub", canonical::string(&self.hub)),
            ("root", canonical::string(&self.root.to_string())),
            ("size", self.size.to_string()),
        ]
    }

    /// The canonical JSON without the signature, after the domain.
    fn signed_bytes(&self) -> Vec<u8> {
        [DOMAIN, canonical::object(self.signed_fields()).as_bytes()].concat()
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_line())
    }
}

/// The key that checkpoints are verified with; public. As text, 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Stands before a release package's index where it is signed.
const PACKAGE: &[u8] = b"cloister-package-v1\n";

impl AuditSigner {
    /// Signs the index of a release package: 128 hexadecimal digits.
    pub fn sign_package(&self, index: &[u8]) -> String {
        hex::encode(self.0.sign(&[PACKAGE, index].concat()).as_ref())
    }
}

impl PublicKey {
    /// Whether this key signed a release package's index.
    pub fn verifies_package(&self, index: &[u8], signature: &str) -> bool {
        let Some(signature) = hex::decode::<64>(signature) else { return false };
        UnparsedPublicKey::new(&ED25519, &self.0).verify(&[PACKAGE, index].concat(), &signature).is_ok()
    }

    /// From its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl FromStr for PublicKey {
    type Err = AuditError;

    fn from_str(text: &str) -> Result<Self, AuditError> {
        hex::decode(text).map(Self).ok_or(AuditError::Key)
    }
}

/// Signs checkpoints; never printed.
pub struct AuditSigner(Ed25519KeyPair);

impl AuditSigner {
    /// From the key's seed: 32 random bytes (RFC 8032).
    ///
    /// # Errors
    /// [`AuditError::Key`].
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, AuditError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| AuditError::Key)
    }

    /// The key that verifies.
    pub fn public_key(&self) -> PublicKey {
        let mut bytes = [0u8; 32];
        bytes.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        PublicKey(bytes)
    }

    /// Signs that the first `size` records of `hub` hash to `root`.
    ///
    /// # Errors
    /// [`AuditError::CheckpointForm`] where the hub has no name or the time has another form.
    pub fn sign(&self, hub: &str, size: u64, root: Digest, at: &str) -> Result<Checkpoint, AuditError> {
        if hub.is_empty() || !is_timestamp(at) {
            return Err(AuditError::CheckpointForm);
        }
        let mut checkpoint =
            Checkpoint { hub: hub.to_owned(), size, root, at: at.to_owned(), signature: [0; 64] };
        let signature = self.0.sign(&checkpoint.signed_bytes());
        checkpoint.signature = signature.as_ref().try_into().map_err(|_| AuditError::Key)?;
        Ok(checkpoint)
    }
}

impl fmt::Debug for AuditSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditSigner(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-03-01T09:30:00.000Z";

    fn signer() -> AuditSigner {
        AuditSigner::from_seed(&[7; 32]).unwrap()
    }

    /// RFC 8032, section 7.1, test 1: the public key of a given seed.
    #[test]
    fn the_seed_makes_the_key_of_the_standard() {
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let signer = AuditSigner::from_seed(&seed).unwrap();
        assert_eq!(
            signer.public_key().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert_eq!(signer.public_key().to_string().parse(), Ok(signer.public_key()));
        assert_eq!(format!("{signer:?}"), "AuditSigner(…)");
    }

    #[test]
    fn every_field_is_signed() {
        let key = signer().public_key();
        let good = signer().sign("north", 3, Digest::of(b"x"), AT).unwrap();
        assert_eq!(good.verify(&key), Ok(()));
        let other = AuditSigner::from_seed(&[8; 32]).unwrap().public_key();
        assert_eq!(good.verify(&other), Err(AuditError::Signature { size: 3 }));
        let line = good.to_line();
        for (from, to) in [
            ("north", "south"),
            ("\"size\":3", "\"size\":4"),
            ("09:30", "09:31"),
            ("sha256:2d", "sha256:2e"),
            ("\"signature\":\"", "\"signature\":\"00"),
        ] {
            let changed = line.replace(from, to);
            assert_ne!(changed, line, "{from}");
            let verified = Checkpoint::from_line(&changed).and_then(|checkpoint| checkpoint.verify(&key));
            assert!(verified.is_err(), "{from}");
        }
    }

    #[test]
    fn a_line_has_one_writing() {
        let good = signer().sign("north", 3, Digest::of(b"x"), AT).unwrap();
        let line = good.to_line();
        assert_eq!(Checkpoint::from_line(&line), Ok(good));
        for wrong in [line.replace(",\"hub", ", \"hub"), format!("{line}\n"), String::new(), "{}".into()] {
            assert_eq!(Checkpoint::from_line(&wrong), Err(AuditError::CheckpointForm), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_signed_without_a_hub_or_a_time() {
        assert_eq!(signer().sign("", 1, Digest::of(b""), AT), Err(AuditError::CheckpointForm));
        assert_eq!(signer().sign("north", 1, Digest::of(b""), "now"), Err(AuditError::CheckpointForm));
    }
}
