//! A project: people, purpose, legal basis, grants, policies and dates.

use crate::{Problems, project_check};
use chrono::NaiveDate;
use cloister_model::{Ident, Name, Role};
use serde::{Deserialize, Serialize};

/// A project as an administrator writes it (`PROJECT.toml`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Project {
    /// Its name on the command line.
    pub name: Name,
    /// One line for people.
    pub title: String,
    /// What the results are for.
    pub purpose: String,
    /// The legal basis of the processing, for example `UK GDPR 6(1)(e), 9(2)(j)`.
    pub legal_basis: String,
    /// The data sharing agreement.
    pub agreement: String,
    /// The data controllers.
    pub controllers: Vec<String>,
    /// The first day on which anything may run.
    pub starts: NaiveDate,
    /// The last day on which anything may run.
    pub ends: NaiveDate,
    /// The disclosure policy (`policies/disclosure/<name>.toml`).
    pub disclosure_policy: Name,
    /// How a result is released.
    #[serde(default)]
    pub review: ReviewMode,
    /// Which queries may run.
    #[serde(default)]
    pub queries: QueryMode,
    /// The people.
    pub members: Vec<Member>,
    /// Who decides what leaves and which queries may run; never a member.
    #[serde(default)]
    pub checkers: Vec<Name>,
    /// What they may query.
    pub grants: Vec<Grant>,
}

/// How a result is released; the same rules run and the same record is written in every mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewMode {
    /// A result with no finding that needs a person is released at once; anything else is held.
    Automatic,
    /// One checker decides.
    One,
    /// Two checkers decide, independently.
    #[default]
    Two,
}

impl ReviewMode {
    /// As written and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::One => "one",
            Self::Two => "two",
        }
    }
}

/// Which queries may run in a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryMode {
    /// Any that passes the plan checks.
    #[default]
    Free,
    /// Only those that a checker has approved, on the dataset versions and under the policy that they
    /// were approved for.
    Approved,
}

impl QueryMode {
    /// As written and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Approved => "approved",
        }
    }
}

/// A person's place in a project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Member {
    /// Who.
    pub user: Name,
    /// As what.
    pub roles: Vec<Role>,
    /// The last day on which the person's training is current.
    pub training_expires: NaiveDate,
}

/// A dataset that a project may query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grant {
    /// The dataset.
    pub dataset: Name,
    /// One version; the newest where absent.
    #[serde(default)]
    pub version: Option<u32>,
    /// The tables; every other table of the dataset does not exist for the project.
    pub tables: Vec<TableGrant>,
}

/// A table that a project may query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TableGrant {
    /// The table.
    pub name: Ident,
    /// Its columns; every other column does not exist for the project.
    pub columns: ColumnGrant,
    /// A SQL condition over the table's columns (granted or not) that every row must meet.
    #[serde(default)]
    pub row_filter: Option<String>,
    /// The dates that every row must lie between.
    #[serde(default)]
    pub window: Option<DateWindow>,
}

/// The granted columns of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ColumnGrant {
    /// `"all"`: every landed column.
    Word(AllColumns),
    /// Only these.
    List(Vec<Ident>),
}

impl ColumnGrant {
    /// Whether a column exists for the project.
    pub fn grants(&self, column: &Ident) -> bool {
        match self {
            Self::Word(AllColumns::All) => true,
            Self::List(list) => list.contains(column),
        }
    }
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllColumns {
    /// Every landed column.
    All,
}

/// Rows whose date lies outside, or is missing, do not exist for the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DateWindow {
    /// The date column.
    pub column: Ident,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// Whether an administrator has stopped a project.
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
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Closed];

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// The state with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// Whether an administrator may move a project from this state to another.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Active, Self::Suspended | Self::Closed) | (Self::Suspended, Self::Active | Self::Closed)
        )
    }
}

/// Why nothing runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// The project has not begun.
    #[error("the project starts on {0}")]
    NotStarted(NaiveDate),
    /// The project is over.
    #[error("the project ended on {0}")]
    Ended(NaiveDate),
    /// The project is stopped.
    #[error("the project is suspended")]
    Suspended,
    /// The project is closed.
    #[error("the project is closed")]
    Closed,
    /// The person is not a researcher of this project.
    #[error("there is no such project, or you are not one of its researchers")]
    NotAResearcher,
    /// The person's training has lapsed.
    #[error("your training expired on {0}")]
    TrainingExpired(NaiveDate),
}

impl NotNow {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "project-not-started",
            Self::Ended(_) => "project-ended",
            Self::Suspended => "project-suspended",
            Self::Closed => "project-closed",
            Self::NotAResearcher => "not-a-researcher",
            Self::TrainingExpired(_) => "training-expired",
        }
    }
}

/// Proof that a person may run queries in a project today. Only [`Project::admit`] makes one.
#[derive(Clone, Debug)]
pub struct Admission {
    user: Name,
    project: Name,
}

impl Admission {
    /// Who.
    pub fn user(&self) -> &Name {
        &self.user
    }

    /// Where.
    pub fn project(&self) -> &Name {
        &self.project
    }
}

/// Why a person may not decide on a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTheChecker {
    /// The person is not a checker of this project.
    #[error("there is no such project, or you are not one of its checkers")]
    NotAChecker,
    /// The query is the person's own.
    #[error("nobody decides on a query of their own")]
    OwnQuery,
    /// The project is closed.
    #[error("the project is closed")]
    Closed,
}

impl NotTheChecker {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAChecker => "not-a-checker",
            Self::OwnQuery => "own-query",
            Self::Closed => "project-closed",
        }
    }
}

/// Proof that a person may decide on another's query. Only [`Project::may_decide`] makes one.
#[derive(Clone, Debug)]
pub struct Checking {
    checker: Name,
}

impl Checking {
    /// Who decides.
    pub fn checker(&self) -> &Name {
        &self.checker
    }
}

impl Project {
    /// Reads and validates a project; all that is wrong with it is listed.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let project: Self =
            toml::from_str(text).map_err(|e| Problems::one("", e.to_string().trim_end().to_owned()))?;
        project_check::check(&project)?;
        Ok(project)
    }

    /// Whether `user` may run queries on `today`. Who asks without being a member learns nothing
    /// of the project's state.
    pub fn admit(&self, state: ProjectState, user: &Name, today: NaiveDate) -> Result<Admission, NotNow> {
        let member = self
            .members
            .iter()
            .find(|m| m.user == *user && m.roles.contains(&Role::Researcher))
            .ok_or(NotNow::NotAResearcher)?;
        match state {
            ProjectState::Active => {}
            ProjectState::Suspended => return Err(NotNow::Suspended),
            ProjectState::Closed => return Err(NotNow::Closed),
        }
        if today < self.starts {
            return Err(NotNow::NotStarted(self.starts));
        }
        if today > self.ends {
            return Err(NotNow::Ended(self.ends));
        }
        if today > member.training_expires {
            return Err(NotNow::TrainingExpired(member.training_expires));
        }
        Ok(Admission { user: user.clone(), project: self.name.clone() })
    }

    /// Whether `user` may decide on a query that `author` wrote.
    pub fn may_decide(
        &self,
        state: ProjectState,
        user: &Name,
        author: &str,
    ) -> Result<Checking, NotTheChecker> {
        if !self.checkers.contains(user) {
            return Err(NotTheChecker::NotAChecker);
        }
        if user.as_str() == author {
            return Err(NotTheChecker::OwnQuery);
        }
        if state == ProjectState::Closed {
            return Err(NotTheChecker::Closed);
        }
        Ok(Checking { checker: user.clone() })
    }
}
