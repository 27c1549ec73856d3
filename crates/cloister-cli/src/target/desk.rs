//! Release requests, here or at a server.

use super::Target;
use super::local::views;
use crate::fault::Fault;
use cloister_client::{Act, EvidenceView, ReleaseView};
use cloister_hub::{Choice, ReleaseAction, ReleaseDraft, ReviewReason, Revision, Scope};
use cloister_model::Name;

impl Target {
    pub(crate) async fn request_release(
        &self,
        project: &Name,
        draft: ReleaseDraft,
    ) -> Result<ReleaseView, Fault> {
        match self {
            Self::Local(l) => {
                let hub = l.may(Scope::Request)?;
                views::view(&hub.request_release(project, l.user(), &draft).await?)
            }
            Self::Remote(client) => {
                let ReleaseDraft { queries, supporting, purpose, justification, .. } = &draft;
                Ok(client.request_release(project, queries, supporting, purpose, justification).await?)
            }
        }
    }

    pub(crate) async fn release_requests(&self) -> Result<Vec<ReleaseView>, Fault> {
        match self {
            Self::Local(l) => {
                l.may(Scope::Read)?.release_requests(l.user()).await?.iter().map(views::view).collect()
            }
            Self::Remote(client) => Ok(client.release_requests().await?),
        }
    }

    pub(crate) async fn release_request(&self, request: &Name) -> Result<ReleaseView, Fault> {
        match self {
            Self::Local(l) => views::view(&l.may(Scope::Read)?.seen(request, l.user()).await?),
            Self::Remote(client) => Ok(client.release_request(request).await?),
        }
    }

    pub(crate) async fn evidence(&self, request: &Name, output: &Name) -> Result<EvidenceView, Fault> {
        match self {
            Self::Local(l) => {
                views::evidence(l.may(Scope::Review)?.evidence(request, output, l.user()).await?)
            }
            Self::Remote(client) => Ok(client.evidence(request, output).await?),
        }
    }

    pub(crate) async fn act(&self, request: &Name, act: Act) -> Result<ReleaseView, Fault> {
        // What is no choice or reason is said in the same words wherever it is done.
        let action = action(act.clone())?;
        match self {
            Self::Local(l) => {
                let hub = match scopes(&act) {
                    [one] => l.may(*one)?,
                    several => match several.iter().find_map(|scope| l.may(*scope).ok()) {
                        Some(hub) => hub,
                        None => l.may(Scope::Review)?,
                    },
                };
                let user = l.user();
                let seen = match (action, act) {
                    (Some(action), _) => hub.act(request, user, action).await?,
                    (None, Act::Assign { checker }) => hub.assign(request, &checker, user).await?,
                    (None, Act::Override { output, digest, finding, justification }) => {
                        hub.set_aside(request, user, output, digest, finding, justification).await?
                    }
                    (None, Act::AddOutput { query, supporting }) => {
                        hub.revise(request, user, Revision::Add { query, supporting }).await?
                    }
                    (None, Act::ReplaceOutput { output, query }) => {
                        hub.revise(request, user, Revision::Replace { output, query }).await?
                    }
                    (None, _) => return Err(Fault::failed("internal", "an act that is nothing".to_owned())),
                };
                views::view(&seen)
            }
            Self::Remote(client) => Ok(client.act(request, &act).await?),
        }
    }
}

/// Which scopes a token may have for an act: one of these.
fn scopes(act: &Act) -> &'static [Scope] {
    match act {
        Act::Comment { .. } => &[Scope::Request, Scope::Review],
        Act::AddOutput { .. }
        | Act::ReplaceOutput { .. }
        | Act::WithdrawOutput { .. }
        | Act::Submit { .. }
        | Act::Withdraw => &[Scope::Request],
        Act::Claim
        | Act::Assign { .. }
        | Act::Override { .. }
        | Act::Vote { .. }
        | Act::Finish { .. }
        | Act::Approve { .. }
        | Act::Return { .. }
        | Act::Reject { .. }
        | Act::Revoke { .. } => &[Scope::Review],
    }
}

/// What an act is to the airlock; nothing for those in which the hub has a part of its own.
fn action(act: Act) -> Result<Option<ReleaseAction>, Fault> {
    Ok(Some(match act {
        Act::Assign { .. } | Act::Override { .. } | Act::AddOutput { .. } | Act::ReplaceOutput { .. } => {
            return Ok(None);
        }
        Act::Claim => ReleaseAction::Claim,
        Act::Vote { output, digest, choice } => {
            let found = Choice::ALL.into_iter().find(|c| c.as_str() == choice);
            let choice =
                found.ok_or_else(|| wrong("choice", &choice, "approve, request-changes or reject"))?;
            ReleaseAction::Vote { output, digest, choice }
        }
        Act::Comment { text, output } => ReleaseAction::Comment { output, text },
        Act::Finish { turn } => ReleaseAction::FinishReview { turn },
        Act::Approve { turn } => ReleaseAction::Approve { turn },
        Act::Return { turn, reason, text } => ReleaseAction::Return { turn, reason: of_code(&reason)?, text },
        Act::Reject { turn, reason, text } => ReleaseAction::Reject { turn, reason: of_code(&reason)?, text },
        Act::WithdrawOutput { output } => ReleaseAction::WithdrawOutput { output },
        Act::Submit { turn } => ReleaseAction::Submit { turn },
        Act::Withdraw => ReleaseAction::Withdraw,
        Act::Revoke { reason, text } => ReleaseAction::Revoke { reason: of_code(&reason)?, text },
    }))
}

/// What names nothing that there is.
pub(crate) fn wrong(what: &str, given: &str, known: &str) -> Fault {
    Fault::refused(&format!("unknown-{what}"), format!("`{given}` is no {what}."), known)
}

fn of_code(text: &str) -> Result<ReviewReason, Fault> {
    let known: Vec<&str> = ReviewReason::ALL.iter().map(|r| r.as_str()).collect();
    ReviewReason::parse(text).ok_or_else(|| wrong("reason", text, &known.join(", ")))
}
