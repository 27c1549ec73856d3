//! Studies of any kind: atoms, and tables that come about as people ask for them.

use crate::knows::{Policy, Shown, Study};
use proptest::prelude::*;

/// How a table comes about.
#[derive(Clone, Debug)]
enum Asking {
    /// Each atom in one of some groups, or in none.
    Groups(Vec<u8>),
    /// Two earlier groups together.
    Both(prop::sample::Index, prop::sample::Index),
    /// An earlier group, one atom taken in or left out.
    Nearly(prop::sample::Index, u32),
    Everybody,
}

fn askings() -> impl Strategy<Value = Asking> {
    prop_oneof![
        4 => (1u8..4).prop_flat_map(|groups| prop::collection::vec(0..=groups, 10)).prop_map(Asking::Groups),
        2 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(a, b)| Asking::Both(a, b)),
        2 => (any::<prop::sample::Index>(), 0u32..10).prop_map(|(a, atom)| Asking::Nearly(a, atom)),
        1 => Just(Asking::Everybody),
    ]
}

#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "a test may stop here")]
fn tables(atoms: usize, askings: &[Asking]) -> Vec<Vec<u32>> {
    let everybody = (1u32 << atoms) - 1;
    let mut tables: Vec<Vec<u32>> = Vec::new();
    for asking in askings {
        let before: Vec<u32> = tables.iter().flatten().copied().collect();
        let table = match asking {
            Asking::Groups(of) => (1u8..4)
                .map(|g| (0..atoms).filter(|a| of[*a] == g).fold(0, |group, atom| group | 1u32 << atom))
                .collect(),
            Asking::Both(a, b) if !before.is_empty() => {
                vec![before[a.index(before.len())] | before[b.index(before.len())]]
            }
            Asking::Nearly(a, atom) if !before.is_empty() => {
                vec![before[a.index(before.len())] ^ (1 << (*atom as usize % atoms))]
            }
            _ => vec![everybody],
        };
        tables.push(table.into_iter().filter(|group| *group != 0).collect());
    }
    tables.retain(|table| !table.is_empty());
    tables
}

/// Studies; with `nobody`, atoms of nobody among them.
pub fn studies(nobody: bool, shown: impl Strategy<Value = Shown>) -> impl Strategy<Value = Study> {
    let least = i64::from(!nobody);
    let sizes = prop_oneof![6 => least..8, 8 => 8i64..=20];
    let asked = prop::collection::vec(askings(), 2..=6);
    let policy = (prop_oneof![Just(8i64), 5i64..8], any::<bool>(), shown)
        .prop_map(|(people_min, zeros_shown, shown)| Policy { people_min, zeros_shown, shown });
    (prop::collection::vec(sizes, 3..=9), asked, policy).prop_map(|(sizes, askings, policy)| Study {
        tables: tables(sizes.len(), &askings),
        sizes,
        policy,
    })
}

pub fn rounded() -> impl Strategy<Value = Shown> {
    prop_oneof![Just(Shown::Nearest(5)), Just(Shown::Nearest(10)), Just(Shown::Midpoint(6))]
}
