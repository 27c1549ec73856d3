//! The decision.

use crate::entities::{Unfit, question};
use crate::policies::{FILES, Policies, SCHEMA};
use crate::{Act, Action, Denied, Object, PolicyError, Principal, Proof, Reason, Resource};
use cedar_policy::{Authorizer, Decision};
use chrono::{DateTime, Utc};

/// The access policies, ready to be asked.
pub struct Access {
    policies: Policies,
    authorizer: Authorizer,
}

/// What the policies say.
struct Verdict {
    allowed: bool,
    reasons: Vec<Reason>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access")
    }
}

impl Access {
    /// The policies that are built in.
    ///
    /// # Errors
    /// [`PolicyError`], which a test excludes.
    pub fn new() -> Result<Self, PolicyError> {
        Self::from_texts(SCHEMA, &FILES)
    }

    /// Other policies: a schema, and files by name. What does not fit is refused whole.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn from_texts(schema: &str, files: &[(&str, &str)]) -> Result<Self, PolicyError> {
        Ok(Self { policies: Policies::read(schema, files)?, authorizer: Authorizer::new() })
    }

    /// Whether somebody may do something to one thing, now.
    ///
    /// # Errors
    /// [`Denied`], which says whether the thing should look absent, and why.
    pub fn may<A: Act>(
        &self,
        principal: &Principal,
        on: &A::On,
        now: DateTime<Utc>,
    ) -> Result<Proof<A>, Denied> {
        let resource = on.resource();
        self.check(principal, A::ACTION, resource, now)?;
        Ok(Proof::new(principal.name(), resource.id()))
    }

    /// The same without a proof: for pages that offer what one may do.
    ///
    /// # Errors
    /// [`Denied`], as [`Self::may`] gives it.
    pub fn check(
        &self,
        principal: &Principal,
        action: Action,
        resource: Resource<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), Denied> {
        let verdict = self.verdict(principal, action, resource, now);
        if verdict.allowed {
            return Ok(());
        }
        let sees = |view| view != action && self.verdict(principal, view, resource, now).allowed;
        let hidden = resource.seen_by().is_some_and(|view| !sees(view));
        Err(Denied { action, hidden, reasons: verdict.reasons })
    }

    fn verdict(
        &self,
        principal: &Principal,
        action: Action,
        resource: Resource<'_>,
        now: DateTime<Utc>,
    ) -> Verdict {
        let denied = Verdict { allowed: false, reasons: Vec::new() };
        let asked = question(&self.policies.schema, principal, action, resource, now);
        let Ok((request, entities)) = asked.map_err(|Unfit| ()) else { return denied };
        let answer = self.authorizer.is_authorized(&request, &self.policies.set, &entities);
        // A policy that cannot be evaluated counts for nothing in the language: one that forbids would permit.
        if answer.diagnostics().errors().next().is_some() {
            return denied;
        }
        match answer.decision() {
            Decision::Allow => Verdict { allowed: true, reasons: Vec::new() },
            Decision::Deny => {
                // What takes away a permission that somebody does not have is no reason for them.
                let permitted = self.authorizer.is_authorized(&request, &self.policies.permits, &entities);
                if permitted.decision() == Decision::Deny {
                    return denied;
                }
                let ids = answer.diagnostics().reason().map(ToString::to_string);
                let mut reasons: Vec<Reason> = ids
                    .map(|policy| {
                        let text = self.policies.texts.get(&policy).cloned().unwrap_or_default();
                        Reason { policy, text }
                    })
                    .collect();
                reasons.sort();
                Verdict { allowed: false, reasons }
            }
        }
    }
}
