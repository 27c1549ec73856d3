//! Projects as people see them, and the public register of them.

use crate::{Hub, HubError};
use cloister_access::{Action, Object, act};
use cloister_governance::Project;
use cloister_model::{Digest, Name, Role};
use cloister_store::StoredProject;
use serde::Serialize;
use utoipa::ToSchema;

/// A project, as somebody who may see it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectView {
    /// Its name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What its results are for.
    pub purpose: String,
    /// The legal basis of the processing.
    pub legal_basis: String,
    /// The data sharing agreement.
    pub agreement: String,
    /// The data controllers.
    pub controllers: Vec<String>,
    /// Its first day.
    pub starts: String,
    /// Its last day.
    pub ends: String,
    /// `active`, `suspended` or `closed`.
    pub state: String,
    /// The disclosure policy.
    pub disclosure_policy: String,
    /// How results are released: `automatic`, `one` or `two` checkers.
    pub review: String,
    /// Which queries may run: `free` or `approved`.
    pub queries: String,
    /// Its people.
    pub members: Vec<MemberView>,
    /// Its checkers; any where there are none.
    pub checkers: Vec<String>,
    /// The datasets that it may query.
    pub datasets: Vec<String>,
    /// Who answers for the data that it uses.
    pub owners: Vec<String>,
    /// Who may take releases out, and until when.
    pub egress: Vec<EgressView>,
    /// The digest of its file.
    pub digest: String,
    /// What whoever asks may do in it now, as the access policies name it.
    pub may: Vec<String>,
}

/// A person in a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberView {
    /// Who.
    pub person: String,
    /// As what.
    pub roles: Vec<String>,
}

/// That somebody may take releases out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EgressView {
    /// Who.
    pub person: String,
    /// The first moment at which they may not any more.
    pub ends_at: String,
    /// Who granted it.
    pub granted_by: String,
}

/// What everybody may know of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RegisterEntry {
    /// Its name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What its results are for.
    pub purpose: String,
    /// The legal basis of the processing.
    pub legal_basis: String,
    /// The data controllers.
    pub controllers: Vec<String>,
    /// The datasets that it may query.
    pub datasets: Vec<String>,
    /// Its first day.
    pub starts: String,
    /// Its last day.
    pub ends: String,
    /// `active`, `suspended` or `closed`.
    pub state: String,
    /// How many results have left it.
    pub releases: usize,
    /// The day of the last of them.
    pub last_released: Option<String>,
}

impl Hub {
    /// The projects that exist for a person, by name.
    pub async fn projects_of(&self, user: &Name) -> Result<Vec<ProjectView>, HubError> {
        let mut views = Vec::new();
        for stored in self.store.projects().await? {
            match self.project_view(&stored, user).await {
                Ok(view) => views.push(view),
                Err(HubError::Denied(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(views)
    }

    /// One project, as a person sees it.
    pub async fn project_of(&self, name: &Name, user: &Name) -> Result<ProjectView, HubError> {
        let stored = self.stored_project(name).await?;
        self.project_view(&stored, user).await
    }

    async fn project_view(&self, stored: &StoredProject, user: &Name) -> Result<ProjectView, HubError> {
        let facts = self.project_facts(stored).await?;
        let principal = self.principal(user).await?;
        let _ = self.access.may::<act::ViewProject>(&principal, &facts, self.clock.now())?;
        let acts = Action::ALL.iter().filter(|a| a.object() == cloister_access::Project::KIND);
        let may = acts.filter(|a| self.permits(&principal, **a, facts.resource()));
        let project = self.parsed(stored)?;
        let egress = self.store.egress(&project.name).await?.into_iter().map(|e| EgressView {
            person: e.person.to_string(),
            ends_at: e.ends_at,
            granted_by: e.granted_by.to_string(),
        });
        Ok(ProjectView {
            name: project.name.to_string(),
            title: project.title.clone(),
            purpose: project.purpose.clone(),
            legal_basis: project.legal_basis.clone(),
            agreement: project.agreement.clone(),
            controllers: project.controllers.clone(),
            starts: project.starts.to_string(),
            ends: project.ends.to_string(),
            state: stored.state.as_str().to_owned(),
            disclosure_policy: project.disclosure_policy.to_string(),
            review: project.review.as_str().to_owned(),
            queries: project.queries.as_str().to_owned(),
            members: project.members.iter().map(|m| member(&m.user, &m.roles)).collect(),
            checkers: project.checkers.iter().map(ToString::to_string).collect(),
            datasets: datasets(&project),
            owners: facts.owners.iter().map(ToString::to_string).collect(),
            egress: egress.collect(),
            digest: Digest::of(stored.text.as_bytes()).to_string(),
            may: may.map(|a| a.as_str().to_owned()).collect(),
        })
    }

    /// The public register: every project, its purpose and data, and how much left it.
    pub async fn register(&self) -> Result<Vec<RegisterEntry>, HubError> {
        let released = self.store.released_of_projects().await?;
        let mut entries = Vec::new();
        for stored in self.store.projects().await? {
            let project = self.parsed(&stored)?;
            let of = released.iter().find(|r| r.project == stored.name);
            entries.push(RegisterEntry {
                name: project.name.to_string(),
                title: project.title.clone(),
                purpose: project.purpose.clone(),
                legal_basis: project.legal_basis.clone(),
                controllers: project.controllers.clone(),
                datasets: datasets(&project),
                starts: project.starts.to_string(),
                ends: project.ends.to_string(),
                state: stored.state.as_str().to_owned(),
                releases: of.map_or(0, |r| r.count),
                last_released: of.map(|r| r.last.chars().take("2026-01-01".len()).collect()),
            });
        }
        Ok(entries)
    }
}

fn datasets(project: &Project) -> Vec<String> {
    let mut names: Vec<String> = project.grants.iter().map(|g| g.dataset.to_string()).collect();
    names.dedup();
    names
}

fn member(user: &Name, roles: &[Role]) -> MemberView {
    MemberView { person: user.to_string(), roles: roles.iter().map(|r| r.as_str().to_owned()).collect() }
}
