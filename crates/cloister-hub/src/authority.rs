//! Who may do what: the facts for `cloister_access`, and effects that take its proofs.
//!
//! Where nobody has an account, the hub is used by whoever holds its keys, and a name is taken on trust: roles are those
//! of the project files, and they run the hub besides. As soon as there is one account, who has none is
//! nobody. What keeps both sides of a release apart holds either way.

use crate::people::account_of;
use crate::{Hub, HubError};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use cloister_access::{Act, Action, Person, Principal, ProjectState as State, Proof, Resource};
use cloister_access::{Project as ProjectFacts, Query as QueryFacts, Request as RequestFacts};
use cloister_audit::Event;
use cloister_governance::Project;
use cloister_governance::project::ProjectState;
use cloister_model::{Name, Role};
use cloister_store::{StoredProject, Transaction};
use std::collections::{BTreeMap, BTreeSet};

impl Hub {
    /// A proof that the person may do something to one thing now.
    pub(crate) async fn may<A: Act>(&self, user: &Name, on: &A::On) -> Result<Proof<A>, HubError> {
        Ok(self.access.may(&self.principal(user).await?, on, self.clock.now())?)
    }

    /// The same for what runs the hub: where nobody has an account, whoever holds its keys may.
    pub(crate) async fn may_run_hub<A: Act>(&self, user: &Name, on: &A::On) -> Result<Proof<A>, HubError> {
        let mut principal = self.principal(user).await?;
        if let Principal::Person(person) = &mut principal
            && !self.store.has_accounts().await?
        {
            person.roles.insert(Role::Administrator);
        }
        Ok(self.access.may(&principal, on, self.clock.now())?)
    }

    /// Whether the policies permit it now.
    pub(crate) fn permits(&self, principal: &Principal, act: Action, on: Resource<'_>) -> bool {
        self.access.check(principal, act, on, self.clock.now()).is_ok()
    }

    /// Who a name is.
    pub(crate) async fn principal(&self, user: &Name) -> Result<Principal, HubError> {
        if let Some(stored) = self.store.account(user).await? {
            let account = account_of(&stored)?;
            return Ok(Principal::Person(Person {
                name: user.clone(),
                roles: account.roles,
                disabled: account.disabled,
                training_expires: account.training_expires,
                terms_expire: account.terms_expire,
            }));
        }
        if self.store.has_accounts().await? {
            return Ok(Principal::Anonymous);
        }
        let mut person = Person {
            name: user.clone(),
            roles: BTreeSet::new(),
            disabled: false,
            training_expires: None,
            // Nobody else could ask them to accept terms.
            terms_expire: NaiveDate::from_ymd_opt(9_999, 1, 1),
        };
        for stored in self.store.projects().await? {
            let project = self.parsed(&stored)?;
            if let Some(member) = project.members.iter().find(|m| m.user == *user) {
                person.roles.extend(member.roles.iter().copied());
                person.training_expires = person.training_expires.max(Some(member.training_expires));
            }
            if project.checkers.contains(user) {
                person.roles.insert(Role::Checker);
            }
        }
        Ok(Principal::Person(person))
    }

    /// The facts about a project.
    pub(crate) async fn project_facts(&self, stored: &StoredProject) -> Result<ProjectFacts, HubError> {
        let project = self.parsed(stored)?;
        let embedded = !self.store.has_accounts().await?;
        let mut owners = BTreeSet::new();
        for grant in &project.grants {
            owners.extend(self.store.dataset_owners(&grant.dataset).await?);
        }
        let mut egress = BTreeMap::new();
        for grant in self.store.egress(&project.name).await? {
            egress.insert(grant.person, moment(&grant.ends_at)?);
        }
        let members: BTreeSet<Name> = researchers(&project).collect();
        if embedded {
            // Whoever holds the keys of the home has the releases in their hands.
            let over = project.ends.checked_add_days(Days::new(1)).unwrap_or(project.ends);
            egress.extend(members.iter().map(|m| (m.clone(), over.and_time(NaiveTime::MIN).and_utc())));
        }
        let conflicts = self.store.conflicts(&project.name).await?;
        Ok(ProjectFacts {
            name: project.name.clone(),
            state: match stored.state {
                ProjectState::Active => State::Active,
                ProjectState::Suspended => State::Suspended,
                ProjectState::Closed => State::Closed,
            },
            starts: project.starts,
            ends: project.ends,
            members,
            owners,
            conflicts: conflicts.into_iter().map(|c| c.person).collect(),
            checkers: (embedded || !project.checkers.is_empty())
                .then(|| project.checkers.iter().cloned().collect()),
            egress,
        })
    }

    /// The facts about a project, by its name.
    pub(crate) async fn facts_of(&self, name: &Name) -> Result<ProjectFacts, HubError> {
        self.project_facts(&self.stored_project(name).await?).await
    }

    /// The facts about a query.
    pub(crate) async fn query_facts(&self, query: &cloister_store::Request) -> Result<QueryFacts, HubError> {
        let project = self.facts_of(&query.project.parse()?).await?;
        Ok(QueryFacts { id: query.id.parse()?, project, author: query.user.parse()? })
    }

    /// The facts about a release request.
    pub(crate) async fn request_facts(
        &self,
        request: &cloister_airlock::Request,
    ) -> Result<RequestFacts, HubError> {
        Ok(RequestFacts {
            id: request.id().clone(),
            project: self.facts_of(request.project()).await?,
            authors: request.authors().clone(),
            handed_in: request.submitted_at().is_some(),
        })
    }

    /// Commits what a proof allows, with the events that tell of it.
    pub(crate) async fn commit<A: Act>(
        &self,
        tx: Transaction,
        proof: Proof<A>,
        events: Vec<Event>,
    ) -> Result<(), HubError> {
        // The hub's own acts are the log's `hub`.
        let actor = if proof.principal() == Principal::System.name() { "hub" } else { proof.principal() };
        if events.iter().any(|event| event.actor != actor) {
            return Err(HubError::Internal("an event of somebody whom the proof is not about".to_owned()));
        }
        Ok(tx.commit(events).await?)
    }

    pub(crate) async fn stored_project(&self, name: &Name) -> Result<StoredProject, HubError> {
        let stored = self.store.project(name).await?;
        stored.ok_or_else(|| HubError::NotFound("project", name.to_string()))
    }

    /// A project's file, read.
    pub(crate) fn parsed(&self, stored: &StoredProject) -> Result<Project, HubError> {
        Ok(Project::parse(&stored.text)?)
    }
}

/// Who researches in a project.
pub(crate) fn researchers(project: &Project) -> impl Iterator<Item = Name> + '_ {
    project.members.iter().filter(|m| m.roles.contains(&Role::Researcher)).map(|m| m.user.clone())
}

/// A stored moment.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, HubError> {
    let read = DateTime::parse_from_rfc3339(text);
    Ok(read.map_err(|_| HubError::Internal("a time that cannot be read".to_owned()))?.to_utc())
}
