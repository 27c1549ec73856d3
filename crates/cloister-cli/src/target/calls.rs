//! One function for each use case that may be asked here or at a server. Which scope a token needs for it is the same as
//! there (`cloister-http`, `api.rs`).

use super::Target;
use super::local::views;
use crate::fault::Fault;
use cloister_client::{
    ApprovalView, EventView, NewPerson, PersonChange, PersonView, ProjectView, QueryView, SavedView, Shown,
    TableView, Verified, WorkspaceView,
};
use cloister_governance::Project;
use cloister_governance::project::ProjectState;
use cloister_hub::{Decided, PackageFile, Role, Scope};
use cloister_model::Name;
use std::collections::{BTreeMap, BTreeSet};

/// A row of what a project's tables hold: table, column, type, meaning.
pub(crate) type ProjectColumn = [String; 4];

impl Target {
    pub(crate) async fn tables(&self, project: &Name) -> Result<Shown<Vec<TableView>>, Fault> {
        match self {
            Self::Local(l) => views::shown(&l.may(Scope::Read)?.tables(project, l.user()).await?),
            Self::Remote(client) => Ok(client.tables(project).await?),
        }
    }

    pub(crate) async fn describe(&self, project: &Name, table: &str) -> Result<Shown<TableView>, Fault> {
        match self {
            Self::Local(l) => views::shown(&l.may(Scope::Read)?.describe(project, l.user(), table).await?),
            Self::Remote(client) => Ok(client.describe(project, table).await?),
        }
    }

    pub(crate) async fn projects(&self) -> Result<Vec<ProjectView>, Fault> {
        match self {
            Self::Local(l) if l.trusts_names() => {
                let stored = l.hub().projects().await?;
                stored.iter().map(|s| Ok(views::project(&parsed(&s.text)?, s.state.as_str()))).collect()
            }
            Self::Local(l) => {
                let seen = l.may(Scope::Read)?.projects_of(l.user()).await?;
                seen.iter().map(views::view).collect()
            }
            Self::Remote(client) => Ok(client.projects().await?),
        }
    }

    pub(crate) async fn project(&self, name: &Name) -> Result<ProjectView, Fault> {
        match self {
            Self::Local(l) if l.trusts_names() => {
                let stored = l.hub().project(name).await?;
                Ok(views::project(&parsed(&stored.text)?, stored.state.as_str()))
            }
            Self::Local(l) => views::view(&l.may(Scope::Read)?.project_of(name, l.user()).await?),
            Self::Remote(client) => Ok(client.project(name).await?),
        }
    }

    /// The columns that a project has. Whoever sees the project but not its data dictionary gets none.
    pub(crate) async fn project_columns(&self, name: &Name) -> Result<Option<Vec<ProjectColumn>>, Fault> {
        if let Self::Local(l) = self
            && l.trusts_names()
        {
            let mut rows = Vec::new();
            for granted in l.hub().project_tables(name).await? {
                let table = format!("{}.{}", granted.schema, granted.entry.name);
                rows.extend(granted.columns.iter().map(|c| {
                    [table.clone(), c.name.to_string(), c.landed_type.to_string(), c.description.clone()]
                }));
            }
            return Ok(Some(rows));
        }
        let Ok(tables) = self.tables(name).await else { return Ok(None) };
        let rows = tables.view.into_iter().flat_map(|table| {
            let name = table.qualified_name;
            table.columns.into_iter().map(move |c| [name.clone(), c.name, c.data_type, c.description])
        });
        Ok(Some(rows.collect()))
    }

    /// Provisions a project; it, and how many people are in it.
    pub(crate) async fn create_project(&self, text: &str) -> Result<ProjectView, Fault> {
        match self {
            Self::Local(l) => {
                let project = l.may(Scope::Administer)?.create_project(text, l.user()).await?;
                Ok(views::project(&project, ProjectState::Active.as_str()))
            }
            Self::Remote(client) => Ok(client.create_project(text).await?),
        }
    }

