//! The people of a hub: a dense number for each, given once.
//!
//! The index is kept as sealed segments, one per landing that met new people. A segment names them by
//! pseudonym, in the order of their numbers.

use crate::{Pseudonym, PseudonymKeys};
use hashbrown::HashMap;
use ring::aead::{Aad, Nonce};

/// Why a person cannot be numbered or a segment cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// Every number is taken.
    #[error("the hub has no person number left")]
    Exhausted,
    /// The segment is not what was sealed, or was sealed under another key or for another place.
    #[error("a segment of the people index cannot be opened")]
    Sealed,
    /// The segment does not follow the one before it.
    #[error("a segment of the people index is missing or there twice")]
    Gap,
}

impl PeopleError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exhausted => "people-exhausted",
            Self::Sealed => "people-segment-unreadable",
            Self::Gap => "people-segment-gap",
        }
    }
}

/// From pseudonym to number, and who is new.
#[derive(Clone, Default)]
pub struct PeopleIndex {
    numbers: HashMap<Pseudonym, u32>,
    new: Vec<Pseudonym>,
}

impl std::fmt::Debug for PeopleIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PeopleIndex({} people, {} new)", self.numbers.len(), self.new.len())
    }
}

impl PeopleIndex {
    /// How many people have a number.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether nobody has.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number of a person, who is given the next one on first sight.
    pub fn number(&mut self, person: Pseudonym) -> Result<u32, PeopleError> {
        if let Some(number) = self.numbers.get(&person) {
            return Ok(*number);
        }
        let number = u32::try_from(self.numbers.len()).map_err(|_| PeopleError::Exhausted)?;
        self.numbers.insert(person, number);
        self.new.push(person);
        Ok(number)
    }

    /// The first new person's number, and how many are new.
    pub fn new_people(&self) -> (usize, usize) {
        (self.numbers.len() - self.new.len(), self.new.len())
    }

    /// Everybody's wide record key ([`PseudonymKeys::wide_record_key`]), by their numbers.
    pub fn record_keys(&self, keys: &PseudonymKeys) -> Vec<u32> {
        let mut all = vec![0; self.numbers.len()];
        for (person, number) in &self.numbers {
            // Numbers are 0 to one less than there are people.
            if let Some(place) = all.get_mut(*number as usize) {
                *place = keys.wide_record_key(*person);
            }
        }
        all
    }

    /// Everybody new since the index was loaded, sealed for the place after everybody else. `None`
    /// where nobody is new. `nonce` must be fresh.
    pub fn seal_new(&self, keys: &PseudonymKeys, nonce: [u8; 12]) -> Result<Option<Vec<u8>>, PeopleError> {
        if self.new.is_empty() {
            return Ok(None);
        }
        let (first, count) = self.new_people();
        let mut people: Vec<u8> = self.new.iter().flat_map(|p| *p.as_bytes()).collect();
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        keys.people_index()
            .seal_in_place_append_tag(nonce_used, Aad::from(header(first, count)), &mut people)
            .map_err(|_| PeopleError::Sealed)?;
        Ok(Some([nonce.as_slice(), &people].concat()))
    }

    /// Takes in the next segment, which has this many people.
    pub fn open(&mut self, keys: &PseudonymKeys, segment: &[u8], count: usize) -> Result<(), PeopleError> {
        let (nonce, sealed) = segment.split_first_chunk::<12>().ok_or(PeopleError::Sealed)?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(header(self.numbers.len(), count));
        let people = keys
            .people_index()
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut sealed)
            .map_err(|_| PeopleError::Sealed)?;
        let (people, rest) = people.as_chunks::<16>();
        if people.len() != count || !rest.is_empty() {
            return Err(PeopleError::Sealed);
        }
        for person in people {
            let number = u32::try_from(self.numbers.len()).map_err(|_| PeopleError::Exhausted)?;
            if self.numbers.insert(Pseudonym::from_bytes(*person), number).is_some() {
                return Err(PeopleError::Gap);
            }
        }
        Ok(())
    }
}

/// What a segment is sealed for: its place, so that none can be left out, moved or repeated.
fn header(first: usize, count: usize) -> Vec<u8> {
    format!("cloister|people|v1|{first}|{count}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalRootKey;

    fn keys(byte: u8) -> PseudonymKeys {
        PseudonymKeys::derive(&LocalRootKey::from_bytes([byte; 32]), "hub").unwrap()
    }

    fn person(n: u128) -> Pseudonym {
        Pseudonym::from_bytes(n.to_be_bytes())
    }

    #[test]
    fn numbers_are_dense_and_survive_landings() {
        let keys = keys(1);
        let mut first = PeopleIndex::default();
        assert_eq!([9, 4, 9, 7].map(|n| first.number(person(n)).unwrap()), [0, 1, 0, 2]);
        let one = first.seal_new(&keys, [1; 12]).unwrap().unwrap();

        let mut second = PeopleIndex::default();
        second.open(&keys, &one, 3).unwrap();
        assert_eq!([7, 5, 4].map(|n| second.number(person(n)).unwrap()), [2, 3, 1]);
        let two = second.seal_new(&keys, [2; 12]).unwrap().unwrap();

        let mut third = PeopleIndex::default();
        third.open(&keys, &one, 3).unwrap();
        third.open(&keys, &two, 1).unwrap();
        assert_eq!(third.number(person(5)), Ok(3));
        assert_eq!(third.seal_new(&keys, [3; 12]), Ok(None));
    }

    #[test]
    fn segments_cannot_be_moved_changed_or_read_with_another_key() {
        let own = keys(1);
        let mut index = PeopleIndex::default();
        index.number(person(1)).unwrap();
        let sealed = index.seal_new(&own, [1; 12]).unwrap().unwrap();
        assert!(!sealed.windows(16).any(|w| w == person(1).as_bytes()));
        let open =
            |keys: &PseudonymKeys, bytes: &[u8], count| PeopleIndex::default().open(keys, bytes, count);
        assert_eq!(open(&own, &sealed, 1), Ok(()));
        assert_eq!(open(&keys(2), &sealed, 1), Err(PeopleError::Sealed));
        assert_eq!(open(&own, &sealed, 2), Err(PeopleError::Sealed));
        assert_eq!(index.clone().open(&own, &sealed, 1), Err(PeopleError::Sealed));
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert_eq!(open(&own, &changed, 1), Err(PeopleError::Sealed));
        }
        assert_eq!(open(&own, &[], 1), Err(PeopleError::Sealed));
    }
}
