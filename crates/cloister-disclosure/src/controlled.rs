//! Controlled rounding: every number becomes one of its two neighbouring multiples, and totals still add up.
//!
//! Numbers of a table with one or two dimensions, one of which may have a hierarchy, are flows in a network: each
//! addition is a node, each number an edge. Numbers that are no multiples form cycles in it; along a cycle as much is
//! moved as makes one of them a multiple, until all are (Cox, "A constructive procedure for unbiased controlled
//! rounding", Journal of the American Statistical Association 82, 1987; ours decides by nearness and not by chance).
//! A multiple, and so 0, is never moved. For other tables the same is tried without the additions that keep them from
//! being networks, and what comes out is checked against all.

use crate::Relation;
use std::collections::{BTreeMap, VecDeque};

impl Relation {
    /// Whether it holds; `None` where it is of numbers that there are not, or that are too great.
    pub(crate) fn holds(&self, values: &[i64]) -> Option<bool> {
        let mut sum = 0i64;
        for (cell, sign) in self.terms() {
            sum = sum.checked_add(values.get(cell)?.checked_mul(sign)?)?;
        }
        Some(sum == 0)
    }
}

/// The numbers, each rounded down or up to a multiple of the base, so that all additions hold; multiples stay. `None`
/// where the numbers do not add up to begin with, or where no such rounding was found, which does not happen with
/// tables of one or two dimensions.
pub fn controlled(values: &[i64], additions: &[Relation], base: u64) -> Option<Vec<i64>> {
    let base = i64::try_from(base).ok().filter(|base| *base > 0)?;
    for addition in additions {
        let mut cells: Vec<usize> = addition.terms().map(|(cell, _)| cell).collect();
        cells.sort_unstable();
        cells.dedup();
        let distinct = cells.len() == addition.parts.len() + 1;
        if !distinct || !addition.holds(values)? {
            return None;
        }
    }
    let kept = two_each(values.len(), additions);
    let mut network = Network::of(values, &kept, base)?;
    while let Some(cycle) = network.cycle() {
        network.push(&cycle)?;
    }
    let rounded = network.rounded()?;
    for addition in additions {
        if !addition.holds(&rounded)? {
            return None;
        }
    }
    Some(rounded)
}

/// Relations of which no number is in more than two. Those whose numbers are in too many go first: in a table with a
/// hierarchy they follow from the others.
fn two_each(cells: usize, additions: &[Relation]) -> Vec<&Relation> {
    let mut uses = vec![0usize; cells];
    for (cell, _) in additions.iter().flat_map(Relation::terms) {
        if let Some(uses) = uses.get_mut(cell) {
            *uses += 1;
        }
    }
    let mut kept: Vec<&Relation> = additions.iter().collect();
    loop {
        let over = |a: &Relation| a.terms().filter(|(c, _)| uses.get(*c).is_some_and(|n| *n > 2)).count();
        // Of equal shares the first: `max_by` keeps the last.
        let worst = kept.iter().enumerate().rev().filter(|(_, a)| over(a) > 0);
        let share = |a: &Relation| over(a) as f64 / (a.parts.len() + 1) as f64;
        let worst = worst.max_by(|(_, a), (_, b)| share(a).total_cmp(&share(b))).map(|(index, _)| index);
        let Some(index) = worst else { return kept };
        for (cell, _) in kept.remove(index).terms() {
            if let Some(uses) = uses.get_mut(cell) {
                *uses -= 1;
            }
        }
    }
}

/// A number between two nodes; it flows out of `from` and into `to`.
#[derive(Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    value: i64,
    raw: i64,
}

struct Network {
    edges: Vec<Edge>,
    /// The edges at each node that may not be multiples yet; the last node is for what is in one addition only.
    at: Vec<Vec<usize>>,
    base: i64,
    /// Nodes before this one have no edge left.
    done: usize,
}

/// A closed way: edges, and whether each is gone along its direction.
type Cycle = Vec<(usize, bool)>;

impl Network {
    fn of(values: &[i64], additions: &[&Relation], base: i64) -> Option<Self> {
        let mut ends: Vec<Vec<(usize, i64)>> = vec![Vec::new(); values.len()];
        for (node, addition) in additions.iter().enumerate() {
            for (cell, sign) in addition.terms() {
                // Parts flow in, and the total out.
                ends.get_mut(cell)?.push((node, -sign));
            }
        }
        let flipped = flips(additions, &ends)?;
        let outside = additions.len();
        let mut network = Self { edges: Vec::new(), at: vec![Vec::new(); outside + 1], base, done: 0 };
        for (index, (value, ends)) in values.iter().zip(&ends).enumerate() {
            let sign = |(node, sign): &(usize, i64)| Some(if *flipped.get(*node)? { -sign } else { *sign });
            let (from, to) = match ends.as_slice() {
                [] => (outside, outside),
                [one] if sign(one)? > 0 => (outside, one.0),
                [one] => (one.0, outside),
                [one, other] if sign(one)? > 0 && sign(other)? < 0 => (other.0, one.0),
                [one, other] if sign(one)? < 0 && sign(other)? > 0 => (one.0, other.0),
                _ => return None,
            };
            // What is in no addition is by itself, to the nearest.
            let value = match ends.as_slice() {
                [] => crate::RoundingMethod::Nearest.round(*value, base.unsigned_abs()),
                _ => *value,
            };
            network.edges.push(Edge { from, to, value, raw: value });
            if value.rem_euclid(base) != 0 {
                network.at.get_mut(from)?.push(index);
                network.at.get_mut(to)?.push(index);
            }
        }
        Some(network)
    }

