use super::*;
use crate::leaf_hash;
use proptest::prelude::*;

fn leaves(size: u64) -> Vec<Digest> {
    (1..=size).map(|seq| leaf_hash(seq, b"x")).collect()
}

/// RFC 6962, 2.1.1, word for word.
fn path_of_the_rfc(m: usize, d: &[Digest]) -> Vec<Digest> {
    if d.len() <= 1 {
        return vec![];
    }
    let mut k = 1;
    while k * 2 < d.len() {
        k *= 2;
    }
    let (mut path, last) = if m < k {
        (path_of_the_rfc(m, &d[..k]), root(&d[k..]))
    } else {
        (path_of_the_rfc(m - k, &d[k..]), root(&d[..k]))
    };
    path.push(last);
    path
}

/// RFC 6962, 2.1.2, word for word.
fn proof_of_the_rfc(m: usize, d: &[Digest], b: bool) -> Vec<Digest> {
    if m == d.len() {
        return if b { vec![] } else { vec![root(d)] };
    }
    let mut k = 1;
    while k * 2 < d.len() {
        k *= 2;
    }
    let (mut path, last) = if m <= k {
        (proof_of_the_rfc(m, &d[..k], b), root(&d[k..]))
    } else {
        (proof_of_the_rfc(m - k, &d[k..], false), root(&d[..k]))
    };
    path.push(last);
    path
}

#[test]
fn every_leaf_of_every_small_tree() {
    for size in 1..70usize {
        let all = leaves(size as u64);
        let tree = root(&all);
        for at in 0..size {
            let path = inclusion(&all, at).unwrap();
            assert_eq!(path, path_of_the_rfc(at, &all), "{at} of {size}");
            for claimed in 0..size {
                let held = includes(claimed as u64, size as u64, all[at], &path, tree);
                assert_eq!(held, claimed == at, "{at} of {size} as {claimed}");
            }
        }
        assert_eq!(inclusion(&all, size), None);
    }
}

#[test]
fn every_pair_of_small_trees() {
    for later in 1..70usize {
        let all = leaves(later as u64);
        for earlier in 1..=later {
            let path = consistency(&all, earlier).unwrap();
            assert_eq!(path, proof_of_the_rfc(earlier, &all, true), "{earlier} of {later}");
            for claimed in 0..=later {
                let before = root(&all[..claimed]);
                let held = continues(earlier as u64, later as u64, before, root(&all), &path);
                assert_eq!(held, claimed == earlier, "{earlier} of {later} with the root of {claimed}");
            }
        }
        assert_eq!((consistency(&all, 0), consistency(&all, later + 1)), (None, None));
    }
}

proptest! {
    /// Whatever is altered, cut or added, nothing else is proven.
    #[test]
    fn an_altered_path_proves_nothing(size in 2u64..300, at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), kind in 0..4) {
        let all = leaves(size);
        let at = at.index(all.len());
        let alter = |mut path: Vec<Digest>| {
            let len = path.len();
            match kind {
                0 if len > 0 => path[which.index(len)] = leaf_hash(0, b"y"),
                1 => drop(path.pop()),
                2 => path.push(leaf_hash(0, b"y")),
                _ if len > 0 => path.insert(which.index(len), all[0]),
                _ => path.push(all[0]),
            }
            path
        };
        let path = inclusion(&all, at).unwrap();
        let altered = alter(path.clone());
        prop_assert_eq!(includes(at as u64, size, all[at], &altered, root(&all)), altered == path);
        let path = consistency(&all, at + 1).unwrap();
        let altered = alter(path.clone());
        prop_assert_eq!(continues(at as u64 + 1, size, root(&all[..=at]), root(&all), &altered), altered == path);
    }
}
