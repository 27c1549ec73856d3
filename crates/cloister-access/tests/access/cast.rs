//! The people and things of the tests.

use chrono::{DateTime, NaiveDate, Utc};
use cloister_access::{
    Access, Account, Action, Dataset, Denied, Hub, Object, Person, Principal, Project, ProjectState, Query,
    Request,
};
use cloister_model::{Name, Role};
use std::collections::BTreeSet;
use std::sync::OnceLock;

pub fn access() -> &'static Access {
    static ACCESS: OnceLock<Access> = OnceLock::new();
    ACCESS.get_or_init(|| Access::new().unwrap_or_else(|e| panic!("{e}")))
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn names(list: &[&str]) -> BTreeSet<Name> {
    list.iter().map(|n| name(n)).collect()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn now() -> DateTime<Utc> {
    at("2026-03-01T09:30:00Z")
}

/// A person with everything in order.
pub fn person(who: &str, roles: &[Role]) -> Person {
    Person {
        name: name(who),
        roles: roles.iter().copied().collect(),
        disabled: false,
        training_expires: Some(day("2026-12-31")),
        terms_expire: Some(day("2026-12-31")),
    }
}

/// Everybody in the matrix, in its order.
pub const EVERYBODY: [&str; 18] = [
    "anonymous",
    "outsider",
    "author",
    "member",
    "untrained",
    "without-terms",
    "no-egress",
    "checker",
    "checker-member",
    "checker-conflict",
    "administrator",
    "administrator-member",
    "owner",
    "other-owner",
    "auditor",
    "former-author",
    "disabled",
    "system",
];

pub fn who(who: &str) -> Principal {
    use Role::{Administrator, Auditor, Checker, InformationAssetOwner, Researcher};
    Principal::Person(match who {
        "anonymous" => return Principal::Anonymous,
        "system" => return Principal::System,
        "outsider" | "author" | "member" | "no-egress" => person(who, &[Researcher]),
        "untrained" => Person { training_expires: Some(day("2026-02-28")), ..person(who, &[Researcher]) },
        "without-terms" => Person { terms_expire: None, ..person(who, &[Researcher]) },
        "checker" | "checker-conflict" => person(who, &[Checker]),
        "checker-member" => person(who, &[Researcher, Checker]),
        "administrator" => person(who, &[Administrator]),
        "administrator-member" => person(who, &[Researcher, Administrator]),
        "owner" | "other-owner" => person(who, &[InformationAssetOwner]),
        "auditor" => person(who, &[Auditor]),
        "former-author" => person(who, &[Researcher, Checker, Auditor]),
        "disabled" => Person { disabled: true, ..person(who, &Role::ALL) },
        other => panic!("{other} is not in the cast"),
    })
}

pub fn project() -> Project {
    let trusted = ["author", "member", "untrained", "without-terms", "checker-member", "disabled"];
    Project {
        name: name("admissions"),
        state: ProjectState::Active,
        starts: day("2026-01-01"),
        ends: day("2026-06-30"),
        members: names(&[&trusted[..], &["no-egress", "administrator-member"]].concat()),
        owners: names(&["owner"]),
        conflicts: names(&["checker-conflict"]),
        checkers: None,
        egress: trusted.iter().map(|n| (name(n), at("2026-04-01T00:00:00Z"))).collect(),
    }
}

pub fn query() -> Query {
    Query { id: name("req_1"), project: project(), author: name("author") }
}

pub fn request() -> Request {
    Request {
        id: name("rel_1"),
        project: project(),
        authors: names(&["author", "untrained", "no-egress", "former-author"]),
        handed_in: true,
    }
}

pub fn dataset() -> Dataset {
    Dataset { name: name("gp"), owners: names(&["owner"]) }
}

pub fn account() -> Account {
    Account { holder: name("author") }
}

/// Asks about the usual thing of an action's kind.
pub fn ask(principal: &Principal, action: Action, now: DateTime<Utc>) -> Result<(), Denied> {
    match action.object() {
        "Hub" => access().check(principal, action, Hub.resource(), now),
        "Account" => access().check(principal, action, account().resource(), now),
        "Dataset" => access().check(principal, action, dataset().resource(), now),
        "Project" => access().check(principal, action, project().resource(), now),
        "Query" => access().check(principal, action, query().resource(), now),
        "Request" => access().check(principal, action, request().resource(), now),
        other => panic!("{other}"),
    }
}

/// `yes`, `404`, or `403` with the policies that say so.
pub fn verdict(answer: &Result<(), Denied>) -> String {
    match answer {
        Ok(()) => "yes".to_owned(),
        Err(denied) if denied.looks_absent() => "404".to_owned(),
        Err(denied) => {
            let ids: Vec<&str> = denied.reasons().iter().map(|r| r.policy()).collect();
            format!("403 {}", ids.join(" ")).trim_end().to_owned()
        }
    }
}
