//! What the buttons of a release request's page do.

use super::layout::{Wrong, redirect};
use super::request::shown;
use super::visitor::{Fields, Sent};
use crate::api::release_requests::{choice_of, reason_of};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use cloister_hub::ReleaseAction as Act;
use cloister_model::{Digest, Name};

/// Does what a button says.
pub(crate) async fn act(
    State(state): State<AppState>,
    Path(request): Path<Name>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let acts = match acts(fields, &visitor.name) {
        Ok(acts) => acts,
        Err(problem) => return shown(&state, visitor, &request, Some(&problem)).await,
    };
    for act in acts {
        if let Err(error) = state.hub.act(&request, &visitor.name, act).await {
            // What was done before stands: the page shows how far it got.
            return shown(&state, visitor, &request, Some(&Problem::from(error))).await;
        }
    }
    Ok(redirect(&format!("/desk/{request}")).into_response())
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
    let name =
        |text: &str| text.parse::<Name>().map_err(|_| Problem::new(400, "form", "The form names no output."));
    let mut acts = comments(fields);
    for (output, text) in fields.with_prefix("comment-") {
        if !text.trim().is_empty() {
            acts.push(Act::Comment { output: Some(name(output)?), text: text.trim().to_owned() });
        }
    }
    for (output, choice) in fields.with_prefix("vote-") {
        let digest = fields.get(&format!("digest-{output}")).parse::<Digest>();
        let digest = digest.map_err(|_| Problem::new(400, "form", "The form does not say what was seen."))?;
        acts.push(Act::Vote { output: name(output)?, digest, choice: choice_of(choice)? });
    }
    Ok(acts)
}