    fn is_open(&self, edge: usize) -> bool {
        self.edges.get(edge).is_some_and(|e| e.value.rem_euclid(self.base) != 0)
    }

    /// An open edge at a node other than the one that was come by.
    fn next(&mut self, node: usize, came_by: Option<usize>) -> Option<usize> {
        let (edges, base) = (&self.edges, self.base);
        let open = |edge: &usize| edges.get(*edge).is_some_and(|e| e.value.rem_euclid(base) != 0);
        let at = self.at.get_mut(node)?;
        at.retain(open);
        at.iter().copied().find(|edge| Some(*edge) != came_by)
    }

    /// A cycle of numbers that are no multiples; `None` where there are none.
    fn cycle(&mut self) -> Option<Cycle> {
        let start = loop {
            if self.done >= self.at.len() {
                return None;
            }
            if self.next(self.done, None).is_some() {
                break self.done;
            }
            self.done += 1;
        };
        let mut way: Cycle = Vec::new();
        let mut seen: BTreeMap<usize, usize> = BTreeMap::from([(start, 0)]);
        let mut node = start;
        // What flows into a node flows out of it: where one edge is no multiple, another is none.
        while let Some(edge) = self.next(node, way.last().map(|(edge, _)| *edge)) {
            let Edge { from, to, .. } = *self.edges.get(edge)?;
            let along = from == node;
            node = if along { to } else { from };
            way.push((edge, along));
            if let Some(first) = seen.insert(node, way.len()) {
                return Some(way.split_off(first));
            }
        }
        None
    }

    /// Moves as much along a cycle as makes one of its numbers a multiple, in the direction that leaves them nearer to
    /// what they were.
    fn push(&mut self, cycle: &Cycle) -> Option<()> {
        let (mut least, mut distance) = ([i64::MAX; 2], [0i128; 2]);
        for back in [false, true] {
            let slot = usize::from(back);
            for (edge, along) in cycle {
                let room = self.edges.get(*edge)?.value.rem_euclid(self.base);
                let room = if *along != back { self.base - room } else { room };
                let least = least.get_mut(slot)?;
                *least = (*least).min(room);
            }
            let amount = *least.get(slot)?;
            for (edge, along) in cycle {
                let Edge { value, raw, .. } = *self.edges.get(*edge)?;
                let to = value.checked_add(if *along != back { amount } else { -amount })?;
                *distance.get_mut(slot)? += (i128::from(to) - i128::from(raw)).abs();
            }
        }
        let back = distance.get(1)? < distance.first()?;
        let amount = *least.get(usize::from(back))?;
        for (edge, along) in cycle {
            let edge = self.edges.get_mut(*edge)?;
            edge.value = edge.value.checked_add(if *along != back { amount } else { -amount })?;
        }
        Some(())
    }

    fn rounded(&self) -> Option<Vec<i64>> {
        let closed = (0..self.edges.len()).all(|edge| !self.is_open(edge));
        closed.then(|| self.edges.iter().map(|e| e.value).collect())
    }
}

/// Which additions are to be read with their signs turned round, so that every number that is in two flows out of one
/// and into the other; `None` where that cannot be.
fn flips(additions: &[&Relation], ends: &[Vec<(usize, i64)>]) -> Option<Vec<bool>> {
    let mut beside: Vec<Vec<(usize, bool)>> = vec![Vec::new(); additions.len()];
    for ends in ends {
        if let [(one, sign), (other, other_sign)] = ends.as_slice() {
            let unlike = sign == other_sign;
            beside.get_mut(*one)?.push((*other, unlike));
            beside.get_mut(*other)?.push((*one, unlike));
        }
    }
    let mut flipped: Vec<Option<bool>> = vec![None; additions.len()];
    for start in 0..additions.len() {
        if flipped.get(start)?.is_some() {
            continue;
        }
        *flipped.get_mut(start)? = Some(false);
        let mut next = VecDeque::from([start]);
        while let Some(node) = next.pop_front() {
            let is = flipped.get(node).copied().flatten()?;
            for (other, unlike) in beside.get(node)? {
                let needed = is != *unlike;
                match flipped.get_mut(*other)? {
                    Some(known) if *known != needed => return None,
                    Some(_) => {}
                    open @ None => {
                        *open = Some(needed);
                        next.push_back(*other);
                    }
                }
            }
        }
    }
    flipped.into_iter().collect()
}

#[cfg(test)]
#[path = "controlled/tests.rs"]
mod tests;
