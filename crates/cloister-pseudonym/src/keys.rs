//! Domain keys and what is made with them.

use crate::{KeyError, RootKey};
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroize;

/// A 128-bit keyed pseudonym.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// From its bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(…)")
    }
}

/// The version of the input's form; another version is another pseudonym.
const VERSION: &str = "v1";
/// The greatest shift of a person's dates, in days either way.
const SHIFT_DAYS_MAX: u64 = 183;

/// An HMAC that has taken in its key, cloned for each message.
#[derive(Clone)]
struct Keyed(Hmac<Sha256>);

impl Keyed {
    fn new(root: &dyn RootKey, hub: &str, purpose: &str) -> Result<Self, KeyError> {
        let key =
            root.derive(hub.as_bytes(), format!("cloister|pseudonym|{VERSION}|{purpose}").as_bytes())?;
        let mut block = [0u8; 64];
        // HMAC pads a short key with zeros to its block (RFC 2104).
        block.iter_mut().zip(key.iter()).for_each(|(to, from)| *to = *from);
        let keyed = Self(Hmac::new(&block.into()));
        block.zeroize();
        Ok(keyed)
    }

    /// The code of the parts, each after its length, so that no two inputs read the same.
    fn code(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(VERSION.as_bytes());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn pseudonym(&self, parts: &[&[u8]]) -> Pseudonym {
        let mut kept = [0u8; 16];
        kept.iter_mut().zip(self.code(parts)).for_each(|(to, from)| *to = from);
        Pseudonym(kept)
    }
}

/// The hub's keys, one per domain.
#[derive(Clone)]
pub struct PseudonymKeys {
    person: Keyed,
    local_id: Keyed,
    staff: Keyed,
    organisation: Keyed,
    shift: Keyed,
    record: Keyed,
    people_index: LessSafeKey,
}

impl fmt::Debug for PseudonymKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKeys(…)")
    }
}

impl PseudonymKeys {
    /// Derives the keys of a hub.
    pub fn derive(root: &dyn RootKey, hub: &str) -> Result<Self, KeyError> {
        let keyed = |purpose| Keyed::new(root, hub, purpose);
        let index = root.derive(hub.as_bytes(), format!("cloister|people-index|{VERSION}").as_bytes())?;
        let index = UnboundKey::new(&AES_256_GCM, index.as_ref()).map_err(|_| KeyError)?;
        Ok(Self {
            person: keyed("person")?,
            local_id: keyed("local-id")?,
            staff: keyed("staff")?,
            organisation: keyed("organisation")?,
            shift: keyed("date-shift")?,
            record: keyed("record-key")?,
            people_index: LessSafeKey::new(index),
        })
    }

    /// A person by NHS number, as ten digits.
    pub fn person_by_nhs_number(&self, digits: &[u8]) -> Pseudonym {
        self.person.pseudonym(&[b"nhs-number", digits])
    }

    /// A person by an identifier of the source's own.
    pub fn person_by_local_id(&self, scheme: &str, id: &[u8]) -> Pseudonym {
        self.person.pseudonym(&[b"local", scheme.as_bytes(), id])
    }

    /// Another identifier of a dataset: a visit, an episode, a sample. The same in all its tables.
    pub fn local_id(&self, dataset: &str, id: &[u8]) -> Pseudonym {
        self.local_id.pseudonym(&[dataset.as_bytes(), id])
    }

    /// A member of staff, within a dataset.
    pub fn staff(&self, dataset: &str, id: &[u8]) -> Pseudonym {
        self.staff.pseudonym(&[dataset.as_bytes(), id])
    }

    /// An organisation; the same in every dataset.
    pub fn organisation(&self, id: &[u8]) -> Pseudonym {
        self.organisation.pseudonym(&[id])
    }

    /// By how many days a person's dates move: constant, never 0, at most 183 either way.
    pub fn date_shift_days(&self, person: Pseudonym) -> i64 {
        let code = self.shift.code(&[person.as_bytes()]);
        let number = code.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        // 2^64 is not a multiple of 366; the bias is below 2^-55.
        let step = number % (2 * SHIFT_DAYS_MAX);
        let days = i64::try_from(step % SHIFT_DAYS_MAX).unwrap_or_default() + 1;
        if step < SHIFT_DAYS_MAX { days } else { -days }
    }

