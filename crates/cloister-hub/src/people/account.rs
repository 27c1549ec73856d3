//! One's own account: who one is, one's second factor, the terms of use.

use super::{PersonView, fresh, keep, turned_away};
use crate::{Hub, HubError, Reason};
use chrono::Months;
use cloister_access::{Action, Object};
use cloister_audit::EventKind;
use cloister_identity::{RecoveryCodes, SecondFactor, Totp};
use cloister_model::Name;
use serde::Serialize;
use utoipa::ToSchema;

/// Accepted terms of use hold for so many months.
const TERMS_MONTHS: u32 = 12;

/// Who somebody is, and what they may do in the hub as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Me {
    /// Their account.
    pub person: PersonView,
    /// What they may do in the hub as a whole now, as the access policies name it.
    pub may: Vec<String>,
}

impl Hub {
    /// Who somebody is.
    pub async fn me(&self, user: &Name) -> Result<Me, HubError> {
        let principal = self.principal(user).await?;
        let acts = Action::ALL.iter().filter(|a| a.object() == cloister_access::Hub::KIND);
        let may = acts.filter(|a| self.permits(&principal, **a, cloister_access::Hub.resource()));
        let may = may.map(|a| a.as_str().to_owned()).collect();
        Ok(Me { person: self.view(&self.account(user).await?.0), may })
    }

    /// A fresh seed for an authenticator, which counts when its first code is given ([`Self::confirm_second_factor`]).
    pub fn propose_second_factor(&self, user: &Name) -> Result<(String, String), HubError> {
        let totp = Totp::of(&fresh::<20>()?).map_err(turned_away)?;
        Ok((totp.seed_text(), totp.uri(self.store.hub().as_str(), user.as_str())))
    }

    /// Sets a second factor up, once a code shows that the authenticator has the seed. Returns recovery codes, which are
    /// shown once.
    pub async fn confirm_second_factor(
        &self,
        user: &Name,
        seed_text: &str,
        code: &str,
    ) -> Result<Vec<String>, HubError> {
        let wrong = || {
            HubError::TurnedAway(Reason::new(
                "wrong-code",
                "The code is not the one that the authenticator should show now.",
                "Check the time of the device, and type the next code.",
            ))
        };
        let mut totp = Totp::parse(seed_text).ok_or_else(wrong)?;
        if !totp.take(code, self.clock.now()) {
            return Err(wrong());
        }
        let (codes, recovery) = RecoveryCodes::make(&fresh::<128>()?).map_err(turned_away)?;
        let (mut account, revision) = self.account(user).await?;
        account.second_factor = Some(SecondFactor { totp, recovery });
        let event = self
            .event(user.as_str(), EventKind::SecondFactorChanged, user.as_str())
            .with("second-factor", "set-up");
        let mut tx = self.store.begin().await?;
        keep(&mut tx, &account, revision).await?;
        tx.commit(vec![event]).await?;
        Ok(codes)
    }

    /// Accepts the terms of use, for a year.
    pub async fn accept_terms(&self, user: &Name) -> Result<(), HubError> {
        let (mut account, revision) = self.account(user).await?;
        let until = self.clock.today().checked_add_months(Months::new(TERMS_MONTHS));
        account.terms_expire = until;
        let mut event = self.event(user.as_str(), EventKind::TermsAccepted, user.as_str());
        if let Some(until) = until {
            event = event.with("until", until.to_string());
        }
        let mut tx = self.store.begin().await?;
        keep(&mut tx, &account, revision).await?;
        Ok(tx.commit(vec![event]).await?)
    }
}
