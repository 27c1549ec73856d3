//! The door: signing in and out, and who a session is.

use super::{account_of, fresh, keep, turned_away};
use crate::{Hub, HubError, Reason};
use chrono::{DateTime, Utc};
use cloister_audit::EventKind;
use cloister_identity::{
    Account, Password, PasswordHash, Secret, Session as Kept, SessionLimits, SignedIn, Stage, sign_in,
    take_code,
};
use cloister_model::{Name, Role};
use cloister_store::StoredSession;
use std::collections::BTreeSet;

/// Who a session is.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose it is.
    pub account: Name,
    /// Their name for people.
    pub display_name: String,
    /// Their roles in the hub.
    pub roles: BTreeSet<Role>,
    /// How far they have signed in.
    pub stage: Stage,
    /// When it is over, whatever happens.
    pub ends_at: DateTime<Utc>,
    secret: Secret,
}

impl Session {
    /// The session's own word, which its pages send with every change.
    pub fn word(&self) -> String {
        Kept::word(&self.secret)
    }

    /// Whether a text is it.
    pub fn is_word(&self, text: &str) -> bool {
        Kept::is_word(&self.secret, text)
    }
}

/// What came of knocking.
#[derive(Debug)]
pub enum Door {
    /// Open as far as this stage; the secret is the session's, for its cookie.
    Open {
        /// How far.
        stage: Stage,
        /// The session's secret.
        secret: String,
    },
    /// Closed. Why, nobody outside is told.
    Closed,
}

impl Hub {
    /// Signs in with a name and a password.
    pub async fn sign_in(&self, name: &str, password: &str) -> Result<Door, HubError> {
        let name: Option<Name> = name.trim().to_lowercase().parse().ok();
        let stored = match &name {
            Some(name) => self.store.account(name).await?,
            None => None,
        };
        let revision = stored.as_ref().map_or(0, |s| s.revision);
        let account = stored.as_ref().map(account_of).transpose()?;
        let now = self.clock.now();
        let password = password.to_owned();
        // Hashing takes its time: not on a thread that answers others.
        let outcome = tokio::task::spawn_blocking(move || sign_in(account, &password, now)).await;
        let outcome = outcome.map_err(|_| HubError::Internal("signing in broke off".to_owned()))?;
        self.come_in(outcome, revision, "password").await
    }

    /// Takes the code of a second factor from a session that waits for it.
    pub async fn second_factor(&self, secret: &str, code: &str) -> Result<Door, HubError> {
        let Some(session) = self.session(secret).await? else { return Ok(Door::Closed) };
        if session.stage != Stage::SecondFactorNeeded {
            return Ok(Door::Closed);
        }
        let (account, revision) = self.account(&session.account).await?;
        let outcome = take_code(account, code, self.clock.now());
        let door = self.come_in(outcome, revision, "second-factor").await?;
        if let Door::Open { .. } = door {
            self.end(&session).await?;
        }
        Ok(door)
    }

    /// Chooses a password: of somebody who was given one, or who knows the old one. Every session of theirs ends, and
    /// this one goes on under another secret.
    pub async fn choose_password(&self, secret: &str, old: &str, new: &str) -> Result<Door, HubError> {
        let Some(session) = self.session(secret).await? else { return Ok(Door::Closed) };
        match session.stage {
            Stage::Full | Stage::PasswordChangeNeeded => {}
            Stage::SecondFactorNeeded => return Ok(Door::Closed),
        }
        let (account, revision) = self.account(&session.account).await?;
        let password = Password::new(new, account.name.as_str()).map_err(turned_away)?;
        let salt = fresh::<16>()?;
        let (old, new) = (old.to_owned(), new.to_owned());
        let known = account.password.clone();
        let hashed = tokio::task::spawn_blocking(move || {
            let right = known.as_ref().is_some_and(|hash| hash.verify(&old));
            let same = known.as_ref().is_some_and(|hash| hash.verify(&new));
            (right, same, PasswordHash::of(&password, &salt))
        });
        let (right, same, hash) =
            hashed.await.map_err(|_| HubError::Internal("hashing broke off".to_owned()))?;
        let wrong = |code, text: &str| Err(HubError::TurnedAway(Reason::new(code, text, "")));
        if !right {
            return wrong("wrong-password", "The old password is another.");
        }
        if same {
            return wrong("same-password", "The new password is the old one.");
        }
        let changed =
            Account { password: Some(hash.map_err(turned_away)?), password_is_given: false, ..account };
        let event = self.event(changed.name.as_str(), EventKind::PasswordChanged, changed.name.as_str());
        let mut tx = self.store.begin().await?;
        keep(&mut tx, &changed, revision).await?;
        tx.end_sessions(&changed.name).await?;
        let (session, secret) = self.new_session(&changed.name, Stage::Full)?;
        tx.add_session(&session, &self.clock.timestamp()).await?;
        tx.commit(vec![event]).await?;
        Ok(Door::Open { stage: Stage::Full, secret: secret.text().to_owned() })
    }

