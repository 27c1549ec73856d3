//! What the buttons of a release request's page do.

use super::layout::{Wrong, redirect};
use super::request::shown;
use super::visitor::{Fields, Sent};
use crate::api::release_requests::{choice_of, reason_of};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use cloister_hub::{HubError, ReleaseAction as Act, Revision};
use cloister_model::{Digest, Name};

/// Does what a button says.
pub(crate) async fn act(
    State(state): State<AppState>,
    Path(request): Path<Name>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let acts = match asked(fields, &visitor.name) {
        Ok(acts) => acts,
        Err(problem) => return shown(&state, visitor, &request, Some(&problem)).await,
    };
    for act in acts {
        if let Err(error) = act.carry_out(&state, &request, &visitor.name).await {
            // What was done before stands: the page shows how far it got.
            return shown(&state, visitor, &request, Some(&Problem::from(error))).await;
        }
    }
    Ok(redirect(&format!("/desk/{request}")).into_response())
}

/// What a button asks for.
enum Asked {
    Act(Act),
    SetAside { output: Name, digest: Digest, finding: Name, why: String },
    Revise(Revision),
}

impl Asked {
    async fn carry_out(self, state: &AppState, request: &Name, who: &Name) -> Result<(), HubError> {
        match self {
            Self::Act(act) => state.hub.act(request, who, act).await.map(|_| ()),
            Self::SetAside { output, digest, finding, why } => {
                state.hub.set_aside(request, who, output, digest, finding, why).await.map(|_| ())
            }
            Self::Revise(revision) => state.hub.revise(request, who, revision).await.map(|_| ()),
        }
    }
}

/// All that a form asks for.
fn asked(fields: &Fields, who: &Name) -> Result<Vec<Asked>, Problem> {
    match fields.get("act") {
        "set-aside" => set_aside(fields),
        "revise" => {
            let query = fields.get("result").to_owned();
            let revision = match fields.get("place") {
                "new" => Revision::Add { query, supporting: false },
                "supporting" => Revision::Add { query, supporting: true },
                output => Revision::Replace { output: name(output)?, query },
            };
            Ok(vec![Asked::Revise(revision)])
        }
        _ => Ok(acts(fields, who)?.into_iter().map(Asked::Act).collect()),
    }
}

/// Every objection for which a reason was written.
fn set_aside(fields: &Fields) -> Result<Vec<Asked>, Problem> {
    let mut all = Vec::new();
    for (what, why) in fields.with_prefix("set-aside-") {
        let Some((output, finding)) = what.split_once('.').filter(|_| !why.trim().is_empty()) else {
            continue;
        };
        all.push(Asked::SetAside {
            output: name(output)?,
            digest: digest(fields, output)?,
            finding: name(finding)?,
            why: why.trim().to_owned(),
        });
    }
    if all.is_empty() {
        return Err(Problem::new(422, "justification", "Say why the finding does not hold here."));
    }
    Ok(all)
}

fn name(text: &str) -> Result<Name, Problem> {
    text.parse().map_err(|_| Problem::new(400, "form", "The form names no output."))
}

/// What was seen of an output.
fn digest(fields: &Fields, output: &str) -> Result<Digest, Problem> {
    let digest = fields.get(&format!("digest-{output}")).parse();
    digest.map_err(|_| Problem::new(400, "form", "The form does not say what was seen."))
}

/// The acts that a form is, in their order: comments before the votes that need them, votes before the end of a review.
fn acts(fields: &Fields, who: &Name) -> Result<Vec<Act>, Problem> {
    let turn = || {
        fields
            .get("turn")
            .parse()
            .map_err(|_| Problem::new(400, "form", "The form does not say which turn it saw."))
    };
    let words = || fields.get("text").trim().to_owned();
    let act = match fields.get("act") {
        "vote" => return votes(fields),
        "finish" => {
            let mut acts = votes(fields)?;
            acts.push(Act::FinishReview { turn: turn()? });
            return Ok(acts);
        }
        "comment" => return Ok(comments(fields)),
        "claim" => Act::Claim,
        "leave-seat" => Act::ReleaseClaim { checker: who.clone() },
        "approve" => Act::Approve { turn: turn()? },
        "submit" => {
            let mut acts = comments(fields);
            acts.push(Act::Submit { turn: turn()? });
            return Ok(acts);
        }
        "leave-out" => Act::WithdrawOutput { output: name(fields.get("left-out"))? },
        "withdraw" => Act::Withdraw,
        "return" => Act::Return { turn: turn()?, reason: reason_of(fields.get("reason"))?, text: words() },
        "reject" => Act::Reject { turn: turn()?, reason: reason_of(fields.get("reason"))?, text: words() },
        "revoke" => Act::Revoke { reason: reason_of(fields.get("reason"))?, text: words() },
        _ => return Err(Problem::new(400, "form", "The form says nothing to do.")),
    };
    Ok(vec![act])
}

fn comments(fields: &Fields) -> Vec<Act> {
    let text = fields.get("comment").trim();
    match text.is_empty() {
        true => Vec::new(),
        false => vec![Act::Comment { output: None, text: text.to_owned() }],
    }
}

fn votes(fields: &Fields) -> Result<Vec<Act>, Problem> {
    let mut acts = comments(fields);
    for (output, text) in fields.with_prefix("comment-") {
        if !text.trim().is_empty() {
            acts.push(Act::Comment { output: Some(name(output)?), text: text.trim().to_owned() });
        }
    }
    for (output, choice) in fields.with_prefix("vote-") {
        let digest = digest(fields, output)?;
        acts.push(Act::Vote { output: name(output)?, digest, choice: choice_of(choice)? });
    }
    Ok(acts)
}
