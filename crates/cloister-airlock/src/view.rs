//! What each person may see of a request.
//!
//! - **Authors** and the other members see what checkers say when it is their turn again, or when it is decided,
//!   and what came of each output; never single votes, and no digest before the release: whoever knows a small
//!   table but for its numbers could try them all against a digest.
//! - **Checkers** see what they themselves wrote, and another's work of a turn only when everybody has finished
//!   in that turn, or when the request is decided. What somebody had begun in a turn that another checker
//!   ended early stays with them.
//! - **Auditors** see everything. Nobody who could check the request is shown it as an auditor.
//! - **Overseers** (administrators, information asset owners) see where it is and who has it.

use crate::apply::exists_for;
use crate::{Act, Ballot, By, Choice, Claim, Comment, Consent, Output, OutputKind, Person, Reason, Request};
use crate::{Side, Standing, State, Step, TRANSITIONS, Turn, Weight};
use chrono::{DateTime, Utc};
use cloister_governance::ReviewMode;
use cloister_model::{Digest, Name, Role};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A request, as one person may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct View {
    /// Its id.
    pub id: Name,
    /// Its project.
    pub project: Name,
    /// Who wrote it.
    pub authors: BTreeSet<Name>,
    /// What it is for.
    pub purpose: String,
    /// Why it is safe.
    pub justification: String,
    /// The review mode.
    pub mode: ReviewMode,
    /// Where it is.
    pub state: State,
    /// Whom it waits for.
    pub whose_turn: Turn,
    /// The number to send back with a step that hands it on.
    pub turn: u32,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it last got to its checkers.
    pub submitted_at: Option<DateTime<Utc>>,
    /// What is in it.
    pub outputs: Vec<OutputView>,
    /// What has been said, turn by turn.
    pub comments: Vec<Comment>,
    /// The hand-overs and decisions, oldest first.
    pub steps: Vec<StepView>,
    /// Who has a seat; nobody for the author's side.
    pub claims: Vec<Claim>,
    /// Who has finished in this turn; nobody for the author's side.
    pub finished: BTreeSet<Name>,
    /// What the viewer may do now.
    pub may: Vec<Act>,
}

/// An output, as one person may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OutputView {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: OutputKind,
    /// How often it has been replaced.
    pub version: u32,
    /// Its content's digest, where the viewer may see the content.
    pub digest: Option<Digest>,
    /// The request id of the query that it came from.
    pub query: Name,
    /// That of the query which the checkers saw before it was replaced.
    pub before: Option<Name>,
    /// Whether it was left out.
    pub withdrawn: bool,
    /// What needs a person.
    pub findings: BTreeMap<Name, Weight>,
    /// The ballots, of earlier turns and contents too.
    pub ballots: Vec<Ballot>,
    /// The consents to overrides, of earlier turns and contents too.
    pub consents: Vec<Consent>,
    /// What came of it, for the author's side.
    pub outcome: Option<Choice>,
}

/// A hand-over or decision, as one person may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepView {
    /// What was done.
    pub act: Act,
    /// By whom; by the hub or its rules where absent.
    pub by: Option<Name>,
    /// In which turn.
    pub turn: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Option<Reason>,
    /// More of why.
    pub text: Option<String>,
    /// The package that was made.
    pub package: Option<Digest>,
}

/// What a person may see of a request; nothing where it does not exist for them.
pub fn view_for(request: &Request, viewer: &Person) -> Option<View> {
    if !exists_for(request, viewer) {
        return None;
    }
    let eyes = Eyes { request, viewer: &viewer.name, standing: viewer.standing(request) };
    let at_desk = match eyes.standing {
        Standing::Author | Standing::Member | Standing::Stranger => false,
        Standing::Checker | Standing::Auditor | Standing::Overseer => true,
    };
    Some(View {
        id: request.id.clone(),
        project: request.project.clone(),
        authors: request.authors.clone(),
        purpose: request.purpose.clone(),
        justification: request.justification.clone(),
        mode: request.mode,
        state: request.state,
        whose_turn: request.whose_turn(),
        turn: request.turn,
        created_at: request.created_at,
        submitted_at: request.submitted_at(),
        outputs: request.outputs.iter().map(|o| eyes.output(o)).collect(),
        comments: request.comments.iter().filter(|c| eyes.comment(c)).cloned().collect(),
        steps: request.steps.iter().map(|s| eyes.step(s)).collect(),
        claims: if at_desk { request.claims.clone() } else { Vec::new() },
        finished: if at_desk { request.finished(request.turn).cloned().collect() } else { BTreeSet::new() },
        may: may(request, viewer),
    })
}

