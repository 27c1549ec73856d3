//! Personal access tokens.

use super::{fresh, turned_away};
use crate::{Hub, HubError};
use cloister_access::{Account, act};
use cloister_audit::EventKind;
use cloister_identity::{AccessToken, Scope, TokenText};
use cloister_model::{Digest, Name};
use cloister_store::StoredToken;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A token to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// In how many days it ends.
    pub days: u16,
    /// A key of the caller's choice: the same, sent again, makes one token, whose text is the last that was answered.
    pub key: Option<String>,
}

/// A token, as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenView {
    /// Its id, which its text begins with.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub made_at: String,
    /// When it ends.
    pub ends_at: String,
    /// When it was ended.
    pub revoked_at: Option<String>,
    /// The last day of its use.
    pub last_used: Option<String>,
}

/// Who sends a token, and what it may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The token's id.
    pub id: String,
    /// Whose it is.
    pub account: Name,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
}

impl Hub {
    /// Makes a token. Its text is in nobody's hands but the caller's.
    pub async fn make_token(&self, new: NewToken, user: &Name) -> Result<(TokenView, String), HubError> {
        let proof = self.may::<act::ManageTokens>(user, &Account { holder: user.clone() }).await?;
        let text = TokenText::of(id_bytes(user, new.key.as_deref())?, fresh::<32>()?);
        let now = self.clock.now();
        if let Some(kept) = self.store.access_token(text.id()).await? {
            let before = token(&kept)?;
            let same = before.label() == new.label && *before.scopes() == new.scopes;
            if !same || before.account() != user || before.revoked_at().is_some() {
                return Err(HubError::TurnedAway(crate::ask::key_reused()));
            }
        }
        let token = AccessToken::make(&text, user.clone(), &new.label, new.scopes, i64::from(new.days), now)
            .map_err(turned_away)?;
        let event = self
            .event(user.as_str(), EventKind::TokenMade, format!("{user}/{}", token.id()))
            .with("scopes", scopes(&token))
            .with("until", token.ends_at().to_rfc3339());
        let mut tx = self.store.begin().await?;
        tx.put_access_token(&stored(&token)?).await?;
        self.commit(tx, proof, vec![event]).await?;
        Ok((view(&token), text.text()))
    }

    /// One's own tokens, those that are over too.
    pub async fn tokens(&self, user: &Name) -> Result<Vec<TokenView>, HubError> {
        let _ = self.may::<act::ManageTokens>(user, &Account { holder: user.clone() }).await?;
        self.store.access_tokens(user).await?.iter().map(|stored| Ok(view(&token(stored)?))).collect()
    }

    /// Ends a token of one's own.
    pub async fn end_token(&self, id: &str, user: &Name) -> Result<(), HubError> {
        let absent = || HubError::NotFound("access token", id.to_owned());
        let kept = self.store.access_token(id).await?.filter(|t| t.account == *user).ok_or_else(absent)?;
        let proof = self.may::<act::RevokeTokens>(user, &Account { holder: user.clone() }).await?;
        let mut token = token(&kept)?;
        if !token.revoke(self.clock.now()) {
            return Ok(());
        }
        let event = self.event(user.as_str(), EventKind::TokenRevoked, format!("{user}/{id}"));
        let mut tx = self.store.begin().await?;
        tx.put_access_token(&stored(&token)?).await?;
        self.commit(tx, proof, vec![event]).await
    }

    /// Who sends a token, if it may be used.
    pub async fn bearer(&self, text: &str) -> Result<Option<Bearer>, HubError> {
        let Ok(text) = TokenText::parse(text) else { return Ok(None) };
        let Some(kept) = self.store.access_token(text.id()).await? else { return Ok(None) };
        let mut token = token(&kept)?;
        if token.open(&text, self.clock.now()).is_err() || self.account(&kept.account).await?.0.disabled {
            return Ok(None);
        }
        if token.used(self.clock.today()) {
            self.store.touch_token(token.id(), &stored(&token)?.body).await?;
        }
        Ok(Some(Bearer {
            id: token.id().to_owned(),
            account: token.account().clone(),
            scopes: token.scopes().clone(),
        }))
    }
}

/// What a token's id is made of: what the caller's key stands for, or chance.
fn id_bytes(user: &Name, key: Option<&str>) -> Result<[u8; 10], HubError> {
    let Some(key) = key else { return fresh::<10>() };
    let digest = Digest::of(format!("idempotency|token|{user}|{key}").as_bytes());
    let first = digest.as_bytes().first_chunk::<10>().copied();
    first.ok_or_else(|| HubError::Internal("a digest that is too short".to_owned()))
}

fn token(stored: &StoredToken) -> Result<AccessToken, HubError> {
    serde_json::from_str(&stored.body).map_err(|_| HubError::Internal("a token cannot be read".to_owned()))
}

fn stored(token: &AccessToken) -> Result<StoredToken, HubError> {
    Ok(StoredToken {
        id: token.id().to_owned(),
        account: token.account().clone(),
        body: serde_json::to_string(token).map_err(|e| HubError::Internal(e.to_string()))?,
    })
}

fn scopes(token: &AccessToken) -> Vec<String> {
    token.scopes().iter().map(|s| s.as_str().to_owned()).collect()
}

fn view(token: &AccessToken) -> TokenView {
    TokenView {
        id: token.id().to_owned(),
        label: token.label().to_owned(),
        scopes: scopes(token),
        made_at: token.made_at().to_rfc3339(),
        ends_at: token.ends_at().to_rfc3339(),
        revoked_at: token.revoked_at().map(|at| at.to_rfc3339()),
        last_used: token.last_used().map(|day| day.to_string()),
    }
}
