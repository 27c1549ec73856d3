//! Saved queries: a name in a project for a text with its parameters.

use crate::ask::{of_parameter, with_parameters};
use crate::explain::{broke_off, of_refused};
use crate::{Hub, HubError, Reason};
use cloister_access::act;
use cloister_audit::EventKind;
use cloister_governance::{Parameters, Project};
use cloister_model::{Digest, Name};
use cloister_store::SavedQuery;

impl Hub {
    /// Keeps a query under a name, in the place of an earlier one. It must be one that can be planned, with
    /// every parameter declared; the domains may stand at its head or beside it. Returns the digest that
    /// names it.
    pub async fn save_query(
        &self,
        project: &Name,
        user: &Name,
        name: &Name,
        sql: &str,
        domains: &[(String, String)],
    ) -> Result<Digest, HubError> {
        let admitted = self.admitted(project, user).await?;
        let refused = |reason: Reason| HubError::TurnedAway(reason);
        let text = with_parameters(sql, domains, &[]).map_err(|e| refused(of_parameter(&e)))?;
        let workspace = self.workspace(admitted).await?;
        let (mut parameters, body) = Parameters::split(&text).map_err(|e| refused(of_parameter(&e)))?;
        parameters.set_examples();
        let explained = self.explained(&workspace, &parameters.with_body(body)).await.map_err(refused)?;
        let plan = match (explained.plan_digest, explained.refused) {
            (Some(plan), _) => plan,
            (None, Some(why)) => return Err(refused(of_refused(why))),
            (None, None) => return Err(refused(broke_off())),
        };
        let event = self
            .event(user.as_str(), EventKind::QuerySaved, format!("{project}/{name}"))
            .with("sql", Digest::of(text.as_bytes()).to_string())
            .with("plan", plan.to_string());
        let saved = SavedQuery {
            project: project.to_string(),
            name: name.to_string(),
            text,
            author: user.to_string(),
            saved_at: event.at.clone(),
        };
        let proof = self.may::<act::SaveQuery>(user, &self.facts_of(project).await?).await?;
        let mut tx = self.store.begin().await?;
        tx.put_saved_query(&saved).await?;
        self.commit(tx, proof, vec![event]).await?;
        Ok(plan)
    }

    /// A project's saved queries, for its researchers and checkers.
    pub async fn saved_queries(&self, project: &Name, user: &Name) -> Result<Vec<SavedQuery>, HubError> {
        self.may_read_saved(project, user).await?;
        Ok(self.store.saved_queries(project).await?)
    }

    /// One of them.
    pub async fn saved_query(
        &self,
        project: &Name,
        user: &Name,
        name: &Name,
    ) -> Result<SavedQuery, HubError> {
        self.may_read_saved(project, user).await?;
        let saved = self.store.saved_query(project, name).await?;
        saved.ok_or_else(|| HubError::NotFound("saved query", name.to_string()))
    }

    /// Forgets a query. Any researcher of the project may.
    pub async fn remove_saved_query(&self, project: &Name, user: &Name, name: &Name) -> Result<(), HubError> {
        self.admitted(project, user).await?;
        let event = self.event(user.as_str(), EventKind::SavedQueryRemoved, format!("{project}/{name}"));
        let proof = self.may::<act::SaveQuery>(user, &self.facts_of(project).await?).await?;
        let mut tx = self.store.begin().await?;
        if !tx.remove_saved_query(project, name).await? {
            return Err(HubError::NotFound("saved query", name.to_string()));
        }
        self.commit(tx, proof, vec![event]).await
    }

    /// A project whose queries the person may run now; who is turned away is logged.
    pub(crate) async fn admitted(&self, project: &Name, user: &Name) -> Result<Project, HubError> {
        match self.admit(project, user).await? {
            Ok(admitted) => Ok(admitted),
            Err(reason) => {
                self.turn_away(project, user, reason.clone()).await?;
                Err(HubError::TurnedAway(reason))
            }
        }
    }

    async fn may_read_saved(&self, project: &Name, user: &Name) -> Result<(), HubError> {
        if let Some(stored) = self.store.project(project).await?
            && Project::parse(&stored.text)?.checkers.contains(user)
        {
            return Ok(());
        }
        self.admitted(project, user).await.map(|_| ())
    }
}
