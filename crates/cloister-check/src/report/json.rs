//! Findings for programs.

use crate::check::{Became, Checked};
use cloister_disclosure::Policy;
use serde_json::{Value, json};

pub(super) fn of(checked: &Checked, policy: &Policy) -> Value {
    let cells = checked.changed.iter().map(|changed| {
        let (state, rule, secondary) = match &changed.became {
            Became::Suppressed { rule, secondary } => ("suppressed", Some(*rule), *secondary),
            Became::Written(_) => ("rounded", None, false),
        };
        let codes =
            checked.table.grid.cells.get(changed.cell).map(|c| c.codes.as_slice()).unwrap_or_default();
        let labels = checked.table.grid.dimensions.iter().zip(codes);
        let labels: serde_json::Map<String, Value> =
            labels.map(|(d, code)| (d.name.clone(), d.label(*code).into())).collect();
        json!({
            "row": changed.row + 1, "column": changed.column + 1, "measure": changed.measure.name(),
            "labels": labels, "state": state, "rule": rule, "secondary": secondary,
        })
    });
    let holds = checked.holds().iter().map(|h| match &h.unprotectable {
        None => json!({"code": h.code, "message": h.message}),
        Some(found) => json!({
            "code": h.code, "message": h.message,
            "cells": found.cells.iter().map(|c| json!({
                "labels": c.labels, "above": c.above, "below": c.below, "message": c.words(),
            })).collect::<Vec<_>>(),
            "coarser": found.coarser.iter().map(|c| json!({
                "column": c.column, "only_total": c.only_total, "left": c.left, "message": c.words(),
            })).collect::<Vec<_>>(),
        }),
    });
    let proofs = checked.proofs.iter().map(|(measure, proof)| {
        json!({"measure": measure.name(), "proved": proof.goals, "programs": proof.programs})
    });
    let (primary, secondary, rounded) = checked.numbers();
    json!({
        "status": checked.status().as_str(),
        "table": checked.table.name(),
        "policy": {
            "name": policy.name().to_string(),
            "version": policy.version(),
            "digest": policy.digest().to_string(),
        },
        "cell_count": checked.table.cells(),
        "totals": checked.table.totals(),
        "suppressed": {"by_rule": primary, "secondary": secondary},
        "rounded": rounded,
        "holds": holds.collect::<Vec<_>>(),
        "attack": proofs.collect::<Vec<_>>(),
        "cells": cells.collect::<Vec<_>>(),
    })
}