    pub(crate) async fn move_project(&self, name: &Name, to: ProjectState) -> Result<(), Fault> {
        match self {
            Self::Local(l) => Ok(l.may(Scope::Administer)?.move_project(name, to, l.user()).await?),
            Self::Remote(client) => Ok(client.move_project(name, to.as_str()).await.map(|_| ())?),
        }
    }

    /// The queries that one may see, oldest first.
    pub(crate) async fn queries(&self) -> Result<Vec<QueryView>, Fault> {
        let mut all = match self {
            Self::Local(l) => {
                let (records, _) = l.may(Scope::Read)?.query_records(l.user(), None, usize::MAX).await?;
                records.into_iter().map(views::query).collect::<Result<Vec<_>, _>>()?
            }
            Self::Remote(client) => client.queries().await?,
        };
        all.reverse();
        Ok(all)
    }

    pub(crate) async fn query_record(&self, id: &str) -> Result<QueryView, Fault> {
        match self {
            Self::Local(l) => views::query(l.may(Scope::Read)?.query_record(id, l.user()).await?),
            Self::Remote(client) => Ok(client.query(id).await?),
        }
    }

    pub(crate) async fn fetch(&self, id: &str, file: PackageFile) -> Result<Vec<u8>, Fault> {
        match self {
            Self::Local(l) => Ok(l.may(Scope::Read)?.fetch(id, l.user(), file).await?),
            Self::Remote(client) => Ok(client.file(id, file.name()).await?),
        }
    }

    /// Keeps a query under a name; the digest that names its plan.
    pub(crate) async fn save_query(
        &self,
        project: &Name,
        name: &Name,
        sql: &str,
        domains: &[(String, String)],
    ) -> Result<String, Fault> {
        match self {
            Self::Local(l) => {
                let hub = l.may(Scope::Query)?;
                Ok(hub.save_query(project, l.user(), name, sql, domains).await?.to_string())
            }
            Self::Remote(client) => {
                let kept = client.save_query(project, name, sql, &by_name(domains)?).await?;
                Ok(kept.plan_digest.unwrap_or_default())
            }
        }
    }

    pub(crate) async fn saved_queries(&self, project: &Name) -> Result<Vec<SavedView>, Fault> {
        match self {
            Self::Local(l) => {
                let all = l.may(Scope::Read)?.saved_queries(project, l.user()).await?;
                Ok(all.into_iter().map(views::saved).collect())
            }
            Self::Remote(client) => Ok(client.saved_queries(project).await?),
        }
    }

    pub(crate) async fn saved_query(&self, project: &Name, name: &Name) -> Result<SavedView, Fault> {
        match self {
            Self::Local(l) => {
                Ok(views::saved(l.may(Scope::Read)?.saved_query(project, l.user(), name).await?))
            }
            Self::Remote(client) => Ok(client.saved_query(project, name).await?),
        }
    }

    pub(crate) async fn remove_saved_query(&self, project: &Name, name: &Name) -> Result<(), Fault> {
        match self {
            Self::Local(l) => Ok(l.may(Scope::Query)?.remove_saved_query(project, l.user(), name).await?),
            Self::Remote(client) => Ok(client.remove_saved_query(project, name).await?),
        }
    }

    pub(crate) async fn workspace(&self, project: &Name) -> Result<Vec<WorkspaceView>, Fault> {
        match self {
            Self::Local(l) => {
                let all = l.may(Scope::Read)?.workspace_entries(project, l.user()).await?;
                Ok(all.into_iter().map(views::workspace).collect())
            }
            Self::Remote(client) => Ok(client.workspace(project).await?),
        }
    }

    pub(crate) async fn approve(
        &self,
        project: &Name,
        request: Option<String>,
        saved: Option<Name>,
    ) -> Result<ApprovalView, Fault> {
        match self {
            Self::Local(l) => {
                let decided = match saved {
                    Some(name) => Decided::Saved(name),
                    None => Decided::Request(request.unwrap_or_default()),
                };
                views::approval(
                    l.may(Scope::Review)?.grant_approval(project, l.user(), &decided, None).await?,
                )
            }
            Self::Remote(client) => Ok(client.approve(project, request.as_deref(), saved.as_ref()).await?),
        }
    }

