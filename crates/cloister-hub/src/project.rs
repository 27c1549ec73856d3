//! Provisioning projects and stopping them.

use crate::{Hub, HubError};
use cloister_access::act;
use cloister_audit::EventKind;
use cloister_governance::project::ProjectState;
use cloister_governance::{Problem, Problems, Project, TableEntry};
use cloister_model::LandedColumn;
use cloister_model::{Digest, Name};
use cloister_store::StoredProject;
use cloister_worker::CheckJob;

/// A table of a project.
#[derive(Clone, Debug)]
pub struct ProjectTable {
    /// The dataset's name in SQL.
    pub schema: String,
    /// What the vault holds: every column, every file.
    pub entry: TableEntry,
    /// The columns that exist for the project, in the table's order.
    pub columns: Vec<LandedColumn>,
}

impl Hub {
    /// Provisions a project from the text of its file; everything that is wrong with it is listed.
    pub async fn create_project(&self, text: &str, actor: &Name) -> Result<Project, HubError> {
        let proof = self.may_run_hub::<act::CreateProject>(actor, &cloister_access::Hub).await?;
        let project = Project::parse(text)?;
        self.check_project(&project).await?;
        let event = self
            .event(actor.as_str(), EventKind::ProjectCreated, project.name.as_str())
            .with("project", Digest::of(text.as_bytes()).to_string())
            .with("policy", project.disclosure_policy.as_str())
            .with("review", project.review.as_str())
            .with("queries", project.queries.as_str());
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
        self.commit(tx, proof, vec![event]).await?;
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
        let workspace = self.workspace(project.clone()).await?;
        let job = CheckJob { datasets: workspace.granted, policy: workspace.policy_texts };
        let problems = match self.workers.check(job).await {
            Ok(checked) => {
                let problem =
                    |c: cloister_worker::Checked| Problem::new(format!("grants.{}", c.table), c.problem);
                checked.into_iter().map(problem).collect()
            }
            // A row filter that the planner cannot bear takes its worker down, and nothing else.
            Err(failure) => vec![Problem::new("grants", format!("cannot be planned: {failure}"))],
        };
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
    pub async fn project_tables(&self, name: &Name) -> Result<Vec<ProjectTable>, HubError> {
        let stored = self.project(name).await?;
        let mut tables = Vec::new();
        for dataset in self.workspace(Project::parse(&stored.text)?).await?.granted {
            let schema = dataset.manifest.schema_name();
            for granted in &dataset.grant.tables {
                let entry = dataset.manifest.tables.iter().find(|t| t.name == granted.name);
                let Some(entry) = entry.cloned() else { continue };
                let columns = entry.columns.iter().filter(|c| granted.columns.grants(&c.name));
                let columns = columns.cloned().collect();
                tables.push(ProjectTable { schema: schema.clone(), columns, entry });
            }
        }
        Ok(tables)
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
        let proof = self.may_run_hub::<act::ManageProject>(actor, &self.facts_of(name).await?).await?;
        let event = self.event(actor.as_str(), kind, name.as_str());
        let mut tx = self.store.begin().await?;
        if !tx.move_project(name.as_str(), from, to).await? {
            return Err(refused());
        }
        self.commit(tx, proof, vec![event]).await
    }
}
