//! Which permission an act on a release request needs.

use crate::{Hub, HubError};
use cloister_access::{Proof, act};
use cloister_airlock::{Action, Request, Standing};
use cloister_audit::Event;
use cloister_model::Name;
use cloister_store::Transaction;

/// The permission that an act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    Edit,
    Comment,
    Claim,
    Assign,
    Vote,
    Override,
    Decide,
    Revoke,
    /// No person's.
    System,
}

impl Duty {
    pub(super) fn of(action: &Action, side: Standing, user: &Name) -> Self {
        match action {
            Action::AddOutput { .. }
            | Action::ReplaceOutput { .. }
            | Action::WithdrawOutput { .. }
            | Action::Submit { .. }
            | Action::Withdraw => Self::Edit,
            Action::Comment { .. } => match side {
                Standing::Author => Self::Edit,
                Standing::Member
                | Standing::Checker
                | Standing::Auditor
                | Standing::Overseer
                | Standing::Stranger => Self::Comment,
            },
            Action::Claim => Self::Claim,
            Action::ReleaseClaim { checker } if checker == user => Self::Claim,
            Action::ReleaseClaim { .. } | Action::Assign { .. } => Self::Assign,
            Action::Vote { .. } | Action::FinishReview { .. } => Self::Vote,
            Action::Override { .. } => Self::Override,
            Action::Return { .. } | Action::Approve { .. } | Action::Reject { .. } => Self::Decide,
            Action::Revoke { .. } => Self::Revoke,
            Action::Release { .. } => Self::System,
        }
    }

    /// Asks for the permission.
    pub(super) async fn permit(self, hub: &Hub, user: &Name, request: &Request) -> Result<Permit, HubError> {
        let facts = hub.request_facts(request).await?;
        Ok(match self {
            Self::Edit => Permit::Edit(hub.may(user, &facts).await?),
            Self::Comment => Permit::Comment(hub.may(user, &facts).await?),
            Self::Claim => Permit::Claim(hub.may(user, &facts).await?),
            Self::Assign => Permit::Assign(hub.may(user, &facts).await?),
            Self::Vote => Permit::Vote(hub.may(user, &facts).await?),
            Self::Override => Permit::Override(hub.may(user, &facts).await?),
            Self::Decide => Permit::Decide(hub.may(user, &facts).await?),
            Self::Revoke => Permit::Revoke(hub.may(user, &facts).await?),
            Self::System => {
                return Err(HubError::Internal("what only the hub does was asked for".to_owned()));
            }
        })
    }
}

/// A permission that was given.
#[derive(Debug)]
pub(super) enum Permit {
    Edit(Proof<act::EditRequest>),
    Comment(Proof<act::CommentOnRequest>),
    Claim(Proof<act::ClaimRequest>),
    Assign(Proof<act::AssignRequest>),
    Vote(Proof<act::Vote>),
    Override(Proof<act::OverrideFinding>),
    Decide(Proof<act::DecideRequest>),
    Revoke(Proof<act::RevokeRelease>),
}

impl Permit {
    /// Commits what it permits.
    pub(super) async fn commit(self, hub: &Hub, tx: Transaction, events: Vec<Event>) -> Result<(), HubError> {
        match self {
            Self::Edit(proof) => hub.commit(tx, proof, events).await,
            Self::Comment(proof) => hub.commit(tx, proof, events).await,
            Self::Claim(proof) => hub.commit(tx, proof, events).await,
            Self::Assign(proof) => hub.commit(tx, proof, events).await,
            Self::Vote(proof) => hub.commit(tx, proof, events).await,
            Self::Override(proof) => hub.commit(tx, proof, events).await,
            Self::Decide(proof) => hub.commit(tx, proof, events).await,
            Self::Revoke(proof) => hub.commit(tx, proof, events).await,
        }
    }
}
