//! What a policy's file may say, and what of it makes no sense.

use super::{ClassOutcome, Dominance, PPercent, RoundingMethod, SmallGroups};
use crate::{Hold, Rule};
use cloister_model::Name;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PolicyFile {
    pub(super) name: Name,
    pub(super) version: u32,
    pub(super) title: String,
    pub(super) marker: String,
    pub(super) contributors: Contributors,
    pub(super) counts: Counts,
    pub(super) means: Means,
    #[serde(default)]
    pub(super) dominance: Vec<Dominance>,
    pub(super) p_percent: Option<PPercent>,
    pub(super) degrees_of_freedom: Option<DegreesOfFreedom>,
    #[serde(default)]
    pub(super) extremes: Extremes,
    #[serde(default)]
    pub(super) quantiles: Quantiles,
    pub(super) class_disclosure: Option<ClassDisclosure>,
    #[serde(default)]
    pub(super) findings: Findings,
    pub(super) secondary: Option<Secondary>,
    pub(super) cell_key: Option<CellKeyFile>,
    pub(super) labels: Labels,
    pub(super) output: Output,
    #[serde(default)]
    pub(super) ledger: Ledger,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Contributors {
    pub(super) min: u64,
    pub(super) zero_shown: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Counts {
    pub(super) rounding_base: u64,
    #[serde(default)]
    pub(super) rounding_method: RoundingMethod,
    pub(super) small_shown_as: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Means {
    pub(super) significant_digits: u8,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DegreesOfFreedom {
    pub(super) min: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Extremes {
    pub(super) shown: bool,
}

impl Default for Extremes {
    /// Where enough people have the value.
    fn default() -> Self {
        Self { shown: true }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Quantiles {
    pub(super) shown: bool,
    pub(super) beside_min: Option<u64>,
}

impl Default for Quantiles {
    /// Where enough people are on either side of the value.
    fn default() -> Self {
        Self { shown: true, beside_min: None }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ClassDisclosure {
    pub(super) outcome: ClassOutcome,
    #[serde(default = "whole")]
    pub(super) share_min: f64,
}

fn whole() -> f64 {
    1.0
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Findings {
    #[serde(default)]
    pub(super) hold: Vec<String>,
    /// Codes of findings with which nothing leaves, unless two checkers set them aside.
    #[serde(default)]
    pub(super) object: Vec<String>,
    /// Those of them that two checkers may set aside.
    #[serde(default)]
    pub(super) set_aside: Vec<String>,
}

/// What is done so that suppressed cells cannot be worked out from the totals beside them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Secondary {
    /// Whether more cells may be suppressed for it. Where not, a checker looks.
    pub on: bool,
    /// Whether an outsider knows that a suppressed cell is not zero, because zeros are shown.
    pub outsider_knows_zeros: bool,
    /// Whether totals are suppressed only where nothing else helps.
    pub protect_totals: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CellKeyFile {
    pub(super) table: String,
    /// SHA-256 of the table, hexadecimal.
    pub(super) table_sha256: Option<String>,
    pub(super) threshold: i64,
    pub(super) keys: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Labels {
    pub(super) small_groups: SmallGroups,
}

/// How an output is compared with what was released before.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Ledger {
    pub(super) compare: bool,
    pub(super) remedy: LedgerRemedy,
    pub(super) combined_max: u32,
    pub(super) beyond: LedgerBeyond,
}

impl Default for Ledger {
    /// A policy that says nothing compares: two harmless tables may be one harmful one.
    fn default() -> Self {
        Self { compare: true, remedy: LedgerRemedy::Hold, combined_max: 2_000, beyond: LedgerBeyond::Hold }
    }
}

/// What becomes of an output that says with earlier ones what neither says alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LedgerRemedy {
    /// A checker looks at it.
    #[default]
    Hold,
    /// The same, and the checker is told which coarser groupings would say nothing.
    Coarsen,
    /// Cells are suppressed until it says nothing; where that does not come to an end, a checker looks.
    Suppress,
}

/// What becomes of an output whose project has released more numbers of a kind than are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LedgerBeyond {
    /// A checker looks at it.
    #[default]
    Hold,
    /// Nothing: the older numbers are compared one by one only.
    Record,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Output {
    pub(super) cells_max: u64,
    pub(super) outputs_per_day_max: Option<u32>,
}

/// The most earlier numbers that are combined: eliminating takes a second or two by then.
const COMBINED_MAX: u32 = 10_000;
/// The greatest base that counts are rounded to.
const ROUNDING_BASE_MAX: u64 = 1_000_000;

impl PolicyFile {
    /// Whether an output can be held for this.
    fn holds_for(&self, code: &str) -> bool {
        let hold = self.findings.hold.iter().any(|held| held == code);
        let class = Rule::ClassDisclosure.code() == code
            && self.class_disclosure.as_ref().is_some_and(|c| c.outcome == ClassOutcome::Hold);
        hold || class || Hold::ALWAYS.iter().any(|always| always.code() == code)
    }

    /// What makes no sense about it.
    pub(super) fn objection(&self) -> Option<&'static str> {
        let least = self.contributors.min;
        let base = self.counts.rounding_base;
        let method = self.counts.rounding_method;
        let marker = &self.marker;
        let known = |code: &String| Rule::ALL.iter().any(|rule| rule.code() == code);
        let wrong = [
            (least < 2, "contributors.min must be at least 2"),
            (
                !(3..=COMBINED_MAX).contains(&self.ledger.combined_max),
                "ledger.combined-max must be from 3 to 10000",
            ),
            (base == 0 || base > ROUNDING_BASE_MAX, "counts.rounding-base must be from 1 to 1000000"),
            (
                method == RoundingMethod::None && base != 1,
                "counts.rounding-base must be 1 where counts.rounding-method is \"none\"",
            ),
            (
                method == RoundingMethod::Midpoint && base < 2,
                "counts.rounding-base must be at least 2 where counts.rounding-method is \"midpoint\"",
            ),
            (
                self.counts.small_shown_as.is_some_and(|n| n == 0 || n >= least),
                "counts.small-shown-as must be from 1 to less than contributors.min",
            ),
            (
                method == RoundingMethod::Controlled && self.counts.small_shown_as.is_some(),
                "counts.small-shown-as would not add up where counts.rounding-method is \"controlled\"",
            ),
            (
                !(1..=15).contains(&self.means.significant_digits),
                "means.significant-digits must be from 1 to 15",
            ),
            (
                !self.dominance.iter().all(Dominance::is_sound),
                "dominance.largest must be 1 or 2, and share-max from 0 to 1",
            ),
            (!self.p_percent.iter().all(PPercent::is_sound), "p-percent.min must be from 0 to 1"),
            (
                self.quantiles.beside_min.is_some_and(|n| n < 2 || n > least),
                "quantiles.beside-min must be from 2 to contributors.min: no more people are counted",
            ),
            (
                self.class_disclosure.as_ref().is_some_and(|c| !(c.share_min > 0.5 && c.share_min <= 1.0)),
                "class-disclosure.share-min must be more than 0.5 and at most 1",
            ),
            (!self.findings.hold.iter().all(known), "findings.hold names a rule that there is not"),
            (
                !self.findings.object.iter().all(|code| self.holds_for(code)),
                "findings.object names nothing that an output is held for",
            ),
            (
                !self.findings.set_aside.iter().all(|code| self.findings.object.contains(code)),
                "findings.set-aside names what findings.object does not",
            ),
            (
                self.cell_key.as_ref().is_some_and(|c| {
                    let plain =
                        !c.table.is_empty() && !c.table.contains(['/', '\\']) && !c.table.starts_with('.');
                    !plain || c.threshold < 0 || c.keys < 2
                }),
                "cell-key needs a table's name without a folder, a threshold of at least 0 and at least 2 keys",
            ),
            (
                self.cell_key.is_some() && base != 1,
                "counts.rounding-base must be 1 beside cell-key: noise is not rounded",
            ),
            (
                marker.is_empty() || marker.chars().any(|c| c.is_ascii_digit() || c.is_control()),
                "marker must be text without digits",
            ),
            (self.output.outputs_per_day_max == Some(0), "output.outputs-per-day-max must be at least 1"),
        ];
        wrong.into_iter().find_map(|(is_wrong, words)| is_wrong.then_some(words))
    }
}
