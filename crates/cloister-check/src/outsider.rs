//! What somebody who reads a suppressed table can work out: the range of each number that is not shown.

use crate::marker::Range;
use cloister_disclosure::Relation;

/// What can be worked out of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Derived {
    pub(crate) range: Range,
    /// The relation that the least value last came from.
    pub(crate) low_by: Option<usize>,
    /// The relation that the greatest value last came from.
    pub(crate) high_by: Option<usize>,
}

/// A relation is looked at so many times at most: bounds may come closer to each other without end.
const ROUNDS_MAX: usize = 200;

/// Tightens every range by every relation until nothing changes. `None`: the numbers contradict each other; the
/// relation says where.
pub(crate) fn propagate(known: &[Range], relations: &[Relation]) -> Result<Vec<Derived>, usize> {
    let mut derived: Vec<Derived> =
        known.iter().map(|range| Derived { range: *range, low_by: None, high_by: None }).collect();
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); known.len()];
    for (index, relation) in relations.iter().enumerate() {
        for cell in std::iter::once(&relation.total).chain(&relation.parts) {
            if let Some(list) = of.get_mut(*cell) {
                list.push(index);
            }
        }
    }
    let mut waiting: std::collections::VecDeque<usize> = (0..relations.len()).collect();
    let mut waits = vec![true; relations.len()];
    let mut looks = relations.len().saturating_mul(ROUNDS_MAX);
    while let Some(index) = waiting.pop_front() {
        if let Some(flag) = waits.get_mut(index) {
            *flag = false;
        }
        let Some(left) = looks.checked_sub(1) else { break };
        looks = left;
        let Some(relation) = relations.get(index) else { continue };
        for cell in tighten(&mut derived, relation, index)? {
            for other in of.get(cell).into_iter().flatten() {
                if let Some(flag @ false) = waits.get_mut(*other) {
                    *flag = true;
                    waiting.push_back(*other);
                }
            }
        }
    }
    Ok(derived)
}

/// Sums of bounds, with infinite ones counted apart.
#[derive(Clone, Copy, Default)]
struct Sum {
    finite: f64,
    infinite: usize,
}

impl Sum {
    fn add(&mut self, bound: f64) {
        if bound.is_finite() { self.finite += bound } else { self.infinite += 1 }
    }

    /// Without one of its terms; `None` where it is infinite.
    fn without(self, bound: f64) -> Option<f64> {
        match (self.infinite, bound.is_finite()) {
            (0, true) => Some(self.finite - bound),
            (1, false) => Some(self.finite),
            _ => None,
        }
    }
}

/// Tightens the ranges of one relation; returns the cells whose ranges are smaller now.
fn tighten(derived: &mut [Derived], relation: &Relation, index: usize) -> Result<Vec<usize>, usize> {
    let get = |derived: &[Derived], cell: usize| derived.get(cell).map_or(Range::ANY, |d| d.range);
    let (mut low, mut high) = (Sum::default(), Sum::default());
    for part in &relation.parts {
        let range = get(derived, *part);
        low.add(range.low);
        high.add(range.high);
    }
    let total = get(derived, relation.total);
    let mut changed = Vec::new();
    for part in &relation.parts {
        let own = get(derived, *part);
        let others_low = low.without(own.low);
        let others_high = high.without(own.high);
        let new = Range {
            low: others_high.map_or(own.low, |others| total.low - others),
            high: others_low.map_or(own.high, |others| total.high - others),
        };
        if narrow(derived, *part, new, index)? {
            changed.push(*part);
        }
    }
    let new = Range {
        low: if low.infinite == 0 { low.finite } else { total.low },
        high: if high.infinite == 0 { high.finite } else { f64::INFINITY },
    };
    if narrow(derived, relation.total, new, index)? {
        changed.push(relation.total);
    }
    Ok(changed)
}

fn narrow(derived: &mut [Derived], cell: usize, new: Range, index: usize) -> Result<bool, usize> {
    let Some(old) = derived.get_mut(cell) else { return Ok(false) };
    let slack = |bound: f64| 1e-9 * (1.0 + bound.abs());
    let mut changed = false;
    if new.low > old.range.low + slack(new.low) {
        old.range.low = new.low;
        old.low_by = Some(index);
        changed = true;
    }
    if new.high + slack(new.high) < old.range.high {
        old.range.high = new.high;
        old.high_by = Some(index);
        changed = true;
    }
    if old.range.low > old.range.high + slack(old.range.high) {
        return Err(index);
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(total: usize, parts: &[usize]) -> Relation {
        Relation { total, parts: parts.to_vec() }
    }

    #[test]
    fn a_single_hidden_part_is_the_total_less_the_others() {
        let known = [Range::exactly(39.0), Range::ANY, Range::exactly(20.0), Range::exactly(15.0)];
        let derived = propagate(&known, &[relation(0, &[1, 2, 3])]).unwrap();
        assert_eq!(derived[1], Derived { range: Range::exactly(4.0), low_by: Some(0), high_by: Some(0) });
    }

    #[test]
    fn two_hidden_parts_have_a_range_each() {
        let small = Range { low: 1.0, high: 4.0 };
        let known = [Range::exactly(30.0), small, Range::ANY];
        let derived = propagate(&known, &[relation(0, &[1, 2])]).unwrap();
        assert_eq!(derived[2].range, Range { low: 26.0, high: 29.0 });
        assert_eq!(derived[1].range, small);
    }

    #[test]
    fn numbers_that_contradict_each_other_are_found() {
        let known = [Range::exactly(3.0), Range::exactly(2.0), Range::exactly(2.0)];
        assert_eq!(propagate(&known, &[relation(0, &[1, 2])]), Err(0));
    }
}
