//! Findings for people.

use super::{several, words};
use crate::check::{Became, Changed, Checked, Status};
use crate::measure::Measure;
use crate::table::Table;
use crate::unprotectable::Unprotectable;
use cloister_disclosure::Policy;
use std::fmt::Write as _;

/// The most findings that are printed one by one.
const LINES_MAX: usize = 200;

pub(super) fn of(checked: &Checked, policy: &Policy) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}: {}", checked.table.name(), checked.status().as_str());
    let _ = writeln!(out, "policy {} version {} ({})", policy.name(), policy.version(), policy.digest());
    totals(&mut out, &checked.table);
    let (primary, secondary, rounded) = checked.numbers();
    let _ = writeln!(out, "{} in the table", several(checked.table.cells(), "cell"));
    let _ = writeln!(
        out,
        "{} suppressed by a rule, {} so that others cannot be worked out, {} rounded",
        several(primary, "field"),
        secondary,
        rounded
    );
    for hold in checked.holds() {
        let _ = writeln!(out, "held[{}]: {}", hold.code, hold.message);
        if let Some(found) = &hold.unprotectable {
            unprotectable(&mut out, found);
        }
    }
    if checked.status() == Status::Held {
        let _ = writeln!(out, "no protected table is written; a checker must look");
    }
    for (measure, proof) in &checked.proofs {
        let what = if *measure == Measure::Count { "counts" } else { "amounts" };
        let _ = match proof.goals {
            0 => writeln!(out, "attack on the {what}: nothing suppressed stands in a sum"),
            goals => writeln!(
                out,
                "attack on the {what}: failed; {} of what must stay uncertain proved ({} linear programs)",
                several(goals, "bound"),
                proof.programs
            ),
        };
    }
    let own = checked.changed.iter().filter(|c| matches!(c.measure, Measure::Top1 | Measure::Top2)).count();
    if own > 0 {
        let _ = writeln!(
            out,
            "every greatest and second greatest contribution is suppressed: {} (single-contribution)",
            several(own, "field")
        );
    }
    let is_listed = |c: &&Changed| {
        !matches!(c.became, Became::Written(_)) && !matches!(c.measure, Measure::Top1 | Measure::Top2)
    };
    let findings: Vec<&Changed> = checked.changed.iter().filter(is_listed).collect();
    for changed in findings.iter().take(LINES_MAX) {
        let _ = writeln!(
            out,
            "{} {}: {}",
            checked.place(changed),
            changed.measure.name(),
            words(&changed.became)
        );
    }
    if let Some(more) = findings.len().checked_sub(LINES_MAX).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {more} more");
    }
    out
}

/// The most cells that nothing protects that are printed one by one.
const UNPROTECTABLE_MAX: usize = 20;

/// Which cells nothing protects, and what to do.
fn unprotectable(out: &mut String, found: &Unprotectable) {
    for cell in found.cells.iter().take(UNPROTECTABLE_MAX) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {}", cell.words());
    }
    if let Some(more) = found.cells.len().checked_sub(UNPROTECTABLE_MAX).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {more} more (all of them are in the findings for programs)");
    }
    for coarser in &found.coarser {
        let _ = writeln!(out, "  what would help: {}", coarser.words());
    }
    if found.coarser.is_empty() {
        let _ = writeln!(out, "  what would help: fewer and coarser labels; no single column's alone");
    }
}

/// What was taken for a total of what: the first of them.
pub(super) fn totals(out: &mut String, table: &Table) {
    const TOTALS_MAX: usize = 12;
    let lines = table.totals();
    for line in lines.iter().take(TOTALS_MAX) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "total: {line}");
    }
    if let Some(more) = lines.len().checked_sub(TOTALS_MAX).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {}", several(more, "more total"));
    }
}
