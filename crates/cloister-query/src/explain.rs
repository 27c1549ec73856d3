//! What the checks make of a query, before anything runs: which it passes, whose rows each relation holds,
//! where the release boundary lies, and what is known already to be held. It says nothing of the data.

mod label;

use crate::boundary::Boundary;
use crate::engine::{Named, check_release};
use crate::grant::ResolvedGrant;
use crate::parameter::Binding;
use crate::relation::{Chosen, State};
use crate::rewrite::{Counting, Rewriter};
use crate::session::planning_session;
use crate::sql::parse;
use crate::subquery::as_joins;
use crate::{Engine, QueryError, Reads, Refusal};
use cloister_disclosure::{Policy, Statistic};
use cloister_model::Digest;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use std::cell::{Cell, RefCell};

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The query passes.
    Passed,
    /// It does not.
    Failed(Refusal),
    /// An earlier check failed.
    NotReached,
}

/// One of the checks, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A stable code.
    pub code: &'static str,
    /// What is checked, in one line.
    pub title: &'static str,
    /// What became of it.
    pub outcome: CheckOutcome,
}

/// The checks, in the order in which they are made.
const CHECKS: [(&str, &str); 8] = [
    ("one-query", "one statement, a query, not too long"),
    ("parameters", "every parameter is declared and has a value of its domain"),
    ("granted-names", "tables and columns that the project has, functions on the allow-list, types that fit"),
    ("subqueries", "every subquery is a join"),
    ("rows-read", "the tables that it reads are within the hub's limit"),
    ("people-carried", "the person of every row stays known, and nothing decides by failing"),
    ("no-rows-about-people", "the result is aggregated"),
    ("no-pseudonyms", "no pseudonym is shown"),
];

/// One node of the plan, as a line of an indented tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How deep it is, from 0.
    pub depth: usize,
    /// What it does, in the researcher's names.
    pub text: String,
    /// Whose rows come out of it; none where the checks did not get there.
    pub state: Option<&'static str>,
    /// Whether its values are protected here, before anything above sees them.
    pub boundary: bool,
}

/// An aggregate at the release boundary and the evidence behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedCell {
    /// Its name.
    pub name: String,
    /// What it is: `count`, `sum`, `mean`, …
    pub role: &'static str,
    /// What is found out about the people behind each value.
    pub evidence: Vec<&'static str>,
    /// How many conditions inside it are judged as cells of their own.
    pub branches: usize,
}

/// A place where values are protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedBoundary {
    /// Whether people's rows meet its values again, which are protected first.
    pub inside: bool,
    /// The names of the columns that tell the groups apart.
    pub keys: Vec<String>,
    /// What becomes of the label of a group that is too small.
    pub labels: &'static str,
    /// The aggregates.
    pub cells: Vec<ExplainedCell>,
    /// Codes of what a checker must look at, whatever the values are.
    pub holds: Vec<String>,
}

/// What the checks make of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Every check.
    pub checks: Vec<Check>,
    /// The digest that names the query, as far as it has one.
    pub digest: Option<Digest>,
    /// What it reads, as far as that is known.
    pub reads: Reads,
    /// The plan, the result first.
    pub plan: Vec<Step>,
    /// Where values are protected.
    pub boundaries: Vec<ExplainedBoundary>,
    /// Codes of what a checker must look at whatever comes of it, beside those of the boundaries.
    holds: Vec<String>,
}

impl Explanation {
    /// Why the query may not run.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.checks.iter().find_map(|c| match &c.outcome {
            CheckOutcome::Failed(refusal) => Some(refusal),
            CheckOutcome::Passed | CheckOutcome::NotReached => None,
        })
    }

    /// Codes of what is held for a checker, whatever the values are.
    pub fn holds(&self) -> Vec<String> {
        let of_boundaries = self.boundaries.iter().flat_map(|b| b.holds.clone());
        let mut holds: Vec<String> = of_boundaries.chain(self.holds.clone()).collect();
        holds.sort_unstable();
        holds.dedup();
        holds
    }

    fn begun() -> Self {
        let check = |(code, title)| Check { code, title, outcome: CheckOutcome::NotReached };
        let checks = CHECKS.map(check).to_vec();
        let (plan, boundaries, holds) = (Vec::new(), Vec::new(), Vec::new());
        Self { checks, digest: None, reads: Reads::default(), plan, boundaries, holds }
    }

    fn passed(&mut self, code: &str) {
        if let Some(check) = self.checks.iter_mut().find(|c| c.code == code) {
            check.outcome = CheckOutcome::Passed;
        }
    }

    fn failed(mut self, code: &str, refusal: Refusal) -> Self {
        if let Some(check) = self.checks.iter_mut().find(|c| c.code == code) {
            check.outcome = CheckOutcome::Failed(refusal);
        }
        self
    }
}

