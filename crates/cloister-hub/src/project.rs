//! Provisioning projects and stopping them.

use crate::{Hub, HubError};
use cloister_audit::EventKind;
use cloister_governance::project::ProjectState;
use cloister_governance::{Problem, Problems, Project};
use cloister_model::{Digest, Name};
use cloister_query::QueryError;
use cloister_store::StoredProject;

impl Hub {
    /// Provisions a project from the text of its file; everything that is wrong with it is listed.
    pub async fn create_project(&self, text: &str, actor: &Name) -> Result<Project, HubError> {
        let project = Project::parse(text)?;
        self.check_project(&project).await?;
        let event = self
            .event(actor.as_str(), EventKind::ProjectCreated, project.name.as_str())
            .with("project", Digest::of(text.as_bytes()).to_string())
            .with("policy", project.disclosure_policy.as_str())
            .with("review", project.review.as_str());
        let stored = StoredProject {
            name: project.name.to_string(),
            text: text.to_owned(),
            state: ProjectState::Active,
            created_by: actor.to_string(),
            created_at: event.at.clone(),
        };
        let mut tx = self.store.begin().await?;
        if !tx.add_project(&stored).await? {
            return Err(HubError::ProjectExists(project.name));
        }
        tx.commit(vec![event]).await?;
        Ok(project)
    }

    /// What the file says of this hub: policy, datasets, tables, columns, row filters.
    async fn check_project(&self, project: &Project) -> Result<(), HubError> {
        let mut problems = Vec::new();
        let policy = self.policy(&project.disclosure_policy);
        if let Err(e) = &policy {
            problems.push(Problem::new("disclosure-policy", e.to_string()));
        }
        for grant in &project.grants {
            let place = format!("grants.{}", grant.dataset);
            match (self.store.dataset_version(&grant.dataset, grant.version).await?, grant.version) {
                (Some(version), _) => problems.extend(project.check_grant(&version.manifest)),
                (None, Some(version)) => {
                    problems.push(Problem::new(place, format!("the dataset has no version {version}")));
                }
                (None, None) => problems.push(Problem::new(place, "there is no such dataset")),
            }
        }
        Problems::unless_empty(problems)?;
        let mut problems = Vec::new();
        let workspace = self.workspace(project.clone()).await?;
        for table in &workspace.grant.tables {
            let sql = format!("SELECT count(*) AS n FROM {}.{}", table.schema, table.entry.name);
            if let Err(e) = self.engine.plan(&workspace.grant, &sql, &workspace.policy).await {
                let text = match e {
                    QueryError::Refused(refusal) => refusal.message().to_owned(),
                    QueryError::Failed { .. } => "cannot be planned".to_owned(),
                };
                problems.push(Problem::new(format!("grants.{}.{}", table.schema, table.entry.name), text));
            }
        }
        Ok(Problems::unless_empty(problems)?)
    }

    /// Every project, by name.
    pub async fn projects(&self) -> Result<Vec<StoredProject>, HubError> {
        Ok(self.store.projects().await?)
    }

    /// One project.
    pub async fn project(&self, name: &Name) -> Result<StoredProject, HubError> {
        let project = self.store.project(name).await?;
        project.ok_or_else(|| HubError::NotFound("project", name.to_string()))
    }

    /// The tables and columns of a project, as SQL names them.
    pub async fn project_tables(&self, name: &Name) -> Result<Vec<cloister_query::GrantedTable>, HubError> {
        let stored = self.project(name).await?;
        Ok(self.workspace(Project::parse(&stored.text)?).await?.grant.tables)
    }

    /// Suspends, resumes or closes a project.
    pub async fn move_project(&self, name: &Name, to: ProjectState, actor: &Name) -> Result<(), HubError> {
        let from = self.project(name).await?.state;
        let refused = || HubError::ProjectState { name: name.clone(), from: from.as_str(), to: to.as_str() };
        if !from.may_become(to) {
            return Err(refused());
        }
        let kind = match to {
            ProjectState::Active => EventKind::ProjectResumed,
            ProjectState::Suspended => EventKind::ProjectSuspended,
            ProjectState::Closed => EventKind::ProjectClosed,
        };
        let event = self.event(actor.as_str(), kind, name.as_str());
        let mut tx = self.store.begin().await?;
        if !tx.move_project(name.as_str(), from, to).await? {
            return Err(refused());
        }
        Ok(tx.commit(vec![event]).await?)
    }
}
