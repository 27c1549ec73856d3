//! A release request, as it is stored.

use crate::{Act, Ballot, Choice, Comment, Consent, Happened, Reason, Refused, State, Turn};
use chrono::{DateTime, Utc};
use cloister_governance::ReviewMode;
use cloister_model::{Digest, Name};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The longest text that anybody may write, in characters.
pub const TEXT_CHARS_MAX: usize = 8_000;

/// A release request. [`crate::apply`] changes it and nothing else does; what people may see of it is
/// [`crate::view_for`]'s to say. It serialises for the store, never for an answer: it holds what checkers
/// must not know of each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    pub(crate) id: Name,
    pub(crate) project: Name,
    pub(crate) authors: BTreeSet<Name>,
    pub(crate) purpose: String,
    pub(crate) justification: String,
    pub(crate) mode: ReviewMode,
    pub(crate) state: State,
    /// Even: the author's; odd: the checkers'. Every hand-over begins another.
    pub(crate) turn: u32,
    pub(crate) revision: u64,
    pub(crate) outputs: Vec<Output>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) steps: Vec<Step>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) changed_at: DateTime<Utc>,
}

/// What a request begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id, `req_…`, or whatever the hub names requests.
    pub id: Name,
    /// Its project.
    pub project: Name,
    /// Who wrote it, and the queries behind it.
    pub authors: BTreeSet<Name>,
    /// What the outputs are for.
    pub purpose: String,
    /// Why it is safe to release them.
    pub justification: String,
    /// The project's review mode.
    pub mode: ReviewMode,
}

/// Something that is to be released, or that helps to judge it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Output {
    pub(crate) name: Name,
    pub(crate) kind: OutputKind,
    /// How many contents it has had before this one: votes are on one of them.
    pub(crate) version: u32,
    pub(crate) content: Content,
    /// What the checkers saw before this content, and the author's turn in which it was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<(u32, Content)>,
    pub(crate) withdrawn: bool,
    pub(crate) ballots: Vec<Ballot>,
    pub(crate) consents: Vec<Consent>,
}

/// What is in an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Content {
    /// The digest of the exact bytes that would leave.
    pub digest: Digest,
    /// The request id of the query that it came from.
    pub query: Name,
    /// What needs a person, by code.
    pub findings: BTreeMap<Name, Weight>,
}

/// How much a finding asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// A person must look: a vote for the output is all it needs.
    Look,
    /// A rule says no: the output cannot leave unless two checkers set the rule aside.
    Objection,
}

/// What an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// To be released.
    Output,
    /// For the checkers only: never released, never voted on.
    Supporting,
}

/// A checker's seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Claim {
    /// Who has it.
    pub checker: Name,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who gave it to them; themselves where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_by: Option<Name>,
}

/// That a checker has finished, in one turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Review {
    /// In which turn.
    pub turn: u32,
    /// Who.
    pub checker: Name,
    /// When.
    pub at: DateTime<Utc>,
}

/// A hand-over or a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// What was done.
    pub act: Act,
    /// By whom; by the hub or its rules where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Name>,
    /// In which turn.
    pub turn: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// More of why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The package that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Digest>,
}

impl Request {
    /// Begins a request, without outputs.
    ///
    /// # Errors
    /// Where nobody wrote it, or a text is empty or too long.
    pub fn begin(draft: Draft, now: DateTime<Utc>) -> Result<(Self, Vec<Happened>), Refused> {
        let Draft { id, project, authors, purpose, justification, mode } = draft;
        if authors.is_empty() {
            return Err(Refused::NoAuthor);
        }
        let (purpose, justification) = (sound(&purpose)?, sound(&justification)?);
        let text = Digest::of(format!("{purpose}\n{justification}").as_bytes());
        let happened = Happened::Created { authors: authors.clone(), text };
        let request = Self {
            id,
            project,
            authors,
            purpose,
            justification,
            mode,
            state: State::Pending,
            turn: 0,
            revision: 0,
            outputs: Vec::new(),
            comments: Vec::new(),
            claims: Vec::new(),
            reviews: Vec::new(),
            steps: Vec::new(),
            created_at: now,
            changed_at: now,
        };
        Ok((request, vec![happened]))
    }

    /// Its id.
    pub fn id(&self) -> &Name {
        &self.id
    }

    /// Its project.
    pub fn project(&self) -> &Name {
        &self.project
    }