impl Engine {
    /// Plans and checks a query, and runs nothing. Needs no vault.
    pub async fn explain(
        &self,
        grant: &ResolvedGrant,
        sql: &str,
        policy: &Policy,
    ) -> Result<Explanation, QueryError> {
        let state = planning_session(grant, self.limits()).map_err(|e| QueryError::failed(&e))?;
        let mut explained = Explanation::begun();
        let bound = match parse(sql, Binding::Values) {
            Ok(bound) => bound,
            Err(refusal) => {
                let about_parameters = refusal.code().contains("parameter");
                if about_parameters {
                    explained.passed("one-query");
                }
                let check = if about_parameters { "parameters" } else { "one-query" };
                return Ok(explained.failed(check, refusal));
            }
        };
        explained.passed("one-query");
        explained.passed("parameters");
        let named = match Named::of(&state, grant, sql, bound).await {
            Ok(named) => named,
            Err(QueryError::Refused(refusal)) if refusal.code() == "parameter-place" => {
                return Ok(explained.failed("parameters", refusal));
            }
            Err(QueryError::Refused(refusal)) => return Ok(explained.failed("granted-names", refusal)),
            Err(failed @ QueryError::Failed { .. }) => return Err(failed),
        };
        explained.digest = Some(named.digest);
        explained.passed("granted-names");
        let analysed = match as_joins(named.plan, &state) {
            Ok(analysed) => analysed,
            Err(refusal) => return Ok(explained.failed("subqueries", refusal)),
        };
        explained.reads = Reads::of(&analysed, named.views).map_err(|e| QueryError::failed(&e))?;
        explained.passed("subqueries");
        match self.few_enough(&analysed) {
            Ok(()) => explained.passed("rows-read"),
            Err(QueryError::Refused(refusal)) => return Ok(explained.failed("rows-read", refusal)),
            Err(failed @ QueryError::Failed { .. }) => return Err(failed),
        }
        carried(explained, &state, &analysed, policy)
    }
}

/// The part of the checks that follows people through the plan.
fn carried(
    mut explained: Explanation,
    state: &SessionState,
    analysed: &LogicalPlan,
    policy: &Policy,
) -> Result<Explanation, QueryError> {
    let mut rewriter = Rewriter::new(state, Counting::of(policy));
    rewriter.trace = Some(Trace::default());
    let rewritten = rewriter.rewrite(analysed).map_err(QueryError::from);
    explained.plan = rewriter.trace.take().map(Trace::into_steps).unwrap_or_default();
    let relation = match rewritten {
        Ok(relation) => relation,
        Err(QueryError::Refused(refusal)) => return Ok(explained.failed("people-carried", refusal)),
        Err(failed @ QueryError::Failed { .. }) => return Err(failed),
    };
    explained.passed("people-carried");
    explained.holds = rewriter.holds();
    explained.boundaries = rewriter.into_inside().iter().map(|b| boundary(b, true)).collect();
    if let State::Protected { boundaries, .. } = &relation.state {
        explained.boundaries.extend(boundaries.iter().map(|b| boundary(b, false)));
    }
    match check_release(&relation) {
        Ok(()) => {
            explained.passed("no-rows-about-people");
            explained.passed("no-pseudonyms");
            Ok(explained)
        }
        Err(QueryError::Refused(refusal)) if refusal.code() == "row-level-output" => {
            Ok(explained.failed("no-rows-about-people", refusal))
        }
        Err(QueryError::Refused(refusal)) => {
            explained.passed("no-rows-about-people");
            Ok(explained.failed("no-pseudonyms", refusal))
        }
        Err(failed @ QueryError::Failed { .. }) => Err(failed),
    }
}

