//! Atoms that combinations do not tell apart.

use super::atoms::Atoms;
use super::solutions::{Solutions, total};
use super::weight::On;
use crate::field::{inverse, multiply, random};
use std::collections::BTreeMap;

/// Atoms on which all combinations that are left are the same: nothing on one is nothing on all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// The one that speaks for all.
    pub(super) atom: usize,
    /// How many people are in all of them.
    pub(super) people: u64,
}

/// The groups of these atoms. Where such as differ by a factor alone are great together, combinations are to be nothing on them:
/// the equation is taken. Leaves out the atoms on which all combinations are nothing.
pub(super) fn grouped(
    solutions: &mut Solutions,
    atoms: &Atoms,
    of: &mut Vec<usize>,
    great: impl Fn(&[On]) -> bool,
) -> Vec<Group> {
    let mut on: Vec<On> = Vec::new();
    loop {
        let (one, all) = proportional(solutions, atoms, of);
        let mut groups: Vec<Group> = Vec::with_capacity(all.len());
        let mut taken = false;
        for alike in all.chunk_by(|a, b| a.0 == b.0) {
            on.clear();
            match alike {
                // Which is nearly always so: what it is does not matter then.
                [(_, atom)] => {
                    let people = atoms.people(*atom);
                    groups.push(Group { atom: *atom, people });
                    on.push((1, people));
                }
                _ => {
                    for (value, group) in same(&one, atoms, alike) {
                        on.push((value, group.people));
                        groups.push(group);
                    }
                }
            }
            let speaking = alike.first().filter(|_| great(&on));
            taken |= speaking.is_some_and(|(_, atom)| solutions.take(atoms.sets(*atom)));
        }
        if !taken {
            groups.sort_unstable_by_key(|group| group.atom);
            return groups;
        }
    }
}

/// The groups of atoms on which solutions are the same but for a factor, each with what one of the solutions is on it.
fn same(one: &[u64], atoms: &Atoms, alike: &[(u64, usize)]) -> Vec<(u64, Group)> {
    let mut groups: BTreeMap<u64, Group> = BTreeMap::new();
    for (_, atom) in alike {
        let group = groups.entry(total(one, atoms.sets(*atom)));
        group.or_insert(Group { atom: *atom, people: 0 }).people += atoms.people(*atom);
    }
    groups.into_iter().collect()
}

/// One solution chosen at random, and of each atom what another is on it in parts of that one, in this order: where these are
/// equal, all solutions are the same on the atoms but for a factor.
fn proportional(
    solutions: &mut Solutions,
    atoms: &Atoms,
    of: &mut Vec<usize>,
) -> (Vec<u64>, Vec<(u64, usize)>) {
    let one = solutions.solution(|variable| random(u64::from(variable) << 1));
    let other = solutions.solution(|variable| random(u64::from(variable) << 1 | 1));
    let mut values: Vec<(u64, u64)> = Vec::with_capacity(of.len());
    of.retain(|atom| {
        let value = total(&one, atoms.sets(*atom));
        if value != 0 {
            values.push((value, total(&other, atoms.sets(*atom))));
        }
        value != 0
    });
    // All inverses by one (Montgomery's trick): of the product of all, and back.
    let mut products = Vec::with_capacity(values.len());
    let mut product = 1;
    for (a, _) in &values {
        products.push(product);
        product = multiply(product, *a);
    }
    let mut back = inverse(product);
    let mut ratios: Vec<(u64, usize)> = Vec::with_capacity(values.len());
    for (((a, b), before), atom) in values.iter().zip(&products).zip(of.iter()).rev() {
        ratios.push((multiply(*b, multiply(back, *before)), *atom));
        back = multiply(back, *a);
    }
    drop((values, products));
    ratios.sort_unstable();
    (one, ratios)
}
