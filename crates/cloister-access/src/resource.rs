//! What something is done to, and the facts about it that decide.

use crate::Action;
use chrono::{DateTime, NaiveDate, Utc};
use cloister_model::Name;
use std::collections::{BTreeMap, BTreeSet};

/// A kind of thing.
pub trait Object {
    /// Its name in policies.
    const KIND: &'static str;

    /// The thing, as one of all kinds.
    fn resource(&self) -> Resource<'_>;
}

/// A thing of any kind.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// See [`Hub`].
    Hub,
    /// See [`Account`].
    Account(&'a Account),
    /// See [`Dataset`].
    Dataset(&'a Dataset),
    /// See [`Project`].
    Project(&'a Project),
    /// See [`Query`].
    Query(&'a Query),
    /// See [`Request`].
    Request(&'a Request),
}

/// The hub, for what belongs to no project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hub;

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub holder: Name,
}

/// A dataset, or the one that a first landing makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Which.
    pub name: Name,
    /// The information asset owners who answer for it.
    pub owners: BTreeSet<Name>,
}

/// Whether a project is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectState {
    /// Runs between its dates.
    Active,
    /// Nothing runs until it is resumed.
    Suspended,
    /// Nothing runs any more.
    Closed,
}

impl ProjectState {
    /// As policies write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Which.
    pub name: Name,
    /// Whether it is stopped.
    pub state: ProjectState,
    /// Its first day (UTC).
    pub starts: NaiveDate,
    /// Its last day (UTC).
    pub ends: NaiveDate,
    /// Who researches in it.
    pub members: BTreeSet<Name>,
    /// Who answers for the data that it uses.
    pub owners: BTreeSet<Name>,
    /// Who has declared a conflict of interest with it.
    pub conflicts: BTreeSet<Name>,
    /// Who checks it; any checker where absent.
    pub checkers: Option<BTreeSet<Name>>,
    /// Who may take released packages out, and the first moment at which they may not any more.
    pub egress: BTreeMap<Name, DateTime<Utc>>,
}

/// A query that somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Its request id.
    pub id: Name,
    /// In which project.
    pub project: Project,
    /// Who asked.
    pub author: Name,
}

/// A release request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: Name,
    /// Of which project.
    pub project: Project,
    /// Who wrote it.
    pub authors: BTreeSet<Name>,
    /// Whether it ever got to its checkers.
    pub handed_in: bool,
}

impl<'a> Resource<'a> {
    /// Its kind, as policies write it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Hub => Hub::KIND,
            Self::Account(_) => Account::KIND,
            Self::Dataset(_) => Dataset::KIND,
            Self::Project(_) => Project::KIND,
            Self::Query(_) => Query::KIND,
            Self::Request(_) => Request::KIND,
        }
    }

    /// Its name or id.
    pub fn id(self) -> &'a str {
        match self {
            Self::Hub => "hub",
            Self::Account(account) => account.holder.as_str(),
            Self::Dataset(dataset) => dataset.name.as_str(),
            Self::Project(project) => project.name.as_str(),
            Self::Query(query) => query.id.as_str(),
            Self::Request(request) => request.id.as_str(),
        }
    }

    /// The project that it belongs to.
    pub(crate) fn project(self) -> Option<&'a Project> {
        match self {
            Self::Hub | Self::Account(_) | Self::Dataset(_) => None,
            Self::Project(project) => Some(project),
            Self::Query(query) => Some(&query.project),
            Self::Request(request) => Some(&request.project),
        }
    }

    /// The action without which it does not exist for somebody. That there is a hub is no secret.
    pub(crate) fn seen_by(self) -> Option<Action> {
        match self {
            Self::Hub => None,
            Self::Account(_) => Some(Action::ViewAccount),
            Self::Dataset(_) => Some(Action::ViewDataset),
            Self::Project(_) => Some(Action::ViewProject),
            Self::Query(_) => Some(Action::ViewQuery),
            Self::Request(_) => Some(Action::ViewRequest),
        }
    }
}

impl Object for Hub {
    const KIND: &'static str = "Hub";

    fn resource(&self) -> Resource<'_> {
        Resource::Hub
    }
}

macro_rules! objects {
    ($($object:ident)*) => {
        $(impl Object for $object {
            const KIND: &'static str = stringify!($object);

            fn resource(&self) -> Resource<'_> {
                Resource::$object(self)
            }
        })*
    };
}

objects! { Account Dataset Project Query Request }
