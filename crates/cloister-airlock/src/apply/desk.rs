//! Seats, comments and calling back: what keeps requests moving.

use super::{Outcome, done, why};
use crate::request::sound;
use crate::{Act, Claim, Comment, Happened, Person, Reason, Refused, Request, Side, Turn};
use chrono::{DateTime, Utc};
use cloister_model::{Digest, Name, Role};

impl Request {
    /// Gives a checker a seat, where they have none and one is free; `true` where it did.
    pub(super) fn seat(
        &mut self,
        checker: &Name,
        assigned_by: Option<&Name>,
        at: DateTime<Utc>,
    ) -> Result<bool, Refused> {
        if self.claims.iter().any(|c| c.checker == *checker) {
            return Ok(false);
        }
        if self.claims.len() >= self.checkers_needed() {
            return Err(Refused::SeatsTaken);
        }
        self.claims.push(Claim { checker: checker.clone(), at, assigned_by: assigned_by.cloned() });
        // Not in the order of arrival: two who come at once leave the same request, whoever was first.
        self.claims.sort_by(|a, b| a.checker.cmp(&b.checker));
        Ok(true)
    }
}

pub(super) fn claim(request: &mut Request, by: &Name, now: DateTime<Utc>) -> Result<Outcome, Refused> {
    match request.seat(by, None, now)? {
        true => done(Happened::Claimed { checker: by.clone() }),
        false => Ok(Outcome::Nothing),
    }
}

pub(super) fn assign(
    request: &mut Request,
    by: &Name,
    to: &Person,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    to.may_check(request)?;
    match request.seat(&to.name, Some(by), now)? {
        true => done(Happened::Assigned { checker: to.name.clone() }),
        false => Ok(Outcome::Nothing),
    }
}

/// A finished review keeps its seat until the turn is over: it counts.
pub(super) fn release_claim(
    request: &mut Request,
    person: &Person,
    checker: &Name,
) -> Result<Outcome, Refused> {
    if person.name != *checker && !person.roles.contains(&Role::Administrator) {
        return Err(Refused::AnothersSeat(checker.clone()));
    }
    if request.has_finished(checker) {
        return Err(Refused::Finished);
    }
    let before = request.claims.len();
    request.claims.retain(|c| c.checker != *checker);
    match request.claims.len() == before {
        true => Ok(Outcome::Nothing),
        false => done(Happened::ClaimReleased { checker: checker.clone() }),
    }
}

pub(super) fn comment(
    request: &mut Request,
    by: &Name,
    output: Option<Name>,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    let text = sound(text)?;
    if let Some(name) = output.as_ref().filter(|name| request.outputs.iter().all(|o| o.name != **name)) {
        return Err(Refused::NoSuchOutput(name.clone()));
    }
    let turn = request.turn;
    let side = match request.whose_turn() {
        Turn::Checkers => Side::Checker,
        Turn::Author | Turn::System | Turn::Nobody => Side::Author,
    };
    let mut mine = request.comments.iter().filter(|c| c.by == *by);
    if mine.clone().next_back().is_some_and(|c| c.turn == turn && c.output == output && c.text == text) {
        return Ok(Outcome::Nothing);
    }
    let number = mine.by_ref().fold(1u32, |n, _| n.saturating_add(1));
    if side == Side::Checker {
        request.at_work(by, now)?;
    }
    let happened = Happened::Commented { turn, number, text: Digest::of(text.as_bytes()) };
    request.comments.push(Comment { by: by.clone(), number, side, turn, output, text, at: now });
    request.comments.sort_by(|a, b| (a.turn, &a.by, a.number).cmp(&(b.turn, &b.by, b.number)));
    done(happened)
}

pub(super) fn revoke(
    request: &mut Request,
    by: &Name,
    reason: Reason,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    let text = why(Act::Revoke, reason, text)?;
    let happened = Happened::Revoked { reason, text: Digest::of(text.as_bytes()) };
    request.step(Act::Revoke, Some(by), now, Some(reason), Some(text));
    done(happened)
}
