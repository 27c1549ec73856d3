//! The one way to change a request.

mod author;
mod checker;
mod desk;

use crate::request::sound;
use crate::{Act, Action, Actor, Happened, Person, Reason, Refused, Request, Standing, State, Step, When};
use crate::{allowed, next};
use chrono::{DateTime, Utc};
use cloister_model::Name;

/// What an act comes to.
pub(crate) enum Outcome {
    /// It was so already.
    Nothing,
    /// It is so now.
    Done(When, Vec<Happened>),
}

/// The usual case: one thing happened, and the table has one line.
fn done(happened: Happened) -> Result<Outcome, Refused> {
    Ok(Outcome::Done(When::Always, vec![happened]))
}

/// Does something to a request, or says why not. Pure: the same request, actor, action and time give the same
/// result. What is done already is done again without anything happening: a second click is harmless.
///
/// # Errors
/// [`Refused`], with a sentence for whoever tried. To somebody who may not see the request it does not exist.
pub fn apply(
    request: &Request,
    actor: &Actor,
    action: Action,
    now: DateTime<Utc>,
) -> Result<(Request, Vec<Happened>), Refused> {
    let act = action.act();
    if let Actor::Person(person) = actor
        && !exists_for(request, person)
    {
        return Err(Refused::NoSuchRequest);
    }
    let Some(by) = allowed(request.state, act) else {
        return match is_done(request, actor, &action) {
            true => Ok((request.clone(), Vec::new())),
            false => Err(Refused::NotNow { state: request.state, act }),
        };
    };
    let mut after = request.clone();
    let outcome = match (actor, action) {
        (Actor::System, Action::Release { package }) => {
            after.step(act, None, now, None, None);
            if let Some(step) = after.steps.last_mut() {
                step.package = Some(package);
            }
            done(Happened::Released { package })?
        }
        (Actor::System, _) => return Err(Refused::NotAPerson),
        (Actor::Person(person), action) => {
            person.is(by, request)?;
            by_person(&mut after, person, action, now)?
        }
    };
    match outcome {
        Outcome::Nothing => Ok((request.clone(), Vec::new())),
        Outcome::Done(when, happened) => {
            after.state =
                next(request.state, act, when).ok_or(Refused::NotNow { state: request.state, act })?;
            after.revision = after.revision.saturating_add(1);
            after.changed_at = now;
            Ok((after, happened))
        }
    }
}

fn by_person(
    request: &mut Request,
    person: &Person,
    action: Action,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    let name = &person.name;
    match action {
        Action::AddOutput { output, kind, content } => author::add(request, output, kind, content),
        Action::ReplaceOutput { output, content } => author::replace(request, &output, content),
        Action::WithdrawOutput { output } => author::leave_out(request, &output),
        Action::Submit { turn } => author::submit(request, name, turn, now),
        Action::Withdraw => author::withdraw(request, name, now),
        Action::Comment { output, text } => desk::comment(request, name, output, &text, now),
        Action::Claim => desk::claim(request, name, now),
        Action::Assign { to } => desk::assign(request, name, &to, now),
        Action::ReleaseClaim { checker } => desk::release_claim(request, person, &checker),
        Action::Vote { output, digest, choice } => checker::vote(request, name, &output, digest, choice, now),
        Action::Override { output, digest, finding, justification, policy } => {
            let what = checker::Objection { output, digest, finding, justification, policy };
            checker::set_aside(request, name, what, now)
        }
        Action::FinishReview { turn } => checker::finish(request, name, turn, now),
        Action::Return { turn, reason, text } => checker::hand_back(request, name, turn, reason, &text, now),
        Action::Approve { turn } => checker::approve(request, name, turn, now),
        Action::Reject { turn, reason, text } => checker::reject(request, name, turn, reason, &text, now),
        Action::Release { .. } => Err(Refused::NotTheSystem),
        Action::Revoke { reason, text } => desk::revoke(request, name, reason, &text, now),
    }
}

/// Whether a request exists for a person at all. One that was never handed in is its authors' own.
pub(crate) fn exists_for(request: &Request, person: &Person) -> bool {
    match person.standing(request) {
        Standing::Author | Standing::Auditor => true,
        Standing::Member | Standing::Checker | Standing::Overseer => request.turn > 0,
        Standing::Stranger => false,
    }
}

/// Whether an act that the table does not allow any more is the one that was done last, by the same actor.
fn is_done(request: &Request, actor: &Actor, action: &Action) -> bool {
    let name = match actor {
        Actor::System => None,
        Actor::Person(person) => Some(&person.name),
    };
    // A package may have been made between the two clicks on `approve`.
    let last = request.steps.iter().rev().find(|s| s.act == action.act() || s.act != Act::Release);
    let repeats = |turn: Option<u32>, why: Option<(Reason, &str)>| {
        last.is_some_and(|step| {
            step.act == action.act()
                && step.by.as_ref() == name
                && turn.is_none_or(|t| t == step.turn)
                && step.reason == why.map(|w| w.0)
                && step.text.as_deref() == why.map(|w| w.1.trim())
        })
    };
    match action {
        Action::Submit { turn } => repeats(Some(*turn), None),
        Action::Approve { turn } => repeats(Some(*turn), None),
        Action::Return { turn, reason, text } | Action::Reject { turn, reason, text } => {
            repeats(Some(*turn), Some((*reason, text)))
        }
        Action::Revoke { reason, text } => repeats(None, Some((*reason, text))),
        Action::Withdraw => repeats(None, None),
        Action::Release { package } => {
            repeats(None, None) && last.is_some_and(|step| step.package == Some(*package))
        }
        Action::FinishReview { turn } => {
            request.state == State::Reviewed
                && *turn == request.turn
                && name.is_some_and(|n| request.has_finished(n))
        }
        Action::AddOutput { .. }
        | Action::ReplaceOutput { .. }
        | Action::WithdrawOutput { .. }
        | Action::Comment { .. }
        | Action::Claim
        | Action::Assign { .. }
        | Action::ReleaseClaim { .. }
        | Action::Vote { .. }
        | Action::Override { .. } => false,
    }
}

impl Request {
    /// Notes a hand-over or a decision.
    fn step(
        &mut self,
        act: Act,
        by: Option<&Name>,
        at: DateTime<Utc>,
        reason: Option<Reason>,
        text: Option<String>,
    ) {
        self.steps.push(Step { act, by: by.cloned(), turn: self.turn, at, reason, text, package: None });
    }

    /// The page showed this turn.
    fn seen(&self, turn: u32) -> Result<(), Refused> {
        if turn == self.turn { Ok(()) } else { Err(Refused::MovedOn) }
    }
}

/// A reason that serves, and a text.
fn why(act: Act, reason: Reason, text: &str) -> Result<String, Refused> {
    if reason.serves(act) { sound(text) } else { Err(Refused::WrongReason { reason, act }) }
}
