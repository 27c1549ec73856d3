//! Who answers for data, who may take releases out, who must not check: what people declare and grant.

use crate::authority::moment;
use crate::{Hub, HubError, Reason};
use chrono::{DateTime, Days, Utc};
use cloister_access::{Dataset, act};
use cloister_audit::EventKind;
use cloister_model::{Name, Role};
use cloister_store::{Conflict, Egress};
use std::collections::BTreeSet;

/// No right of egress is for longer than this.
const EGRESS_DAYS_MAX: u64 = 366;

impl Hub {
    /// Says which information asset owners answer for a dataset, in place of those who did.
    pub async fn set_dataset_owners(
        &self,
        dataset: &Name,
        owners: &BTreeSet<Name>,
        actor: &Name,
    ) -> Result<(), HubError> {
        self.dataset(dataset, None).await?;
        let facts = Dataset { name: dataset.clone(), owners: self.store.dataset_owners(dataset).await? };
        // Whoever manages people says who answers for what; the dataset itself must be theirs to see.
        let _ = self.may_run_hub::<act::ViewDataset>(actor, &facts).await?;
        let proof = self.may_run_hub::<act::ManagePeople>(actor, &cloister_access::Hub).await?;
        for owner in owners {
            let account = self.known_person(owner).await?;
            if account.is_some_and(|roles| !roles.contains(&Role::InformationAssetOwner)) {
                return Err(HubError::TurnedAway(Reason::new(
                    "not-an-owner",
                    format!("`{owner}` is no information asset owner."),
                    "Give them the role first.",
                )));
            }
        }
        let names: Vec<String> = owners.iter().map(ToString::to_string).collect();
        let event =
            self.event(actor.as_str(), EventKind::DatasetOwnersSet, dataset.as_str()).with("owners", names);
        let mut tx = self.store.begin().await?;
        tx.set_dataset_owners(dataset, owners).await?;
        self.commit(tx, proof, vec![event]).await
    }

    /// Grants a member of a project egress until a moment, or ends it with a moment that has passed.
    pub async fn grant_egress(
        &self,
        project: &Name,
        person: &Name,
        ends_at: DateTime<Utc>,
        owner: &Name,
    ) -> Result<(), HubError> {
        let facts = self.facts_of(project).await?;
        let proof = self.may::<act::GrantEgress>(owner, &facts).await?;
        let now = self.clock.now();
        let latest = now.checked_add_days(Days::new(EGRESS_DAYS_MAX)).unwrap_or(now);
        if ends_at > latest {
            return Err(HubError::TurnedAway(Reason::new(
                "egress-too-long",
                format!("Egress is granted for {EGRESS_DAYS_MAX} days at most."),
                "Grant it again when it ends.",
            )));
        }
        if !facts.members.contains(person) {
            return Err(HubError::TurnedAway(Reason::new(
                "not-a-member",
                format!("`{person}` does not research in this project."),
                "Egress is granted to its researchers.",
            )));
        }
        let ends = ends_at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let event = self
            .event(owner.as_str(), EventKind::EgressGranted, format!("{project}/{person}"))
            .with("until", ends.as_str());
        let egress = Egress {
            project: project.clone(),
            person: person.clone(),
            ends_at: ends,
            granted_by: owner.clone(),
            granted_at: event.at.clone(),
        };
        let mut tx = self.store.begin().await?;
        tx.put_egress(&egress).await?;
        self.commit(tx, proof, vec![event]).await
    }

    /// Until when somebody may take a project's releases out.
    pub async fn egress_of(&self, project: &Name, person: &Name) -> Result<Option<DateTime<Utc>>, HubError> {
        let granted = self.store.egress(project).await?;
        granted.iter().find(|e| e.person == *person).map(|e| moment(&e.ends_at)).transpose()
    }

    /// Declares that a person must not check a project. Everybody declares their own conflicts; who manages people lifts
    /// them, so that nobody lifts one to check something.
    pub async fn declare_conflict(
        &self,
        project: &Name,
        person: &Name,
        actor: &Name,
    ) -> Result<(), HubError> {
        let event = self.event(actor.as_str(), EventKind::ConflictDeclared, format!("{project}/{person}"));
        let conflict =
            Conflict { project: project.clone(), person: person.clone(), declared_at: event.at.clone() };
        let facts = self.facts_of(project).await?;
        let seen = self.may::<act::ViewProject>(actor, &facts).await?;
        if actor == person {
            let mut tx = self.store.begin().await?;
            tx.add_conflict(&conflict).await?;
            return self.commit(tx, seen, vec![event]).await;
        }
        let proof = self.may_run_hub::<act::ManagePeople>(actor, &cloister_access::Hub).await?;
        let mut tx = self.store.begin().await?;
        tx.add_conflict(&conflict).await?;
        self.commit(tx, proof, vec![event]).await
    }

    /// Lifts a conflict of interest.
    pub async fn lift_conflict(&self, project: &Name, person: &Name, actor: &Name) -> Result<(), HubError> {
        let proof = self.may_run_hub::<act::ManagePeople>(actor, &cloister_access::Hub).await?;
        if actor == person {
            return Err(HubError::TurnedAway(Reason::new(
                "own-conflict",
                "Nobody lifts a conflict of interest of their own.",
                "Ask another administrator.",
            )));
        }
        let event = self.event(actor.as_str(), EventKind::ConflictLifted, format!("{project}/{person}"));
        let mut tx = self.store.begin().await?;
        if !tx.remove_conflict(project, person).await? {
            return Err(HubError::NotFound("conflict of interest", person.to_string()));
        }
        self.commit(tx, proof, vec![event]).await
    }
}
