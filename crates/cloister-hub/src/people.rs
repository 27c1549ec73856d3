//! People and their accounts: who there is, and what administrators do about them.

mod account;
mod door;
mod provider;
mod tokens;

use crate::{Hub, HubError, Reason};
use chrono::NaiveDate;
use cloister_access::{Action, Object, act};
use cloister_audit::EventKind;
use cloister_identity::{Account, IdentityError, Password, PasswordHash, Subject};
use cloister_model::{Name, Role};
use cloister_store::{StoredAccount, Transaction};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

pub use account::Me;
pub use door::{Door, Session};
pub use tokens::{Bearer, NewToken, TokenView};

/// Somebody to give an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPerson {
    /// The name that they sign in with.
    pub name: Name,
    /// Their name for people.
    pub display_name: String,
    /// Their roles.
    pub roles: BTreeSet<Role>,
    /// The last day on which their training is current.
    pub training_expires: Option<NaiveDate>,
    /// Whom a sign-in provider knows them as: issuer and subject.
    pub subject: Option<(String, String)>,
}

/// What changes of an account; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonChange {
    /// Their roles.
    pub roles: Option<BTreeSet<Role>>,
    /// Whether it may not be used.
    pub disabled: Option<bool>,
    /// The last day on which their training is current.
    pub training_expires: Option<NaiveDate>,
    /// A new first password, and no second factor.
    pub reset: bool,
}

/// Somebody's account, as those who may see it do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonView {
    /// The name that they sign in with.
    pub name: String,
    /// Their name for people.
    pub display_name: String,
    /// Their roles in the hub.
    pub roles: Vec<String>,
    /// Whether the account may not be used.
    pub disabled: bool,
    /// The last day on which their training is current.
    pub training_expires: Option<String>,
    /// The last day on which the terms that they accepted hold.
    pub terms_expire: Option<String>,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// The sign-in provider that they come from.
    pub provider: Option<String>,
    /// Whether failures to sign in have locked it for a while.
    pub locked: bool,
}

impl Hub {
    /// Gives somebody an account. Returns a password to sign in with once, unless they come from a sign-in provider.
    ///
    /// The first account of a hub is its first administrator's: whoever holds the home's keys gives it.
    pub async fn add_person(&self, new: NewPerson, actor: &Name) -> Result<Option<String>, HubError> {
        let proof = self.may_run_hub::<act::ManagePeople>(actor, &cloister_access::Hub).await?;
        if !self.store.has_accounts().await? && !new.roles.contains(&Role::Administrator) {
            return Err(HubError::TurnedAway(Reason::new(
                "administrator-first",
                "The first account of a hub is an administrator's.",
                "From then on, who has no account is nobody.",
            )));
        }
        let mut account =
            Account::new(new.name.clone(), &new.display_name, new.roles).map_err(turned_away)?;
        account.training_expires = new.training_expires;
        account.subject = new.subject.map(|(issuer, subject)| Subject { issuer, subject });
        let first = match account.subject {
            Some(_) => None,
            None => Some(give_password(&mut account)?),
        };
        let event = self
            .event(actor.as_str(), EventKind::PersonAdded, new.name.as_str())
            .with("roles", roles(&account));
        let mut tx = self.store.begin().await?;
        if !tx.add_account(&stored(&account, 1)?).await? {
            return Err(HubError::TurnedAway(Reason::new(
                "name-taken",
                "There is an account of this name, or of this person.",
                "Names are for good: take another.",
            )));
        }
        self.commit(tx, proof, vec![event]).await?;
        Ok(first)
    }

    /// Whether anybody has an account. Where nobody has, a name is taken on trust.
    pub async fn has_accounts(&self) -> Result<bool, HubError> {
        Ok(self.store.has_accounts().await?)
    }

    /// Everybody who has an account, by name.
    pub async fn people(&self, user: &Name) -> Result<Vec<PersonView>, HubError> {
        let principal = self.principal(user).await?;
        let mut views = Vec::new();
        let mut refused = None;
        for stored in self.store.accounts().await? {
            let holder = cloister_access::Account { holder: stored.name.clone() };
            match self.access.check(&principal, Action::ViewAccount, holder.resource(), self.clock.now()) {
                Ok(()) => views.push(self.view(&account_of(&stored)?)),
                Err(denied) => refused = Some(denied),
            }
        }
        // Who may see nobody but themselves has no list to look at.
        match refused {
            Some(denied) => Err(denied.into()),
            None => Ok(views),
        }
    }

    /// One account, for somebody who may see it.
    pub async fn person_seen(&self, person: &Name, user: &Name) -> Result<PersonView, HubError> {
        let holder = cloister_access::Account { holder: person.clone() };
        let _ = self.may_run_hub::<act::ViewAccount>(user, &holder).await?;
        Ok(self.view(&self.account(person).await?.0))
    }

