//! A hub on this machine, and who asks there.

pub(super) mod views;

pub(crate) use views::answered;

use super::{Place, another};
use crate::fault::Fault;
use cloister_hub::{Hub, Scope};
use cloister_model::Name;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

/// A hub on this machine.
pub(crate) struct Local {
    hub: Hub,
    user: Name,
    /// What a token is for, as at a server; all where names are taken on trust.
    scopes: Option<BTreeSet<Scope>>,
}

impl Local {
    /// Opens the hub, for somebody who is who they say.
    pub(super) async fn open(
        place: &Place,
        user: Option<&Name>,
        default: Option<&str>,
    ) -> Result<Self, Fault> {
        let hub = Hub::open(place.home.clone()).await?;
        match caller(&hub, place, user, default).await {
            Ok((user, scopes)) => Ok(Self { hub, user, scopes }),
            Err(fault) => {
                hub.close().await;
                Err(fault)
            }
        }
    }

    /// The same for looking after accounts: whoever owns the home's keys could do so by hand, and may do so on the record.
    pub(super) async fn open_for_people(place: &Place, user: Option<&Name>) -> Result<Self, Fault> {
        let hub = Hub::open(place.home.clone()).await?;
        let found = match (hub.has_accounts().await, place.token()) {
            (Ok(true), Ok(None)) => match owns_keys(&hub) {
                Ok(()) => {
                    let user = user.cloned().map_or_else(|| named("admin"), Ok);
                    return user.map(|user| Self { hub: hub.without_token(), user, scopes: None });
                }
                Err(fault) => Err(fault),
            },
            (Ok(_), Ok(_)) => caller(&hub, place, user, Some("admin")).await,
            (Err(error), _) => Err(error.into()),
            (_, Err(fault)) => Err(fault),
        };
        match found {
            Ok((user, scopes)) => Ok(Self { hub, user, scopes }),
            Err(fault) => {
                hub.close().await;
                Err(fault)
            }
        }
    }

    pub(super) async fn close(self) {
        self.hub.close().await;
    }

    /// The hub, for an act that a token of this scope is for.
    pub(super) fn may(&self, scope: Scope) -> Result<&Hub, Fault> {
        match &self.scopes {
            None => Ok(&self.hub),
            Some(scopes) if scopes.contains(&scope) => Ok(&self.hub),
            Some(_) => Err(Fault::failed(
                "scope",
                format!("the access token is not for this: it lacks the scope `{}`", scope.as_str()),
            )),
        }
    }

    /// Who asks.
    pub(super) fn user(&self) -> &Name {
        &self.user
    }

    /// The hub, for what nobody's name is asked for.
    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Whether names are taken on trust here.
    pub(super) fn trusts_names(&self) -> bool {
        self.scopes.is_none()
    }
}

fn named(text: &str) -> Result<Name, Fault> {
    text.parse().map_err(|_| Fault::failed("name", format!("`{text}` is no name")))
}

/// Who asks for what is done on this machine only, and needs a token with this scope where there are accounts.
pub(crate) async fn caller_for(
    hub: &Hub,
    place: &Place,
    user: Option<&Name>,
    scope: Scope,
) -> Result<Name, Fault> {
    let (user, scopes) = caller(hub, place, user, Some("admin")).await?;
    Local { hub: hub.clone(), user: user.clone(), scopes }.may(scope)?;
    Ok(user)
}

/// Who asks, and what their token is for.
async fn caller(
    hub: &Hub,
    place: &Place,
    user: Option<&Name>,
    default: Option<&str>,
) -> Result<(Name, Option<BTreeSet<Scope>>), Fault> {
    if !hub.has_accounts().await? {
        let user = match (user, default) {
            (Some(user), _) => user.clone(),
            (None, Some(default)) => named(default)?,
            (None, None) => return Err(Fault::failed("nobody", "say who asks: --as USER")),
        };
        return Ok((user, None));
    }
    let Some(token) = place.token()? else {
        return Err(Fault::refused(
            "token-needed",
            "The hub's people have accounts: a name alone is not taken on trust.",
            "Give an access token of yours in CLOISTER_TOKEN, or ask the hub's server with --server.",
        ));
    };
    let bearer = hub.bearer(&token).await?.ok_or_else(|| {
        Fault::refused(
            "token",
            "The access token is nobody's, or has ended.",
            "Make another at the hub's server.",
        )
    })?;
    match user {
        Some(user) if *user != bearer.account => Err(another(user, bearer.account.as_str())),
        Some(_) | None => Ok((bearer.account, Some(bearer.scopes))),
    }
}

/// Whether this process is of whoever owns the home's keys.
fn owns_keys(hub: &Hub) -> Result<(), Fault> {
    let keys = hub.store().home().key("vault");
    let keys = keys.parent().unwrap_or(&keys);
    let wrong = |e: std::io::Error| Fault::failed("keys", format!("{}: {e}", keys.display()));
    // A file that we make is ours: its owner is who we are.
    let us = tempfile::tempfile().and_then(|file| file.metadata()).map_err(wrong)?.uid();
    let mut owners = BTreeSet::from([std::fs::metadata(keys).map_err(wrong)?.uid()]);
    for entry in std::fs::read_dir(keys).map_err(wrong)? {
        owners.insert(entry.and_then(|e| e.metadata()).map_err(wrong)?.uid());
    }
    if owners == BTreeSet::from([us]) {
        return Ok(());
    }
    Err(Fault::refused(
        "token-needed",
        "Only whoever owns the home's keys looks after accounts without an access token.",
        "Give an access token of yours in CLOISTER_TOKEN, or ask the hub's server with --server.",
    ))
}
