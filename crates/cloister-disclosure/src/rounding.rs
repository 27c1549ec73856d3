//! Counts as they are shown. The raw count is tested before any of this.

use serde::Deserialize;

/// How a count is rounded to a base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingMethod {
    /// Not at all.
    None,
    /// To the nearest multiple, halves up.
    #[default]
    Nearest,
    /// To the middle of the multiples that it lies between: with base 6, 1 to 6 are 3, 7 to 12 are 9; 0 stays.
    /// Source: OpenSAFELY, "Updated disclosure control guidance" (midpoint 6 rounding).
    Midpoint,
    /// To one of the two neighbouring multiples so that totals still add up ([`crate::controlled`]).
    Controlled,
}

impl RoundingMethod {
    /// A count as it is shown, with a base of at least 1. Controlled rounding decides over a whole table; a count by
    /// itself is then shown to the nearest multiple.
    pub(crate) fn round(self, count: i64, base: u64) -> i64 {
        let (count, base) = (i128::from(count), i128::from(base.max(1)));
        let rounded = match self {
            Self::None => count,
            Self::Nearest | Self::Controlled => (count * 2 + base).div_euclid(base * 2) * base,
            Self::Midpoint if count == 0 => 0,
            // The least multiple that is not less, minus half the base.
            Self::Midpoint => -(-count).div_euclid(base) * base - base / 2,
        };
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from OpenSAFELY's definition: ceiling(n / 6) × 6 − 3, and 0 stays 0.
    #[test]
    fn midpoint_6() {
        let shown = |n| RoundingMethod::Midpoint.round(n, 6);
        let found: Vec<i64> = [0, 1, 5, 6, 7, 12, 13, 100, 102, 103].map(shown).into();
        assert_eq!(found, [0, 3, 3, 3, 9, 9, 15, 99, 99, 105]);
    }

    #[test]
    fn an_odd_base_and_great_counts() {
        let found: Vec<i64> = [1, 5, 6, 10, 11].map(|n| RoundingMethod::Midpoint.round(n, 5)).into();
        assert_eq!(found, [3, 3, 8, 8, 13]);
        assert_eq!(RoundingMethod::None.round(i64::MAX, 1), i64::MAX);
        assert_eq!(RoundingMethod::Nearest.round(i64::MAX, 5), i64::MAX - 2);
        assert_eq!(RoundingMethod::Midpoint.round(i64::MAX, 6), i64::MAX);
    }
}
