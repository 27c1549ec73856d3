//! What checkers decide.

use super::{Outcome, done, why};
use crate::request::sound;
use crate::{Act, Ballot, Choice, Consent, Happened, Output, OutputKind, OverridePolicy};
use crate::{Reason, Refused, Request, Review, State, When};
use chrono::{DateTime, Utc};
use cloister_governance::ReviewMode;
use cloister_model::{Digest, Name};
use std::collections::{BTreeMap, BTreeSet};

impl Request {
    /// A checker sets to work: takes a seat if they have none, and has not finished while others have not.
    pub(super) fn at_work(&mut self, checker: &Name, now: DateTime<Utc>) -> Result<(), Refused> {
        match self.state {
            // All have finished: they see each other's work, and may think again.
            State::Reviewed => Ok(()),
            State::Submitted | State::PartiallyReviewed if self.has_finished(checker) => {
                Err(Refused::Finished)
            }
            State::Submitted | State::PartiallyReviewed => self.seat(checker, None, now).map(|_| ()),
            State::Pending
            | State::Returned
            | State::Approved
            | State::Released
            | State::Rejected
            | State::Withdrawn
            | State::Revoked => Err(Refused::NotAChecker),
        }
    }

    /// An output that a checker judges, with the content that they saw.
    fn judged(&mut self, name: &Name, digest: Digest) -> Result<&mut Output, Refused> {
        let output = self.live(name)?;
        match output.kind {
            OutputKind::Supporting => Err(Refused::Supporting(name.clone())),
            OutputKind::Output if output.content.digest != digest => Err(Refused::Stale(name.clone())),
            OutputKind::Output => Ok(output),
        }
    }
}

pub(super) fn vote(
    request: &mut Request,
    by: &Name,
    name: &Name,
    digest: Digest,
    choice: Choice,
    at: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    let turn = request.turn;
    if request.judged(name, digest)?.standing(by, turn).is_some_and(|b| b.choice == choice) {
        return Ok(Outcome::Nothing);
    }
    request.at_work(by, at)?;
    let output = request.judged(name, digest)?;
    output.ballots.retain(|b| b.checker != *by || b.turn != turn);
    let version = output.version;
    output.ballots.push(Ballot { checker: by.clone(), turn, version, digest, choice, at });
    output.ballots.sort_by(|a, b| (a.turn, &a.checker).cmp(&(b.turn, &b.checker)));
    done(Happened::Voted { turn, output: name.clone(), digest, choice })
}

/// An objection that a checker wants to set aside.
pub(super) struct Objection {
    pub(super) output: Name,
    pub(super) digest: Digest,
    pub(super) finding: Name,
    pub(super) justification: String,
    pub(super) policy: OverridePolicy,
}

pub(super) fn set_aside(
    request: &mut Request,
    by: &Name,
    what: Objection,
    at: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    let Objection { output: name, digest, finding, justification, policy } = what;
    let justification = sound(&justification)?;
    match (policy, request.mode) {
        (OverridePolicy::Forbids, _) => return Err(Refused::OverrideForbidden(finding)),
        (OverridePolicy::Allows, ReviewMode::One) => return Err(Refused::OverrideNeedsTwo),
        (OverridePolicy::Allows, ReviewMode::Automatic | ReviewMode::Two) => {}
    }
    let output = request.judged(&name, digest)?;
    if !output.objections().any(|code| *code == finding) {
        return Err(Refused::NoSuchObjection { output: name, finding });
    }
    if output.consent(by, &finding).is_some_and(|c| c.justification == justification) {
        return Ok(Outcome::Nothing);
    }
    request.at_work(by, at)?;
    let turn = request.turn;
    let happened = Happened::OverrideConsented {
        turn,
        output: name.clone(),
        digest,
        finding: finding.clone(),
        justification: Digest::of(justification.as_bytes()),
    };
    let output = request.judged(&name, digest)?;
    let version = output.version;
    output.consents.retain(|c| c.checker != *by || c.finding != finding || c.turn != turn);
    output.consents.push(Consent { checker: by.clone(), turn, version, digest, finding, justification, at });
    output.consents.sort_by(|a, b| (a.turn, &a.checker, &a.finding).cmp(&(b.turn, &b.checker, &b.finding)));
    done(happened)
}

