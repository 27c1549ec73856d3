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

/// The (n, k) rule: the `largest` contributors must not make up more than `share_max` of the total.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Dominance {
    /// One or two.
    pub(crate) largest: u8,
    /// From 0 to 1.
    pub(crate) share_max: f64,
}

/// The p % rule: whoever is second must not be able to work out the first to within p %, so what is left of the total
/// without the two must be at least this part of the greatest.
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
    for Dominance { largest: n, share_max } in dominance {
        let theirs = if *n == 1 { largest } else { largest + second };
        if theirs > share_max * total {
            return Some(Rule::Dominance);
        }
    }
    match p_percent {
        Some(PPercent { min }) if total - largest - second < min * largest => Some(Rule::PPercent),
        _ => None,
    }
}
