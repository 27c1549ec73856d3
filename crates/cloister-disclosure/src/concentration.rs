//! How much of a total is one or two people's: the (n, k) rule and the p % rule.

use crate::Rule;
use serde::Deserialize;

/// What a total rests on: people's own totals, without their signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contributions {
    /// The greatest of one person.
    pub largest: f64,
    /// The next.
    pub second: f64,
    /// Everybody's.
    pub total: f64,
}

/// The (n, k) rule: the `largest` contributors must make up less than `share_max` of the total. ACRO 1.0.2 fails a cell at
/// exactly the share (`sum of the n largest / total >= k`); others let it pass, which is what `at_max` is for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Dominance {
    /// One or two.
    pub(crate) largest: u8,
    /// From 0 to 1.
    pub(crate) share_max: f64,
    /// What becomes of exactly the share.
    #[serde(default)]
    pub(crate) at_max: AtMax,
}

/// What becomes of a total of which exactly the greatest permitted share is few people's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AtMax {
    /// It is not shown, as in ACRO.
    #[default]
    Forbidden,
    /// It is shown, as where a source says that a share must not be exceeded.
    Permitted,
}

/// The p % rule: whoever is second must not be able to work out the first to within p %, so what is left of the total
/// without the two must be at least this part of the greatest. Exactly the part passes, as in ACRO 1.0.2.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PPercent {
    /// From 0 to 1.
    pub(crate) min: f64,
}

impl Dominance {
    pub(crate) fn is_sound(&self) -> bool {
        matches!(self.largest, 1 | 2) && self.share_max > 0.0 && self.share_max <= 1.0
    }
}

impl PPercent {
    pub(crate) fn is_sound(&self) -> bool {
        self.min > 0.0 && self.min <= 1.0
    }
}

/// The rule that forbids a total with these contributions; numbers that are none forbid it too.
pub(crate) fn objection(
    given: Option<Contributions>,
    dominance: &[Dominance],
    p_percent: Option<&PPercent>,
) -> Option<Rule> {
    if dominance.is_empty() && p_percent.is_none() {
        return None;
    }
    let rule = if dominance.is_empty() { Rule::PPercent } else { Rule::Dominance };
    let Some(Contributions { largest, second, total }) = given else { return Some(rule) };
    if ![largest, second, total].iter().all(|n| n.is_finite() && *n >= 0.0) {
        return Some(rule);
    }
    // Where everything is 0 nobody has a share.
    if total == 0.0 {
        return None;
    }
    for Dominance { largest: n, share_max, at_max } in dominance {
        let theirs = if *n == 1 { largest } else { largest + second };
        // Divided, not multiplied: a share of exactly nine tenths is the very number that `0.9` is read as.
        let share = theirs / total;
        if share > *share_max || (share == *share_max && *at_max == AtMax::Forbidden) {
            return Some(Rule::Dominance);
        }
    }
    match p_percent {
        Some(PPercent { min }) if (total - largest - second) / largest < *min => Some(Rule::PPercent),
        _ => None,
    }
}

/// The upper protection level: how far above a total the outsider's greatest value must be.
pub(crate) fn upper_protection(
    given: Contributions,
    dominance: &[Dominance],
    p_percent: Option<&PPercent>,
) -> f64 {
    let Contributions { largest, second, total } = given;
    let p_percent = p_percent.map(|PPercent { min }| min * largest - (total - largest - second));
    let dominance = dominance.iter().map(|Dominance { largest: n, share_max, .. }| {
        let theirs = if *n == 1 { largest } else { largest + second };
        theirs / share_max - total
    });
    dominance.chain(p_percent).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(largest: f64, second: f64, total: f64, at_max: AtMax) -> Option<Rule> {
        let dominance = [Dominance { largest: 2, share_max: 0.9, at_max }];
        objection(Some(Contributions { largest, second, total }), &dominance, None)
    }

    /// ACRO 1.0.2: 600 + 299 of 1,000 pass, 600 + 300 fail.
    #[test]
    fn exactly_the_share_is_too_much_unless_the_policy_says_otherwise() {
        assert_eq!(judged(600.0, 299.0, 1000.0, AtMax::Forbidden), None);
        assert_eq!(judged(600.0, 300.0, 1000.0, AtMax::Forbidden), Some(Rule::Dominance));
        assert_eq!(judged(600.0, 300.0, 1000.0, AtMax::Permitted), None);
        assert_eq!(judged(600.0, 301.0, 1000.0, AtMax::Permitted), Some(Rule::Dominance));
    }

    #[test]
    fn exactly_nine_tenths_is_found_whatever_the_total() {
        for total in (10..200_000).step_by(10) {
            let total = f64::from(total);
            // Whole numbers: no rounding before the division.
            let share = (total / 10.0) * 9.0;
            assert_eq!(judged(share - 1.0, 1.0, total, AtMax::Forbidden), Some(Rule::Dominance), "{total}");
            assert_eq!(judged(share - 1.0, 1.0, total, AtMax::Permitted), None, "{total}");
        }
    }
}
