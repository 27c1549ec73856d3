//! The way of a cleared result from the process that cleared it to the one that answers.

use crate::Cleared;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret that two processes share for one query. What one of them cleared, the other receives as cleared,
/// and nothing else: the bytes come with a proof (HMAC-SHA-256) that [`Passage::send`] makes from a
/// [`Cleared`] only. It holds off mistakes, mixed-up answers and garbage; both ends have to be ours.
pub struct Passage([u8; 32]);

/// A cleared result under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The result, encoded.
    pub bytes: Vec<u8>,
    /// That it was cleared.
    pub proof: [u8; 32],
}

/// What arrived is not a cleared result.
#[derive(Debug)]
pub enum NotReceived<E> {
    /// It was not cleared at the other end, or not for this query.
    Unproven,
    /// It was, and cannot be read.
    Unreadable(E),
}

impl Passage {
    /// From 32 random bytes, fresh for every query.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The bytes, for the other end.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encodes a cleared result.
    ///
    /// # Errors
    /// Whatever the encoding gives.
    pub fn send<T, E>(
        &self,
        cleared: &Cleared<T>,
        encode: impl FnOnce(&T) -> Result<Vec<u8>, E>,
    ) -> Result<Sent, E> {
        let bytes = encode(cleared.get())?;
        let proof = self.mac(&bytes).finalize().into_bytes().into();
        Ok(Sent { bytes, proof })
    }

    /// Receives the one result that this passage is for.
    ///
    /// # Errors
    /// Where the proof is not of these bytes, or they cannot be decoded.
    pub fn receive<T, E>(
        self,
        sent: &Sent,
        decode: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Cleared<T>, NotReceived<E>> {
        self.mac(&sent.bytes).verify_slice(&sent.proof).map_err(|_| NotReceived::Unproven)?;
        decode(&sent.bytes).map(Cleared).map_err(NotReceived::Unreadable)
    }

    fn mac(&self, bytes: &[u8]) -> Hmac<Sha256> {
        // A key of a whole block cannot be refused (RFC 2104).
        let mut block = [0u8; 64];
        for (to, from) in block.iter_mut().zip(self.0) {
            *to = from;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(b"cloister:cleared:v1:");
        mac.update(bytes);
        mac
    }
}

impl std::fmt::Debug for Passage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passage(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &&str) -> Result<Vec<u8>, std::string::FromUtf8Error> {
        Ok(text.as_bytes().to_vec())
    }

    fn received(key: u8, sent: &Sent) -> Option<String> {
        let decode = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
        Passage::new([key; 32]).receive(sent, decode).ok().map(Cleared::into_inner)
    }

    #[test]
    fn what_was_not_cleared_for_this_query_does_not_arrive() {
        let sent = Passage::new([1; 32]).send(&Cleared("table"), encode).unwrap();
        assert_eq!(received(1, &sent).as_deref(), Some("table"));
        assert_eq!(received(2, &sent), None);
        for i in 0..sent.bytes.len() {
            let mut changed = sent.clone();
            changed.bytes[i] ^= 1;
            assert_eq!(received(1, &changed), None);
        }
        for i in 0..32 {
            let mut changed = sent.clone();
            changed.proof[i] ^= 1;
            assert_eq!(received(1, &changed), None);
        }
        let other = Passage::new([1; 32]).send(&Cleared("other"), encode).unwrap();
        assert_eq!(received(1, &Sent { proof: sent.proof, ..other }), None);
    }
}