    /// Changes an account. Nobody changes their own roles or training. Returns a new first password, if there is one.
    pub async fn change_person(
        &self,
        person: &Name,
        change: PersonChange,
        actor: &Name,
    ) -> Result<Option<String>, HubError> {
        let proof = self.may_run_hub::<act::ManagePeople>(actor, &cloister_access::Hub).await?;
        if person == actor {
            return Err(HubError::TurnedAway(Reason::new(
                "own-account",
                "Nobody changes their own roles, training or account.",
                "Ask another administrator.",
            )));
        }
        let (mut account, revision) = self.account(person).await?;
        let mut event = self.event(actor.as_str(), EventKind::PersonChanged, person.as_str());
        if let Some(new) = change.roles {
            account.roles = new;
            event = event.with("roles", roles(&account));
        }
        if let Some(disabled) = change.disabled {
            account.disabled = disabled;
            event = event.with("disabled", if disabled { "yes" } else { "no" });
        }
        if let Some(until) = change.training_expires {
            account.training_expires = Some(until);
            event = event.with("training-expires", until.to_string());
        }
        let mut first = None;
        if change.reset {
            first = Some(give_password(&mut account)?);
            account.second_factor = None;
            account.attempts = Default::default();
            event = event.with("reset", "yes");
        }
        let ends = account.disabled || change.reset;
        let mut tx = self.store.begin().await?;
        keep(&mut tx, &account, revision).await?;
        if ends {
            // Whoever is signed in as them is not any more.
            tx.end_sessions(person).await?;
        }
        self.commit(tx, proof, vec![event]).await?;
        Ok(first)
    }

    /// Somebody's roles, where there are accounts: none where they have none.
    pub(crate) async fn known_person(&self, person: &Name) -> Result<Option<BTreeSet<Role>>, HubError> {
        if !self.store.has_accounts().await? {
            return Ok(None);
        }
        let stored = self.store.account(person).await?;
        let stored = stored.ok_or_else(|| HubError::NotFound("account", person.to_string()))?;
        Ok(Some(account_of(&stored)?.roles))
    }

    /// An account and its revision.
    pub(crate) async fn account(&self, person: &Name) -> Result<(Account, u64), HubError> {
        let stored = self.store.account(person).await?;
        let stored = stored.ok_or_else(|| HubError::NotFound("account", person.to_string()))?;
        Ok((account_of(&stored)?, stored.revision))
    }

    pub(crate) fn view(&self, account: &Account) -> PersonView {
        PersonView {
            name: account.name.to_string(),
            display_name: account.display_name.clone(),
            roles: roles(account),
            disabled: account.disabled,
            training_expires: account.training_expires.map(|d| d.to_string()),
            terms_expire: account.terms_expire.map(|d| d.to_string()),
            second_factor: account.second_factor.is_some(),
            provider: account.subject.as_ref().map(|s| s.issuer.clone()),
            locked: account.attempts.is_locked(self.clock.now()),
        }
    }
}

/// A password that an administrator hands over: 24 letters and digits, 120 bits.
fn give_password(account: &mut Account) -> Result<String, HubError> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";
    let letters: String = fresh::<24>()?
        .iter()
        .filter_map(|b| LETTERS.get(usize::from(b & 31)))
        .map(|l| char::from(*l))
        .collect();
    let password = Password::new(&letters, account.name.as_str()).map_err(turned_away)?;
    account.password = Some(PasswordHash::of(&password, &fresh::<16>()?).map_err(turned_away)?);
    account.password_is_given = true;
    Ok(letters)
}

/// Fresh bytes of the operating system.
pub(crate) fn fresh<const N: usize>() -> Result<[u8; N], HubError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|e| HubError::Internal(e.to_string()))?;
    Ok(bytes)
}

fn roles(account: &Account) -> Vec<String> {
    account.roles.iter().map(|r| r.as_str().to_owned()).collect()
}

pub(crate) fn account_of(stored: &StoredAccount) -> Result<Account, HubError> {
    // Its text holds a seed and hashes: not into an error.
    serde_json::from_str(&stored.body).map_err(|_| HubError::Internal("an account cannot be read".to_owned()))
}

pub(crate) fn stored(account: &Account, revision: u64) -> Result<StoredAccount, HubError> {
    Ok(StoredAccount {
        name: account.name.clone(),
        revision,
        body: serde_json::to_string(account)
            .map_err(|_| HubError::Internal("an account cannot be written".to_owned()))?,
        subject: account.subject.as_ref().map(|s| (s.issuer.clone(), s.subject.clone())),
    })
}

/// Keeps an account that was read at this revision.
pub(crate) async fn keep(tx: &mut Transaction, account: &Account, revision: u64) -> Result<(), HubError> {
    if tx.change_account(&stored(account, revision)?).await? {
        Ok(())
    } else {
        Err(HubError::ChangedMeanwhile("the account"))
    }
}

pub(crate) fn turned_away(error: IdentityError) -> HubError {
    HubError::TurnedAway(Reason::of_words(error.code(), &error.to_string(), ""))
}
