//! Who asks.

use chrono::NaiveDate;
use cloister_model::{Name, Role};
use std::collections::BTreeSet;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody that the hub knows.
    Anonymous,
    /// The hub itself.
    System,
    /// A person with an account.
    Person(Person),
}

impl Principal {
    /// Their name: a person's own, or `anonymous` or `system`, which the log writes for them.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::System => "system",
            Self::Person(person) => person.name.as_str(),
        }
    }
}

/// A person, and what is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub name: Name,
    /// Their roles in the hub.
    pub roles: BTreeSet<Role>,
    /// Whether the account is locked.
    pub disabled: bool,
    /// The last day (UTC) on which their training is current.
    pub training_expires: Option<NaiveDate>,
    /// The last day (UTC) on which the terms that they accepted hold.
    pub terms_expire: Option<NaiveDate>,
}
