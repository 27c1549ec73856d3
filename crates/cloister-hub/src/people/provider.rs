//! Signing in with a provider (OpenID Connect), whose tokens are checked before this.

use super::{Door, account_of};
use crate::{Hub, HubError};
use cloister_audit::EventKind;
use cloister_identity::{Claims, ProviderRules};

impl Hub {
    /// Lets somebody in whom a provider has shown to be one of the hub's people. Nobody gets an account by it: an
    /// administrator says which subject is whose.
    pub async fn sign_in_by_provider(
        &self,
        rules: &ProviderRules,
        claims: &Claims,
    ) -> Result<Door, HubError> {
        let subject = match rules.subject(claims) {
            Ok(subject) => subject,
            Err(code) => {
                let event = self.event("anonymous", EventKind::SignInFailed, "provider").with("reason", code);
                self.store.begin().await?.commit(vec![event]).await?;
                return Ok(Door::Closed);
            }
        };
        let Some(stored) = self.store.account_of_subject(&subject.issuer, &subject.subject).await? else {
            return Ok(Door::Closed);
        };
        self.let_in(account_of(&stored)?, stored.revision, "provider").await
    }
}