pub(super) fn finish(
    request: &mut Request,
    by: &Name,
    turn: u32,
    at: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    request.seen(turn)?;
    if request.has_finished(by) {
        return Ok(Outcome::Nothing);
    }
    request.at_work(by, at)?;
    let mut votes = BTreeMap::new();
    let mut missing = Vec::new();
    for output in request.to_judge() {
        match output.standing(by, turn) {
            Some(ballot) => drop(votes.insert(output.name.clone(), ballot.choice)),
            None => missing.push(output.name.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(Refused::VotesMissing(missing));
    }
    let explained = |name: &Name| {
        request
            .comments
            .iter()
            .any(|c| c.by == *by && c.turn == turn && c.output.as_ref().is_none_or(|on| on == name))
    };
    let unexplained = votes.iter().find(|(name, choice)| **choice != Choice::Approve && !explained(name));
    if let Some((name, _)) = unexplained {
        return Err(Refused::CommentMissing(name.clone()));
    }
    request.reviews.push(Review { turn, checker: by.clone(), at });
    request.reviews.sort_by(|a, b| (a.turn, &a.checker).cmp(&(b.turn, &b.checker)));
    let when = if request.is_complete(turn) { When::LastReview } else { When::MoreReviews };
    Ok(Outcome::Done(when, vec![Happened::ReviewFinished { turn, votes }]))
}

pub(super) fn hand_back(
    request: &mut Request,
    by: &Name,
    turn: u32,
    reason: Reason,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    request.seen(turn)?;
    let text = why(Act::Return, reason, text)?;
    // Who has finished may return early too, and has a seat.
    if request.state != State::Reviewed {
        request.seat(by, None, now)?;
    }
    let digest = Digest::of(text.as_bytes());
    let reviews = request.finished(turn).fold(0u32, |n, _| n.saturating_add(1));
    request.step(Act::Return, Some(by), now, Some(reason), Some(text));
    request.turn = request.turn.saturating_add(1);
    done(Happened::Returned { turn: request.turn, reviews, reason, text: digest })
}

pub(super) fn approve(
    request: &mut Request,
    by: &Name,
    turn: u32,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    request.seen(turn)?;
    let checkers: BTreeSet<Name> = request.finished(turn).cloned().collect();
    let mut overrides: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for output in request.to_judge() {
        let approves = |c: &Name| output.standing(c, turn).is_some_and(|b| b.choice == Choice::Approve);
        if checkers.len() < request.checkers_needed() || !checkers.iter().all(approves) {
            return Err(Refused::NotApproved(output.name.clone()));
        }
        for finding in output.objections() {
            if checkers.len() < 2 || !checkers.iter().all(|c| output.consent(c, finding).is_some()) {
                let (output, finding) = (output.name.clone(), finding.clone());
                return Err(Refused::ObjectionStands { output, finding });
            }
            overrides.entry(output.name.clone()).or_default().insert(finding.clone());
        }
    }
    let outputs = request.leaving();
    request.step(Act::Approve, Some(by), now, None, None);
    done(Happened::Approved { turn, outputs, checkers, overrides })
}

pub(super) fn reject(
    request: &mut Request,
    by: &Name,
    turn: u32,
    reason: Reason,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    request.seen(turn)?;
    let text = why(Act::Reject, reason, text)?;
    let digest = Digest::of(text.as_bytes());
    request.step(Act::Reject, Some(by), now, Some(reason), Some(text));
    done(Happened::Rejected { turn, reason, text: digest })
}