    /// Who a session is, if it lasts.
    pub async fn session(&self, secret: &str) -> Result<Option<Session>, HubError> {
        let Some(secret) = Secret::parse(secret) else { return Ok(None) };
        let Some(stored) = self.store.session(&secret.hash()).await? else { return Ok(None) };
        let mut kept: Kept = serde_json::from_str(&stored.body)
            .map_err(|_| HubError::Internal("a session cannot be read".to_owned()))?;
        let now = self.clock.now();
        if kept.lasts(self.session_limits(), now).is_err() {
            return Ok(None);
        }
        let (account, _) = self.account(kept.account()).await?;
        if account.disabled {
            return Ok(None);
        }
        if kept.used(now) {
            self.store.touch_session(&stored.hash, &json(&kept)?).await?;
        }
        Ok(Some(Session {
            account: account.name,
            display_name: account.display_name,
            roles: account.roles,
            stage: kept.stage(),
            ends_at: kept.ends_at(),
            secret,
        }))
    }

    /// Ends a session.
    pub async fn sign_out(&self, secret: &str) -> Result<(), HubError> {
        match self.session(secret).await? {
            Some(session) => self.end(&session).await,
            None => Ok(()),
        }
    }

    /// Lets somebody in whom a sign-in provider has shown to be who they say.
    pub(super) async fn let_in(&self, account: Account, revision: u64, by: &str) -> Result<Door, HubError> {
        if account.disabled {
            return Ok(Door::Closed);
        }
        self.come_in(SignedIn::As(Stage::Full, account), revision, by).await
    }

    async fn come_in(&self, outcome: SignedIn, revision: u64, by: &str) -> Result<Door, HubError> {
        match outcome {
            SignedIn::As(stage, account) => {
                let event = self
                    .event(account.name.as_str(), EventKind::SignedIn, account.name.as_str())
                    .with("by", by)
                    .with("stage", stage_name(stage));
                let (session, secret) = self.new_session(&account.name, stage)?;
                let mut tx = self.store.begin().await?;
                keep(&mut tx, &account, revision).await?;
                tx.add_session(&session, &self.clock.timestamp()).await?;
                tx.commit(vec![event]).await?;
                Ok(Door::Open { stage, secret: secret.text().to_owned() })
            }
            SignedIn::No(None, _) => Ok(Door::Closed),
            SignedIn::No(Some(account), locked) => {
                let kind = if locked { EventKind::SignInLocked } else { EventKind::SignInFailed };
                // Whoever failed is not known to be whom they named.
                let event = self.event("anonymous", kind, account.name.as_str()).with("by", by);
                let mut tx = self.store.begin().await?;
                // Another attempt at the same moment counted already: this one is closed all the same.
                if keep(&mut tx, &account, revision).await.is_ok() {
                    tx.commit(vec![event]).await?;
                }
                Ok(Door::Closed)
            }
        }
    }

    fn new_session(&self, account: &Name, stage: Stage) -> Result<(StoredSession, Secret), HubError> {
        let secret = Secret::of(fresh::<32>()?);
        let kept = Kept::begin(account.clone(), stage, self.session_limits(), self.clock.now());
        let session = StoredSession {
            hash: secret.hash(),
            account: account.clone(),
            ends_at: kept.ends_at().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            body: json(&kept)?,
        };
        Ok((session, secret))
    }

    async fn end(&self, session: &Session) -> Result<(), HubError> {
        let event = self.event(session.account.as_str(), EventKind::SignedOut, session.account.as_str());
        let mut tx = self.store.begin().await?;
        if tx.end_session(&session.secret.hash()).await? {
            tx.commit(vec![event]).await?;
        }
        Ok(())
    }

    fn session_limits(&self) -> SessionLimits {
        SessionLimits {
            idle_minutes: i64::from(self.config.sign_in.idle_minutes),
            minutes: i64::from(self.config.sign_in.session_minutes),
        }
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Full => "full",
        Stage::SecondFactorNeeded => "second-factor-needed",
        Stage::PasswordChangeNeeded => "password-change-needed",
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, HubError> {
    serde_json::to_string(value).map_err(|e| HubError::Internal(e.to_string()))
}
