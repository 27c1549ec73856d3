//! One cell by itself: what is shown of it, or which rule forbids it. Raw numbers are tested, then rounded; what
//! derives from counts is no more precise than the counts.

use crate::{Cell, Policy, Rule, Shown, Statistic, Value};

/// The value to show, or the rule that forbids it and the people it counted.
pub(crate) fn judge(
    cell: &Cell,
    statistic: Option<Statistic>,
    policy: &Policy,
) -> Result<Shown, (Rule, u64)> {
    if !policy.permits(cell.contributors) {
        return match small(cell, policy) {
            Some(shown) => Ok(shown),
            None => Err((Rule::SmallCount, cell.contributors)),
        };
    }
    if let Some(people) = cell.branches.iter().copied().find(|people| !policy.permits(*people)) {
        return Err((Rule::SmallBranch, people));
    }
    // Nobody stands at the value only where there is none.
    if let Some(people) = cell.support
        && people < support_min(statistic, policy)
        && cell.contributors > 0
    {
        return Err((Rule::SmallSupport, people));
    }
    if let Some(rule) = statistic.and_then(|statistic| objection(cell, statistic, policy)) {
        return Err((rule, cell.contributors));
    }
    Ok(match cell.value {
        Value::Null => Shown::Null,
        // A share of counts would tell them more exactly than their noise lets them be told.
        Value::Count(_) | Value::Rate { .. } if policy.cell_key().is_some() => {
            return perturbed(cell, policy).ok_or((Rule::CellKey, cell.contributors));
        }
        Value::Count(n) => Shown::Count(policy.round(n)),
        Value::Rate { numerator, denominator } => return rate(cell, numerator, denominator, policy),
        Value::Measure => match statistic {
            // All digits of a mean tell the number that it was divided by, where measures have few decimals;
            // those of a spread do too, and those of a quantile are one or two people's own.
            Some(Statistic::Mean | Statistic::Spread | Statistic::Association | Statistic::Quantile)
            | None => Shown::Digits(policy.mean_digits()),
            // Evidence that contradicts itself is no NULL.
            Some(Statistic::People | Statistic::Count { .. } | Statistic::Rate) => {
                return Err((Rule::Precision, cell.contributors));
            }
            // Enough people have an extreme for it to be nobody's own.
            Some(Statistic::Sum | Statistic::Extreme) => Shown::AsGiven,
        },
    })
}

/// A count with its noise, as far as the policy's table and the record keys are known and the threshold allows.
fn perturbed(cell: &Cell, policy: &Policy) -> Option<Shown> {
    let (Value::Count(count), Some(noise)) = (cell.value, policy.cell_key()) else { return None };
    let with_noise = policy.perturbation()?.perturb_sum(u64::try_from(count).ok()?, cell.record_keys?);
    // Nobody is nobody: in a table without a row for 0 that has no noise either.
    if count == 0 && with_noise.noise == 0 {
        return Some(Shown::Count(0));
    }
    with_noise.shown(noise.threshold).map(Shown::Count)
}

/// What stands for a count of too few people, where the policy has a number for all of them: a count of no more than
/// these people, without conditions inside that tell fewer of them apart.
fn small(cell: &Cell, policy: &Policy) -> Option<Shown> {
    let shown = policy.small_shown_as()?;
    let few = |n: i64| n > 0 && u64::try_from(n).is_ok_and(|n| n < policy.contributors_min());
    let undivided = cell.branches.iter().all(|people| *people == 0 || *people == cell.contributors);
    match cell.value {
        Value::Count(n) if few(n) && cell.contributors > 0 && undivided => Some(Shown::Count(shown)),
        _ => None,
    }
}

/// The fewest people that a number may rest on.
fn support_min(statistic: Option<Statistic>, policy: &Policy) -> u64 {
    match statistic {
        Some(Statistic::Quantile) => policy.beside_quantile_min(),
        _ => policy.contributors_min(),
    }
}

/// A share of counts, each as it would be shown by itself: no more precise than they are.
fn rate(cell: &Cell, numerator: i64, denominator: i64, policy: &Policy) -> Result<Shown, (Rule, u64)> {
    if denominator == 0 {
        return Ok(Shown::Null);
    }
    // So many rows are of no more people.
    if let Ok(rows) = u64::try_from(numerator)
        && !policy.permits(rows)
    {
        return Err((Rule::SmallBranch, rows));
    }
    match policy.round(denominator) {
        // What is left of the denominator is nothing, and that is not NULL.
        0 => Err((Rule::Precision, cell.contributors)),
        shown => Ok(Shown::Rate(policy.round(numerator) as f64 / shown as f64)),
    }
}

/// What a statistic is judged by besides how many people are behind it.
fn objection(cell: &Cell, statistic: Statistic, policy: &Policy) -> Option<Rule> {
    if cell.value == Value::Null {
        return None;
    }
    let freed = |parameters| policy.frees(cell.contributors, parameters);
    match statistic {
        Statistic::Spread if !freed(1) => Some(Rule::DegreesOfFreedom),
        Statistic::Association if !freed(2) => Some(Rule::DegreesOfFreedom),
        Statistic::Sum | Statistic::Mean | Statistic::Spread => policy.concentrated(cell.contributions),
        Statistic::Extreme if !policy.extremes_shown() => Some(Rule::Extreme),
        Statistic::Quantile if !policy.quantiles_shown() => Some(Rule::Quantile),
        Statistic::People
        | Statistic::Count { .. }
        | Statistic::Rate
        | Statistic::Extreme
        | Statistic::Quantile
        | Statistic::Association => None,
    }
}
