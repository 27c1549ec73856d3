//! The Merkle tree of RFC 6962, section 2.1, over the records, kept as its frontier: the roots of
//! the complete subtrees that make up the log so far, at most 64 of them.

use crate::AuditError;
use cloister_model::{Digest, Hasher};

const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The hash of a record: SHA-256(0x00 ‖ sequence number, 8 bytes big-endian ‖ canonical event).
pub fn leaf_hash(seq: u64, event: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&[LEAF]);
    hasher.update(&seq.to_be_bytes());
    hasher.update(event);
    hasher.finish()
}

pub(crate) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&[NODE]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    hasher.finish()
}

/// As much of the tree as appending needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, largest (oldest) first: one for each 1 bit of `size`.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many records the tree covers.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next record's hash in; O(log n).
    pub fn append(&mut self, leaf: Digest) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// The root (RFC 6962's Merkle tree hash) of the records so far; of none, SHA-256 of nothing.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev().copied();
        match peaks.next() {
            None => Digest::of(b""),
            Some(last) => peaks.fold(last, |right, left| node_hash(&left, &right)),
        }
    }

    /// For storing: the size, 8 bytes big-endian, then the peaks.
    pub fn to_bytes(&self) -> Vec<u8> {
        let peaks = self.peaks.iter().flat_map(|peak| *peak.as_bytes());
        self.size.to_be_bytes().into_iter().chain(peaks).collect()
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`AuditError::Frontier`] where the bytes are not a state that appending can reach.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AuditError> {
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or(AuditError::Frontier)?;
        let (peaks, left_over) = rest.as_chunks::<32>();
        let size = u64::from_be_bytes(*size);
        if !left_over.is_empty() || usize::try_from(size.count_ones()) != Ok(peaks.len()) {
            return Err(AuditError::Frontier);
        }
        Ok(Self { size, peaks: peaks.iter().copied().map(Digest::from_bytes).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6962's definition, word for word.
    fn tree_hash(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [leaf] => *leaf,
            _ => {
                let mut k = 1;
                while k * 2 < leaves.len() {
                    k *= 2;
                }
                node_hash(&tree_hash(&leaves[..k]), &tree_hash(&leaves[k..]))
            }
        }
    }

    fn tree(size: u64) -> Frontier {
        let mut tree = Frontier::new();
        (1..=size).for_each(|seq| tree.append(leaf_hash(seq, format!("event {seq}").as_bytes())));
        tree
    }

    /// Computed with Python's hashlib from the RFC's recursive definition.
    #[test]
    fn known_answers() {
        for (size, root) in [
            (0, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "sha256:e03f60cd582ff80c1620b13109b83ad89bf48ec0d953aa568866574b3001ab0c"),
            (2, "sha256:f0c780200ddade15c45326c7bfd2453d4ca6e8ee820ad7dc99dbd05e38ba8a70"),
            (3, "sha256:342d05a64d6349234289b019a47ed8d69c112f11a458b8de820e8ce18a8d24f7"),
            (5, "sha256:1884b0af798c6fd2222df80bd2064723af5ba0a64b00d52dc265af0a138a6788"),
            (7, "sha256:b8b715542045b95c4531b13561dd713a0314a928fc6f99881e24dc6ab64fc6c3"),
        ] {
            assert_eq!(tree(size).root().to_string(), root, "{size}");
        }
    }

    #[test]
    fn stored_states_are_checked() {
        let bytes = tree(6).to_bytes();
        assert_eq!(Frontier::from_bytes(&bytes), Ok(tree(6)));
        assert_eq!(Frontier::from_bytes(&Frontier::new().to_bytes()), Ok(Frontier::new()));
        for wrong in [&[][..], &bytes[..bytes.len() - 1], &bytes[..bytes.len() - 32], &bytes[..7]] {
            assert_eq!(Frontier::from_bytes(wrong), Err(AuditError::Frontier));
        }
    }

    proptest! {
        #[test]
        fn the_frontier_is_the_tree(size in 0u64..200, cut in 0u64..200) {
            let leaves: Vec<Digest> = (1..=size).map(|seq| leaf_hash(seq, b"x")).collect();
            let mut tree = Frontier::new();
            for (i, leaf) in leaves.iter().enumerate() {
                if i as u64 == cut {
                    tree = Frontier::from_bytes(&tree.to_bytes()).unwrap();
                }
                tree.append(*leaf);
            }
            prop_assert_eq!(tree.root(), tree_hash(&leaves));
            prop_assert_eq!(tree.size(), size);
        }
    }
}
