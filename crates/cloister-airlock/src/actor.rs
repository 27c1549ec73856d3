//! Who does something, and how they stand to a request.

use crate::{By, Refused, Request};
use cloister_model::{Name, Role};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Person),
    /// The hub itself.
    System,
}

/// A person, and the facts about them that decide what they may do here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Person {
    /// Who.
    pub name: Name,
    /// Their roles in the hub.
    pub roles: BTreeSet<Role>,
    /// Whether they are a member of the request's project, now.
    pub member: bool,
    /// Whether a conflict of interest with the request's project is declared.
    pub conflict: bool,
}

/// How a person stands to a request. Everybody stands in one place only: whoever holds several roles gets the
/// place that shows them least of what they must not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Wrote it.
    Author,
    /// Is a member of its project.
    Member,
    /// May check it.
    Checker,
    /// May read all of it, and change nothing.
    Auditor,
    /// Keeps the queue moving or answers for the data, without reading the review.
    Overseer,
    /// Has nothing to do with it: for them, it does not exist.
    Stranger,
}

impl Standing {
    /// Every place.
    pub const ALL: [Self; 6] =
        [Self::Author, Self::Member, Self::Checker, Self::Auditor, Self::Overseer, Self::Stranger];
}

impl Person {
    /// How they stand to a request.
    ///
    /// Who wrote it stays on the author's side after they left the project, where nothing is left to see.
    /// A conflict of interest leaves nothing but keeping the queue moving.
    pub fn standing(&self, request: &Request) -> Standing {
        let has = |role| self.roles.contains(&role);
        let wrote = request.authors().contains(&self.name);
        let oversees = has(Role::Administrator) || has(Role::InformationAssetOwner);
        match (wrote, self.member) {
            (true, true) => Standing::Author,
            (true, false) => Standing::Stranger,
            (false, true) => Standing::Member,
            (false, false) if self.conflict && oversees => Standing::Overseer,
            (false, false) if self.conflict => Standing::Stranger,
            (false, false) if has(Role::Checker) => Standing::Checker,
            (false, false) if has(Role::Auditor) => Standing::Auditor,
            (false, false) if oversees => Standing::Overseer,
            (false, false) => Standing::Stranger,
        }
    }

    /// Whether they may check it, and why not.
    pub(crate) fn may_check(&self, request: &Request) -> Result<(), Refused> {
        if request.authors().contains(&self.name) {
            Err(Refused::OwnRequest)
        } else if self.member {
            Err(Refused::OwnProject)
        } else if self.conflict {
            Err(Refused::Conflict)
        } else if self.roles.contains(&Role::Checker) {
            Ok(())
        } else {
            Err(Refused::NotAChecker)
        }
    }

    /// Whether they are what an act asks for, and why not.
    pub(crate) fn is(&self, by: By, request: &Request) -> Result<(), Refused> {
        // Somebody who is tied to the request is told of the tie, whatever their other roles.
        let one_of = |roles: &[Role], otherwise: Refused| match self.may_check(request) {
            Err(Refused::NotAChecker) if roles.iter().any(|r| self.roles.contains(r)) => Ok(()),
            Err(Refused::NotAChecker) => Err(otherwise),
            checked => checked,
        };
        match by {
            By::Author if self.standing(request) == Standing::Author => Ok(()),
            By::Author => Err(Refused::NotAnAuthor),
            By::Checker => self.may_check(request),
            By::Reviewer => {
                self.may_check(request)?;
                if request.has_finished(&self.name) { Ok(()) } else { Err(Refused::NotAReviewer) }
            }
            By::Desk => one_of(&[Role::Administrator], Refused::NotAtTheDesk),
            By::Oversight => {
                one_of(&[Role::Administrator, Role::InformationAssetOwner], Refused::NotAnOverseer)
            }
            By::System => Err(Refused::NotTheSystem),
        }
    }
}