    pub(crate) async fn approvals(&self, project: &Name) -> Result<Vec<ApprovalView>, Fault> {
        match self {
            Self::Local(l) => {
                let all = l.may(Scope::Read)?.approvals(project, l.user()).await?;
                all.into_iter().map(views::approval).collect()
            }
            Self::Remote(client) => Ok(client.approvals(project).await?),
        }
    }

    pub(crate) async fn revoke_approval(&self, project: &Name, approval: &str) -> Result<(), Fault> {
        match self {
            Self::Local(l) => Ok(l.may(Scope::Review)?.revoke_approval(project, l.user(), approval).await?),
            Self::Remote(client) => Ok(client.revoke_approval(project, approval).await?),
        }
    }

    pub(crate) async fn people(&self) -> Result<Vec<PersonView>, Fault> {
        match self {
            Self::Local(l) => {
                let all = l.may(Scope::Administer)?.people(l.user()).await?;
                all.iter().map(views::view).collect()
            }
            Self::Remote(client) => Ok(client.people().await?),
        }
    }

    /// Gives somebody an account; a first password, where they have one.
    pub(crate) async fn add_person(&self, new: NewPerson) -> Result<Option<String>, Fault> {
        match self {
            Self::Local(l) => {
                let person = cloister_hub::NewPerson {
                    roles: roles(&new.roles)?,
                    name: new.name,
                    display_name: new.display_name,
                    training_expires: new.training_expires,
                    subject: new.subject.map(|s| (s.issuer, s.subject)),
                };
                Ok(l.may(Scope::Administer)?.add_person(person, l.user()).await?)
            }
            Self::Remote(client) => Ok(client.add_person(&new).await?),
        }
    }

    pub(crate) async fn change_person(
        &self,
        person: &Name,
        change: PersonChange,
    ) -> Result<Option<String>, Fault> {
        match self {
            Self::Local(l) => {
                let change = cloister_hub::PersonChange {
                    roles: change.roles.as_deref().map(roles).transpose()?,
                    disabled: change.disabled,
                    training_expires: change.training_expires,
                    reset: change.reset,
                };
                Ok(l.may(Scope::Administer)?.change_person(person, change, l.user()).await?)
            }
            Self::Remote(client) => Ok(client.change_person(person, &change).await?),
        }
    }
}

/// The audit log of a hub on this machine, which whoever holds the home reads by its keys and in nobody's name.
pub(crate) async fn audit_events_here(hub: &cloister_hub::Hub) -> Result<Vec<EventView>, Fault> {
    Ok(hub.audit_events().await?.into_iter().map(|(number, event)| views::event(number, event)).collect())
}

/// Verifies the log of a hub on this machine.
pub(crate) async fn verify_audit_here(hub: &cloister_hub::Hub) -> Result<Verified, Fault> {
    let report = hub.verify_audit().await?;
    Ok(Verified { records: report.records, checkpoints: report.checkpoints })
}

fn parsed(text: &str) -> Result<Project, Fault> {
    Project::parse(text).map_err(|e| Fault::from(cloister_hub::HubError::from(e)))
}

fn roles(names: &[String]) -> Result<BTreeSet<Role>, Fault> {
    let found = |name: &String| Role::ALL.into_iter().find(|r| r.as_str() == name);
    names
        .iter()
        .map(|name| found(name).ok_or_else(|| Fault::failed("role", format!("`{name}` is no role"))))
        .collect()
}

/// Pairs by name; one that is there twice has two meanings.
pub(super) fn by_name(pairs: &[(String, String)]) -> Result<BTreeMap<String, String>, Fault> {
    let mut all = BTreeMap::new();
    for (name, value) in pairs {
        if all.insert(name.clone(), value.clone()).is_some() {
            return Err(Fault::failed("parameter", format!("`{name}` is given twice")));
        }
    }
    Ok(all)
}
