//! Paths through the Merkle tree: that a leaf is in it (RFC 6962, section 2.1.1) and that a tree continues an
//! earlier one (2.1.2), verified as RFC 9162, sections 2.1.3.2 and 2.1.4.2, has it.

use crate::merkle::{Frontier, node_hash};
use cloister_model::Digest;

fn root(leaves: &[Digest]) -> Digest {
    let mut tree = Frontier::new();
    leaves.iter().for_each(|leaf| tree.append(*leaf));
    tree.root()
}

/// The leaves left and right of the tree's middle: the largest power of two below their number. None for one leaf.
fn halves(leaves: &[Digest]) -> Option<(&[Digest], &[Digest])> {
    let middle = leaves.len().checked_sub(1)?.checked_ilog2()?;
    leaves.split_at_checked(1 << middle)
}

/// The hashes beside the way from leaf `index` (from 0) to the root, nearest first. None where there is no such leaf.
pub(crate) fn inclusion(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    leaves.get(index)?;
    let (mut rest, mut at, mut path) = (leaves, index, Vec::new());
    while let Some((left, right)) = halves(rest) {
        match at.checked_sub(left.len()) {
            None => {
                path.push(root(right));
                rest = left;
            }
            Some(further) => {
                path.push(root(left));
                (rest, at) = (right, further);
            }
        }
    }
    path.reverse();
    Some(path)
}

/// Whether `leaf` is at `index` (from 0) of the tree of `size` leaves with that root.
pub(crate) fn includes(index: u64, size: u64, leaf: Digest, path: &[Digest], tree: Digest) -> bool {
    let Some(mut last) = size.checked_sub(1).filter(|last| index <= *last) else { return false };
    let (mut at, mut hash) = (index, leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(beside, &hash);
            // A node without a right neighbour stands for itself some levels up.
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == tree
}

/// The hashes that show the first `earlier` leaves to be the beginning of the tree. None unless 0 < earlier ≤ all.
pub(crate) fn consistency(leaves: &[Digest], earlier: usize) -> Option<Vec<Digest>> {
    leaves.get(earlier.checked_sub(1)?)?;
    // Whether the subtree in hand is the whole of the earlier tree, whose root the reader has.
    let (mut rest, mut size, mut known, mut path) = (leaves, earlier, true, Vec::new());
    while size != rest.len() {
        let (left, right) = halves(rest)?;
        match size.checked_sub(left.len()) {
            Some(further) if further > 0 => {
                path.push(root(left));
                (rest, size, known) = (right, further, false);
            }
            Some(_) | None => {
                path.push(root(right));
                rest = left;
            }
        }
    }
    if !known {
        path.push(root(rest));
    }
    path.reverse();
    Some(path)
}

/// Whether a tree of `later` leaves begins with one of `earlier`, by their roots.
pub(crate) fn continues(
    earlier: u64,
    later: u64,
    earlier_root: Digest,
    later_root: Digest,
    path: &[Digest],
) -> bool {
    if earlier == 0 || earlier > later {
        return false;
    }
    if earlier == later {
        return path.is_empty() && earlier_root == later_root;
    }
    let mut path = path.iter();
    let whole = earlier.is_power_of_two().then_some(earlier_root);
    let Some(first) = whole.or_else(|| path.next().copied()) else { return false };
    let (mut at, mut last) = (earlier - 1, later - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old, mut new) = (first, first);
    for beside in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (old, new) = (node_hash(beside, &old), node_hash(beside, &new));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old == earlier_root && new == later_root
}

#[cfg(test)]
mod tests;
