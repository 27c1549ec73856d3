//! How much a combination leaves, where it counts some people more often than others.

use crate::field::{fraction, inverse, multiply};

/// Coefficients above which a combination is not looked at.
const COEFFICIENT_MAX: u64 = 1_000_000;
/// On how many people a light combination may be something, in multiples of how many are enough: on fewer than these.
const BEYOND: u64 = 4;

/// What a combination is on atoms, modulo the prime, and how many people are in them.
pub(super) type On = (u64, u64);

/// What combinations may leave.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    people_min: u64,
    /// On how many people they may be something.
    pub(super) people_max: u64,
}

impl Limit {
    /// Fewer than enough people.
    pub(super) fn few(people_min: u64) -> Self {
        Self { people_min, people_max: people_min.saturating_sub(1) }
    }

    /// What weighs less than enough people, as the module says.
    pub(super) fn light(people_min: u64) -> Self {
        Self { people_min, people_max: people_min.saturating_mul(BEYOND).saturating_sub(1) }
    }

    /// Whether a combination that is this, and nothing elsewhere, leaves no more.
    pub(super) fn holds(&self, on: &[On]) -> bool {
        let people: u64 = on.iter().map(|(_, people)| people).sum();
        people < self.people_min || (people <= self.people_max && self.is_light(on))
    }

    /// Whether all coefficients are of one sign, and people times coefficients less than enough people times the greatest.
    fn is_light(&self, on: &[On]) -> bool {
        let Some(times) = whole(on) else { return false };
        let greatest = times.iter().copied().max().unwrap_or_default();
        let all: u64 = times.iter().zip(on).map(|(times, (_, people))| times * people).sum();
        all < self.people_min.saturating_mul(greatest)
    }
}

/// The coefficients as whole numbers without a common factor, where these are small and of one sign.
fn whole(on: &[On]) -> Option<Vec<u64>> {
    let unit = inverse(on.first()?.0);
    let mut common = 1;
    let mut fractions = Vec::with_capacity(on.len());
    for (value, _) in on {
        let (above, below) = fraction(multiply(*value, unit))?;
        let (above, below) = (u64::try_from(above).ok()?, u64::try_from(below).ok()?);
        common *= below / divisor(common, below);
        if above > COEFFICIENT_MAX || common > COEFFICIENT_MAX {
            return None;
        }
        fractions.push((above, below));
    }
    let whole =
        |(above, below): &(u64, u64)| Some(above * (common / below)).filter(|t| *t <= COEFFICIENT_MAX);
    fractions.iter().map(whole).collect()
}

/// The greatest common divisor.
fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{random, subtract};

    #[test]
    fn light_and_heavy() {
        let light = |on: &[On]| Limit::light(8).holds(on);
        let minus = |a: u64| subtract(0, a);
        assert!(light(&[(8, 1), (1, 7)]));
        assert!(light(&[(1, 7), (8, 1)]), "whichever comes first");
        assert!(light(&[(minus(8), 1), (minus(1), 7)]));
        assert!(light(&[(10, 1), (1, 9)]));
        assert!(light(&[(4, 2), (1, 23)]));
        assert!(!light(&[(4, 2), (1, 24)]), "8 and 24 are 8 times 4");
        assert!(!light(&[(COEFFICIENT_MAX + 1, 1), (1, 9)]));
        assert!(light(&[(10, 1), (1, 30)]));
        assert!(!light(&[(10, 1), (1, 31)]), "more people than are looked at");
        assert!(!light(&[(10, 1), (minus(1), 9)]), "not of one sign");
        assert!(light(&[(10, 1), (minus(1), 6)]), "but few");
        assert!(!light(&[(1, 4), (1, 4)]));
        assert!(!light(&[(1, 7), (random(0), 7)]), "no small fraction");
        // Thirds and quarters of the first.
        let (third, quarter) = (inverse(3), inverse(4));
        assert_eq!(whole(&[(1, 1), (third, 1), (quarter, 1)]), Some(vec![12, 4, 3]));
        assert!(!Limit::few(8).holds(&[(8, 1), (1, 7)]));
    }
}