    /// A person's record key, from 0 to one less than `keys`: what the noise of a count is drawn by (cell-key
    /// perturbation). It says nothing of the pseudonym and is the same for all of a person's rows; it is never shown.
    /// `None` where there are no keys.
    pub fn record_key(&self, person: Pseudonym, keys: u32) -> Option<u32> {
        let code = self.record.code(&[person.as_bytes()]);
        let number = code.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))?;
        // Where 2^64 is not a multiple of the keys, as it is of 256 and 4,096, the bias is below 2^-32.
        u32::try_from(number.checked_rem(u64::from(keys))?).ok()
    }

    /// Of the same number its low 32 bits: the record key for every number of keys that is a power of two, of which it is
    /// the remainder. What landing keeps of a person, as policies differ in how many keys they have.
    pub fn wide_record_key(&self, person: Pseudonym) -> u32 {
        let code = self.record.code(&[person.as_bytes()]);
        // The HMAC has 32 bytes.
        code.first_chunk::<8>().map_or(0, |[.., a, b, c, d]| u32::from_be_bytes([*a, *b, *c, *d]))
    }

    pub(crate) fn people_index(&self) -> &LessSafeKey {
        &self.people_index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalRootKey;

    fn keys() -> PseudonymKeys {
        PseudonymKeys::derive(&LocalRootKey::from_bytes([7; 32]), "north-hub").unwrap()
    }

    fn hex(pseudonym: Pseudonym) -> String {
        pseudonym.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Computed with Python's hmac and hashlib: HKDF-SHA-256(ikm = 07*32, salt = "north-hub",
    /// info = "cloister|pseudonym|v1|<domain>"), then HMAC over "v1" and the length-prefixed parts.
    #[test]
    fn known_answers() {
        let keys = keys();
        assert_eq!(hex(keys.person_by_nhs_number(b"9434765919")), "38a1fa4c767d413472ce0815273fb96f");
        assert_eq!(hex(keys.person_by_local_id("omop", b"17")), "db5a211b83fe4dc4697e2d9e96d58a69");
        assert_eq!(hex(keys.organisation(b"RX1")), "20c232f853e1b065ff482996ecb06ee7");
    }

    #[test]
    fn domains_hubs_and_schemes_never_meet() {
        let keys = keys();
        let other = PseudonymKeys::derive(&LocalRootKey::from_bytes([7; 32]), "south-hub").unwrap();
        let all = [
            keys.person_by_nhs_number(b"17"),
            other.person_by_nhs_number(b"17"),
            keys.person_by_local_id("a", b"17"),
            keys.person_by_local_id("a1", b"7"),
            keys.local_id("a", b"17"),
            keys.staff("a", b"17"),
            keys.organisation(b"17"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn shifts_are_constant_and_never_nothing() {
        let keys = keys();
        let shifts: Vec<i64> = (0..2_000u32)
            .map(|i| keys.date_shift_days(keys.person_by_nhs_number(i.to_string().as_bytes())))
            .collect();
        assert!(shifts.iter().all(|d| *d != 0 && d.abs() <= 183));
        assert!(shifts.contains(&183) && shifts.contains(&-183));
        let person = keys.person_by_nhs_number(b"1");
        assert_eq!(keys.date_shift_days(person), keys.date_shift_days(person));
    }

    /// Computed with Python's hmac and hashlib as above, domain "record-key": the first eight bytes of the HMAC over
    /// "v1" and the length-prefixed pseudonym, modulo the number of keys.
    #[test]
    fn record_keys_are_known_answers() {
        let keys = keys();
        let person = keys.person_by_nhs_number(b"9434765919");
        assert_eq!(keys.record_key(person, 4096), Some(2949));
        assert_eq!(keys.record_key(person, 256), Some(133));
        assert_eq!((keys.record_key(person, 1), keys.record_key(person, 0)), (Some(0), None));
        for bits in 0..32 {
            let remainder = keys.wide_record_key(person) % (1 << bits);
            assert_eq!(keys.record_key(person, 1 << bits), Some(remainder), "{bits}");
        }
    }

    #[test]
    fn record_keys_are_spread_evenly_and_differ_between_hubs() {
        let keys = keys();
        let other = PseudonymKeys::derive(&LocalRootKey::from_bytes([7; 32]), "south-hub").unwrap();
        let (mut counts, mut same) = ([0u32; 256], 0);
        for i in 0..25_600u32 {
            let person = keys.person_by_nhs_number(i.to_string().as_bytes());
            let key = keys.record_key(person, 256).unwrap();
            counts[key as usize] += 1;
            same += u32::from(other.record_key(person, 256) == Some(key));
        }
        // Chi-squared with 255 degrees of freedom: below 377 with probability 1 - 10^-6.
        let chi: f64 = counts.iter().map(|n| (f64::from(*n) - 100.0).powi(2) / 100.0).sum();
        assert!(chi < 377.0, "{chi}");
        assert!((50..150).contains(&same), "{same}");
    }

    #[test]
    fn nothing_prints_a_key() {
        let keys = keys();
        assert_eq!(
            format!("{keys:?} {:?}", LocalRootKey::from_bytes([1; 32])),
            "PseudonymKeys(…) LocalRootKey(…)"
        );
    }
}
