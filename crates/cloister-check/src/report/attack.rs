//! What an attack found, for people and for programs.

use super::several;
use super::text::totals;
use crate::audit::{Audited, shown};
use crate::error::letters;
use crate::measure::Measure;
use cloister_disclosure::Policy;
use serde_json::{Value, json};
use std::fmt::Write as _;

impl Audited {
    /// How many cells are known exactly, and how many more closely than the policy allows.
    pub fn numbers(&self) -> (usize, usize) {
        let exact = self.found.iter().filter(|f| f.is_exact()).count();
        (exact, self.found.len() - exact)
    }

    /// What was found, for people.
    pub fn to_text(&self, policy: &Policy) -> String {
        let (exact, narrowed) = self.numbers();
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{}: {} suppressed, {exact} can be recovered, {narrowed} can be narrowed below what the policy leaves",
            self.table.name(),
            several(self.suppressed, "cell")
        );
        let _ = writeln!(out, "policy {} version {} ({})", policy.name(), policy.version(), policy.digest());
        totals(&mut out, &self.table);
        for found in &self.found {
            let verb = if found.is_exact() { "recovered" } else { "narrowed" };
            let place = format!("row {}, column {} ({})", found.row, found.column, letters(found.column));
            let range = shown(found.range);
            let what = if self.table.grid.has(Measure::Value) {
                format!("{} of ", found.measure)
            } else {
                String::new()
            };
            let _ = writeln!(out, "{verb}: {place}: {what}{} is {range}: {}", found.labels, found.because);
        }
        if self.amounts_unjudged > 0 {
            let _ = writeln!(
                out,
                "{} not recovered, but the file does not give the greatest contributions: whether one person's amount can be worked out too closely is not judged (`--top1`, `--top2`)",
                several(self.amounts_unjudged, "sum")
            );
        }
        if self.bounded_only > 0 {
            let _ = writeln!(
                out,
                "{} hang together with too many others: they were attacked with the totals near them, and more may be known of them",
                several(self.bounded_only, "cell")
            );
        }
        out
    }

    /// The same for programs: one object.
    pub fn to_json(&self, policy: &Policy) -> Value {
        let found = self.found.iter().map(|f| {
            let high = f.range.high.is_finite().then_some(f.range.high);
            json!({
                "row": f.row, "column": f.column, "measure": f.measure, "labels": f.labels, "exact": f.is_exact(),
                "low": f.range.low, "high": high, "because": f.because,
            })
        });
        let (exact, narrowed) = self.numbers();
        json!({
            "status": if self.found.is_empty() { "safe" } else { "recoverable" },
            "table": self.table.name(),
            "policy": {
                "name": policy.name().to_string(),
                "version": policy.version(),
                "digest": policy.digest().to_string(),
            },
            "suppressed": self.suppressed,
            "recovered": exact,
            "narrowed": narrowed,
            "bounded_only": self.bounded_only,
            "amounts_unjudged": self.amounts_unjudged,
            "found": found.collect::<Vec<_>>(),
        })
    }
}
