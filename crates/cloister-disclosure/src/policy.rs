//! Disclosure policies: the numeric rules, as files, versioned by digest.

mod file;
mod source;

use crate::concentration::{Contributions, Dominance, PPercent, objection, upper_protection};
use crate::{PerturbationTable, RoundingMethod, Rule};
use cloister_model::{Digest, Name};
use file::PolicyFile;
use serde::Deserialize;
use std::sync::Arc;

pub use file::{LedgerBeyond, LedgerRemedy, Secondary};
pub use source::Source;

/// A disclosure policy (`policies/disclosure/*.toml`).
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    file: PolicyFile,
    sources: Vec<Source>,
    /// The places of numbers without a source.
    unsourced: Vec<String>,
    digest: Digest,
    /// The noise of counts, where the policy has counts perturbed and its table was read.
    perturbation: Option<Arc<PerturbationTable>>,
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

/// What becomes of a table that says of a whole group which category its people are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassOutcome {
    /// A checker looks at it.
    Hold,
    /// The cells that say so are not shown.
    Suppress,
}

/// The cell-key method's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellKey<'a> {
    /// The perturbation table's file, beside the policy.
    pub table: &'a str,
    /// Perturbed counts below it are not shown; 0 shows all.
    pub threshold: i64,
    /// How many record keys there are: 0 to one less.
    pub keys: u32,
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
        let mut table: toml::Table = text.parse().map_err(|e: toml::de::Error| wrong(e.to_string()))?;
        let sources = source::taken_out(&mut table);
        let mut unsourced = source::numbers(&table);
        unsourced.retain(|key| !sources.iter().any(|s| s.key == *key));
        let file: PolicyFile =
            table.try_into().map_err(|e: toml::de::Error| wrong(e.to_string().trim().to_owned()))?;
        match file.objection() {
            Some(words) => Err(wrong(words.to_owned())),
            None => {
                let digest = Digest::of(text.as_bytes());
                Ok(Self { file, sources, unsourced, digest, perturbation: None })
            }
        }
    }

    /// Reads a policy for queries. What they cannot do is refused, rather than left out: noise by numbers of
    /// keys that what landing keeps of people does not serve. A policy with noise needs its table besides
    /// ([`Policy::with_perturbation`]); without it no count is shown.
    pub fn parse_for_queries(text: &str) -> Result<Self, PolicyError> {
        let policy = Self::parse(text)?;
        let wrong = |reason: &str| Err(PolicyError { reason: reason.to_owned() });
        if let Some(noise) = &policy.file.cell_key {
            if noise.table_sha256.is_none() {
                return wrong(
                    "cell-key.table-sha256 must name the table's digest: the policy's own digest covers it then",
                );
            }
            if !noise.keys.is_power_of_two() {
                return wrong("cell-key.keys must be a power of two");
            }
            if noise.threshold < 1 {
                return wrong("cell-key.threshold must be at least 1: a count below zero would be shown");
            }
        }
        Ok(policy)
    }

    /// The same with the text of its perturbation table.
    ///
    /// # Errors
    /// The policy has no noise, or the text is not the table that the policy names.
    pub fn with_perturbation(mut self, text: &str) -> Result<Self, PolicyError> {
        let wrong = |reason: String| PolicyError { reason };
        let Some(noise) = &self.file.cell_key else {
            return Err(wrong("a perturbation table, and no cell-key".to_owned()));
        };
        let digest = Digest::of(text.as_bytes()).to_string();
        let found = digest.strip_prefix("sha256:").unwrap_or(&digest);
        if noise.table_sha256.as_deref() != Some(found) {
            return Err(wrong(format!(
                "cell-key.table-sha256 is another than that of `{}`: {found}",
                noise.table
            )));
        }
        let table = PerturbationTable::parse(text).map_err(|e| wrong(format!("`{}`: {e}", noise.table)))?;
        if table.keys() != noise.keys {
            let (table, policy) = (table.keys(), noise.keys);
            return Err(wrong(format!("cell-key.keys is {policy}, and the table has {table}")));
        }
        self.perturbation = Some(Arc::new(table));
        Ok(self)
    }

    /// The noise of counts, where the policy has counts perturbed and its table was read.
    pub fn perturbation(&self) -> Option<&PerturbationTable> {
        self.perturbation.as_deref()
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

    /// Where its values come from.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The places of its numbers that have no source.
    pub fn unsourced(&self) -> &[String] {
        &self.unsourced
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

    /// How much more than its value a total with these contributions must be able to be, for an outsider, so that the
    /// rules for totals would permit what he knows of it: the upper protection level. Not positive where they permit
    /// the total itself. Source: Hundepool et al., "Statistical Disclosure Control" (2012), section 4.2.2.
    pub fn upper_protection(&self, given: Contributions) -> f64 {
        upper_protection(given, &self.file.dominance, self.file.p_percent.as_ref())
    }

    /// Whether a statistic of this many people, less those that its own parameters take, has enough degrees of freedom.
    pub(crate) fn frees(&self, people: u64, parameters: u64) -> bool {
        match &self.file.degrees_of_freedom {
            Some(free) => people.saturating_sub(parameters) >= free.min,
            None => true,
        }
    }

    /// Whether a least or greatest value may be shown at all.
    pub fn extremes_shown(&self) -> bool {
        self.file.extremes.shown
    }

    /// Whether a quantile may be shown at all.
    pub fn quantiles_shown(&self) -> bool {
        self.file.quantiles.shown
    }

    /// The fewest distinct people on either side of a quantile; at most [`Policy::contributors_min`].
    pub fn beside_quantile_min(&self) -> u64 {
        self.file.quantiles.beside_min.unwrap_or(self.file.contributors.min)
    }

    /// What becomes of class disclosure, and from which share of a group on; `None` where nobody looks for it.
    pub fn class_disclosure(&self) -> Option<(ClassOutcome, f64)> {
        self.file.class_disclosure.as_ref().map(|c| (c.outcome, c.share_min))
    }

    /// Whether a finding of this rule makes a checker look, besides what it does to the cell. The others decide by
    /// themselves.
    pub fn holds(&self, rule: Rule) -> bool {
        self.file.findings.hold.iter().any(|code| code == rule.code())
    }

    /// Whether nothing leaves that is held for this code, unless two checkers set it aside.
    pub fn objects(&self, code: &str) -> bool {
        self.file.findings.object.iter().any(|objected| objected == code)
    }

    /// Whether two checkers may set this objection aside.
    pub fn may_set_aside(&self, code: &str) -> bool {
        self.file.findings.set_aside.iter().any(|allowed| allowed == code)
    }

    /// What is done against subtraction from totals; `None` where the policy does not say.
    pub fn secondary(&self) -> Option<&Secondary> {
        self.file.secondary.as_ref()
    }

    /// The noise that counts are shown with.
    pub fn cell_key(&self) -> Option<CellKey<'_>> {
        let file = self.file.cell_key.as_ref()?;
        Some(CellKey { table: &file.table, threshold: file.threshold, keys: file.keys })
    }

    /// Whether an output is compared with what was released before, in every project and of every version of the data.
    pub fn compares_releases(&self) -> bool {
        self.file.ledger.compare
    }

    /// What becomes of an output that says with earlier ones what neither says alone.
    pub fn ledger_remedy(&self) -> LedgerRemedy {
        self.file.ledger.remedy
    }

    /// How many earlier numbers of a kind a new one is added to and subtracted from, and what becomes of an output whose
    /// project has released more.
    pub fn ledger_combines(&self) -> (usize, LedgerBeyond) {
        (usize::try_from(self.file.ledger.combined_max).unwrap_or(usize::MAX), self.file.ledger.beyond)
    }

    /// How far a count may be from what it is shown as: none where there is noise in it.
    pub fn count_within(&self) -> Option<u64> {
        let base = self.rounding_base();
        match self.rounding_method() {
            _ if self.cell_key().is_some() => None,
            RoundingMethod::None => Some(0),
            RoundingMethod::Nearest | RoundingMethod::Midpoint => Some(base / 2),
            RoundingMethod::Controlled => Some(base.saturating_sub(1)),
        }
    }

    /// The most outputs of a project in a day that are released without a person having looked.
    pub fn outputs_per_day_max(&self) -> Option<u32> {
        self.file.output.outputs_per_day_max
    }

    /// The number that stands for every count of too few people, where one does.
    pub fn small_shown_as(&self) -> Option<i64> {
        self.file.counts.small_shown_as.and_then(|n| i64::try_from(n).ok())
    }

    /// How counts are rounded.
    pub fn rounding_method(&self) -> RoundingMethod {
        self.file.counts.rounding_method
    }

    /// To multiples of what counts are rounded.
    pub fn rounding_base(&self) -> u64 {
        self.file.counts.rounding_base
    }

    /// A count as it is shown. Test before rounding.
    pub fn round(&self, count: i64) -> i64 {
        self.rounding_method().round(count, self.rounding_base())
    }
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
