//! The region's districts. They have postcodes of an area that does not exist.

/// A district.
#[derive(Debug)]
pub(crate) struct District {
    /// The outward part of its postcodes.
    pub(crate) code: &'static str,
    /// Its share of the population.
    pub(crate) weight: f64,
    /// The middle of its deciles of deprivation; 1 is the most deprived.
    pub(crate) decile: f64,
    /// Shares of the broad ethnic groups, as in [`ETHNICITIES`].
    pub(crate) ethnicities: [f64; 6],
}

/// Broad ethnic groups of the 2021 census, and unknown.
pub(crate) const ETHNICITIES: [&str; 6] = ["Asian", "Black", "Mixed", "Other", "White", "Unknown"];

const fn district(code: &'static str, weight: f64, decile: f64, white: f64) -> District {
    let rest = 0.96 - white;
    let ethnicities = [rest * 0.55, rest * 0.2, rest * 0.15, rest * 0.1, white, 0.04];
    District { code, weight, decile, ethnicities }
}

/// From a city's centre to an island.
pub(crate) const DISTRICTS: &[District] = &[
    district("NM1", 0.14, 2.0, 0.48),
    district("NM2", 0.12, 2.5, 0.55),
    district("NM3", 0.11, 3.5, 0.62),
    district("NM4", 0.10, 4.5, 0.74),
    district("NM5", 0.10, 5.0, 0.80),
    district("NM6", 0.09, 5.5, 0.82),
    district("NM7", 0.09, 6.5, 0.86),
    district("NM8", 0.08, 7.0, 0.88),
    district("NM9", 0.07, 8.0, 0.90),
    district("NM10", 0.06, 8.5, 0.91),
    district("NM11", 0.038, 9.0, 0.92),
    district("NM12", 0.002, 6.0, 0.94),
];
