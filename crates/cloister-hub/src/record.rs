//! Queries as they are recorded, for those who may see them.

use crate::{DatasetRef, Hub, HubError, Reason};
use cloister_access::{Action, Object};
use cloister_model::Name;
use cloister_store::Request;
use std::collections::HashMap;

/// How many are read at once, at most.
const BATCH: usize = 200;

/// A query as it is recorded.
#[derive(Clone, Debug)]
pub struct QueryRecord {
    /// Its id.
    pub id: String,
    /// The project.
    pub project: String,
    /// Who asked.
    pub user: String,
    /// The SQL.
    pub sql: String,
    /// Where it stands.
    pub state: String,
    /// The disclosure policy.
    pub policy: String,
    /// The digest of its text.
    pub policy_digest: String,
    /// The dataset versions.
    pub datasets: Vec<DatasetRef>,
    /// The digest that names its plan.
    pub plan_digest: Option<String>,
    /// Why it was refused or is held.
    pub reasons: Vec<Reason>,
    /// When it was asked.
    pub submitted_at: String,
    /// When it ended.
    pub settled_at: Option<String>,
    /// The release request that it is in.
    pub release_request: Option<String>,
}

impl Hub {
    /// One query, for somebody who may see it; for everybody else there is none.
    pub async fn query_record(&self, id: &str, user: &Name) -> Result<QueryRecord, HubError> {
        let not_found = || HubError::NotFound("request", id.to_owned());
        if !self.store.has_accounts().await? {
            return self.record(self.request(id, user).await?).await;
        }
        let query = self.store.request(id).await?.ok_or_else(not_found)?;
        let facts = self.query_facts(&query).await?;
        let principal = self.principal(user).await?;
        if !self.permits(&principal, Action::ViewQuery, facts.resource()) {
            return Err(not_found());
        }
        self.record(query).await
    }

    /// Queries that somebody may see, newest first: at most so many after this one, and what to go on after.
    pub async fn query_records(
        &self,
        user: &Name,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<QueryRecord>, Option<String>), HubError> {
        if let Some(after) = after
            && self.store.request(after).await?.is_none()
        {
            return Err(HubError::NotFound("request", after.to_owned()));
        }
        let embedded = !self.store.has_accounts().await?;
        let principal = self.principal(user).await?;
        let overseen = if embedded { self.overseen(user).await? } else { Vec::new() };
        let mut facts = HashMap::new();
        let mut records: Vec<QueryRecord> = Vec::new();
        let mut before = after.map(str::to_owned);
        // One more than is wanted, as that there is more is to be known.
        let size = limit.saturating_add(1).clamp(20, BATCH);
        loop {
            let batch = self.store.requests_before(None, before.as_deref(), size).await?;
            let last = batch.len() < size;
            before = batch.last().map(|query| query.id.clone());
            for query in batch {
                if !facts.contains_key(&query.project) {
                    facts.insert(query.project.clone(), self.facts_of(&query.project.parse()?).await?);
                }
                let Some(project) = facts.get(&query.project) else { continue };
                let seen = if embedded {
                    query.user == user.as_str() || overseen.contains(&query.project)
                } else {
                    let of = cloister_access::Query {
                        id: query.id.parse()?,
                        project: project.clone(),
                        author: query.user.parse()?,
                    };
                    self.permits(&principal, Action::ViewQuery, of.resource())
                };
                if !seen {
                    continue;
                }
                if records.len() == limit {
                    let next = records.last().map(|r| r.id.clone());
                    return Ok((records, next));
                }
                records.push(self.record(query).await?);
            }
            if last {
                return Ok((records, None));
            }
        }
    }

    /// Queries that were refused for want of an approval which this person may give, newest first; each text once.
    pub async fn awaiting_approval(&self, checker: &Name) -> Result<Vec<QueryRecord>, HubError> {
        let principal = self.principal(checker).await?;
        let mut records: Vec<QueryRecord> = Vec::new();
        for query in self.store.requests_refused_as("approval-required").await? {
            if records.iter().any(|r| r.project == query.project && r.sql == query.sql) {
                continue;
            }
            let approved = match query.plan_digest.as_deref().and_then(|digest| digest.parse().ok()) {
                Some(plan) => self.store.approvals_of(&query.project.parse()?, plan).await?,
                None => Vec::new(),
            };
            if approved.iter().any(|approval| approval.revoked.is_none()) {
                continue;
            }
            let facts = self.query_facts(&query).await?;
            if self.permits(&principal, Action::ApproveQuery, facts.resource()) {
                records.push(self.record(query).await?);
            }
        }
        Ok(records)
    }

    pub(crate) async fn record(&self, query: Request) -> Result<QueryRecord, HubError> {
        let wrong = |_| HubError::Internal("a query's record cannot be read".to_owned());
        let release_request = self.store.asked_for(&query.id).await?;
        Ok(QueryRecord {
            project: query.project,
            user: query.user,
            sql: query.sql,
            state: query.state.as_str().to_owned(),
            policy: query.policy_name,
            policy_digest: query.policy_digest,
            datasets: serde_json::from_str(&query.datasets).map_err(wrong)?,
            plan_digest: query.plan_digest,
            reasons: serde_json::from_str(&query.reasons).map_err(wrong)?,
            submitted_at: query.submitted_at,
            settled_at: query.settled_at,
            release_request,
            id: query.id,
        })
    }
}
