//! What authors do.

use super::{Outcome, done};
use crate::{Act, Content, Happened, Output, OutputKind, Refused, Request, When};
use chrono::{DateTime, Utc};
use cloister_model::Name;

pub(super) fn add(
    request: &mut Request,
    name: Name,
    kind: OutputKind,
    content: Content,
) -> Result<Outcome, Refused> {
    if let Some(there) = request.outputs.iter().find(|o| o.name == name) {
        let same = !there.withdrawn && there.kind == kind && there.content == content;
        return if same { Ok(Outcome::Nothing) } else { Err(Refused::NameTaken(name)) };
    }
    let happened = Happened::OutputAdded {
        output: name.clone(),
        file: kind,
        digest: content.digest,
        query: content.query.clone(),
        findings: content.findings.keys().cloned().collect(),
    };
    request.outputs.push(Output {
        name,
        kind,
        version: 0,
        content,
        before: None,
        withdrawn: false,
        ballots: Vec::new(),
        consents: Vec::new(),
    });
    done(happened)
}

/// The ballots stay as a record of earlier turns; being on another version, none of them counts.
pub(super) fn replace(request: &mut Request, name: &Name, content: Content) -> Result<Outcome, Refused> {
    let turn = request.turn;
    let output = request.live(name)?;
    if output.content == content {
        return Ok(Outcome::Nothing);
    }
    let happened = Happened::OutputReplaced {
        output: name.clone(),
        before: output.content.digest,
        digest: content.digest,
        query: content.query.clone(),
        findings: content.findings.keys().cloned().collect(),
    };
    output.version = output.version.saturating_add(1);
    let seen = std::mem::replace(&mut output.content, content);
    // Of several replacements in one turn, the checkers saw what was there before the first.
    if turn > 0 && output.before.as_ref().is_none_or(|(of, _)| *of != turn) {
        output.before = Some((turn, seen));
    }
    done(happened)
}

pub(super) fn leave_out(request: &mut Request, name: &Name) -> Result<Outcome, Refused> {
    match request.live(name) {
        Ok(output) => output.withdrawn = true,
        Err(Refused::OutputWithdrawn(_)) => return Ok(Outcome::Nothing),
        Err(refused) => return Err(refused),
    }
    done(Happened::OutputWithdrawn { output: name.clone() })
}

pub(super) fn submit(
    request: &mut Request,
    by: &Name,
    turn: u32,
    now: DateTime<Utc>,
) -> Result<Outcome, Refused> {
    request.seen(turn)?;
    let outputs = request.leaving();
    if outputs.is_empty() {
        return Err(Refused::NothingToRelease);
    }
    // Once people have been asked, people decide.
    let first = request.turn == 0;
    request.step(Act::Submit, Some(by), now, None, None);
    request.turn = request.turn.saturating_add(1);
    let submitted = Happened::Submitted { turn: request.turn, outputs: outputs.clone() };
    if first && !request.needs_people() {
        let decided = Happened::ApprovedByRule { outputs };
        return Ok(Outcome::Done(When::NeedsNobody, vec![submitted, decided]));
    }
    Ok(Outcome::Done(When::NeedsPeople, vec![submitted]))
}

pub(super) fn withdraw(request: &mut Request, by: &Name, now: DateTime<Utc>) -> Result<Outcome, Refused> {
    request.step(Act::Withdraw, Some(by), now, None, None);
    done(Happened::Withdrawn { turn: request.turn })
}