fn boundary(boundary: &Boundary, inside: bool) -> ExplainedBoundary {
    let cells = boundary.cells.iter().map(|cell| {
        let mut evidence = vec!["distinct people who contribute"];
        if !cell.branches.is_empty() {
            evidence.push("distinct people in each branch of its conditions");
        }
        if cell.contributions.is_some() {
            evidence.push("the greatest contributions of single people");
        }
        if !cell.support.is_empty() {
            evidence.push(match cell.statistic {
                Statistic::Quantile => "distinct people on either side of the value",
                _ => "distinct people whose own value it is",
            });
        }
        match cell.statistic {
            Statistic::Spread => evidence.push("degrees of freedom: people less one"),
            Statistic::Association => evidence.push("degrees of freedom: people less two"),
            Statistic::People
            | Statistic::Count { .. }
            | Statistic::Rate
            | Statistic::Sum
            | Statistic::Mean
            | Statistic::Extreme
            | Statistic::Quantile => {}
        }
        ExplainedCell {
            name: label::visible(cell.name.name()),
            role: cell.role.as_str(),
            evidence,
            branches: cell.branches.len(),
        }
    });
    let labels = match (boundary.keys.is_empty(), boundary.totals, boundary.labels_public) {
        (true, ..) => "none",
        (_, true, _) => "shown only where enough people stand behind the group, because there are totals",
        (_, _, true) => "public: shown beside a suppressed cell",
        (_, _, false) => "not public: groups that are too small are merged into one row",
    };
    ExplainedBoundary {
        inside,
        keys: boundary.keys.iter().map(|(name, _)| label::visible(name.name())).collect(),
        labels,
        cells: cells.collect(),
        holds: boundary.holds.iter().map(|code| (*code).to_owned()).collect(),
    }
}

/// The rewriting as it went.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    depth: Cell<usize>,
    steps: RefCell<Vec<Step>>,
}

impl Trace {
    /// A node begins; returns its place.
    pub(crate) fn enter(&self, plan: &LogicalPlan) -> usize {
        let depth = self.depth.get();
        self.depth.set(depth.saturating_add(1));
        let mut steps = self.steps.borrow_mut();
        steps.push(Step { depth, text: label::of(plan), state: None, boundary: false });
        steps.len() - 1
    }

    /// A node is checked.
    pub(crate) fn leave(&self, place: usize, state: Option<&State>) {
        self.depth.set(self.depth.get().saturating_sub(1));
        let mut steps = self.steps.borrow_mut();
        let Some(depth) = steps.get(place).map(|s| s.depth) else { return };
        let below = steps.iter().skip(place + 1).filter(|s| s.depth == depth + 1);
        let people_below = below.clone().any(|s| s.state.is_some_and(|s| s.starts_with(PER_PERSON)));
        let groups_below = below.clone().any(|s| s.state == Some(PER_GROUP));
        if let Some(step) = steps.get_mut(place) {
            step.state = state.map(name_of);
            step.boundary = step.state == Some(PER_GROUP) && people_below && !groups_below;
        }
    }

    fn into_steps(self) -> Vec<Step> {
        self.steps.into_inner()
    }
}

const PER_PERSON: &str = "per person";
const PER_GROUP: &str = "per group, protected";

fn name_of(state: &State) -> &'static str {
    match state {
        State::Reference => "reference",
        State::PerPerson { chosen: Chosen::Alone, .. } => PER_PERSON,
        State::PerPerson { chosen: Chosen::Grouped, .. } => "per person, beside groups' protected values",
        State::PerPerson { chosen: Chosen::Ranked, .. } => "per person, beside their ranks among others",
        State::PerPerson { chosen: Chosen::Crowd, .. } => {
            "per person, chosen by rank or multiplied among others"
        }
        State::PerPerson { chosen: Chosen::Limited, .. } => "per person, chosen by LIMIT",
        State::Protected { .. } => PER_GROUP,
    }
}

#[cfg(test)]
pub(crate) mod tests;