    /// Who wrote it.
    pub fn authors(&self) -> &BTreeSet<Name> {
        &self.authors
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whom it waits for.
    pub fn whose_turn(&self) -> Turn {
        self.state.whose_turn()
    }

    /// The turn's number: every hand-over begins another.
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// Grows with every change, for the store's comparison before it writes. Not to be shown: it tells one
    /// checker that another is at work.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The project's review mode when it was begun.
    pub fn mode(&self) -> ReviewMode {
        self.mode
    }

    /// When it was begun.
    pub fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// When it last got to its checkers: its age in the queue counts from here.
    pub fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.steps.iter().rev().find(|s| s.act == Act::Submit).map(|s| s.at)
    }

    /// Who has a seat.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// What would leave, or left: the name and digest of each output.
    pub fn leaving(&self) -> BTreeMap<Name, Digest> {
        self.to_judge().map(|o| (o.name.clone(), o.content.digest)).collect()
    }

    /// The request ids of the queries that what would leave, or left, came from, by output.
    pub fn leaving_queries(&self) -> BTreeMap<Name, Name> {
        self.to_judge().map(|o| (o.name.clone(), o.content.query.clone())).collect()
    }

    /// Whose reviews an approval rests on. Empty before it is approved, and where rules alone decided.
    pub fn approved_by(&self) -> BTreeSet<Name> {
        match self.state {
            State::Approved | State::Released | State::Revoked => self.finished(self.turn).cloned().collect(),
            State::Pending
            | State::Submitted
            | State::PartiallyReviewed
            | State::Reviewed
            | State::Returned
            | State::Rejected
            | State::Withdrawn => BTreeSet::new(),
        }
    }

    /// How many checkers it needs.
    pub fn checkers_needed(&self) -> usize {
        match self.mode {
            ReviewMode::One => 1,
            ReviewMode::Automatic | ReviewMode::Two => 2,
        }
    }

    /// What checkers vote on.
    pub(crate) fn to_judge(&self) -> impl Iterator<Item = &Output> {
        self.outputs.iter().filter(|o| o.kind == OutputKind::Output && !o.withdrawn)
    }

    /// Whether something in it needs a person. Supporting files count: whoever puts one in speaks to a person.
    pub(crate) fn needs_people(&self) -> bool {
        match self.mode {
            ReviewMode::One | ReviewMode::Two => true,
            ReviewMode::Automatic => self
                .outputs
                .iter()
                .filter(|o| !o.withdrawn)
                .any(|o| o.kind == OutputKind::Supporting || !o.content.findings.is_empty()),
        }
    }

    /// Who has finished in a turn.
    pub(crate) fn finished(&self, turn: u32) -> impl Iterator<Item = &Name> {
        self.reviews.iter().filter(move |r| r.turn == turn).map(|r| &r.checker)
    }

    /// Whether a person has finished in this turn.
    pub(crate) fn has_finished(&self, name: &Name) -> bool {
        self.finished(self.turn).any(|n| n == name)
    }

    /// Whether everybody whom a turn needed has finished in it: from then on, its checkers see each other's work.
    pub(crate) fn is_complete(&self, turn: u32) -> bool {
        self.finished(turn).count() >= self.checkers_needed()
    }

    /// An output that may still change.
    pub(crate) fn live(&mut self, name: &Name) -> Result<&mut Output, Refused> {
        let output = self.outputs.iter_mut().find(|o| o.name == *name);
        match output {
            None => Err(Refused::NoSuchOutput(name.clone())),
            Some(output) if output.withdrawn => Err(Refused::OutputWithdrawn(name.clone())),
            Some(output) => Ok(output),
        }
    }
}

impl Output {
    /// The checker's ballot that counts in a turn: the last one, on this content, and from an earlier turn only
    /// if it was an approval.
    pub(crate) fn standing(&self, checker: &Name, turn: u32) -> Option<&Ballot> {
        let last = self.ballots.iter().rfind(|b| b.checker == *checker && b.turn <= turn)?;
        let same = last.version == self.version && last.digest == self.content.digest;
        let counts = last.turn == turn || last.choice == Choice::Approve;
        (same && counts).then_some(last)
    }

    /// Whether a checker has consented to set a finding of this content aside.
    pub(crate) fn consent(&self, checker: &Name, finding: &Name) -> Option<&Consent> {
        self.consents.iter().rev().find(|c| {
            c.checker == *checker
                && c.finding == *finding
                && c.version == self.version
                && c.digest == self.content.digest
        })
    }

    /// The findings that nobody may pass by.
    pub(crate) fn objections(&self) -> impl Iterator<Item = &Name> {
        self.content.findings.iter().filter(|(_, w)| **w == Weight::Objection).map(|(code, _)| code)
    }
}

/// The text without white space around it.
pub(crate) fn sound(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.is_empty() {
        Err(Refused::NoText)
    } else if text.chars().count() > TEXT_CHARS_MAX {
        Err(Refused::TooLong(TEXT_CHARS_MAX))
    } else {
        Ok(text.to_owned())
    }
}
