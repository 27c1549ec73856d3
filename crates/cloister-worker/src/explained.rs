//! What the checks make of a query, as it travels from a worker. Nothing in it comes from data.

use crate::report::Refused;
use crate::work::refused;
use cloister_model::Digest;
use cloister_query::{CheckOutcome, ExplainedBoundary, Explanation, Reads};
use serde::{Deserialize, Serialize};

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// A stable code.
    pub code: String,
    /// What is checked.
    pub title: String,
    /// `passed`, `failed` or `not-reached`.
    pub outcome: String,
}

/// A node of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// How deep it is, from 0.
    pub depth: usize,
    /// What it does.
    pub text: String,
    /// Whose rows come out of it; none where the checks did not get there.
    pub state: Option<String>,
    /// Whether its values are protected here.
    pub boundary: bool,
}

/// A place where values are protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundaryReport {
    /// Whether people's rows meet its values again.
    pub inside: bool,
    /// The columns that tell the groups apart.
    pub keys: Vec<String>,
    /// What becomes of the labels of groups that are too small.
    pub labels: String,
    /// The aggregates.
    pub cells: Vec<CellReport>,
    /// What is held, whatever the values are.
    pub holds: Vec<String>,
}

/// An aggregate and its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellReport {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: String,
    /// What is found out about the people behind each value.
    pub evidence: Vec<String>,
    /// How many conditions inside it are cells of their own.
    pub branches: usize,
}

/// What the checks make of a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Every check.
    pub checks: Vec<CheckReport>,
    /// The digest that names the query, as far as it has one.
    pub plan_digest: Option<Digest>,
    /// What it reads, as far as that is known.
    pub reads: Reads,
    /// The plan as an indented tree, the result first.
    pub plan: Vec<StepReport>,
    /// Where values are protected.
    pub boundaries: Vec<BoundaryReport>,
    /// What is held, whatever the values are.
    pub holds: Vec<String>,
    /// Why it may not run.
    pub refused: Option<Refused>,
}

impl Explained {
    pub(crate) fn of(explained: &Explanation) -> Self {
        let checks = explained.checks.iter().map(|check| CheckReport {
            code: check.code.to_owned(),
            title: check.title.to_owned(),
            outcome: match check.outcome {
                CheckOutcome::Passed => "passed",
                CheckOutcome::Failed(_) => "failed",
                CheckOutcome::NotReached => "not-reached",
            }
            .to_owned(),
        });
        let plan = explained.plan.iter().map(|step| StepReport {
            depth: step.depth,
            text: step.text.clone(),
            state: step.state.map(str::to_owned),
            boundary: step.boundary,
        });
        Self {
            checks: checks.collect(),
            plan_digest: explained.digest,
            reads: explained.reads.clone(),
            plan: plan.collect(),
            boundaries: explained.boundaries.iter().map(boundary).collect(),
            holds: explained.holds(),
            refused: explained.refusal().map(refused),
        }
    }
}

fn boundary(boundary: &ExplainedBoundary) -> BoundaryReport {
    let cells = boundary.cells.iter().map(|cell| CellReport {
        name: cell.name.clone(),
        role: cell.role.to_owned(),
        evidence: cell.evidence.iter().map(|e| (*e).to_owned()).collect(),
        branches: cell.branches,
    });
    BoundaryReport {
        inside: boundary.inside,
        keys: boundary.keys.clone(),
        labels: boundary.labels.to_owned(),
        cells: cells.collect(),
        holds: boundary.holds.clone(),
    }
}
