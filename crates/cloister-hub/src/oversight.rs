//! What those who look after the hub look at: whether it is well, its policies, its log.

use crate::{Hub, HubError};
use cloister_access::act;
use cloister_audit::{ConsistencyProof, Event, EventKind, Receipt};
use cloister_model::{Digest, Name};
use cloister_store::AuditReport;
use serde::Serialize;
use utoipa::ToSchema;

/// A text of a policy that queries ran under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyUse {
    /// Its digest.
    pub digest: String,
    /// When the first query was asked under it.
    pub first: String,
    /// When the last was.
    pub last: String,
    /// How many were.
    pub queries: u64,
}

/// A disclosure policy that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyView {
    /// Its name.
    pub name: String,
    /// The digest that results name.
    pub digest: String,
    /// The file.
    pub text: String,
    /// What is wrong with it, where it cannot be used.
    pub problem: Option<String>,
    /// The texts of it that queries ran under, the newest first.
    pub history: Vec<PolicyUse>,
}

/// Which events of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Those after this number.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
    /// Only those of this kind.
    pub kind: Option<EventKind>,
    /// Only what this person did.
    pub actor: Option<String>,
    /// Only what was done to this thing.
    pub subject: Option<String>,
}

impl Hub {
    /// Whether the hub can do its work.
    pub async fn is_ready(&self) -> Result<(), HubError> {
        Ok(self.store.ping().await?)
    }

    /// Whether a person may see whether the hub is well.
    pub async fn may_see_health(&self, user: &Name) -> Result<(), HubError> {
        self.may_run_hub::<act::ViewHubHealth>(user, &cloister_access::Hub).await.map(|_| ())
    }

    /// The disclosure policies, by name.
    pub async fn policies(&self, user: &Name) -> Result<Vec<PolicyView>, HubError> {
        let _ = self.may::<act::ViewPolicies>(user, &cloister_access::Hub).await?;
        let folder = self.store.home().disclosure_policies();
        let mut views = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(HubError::file(&folder))? {
            let path = entry.map_err(HubError::file(&folder))?.path();
            let stem = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<Name>().ok());
            let Some(name) = stem.filter(|_| path.extension().is_some_and(|e| e == "toml")) else { continue };
            let text = std::fs::read_to_string(&path).map_err(HubError::file(&path))?;
            let (digest, problem) = match self.policy(&name) {
                Ok(policy) => (policy.digest().to_string(), None),
                Err(error) => (Digest::of(text.as_bytes()).to_string(), Some(error.to_string())),
            };
            let used = self.store.policy_texts_used(name.as_str()).await?.into_iter();
            let history = used.map(|u| PolicyUse {
                digest: u.digest,
                first: u.first,
                last: u.last,
                queries: u.queries,
            });
            views.push(PolicyView {
                name: name.to_string(),
                digest,
                text,
                problem,
                history: history.collect(),
            });
        }
        views.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(views)
    }

    /// A page of the log, oldest first, for somebody who may read it. That they read it is in it too.
    pub async fn read_audit(&self, query: &AuditQuery, user: &Name) -> Result<Vec<(u64, Event)>, HubError> {
        self.note_reading(user, "page").await?;
        let mut found = Vec::new();
        let mut after = query.after;
        loop {
            let page = self.store.audit_page(after).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.seq();
            for record in &page {
                let event = record.event().map_err(cloister_store::StoreError::from)?;
                let wanted = query.kind.is_none_or(|k| k == event.kind)
                    && query.actor.as_ref().is_none_or(|a| *a == event.actor)
                    && query.subject.as_ref().is_none_or(|s| event.subject.contains(s.as_str()));
                if wanted {
                    found.push((record.seq(), event));
                }
                if found.len() >= query.limit {
                    return Ok(found);
                }
            }
        }
    }

    /// The whole log as text, for somebody who may read it.
    pub async fn export_audit_for(&self, user: &Name) -> Result<String, HubError> {
        self.note_reading(user, "export").await?;
        self.export_audit().await
    }

    /// Verifies the log, for somebody who may read it.
    pub async fn verify_audit_for(&self, user: &Name) -> Result<AuditReport, HubError> {
        self.note_reading(user, "verification").await?;
        self.verify_audit().await
    }

    /// The proof that a record is in the log, for somebody who may read it.
    pub async fn audit_receipt_for(&self, number: u64, user: &Name) -> Result<Receipt, HubError> {
        self.note_reading(user, "receipt").await?;
        self.audit_receipt(number).await
    }

    /// The proof that the log only grew, for somebody who may read it.
    pub async fn audit_consistency_for(
        &self,
        earlier: u64,
        user: &Name,
    ) -> Result<ConsistencyProof, HubError> {
        self.note_reading(user, "consistency").await?;
        self.audit_consistency(earlier).await
    }

    async fn note_reading(&self, user: &Name, what: &str) -> Result<(), HubError> {
        let proof = self.may_run_hub::<act::ReadAudit>(user, &cloister_access::Hub).await?;
        let event =
            self.event(user.as_str(), EventKind::AuditRead, self.store.hub().as_str()).with("what", what);
        self.commit(self.store.begin().await?, proof, vec![event]).await
    }
}
