//! Disclosure policies: the numeric rules, as files, versioned by digest.

use crate::Rule;
use crate::concentration::{Contributions, Dominance, PPercent, objection};
use cloister_model::{Digest, Name};
use serde::Deserialize;

/// A disclosure policy (`policies/disclosure/*.toml`).
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    file: PolicyFile,
    digest: Digest,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyFile {
    name: Name,
    version: u32,
    title: String,
    marker: String,
    contributors: Contributors,
    counts: Counts,
    means: Means,
    #[serde(default)]
    dominance: Vec<Dominance>,
    p_percent: Option<PPercent>,
    degrees_of_freedom: Option<DegreesOfFreedom>,
    #[serde(default)]
    extremes: Extremes,
    labels: Labels,
    output: Output,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Contributors {
    min: u64,
    zero_shown: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Counts {
    rounding_base: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Means {
    significant_digits: u8,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DegreesOfFreedom {
    min: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Extremes {
    shown: bool,
}

impl Default for Extremes {
    /// Where enough people have the value.
    fn default() -> Self {
        Self { shown: true }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Labels {
    small_groups: SmallGroups,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Output {
    cells_max: u64,
}

/// What becomes of a small group whose label is not from a public list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmallGroups {
    /// Merged with the other small groups into one row.
    Merge,
    /// Left out.
    Drop,
}

/// The text is not a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a disclosure policy: {reason}")]
pub struct PolicyError {
    reason: String,
}

impl Policy {
    /// Reads a policy; unknown keys are refused.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let wrong = |reason: String| PolicyError { reason };
        let file: PolicyFile = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        if file.contributors.min < 2 {
            return Err(wrong("contributors.min must be at least 2".to_owned()));
        }
        if file.counts.rounding_base == 0 || file.counts.rounding_base > 1_000_000 {
            return Err(wrong("counts.rounding-base must be from 1 to 1000000".to_owned()));
        }
        if !(1..=15).contains(&file.means.significant_digits) {
            return Err(wrong("means.significant-digits must be from 1 to 15".to_owned()));
        }
        if !file.dominance.iter().all(Dominance::is_sound) {
            return Err(wrong("dominance.largest must be 1 or 2, and share-max from 0 to 1".to_owned()));
        }
        if !file.p_percent.iter().all(PPercent::is_sound) {
            return Err(wrong("p-percent.min must be from 0 to 1".to_owned()));
        }
        if file.marker.is_empty() || file.marker.chars().any(|c| c.is_ascii_digit() || c.is_control()) {
            return Err(wrong("marker must be text without digits".to_owned()));
        }
        Ok(Self { file, digest: Digest::of(text.as_bytes()) })
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.file.name
    }

    /// Its version, for people; machines compare [`Policy::digest`].
    pub fn version(&self) -> u32 {
        self.file.version
    }

    /// One line for people.
    pub fn title(&self) -> &str {
        &self.file.title
    }

    /// The digest of its text.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What stands where a value is suppressed.
    pub fn marker(&self) -> &str {
        &self.file.marker
    }

    /// The fewest distinct people behind a cell that may be shown.
    pub fn contributors_min(&self) -> u64 {
        self.file.contributors.min
    }

    /// To how many significant digits a mean is shown.
    pub fn mean_digits(&self) -> u8 {
        self.file.means.significant_digits
    }

    /// The most cells of an output that is released without a person having looked.
    pub fn cells_max(&self) -> u64 {
        self.file.output.cells_max
    }

    /// What becomes of small groups whose labels are not public.
    pub fn small_groups(&self) -> SmallGroups {
        self.file.labels.small_groups
    }

    /// Whether this many people may stand behind a shown cell.
    pub fn permits(&self, people: u64) -> bool {
        people >= self.file.contributors.min || (people == 0 && self.file.contributors.zero_shown)
    }

    /// Whether sums, means and spreads are judged by how much of them is one or two people's.
    pub fn needs_contributions(&self) -> bool {
        !self.file.dominance.is_empty() || self.file.p_percent.is_some()
    }

    /// The rule that forbids a total with these contributions.
    pub(crate) fn concentrated(&self, given: Option<Contributions>) -> Option<Rule> {
        objection(given, &self.file.dominance, self.file.p_percent.as_ref())
    }

    /// Whether a statistic of this many people, less those that its own parameters take, has enough degrees of freedom.
    pub(crate) fn frees(&self, people: u64, parameters: u64) -> bool {
        match &self.file.degrees_of_freedom {
            Some(DegreesOfFreedom { min }) => people.saturating_sub(parameters) >= *min,
            None => true,
        }
    }

    /// Whether a least or greatest value may be shown at all.
    pub fn extremes_shown(&self) -> bool {
        self.file.extremes.shown
    }

    /// A count as it is shown: to the nearest multiple of the base, halves up. Test before rounding.
    pub fn round(&self, count: i64) -> i64 {
        let base = i128::from(self.file.counts.rounding_base);
        let rounded = (i128::from(count) * 2 + base).div_euclid(base * 2) * base;
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nhs_england() -> Policy {
        Policy::parse(include_str!("../../../policies/disclosure/nhs-england.toml")).unwrap()
    }

    #[test]
    fn nhs_england_is_one_to_seven_and_nearest_five() {
        let policy = nhs_england();
        let permitted: Vec<u64> = (0..=9).filter(|n| policy.permits(*n)).collect();
        assert_eq!(permitted, [0, 8, 9]);
        let shown: Vec<i64> = [0, 8, 12, 13, 17, 18, 22, 23, 997, 998].map(|n| policy.round(n)).into();
        assert_eq!(shown, [0, 10, 10, 15, 15, 20, 20, 25, 995, 1000]);
        assert_eq!(policy.round(i64::MAX), i64::MAX - 2);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let text = include_str!("../../../policies/disclosure/nhs-england.toml");
        for (from, to) in [
            ("min = 8", "min = 8\nmaximum = 9"),
            ("min = 8", "min = 1"),
            ("rounding-base = 5", "rounding-base = 0"),
            ("significant-digits = 4", "significant-digits = 0"),
            ("marker = \"*\"", "marker = \"0\""),
            ("\"merge\"", "\"show\""),
        ] {
            assert!(text.contains(from));
            assert!(Policy::parse(&text.replace(from, to)).is_err(), "{to}");
        }
    }
}