/// What a person may do now, but for what they would have to do first.
fn may(request: &Request, person: &Person) -> Vec<Act> {
    let over = request.has_finished(&person.name) && request.state != State::Reviewed;
    let open = |act: Act| match act {
        Act::Vote | Act::Override | Act::Comment | Act::FinishReview | Act::Claim => !over,
        // A checker frees their own seat, while their review is open.
        Act::ReleaseClaim => {
            person.roles.contains(&Role::Administrator)
                || (!over && request.claims.iter().any(|c| c.checker == person.name))
        }
        Act::AddOutput
        | Act::ReplaceOutput
        | Act::WithdrawOutput
        | Act::Submit
        | Act::Withdraw
        | Act::Assign
        | Act::Return
        | Act::Approve
        | Act::Reject
        | Act::Release
        | Act::Revoke => true,
    };
    let mut acts: Vec<Act> = Vec::new();
    for t in TRANSITIONS.iter().filter(|t| t.from == request.state && t.by != By::System) {
        if !acts.contains(&t.act) && open(t.act) && person.is(t.by, request).is_ok() {
            acts.push(t.act);
        }
    }
    acts
}

struct Eyes<'a> {
    request: &'a Request,
    viewer: &'a Name,
    standing: Standing,
}

impl Eyes<'_> {
    /// Whether the viewer sees what a checker did in a turn, as far as it is about the outputs.
    fn work(&self, checker: &Name, turn: u32) -> bool {
        match self.standing {
            Standing::Auditor => true,
            Standing::Checker => {
                checker == self.viewer || self.request.is_complete(turn) || self.request.state.is_decided()
            }
            Standing::Author | Standing::Member | Standing::Overseer | Standing::Stranger => false,
        }
    }

    /// Whether the author's side is told of a checker's work in a turn: it is over, and they had finished, or
    /// ended it.
    fn told(&self, checker: &Name, turn: u32) -> bool {
        let over = self.request.turn > turn || self.request.state.is_decided();
        over && self.speaks(checker, turn)
    }

    /// Whether a checker's word of a turn counts: they had finished, or ended it.
    fn speaks(&self, checker: &Name, turn: u32) -> bool {
        let ended = |s: &Step| s.act == Act::Return && s.turn == turn && s.by.as_ref() == Some(checker);
        self.request.finished(turn).any(|n| n == checker) || self.request.steps.iter().any(ended)
    }

    fn comment(&self, comment: &Comment) -> bool {
        let handed_in = self.request.turn > comment.turn;
        match (comment.side, self.standing) {
            (Side::Author | Side::Checker, Standing::Auditor) => true,
            (Side::Author | Side::Checker, Standing::Overseer | Standing::Stranger) => false,
            (Side::Author, Standing::Author) => true,
            (Side::Author, Standing::Member | Standing::Checker) => handed_in,
            (Side::Checker, Standing::Author | Standing::Member) => self.told(&comment.by, comment.turn),
            (Side::Checker, Standing::Checker) => self.work(&comment.by, comment.turn),
        }
    }

    fn step(&self, step: &Step) -> StepView {
        let text = match (self.standing, step.by.as_ref()) {
            (Standing::Author | Standing::Member | Standing::Auditor, _) => true,
            (Standing::Checker, Some(by)) => step.act != Act::Return || self.work(by, step.turn),
            (Standing::Checker, None) => true,
            (Standing::Overseer, _) => step.act == Act::Revoke,
            (Standing::Stranger, _) => false,
        };
        StepView {
            act: step.act,
            by: step.by.clone(),
            turn: step.turn,
            at: step.at,
            reason: step.reason,
            text: step.text.clone().filter(|_| text),
            package: step.package,
        }
    }

    fn output(&self, output: &Output) -> OutputView {
        let released = self.request.state == State::Released;
        let content = match self.standing {
            Standing::Checker | Standing::Auditor => true,
            Standing::Author | Standing::Member => {
                released && output.kind == OutputKind::Output && !output.withdrawn
            }
            Standing::Overseer | Standing::Stranger => false,
        };
        let ballots = output.ballots.iter().filter(|b| self.work(&b.checker, b.turn));
        let consents = output.consents.iter().filter(|c| self.work(&c.checker, c.turn));
        OutputView {
            name: output.name.clone(),
            kind: output.kind,
            version: output.version,
            digest: content.then_some(output.content.digest),
            query: output.content.query.clone(),
            before: output.before.as_ref().map(|(_, content)| content.query.clone()),
            withdrawn: output.withdrawn,
            findings: output.content.findings.clone(),
            ballots: ballots.cloned().collect(),
            consents: consents.cloned().collect(),
            outcome: self.outcome(output),
        }
    }

    /// What the checkers' last turn came to, for the author's side: the least of what those who speak think.
    fn outcome(&self, output: &Output) -> Option<Choice> {
        let turn = match (self.standing, self.request.whose_turn()) {
            (Standing::Author | Standing::Member, Turn::Author | Turn::System | Turn::Nobody) => {
                // The author's turns are even, the checkers' odd.
                if self.request.turn % 2 == 1 {
                    self.request.turn
                } else {
                    self.request.turn.checked_sub(1)?
                }
            }
            (Standing::Author | Standing::Member, Turn::Checkers)
            | (Standing::Checker | Standing::Auditor | Standing::Overseer | Standing::Stranger, _) => {
                return None;
            }
        };
        let voters: BTreeSet<&Name> = output.ballots.iter().map(|b| &b.checker).collect();
        let speaking = voters.into_iter().filter(|c| self.speaks(c, turn));
        speaking.filter_map(|c| output.standing(c, turn)).map(|b| b.choice).max()
    }
}
