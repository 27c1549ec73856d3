//! Sets of people, and signatures by which near ones are found.

use roaring::RoaringBitmap;
use std::fmt;

/// Parts of a signature.
pub(crate) const PARTS: usize = 64;

/// What signatures are made with. Without it they say nothing of who is in a set.
#[derive(Clone)]
pub struct Key([u64; 4]);

impl Key {
    /// A key of 32 secret bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let mut key = [0u64; 4];
        for (word, bytes) in key.iter_mut().zip(words) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self(key)
    }

    /// A number for a person.
    fn of(&self, person: u32) -> u64 {
        let [a, b, c, d] = self.0;
        let mut x = u64::from(person) ^ a;
        for odd in [b | 1, c | 1, d | 1] {
            x = x.wrapping_mul(odd);
            x ^= x >> 32;
        }
        x.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (x >> 29)
    }
}

/// It is never printed.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Distinct people, by their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People(pub(crate) RoaringBitmap);

impl People {
    /// Of their numbers, in any order.
    pub fn of(people: impl IntoIterator<Item = u32>) -> Self {
        Self(people.into_iter().collect())
    }

    /// Of their numbers in ascending order, each once; anything else makes a set all the same, more slowly.
    pub fn of_sorted(people: &[u32]) -> Self {
        match RoaringBitmap::from_sorted_iter(people.iter().copied()) {
            Ok(set) => Self(set),
            Err(_) => Self::of(people.iter().copied()),
        }
    }

    /// Of several sets, everybody.
    pub fn all<'a>(sets: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = RoaringBitmap::new();
        for set in sets {
            all |= &set.0;
        }
        Self(all)
    }

    /// How many they are.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many people are in one of the two and not in the other.
    pub fn apart(&self, other: &Self) -> u64 {
        let common = self.0.intersection_len(&other.0);
        self.len() + other.len() - 2 * common
    }
}

/// For each of some parts that people fall into, a sum over those of them who are in a set. Two sets that differ by *n* people
/// differ in *n* parts at most, whatever the numbers are: what differs in more parts is no near one. Equal parts say less: one
/// in 256 is equal by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) people: u32,
    pub(crate) parts: [u8; PARTS],
}

impl Signature {
    pub(crate) fn of(key: &Key, people: &People) -> Self {
        let mut parts = [0u8; PARTS];
        for person in &people.0 {
            // One byte chooses the part, another is added.
            let [a, .., h] = key.of(person).to_le_bytes();
            if let Some(part) = parts.get_mut(usize::from(h) % PARTS) {
                *part ^= a;
            }
        }
        Self { people: u32::try_from(people.len()).unwrap_or(u32::MAX), parts }
    }

    /// In how many parts two sets differ: at most as many as people are in one and not in the other.
    pub(crate) fn parts_apart(&self, other: &[u8; PARTS]) -> u32 {
        self.parts.iter().zip(other).map(|(a, b)| u32::from(a != b)).sum()
    }
}
