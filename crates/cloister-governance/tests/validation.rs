//! Contracts and projects are validated whole: every mistake is listed with its place.
#![allow(clippy::unwrap_used, reason = "tests")]

use chrono::NaiveDate;
use cloister_governance::project::{NotNow, NotTheChecker, ProjectState};
use cloister_governance::{Contract, Project};
use cloister_model::{ColumnClass, LandedType, Name};

const CONTRACT: &str = r#"
name = "t"
version = 1
title = "Test"
person-scheme = "nhs-number"
[[tables]]
name = "thing"
files = ["thing.csv"]
person = "nhs"
columns = [
  { name = "nhs", to = "person_id", type = "text", class = "identifier", required = true, transform = { pseudonymise = "person" } },
  { name = "born", to = "year", type = "date", class = "identifier", transform = "year" },
  { name = "n", type = "decimal", class = "measure", min = 0 },
]
"#;

fn wrong(from: &str, to: &str, says: &str) {
    assert!(CONTRACT.contains(from), "{from}");
    let problems = Contract::parse(&CONTRACT.replace(from, to)).unwrap_err().to_string();
    assert!(problems.contains(says), "{to}: {problems}");
}

#[test]
fn mistakes_in_a_contract_are_named() {
    Contract::parse(CONTRACT).unwrap();
    wrong("version = 1", "version = 0", "at least 1");
    wrong("person = \"nhs\"", "person = \"who\"", "unknown column `who`");
    wrong("person = \"nhs\"", "person = \"born\"", "its transform must be");
    wrong(", transform = \"year\"", "", "never lands");
    wrong("class = \"measure\", min = 0", "class = \"measure\", earliest = \"2020-01-01\"", "need a date");
    wrong("type = \"decimal\"", "type = \"text\"", "need a number");
    wrong("class = \"measure\", min = 0", "class = \"measure\", public-labels = true", "public labels need");
    wrong("to = \"year\"", "to = \"n\"", "as another column does");
    wrong("name = \"n\"", "name = \"nhs\"", "is there twice");
    wrong("transform = \"year\"", "transform = \"postcode-district\"", "needs text");
    wrong(
        "transform = \"year\"",
        "transform = { pseudonymise = \"person\" }",
        "only the table's person column",
    );
    wrong("transform = \"year\"", "transform = { pseudonymise = \"staff\" }", "only text and whole numbers");
    wrong("class = \"measure\", min = 0", "class = \"measure\", pattern = \"(\"", "not a regular expression");
    wrong("files = [\"thing.csv\"]", "files = []", "at least one file pattern");
    wrong("title", "titel", "unknown field");
    wrong("transform = \"year\"", "transform = \"reverse\"", "reverse");
    wrong("person = \"nhs\"\n", "", "only the table's person column");
}

#[test]
fn what_lands_of_an_identifier_is_no_identifier() {
    let contract = Contract::parse(CONTRACT).unwrap();
    let landed = contract.table("thing").unwrap().landed();
    let found: Vec<_> = landed.iter().map(|c| (c.name.as_str(), c.landed_type, c.class)).collect();
    assert_eq!(
        found,
        [
            ("person_id", LandedType::Person, ColumnClass::Pseudonym),
            ("year", LandedType::Int32, ColumnClass::QuasiIdentifier),
            ("n", LandedType::Decimal(18, 3), ColumnClass::Measure),
        ]
    );
}

fn project() -> Project {
    Project::parse(
        &std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/project.toml")).unwrap(),
    )
    .unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn admission_ends_with_dates_training_and_state() {
    let project = project();
    let admit = |user: &str, state, today: &str| {
        project.admit(state, &user.parse::<Name>().unwrap(), day(today)).map(|a| a.user().to_string())
    };
    let active = ProjectState::Active;
    assert_eq!(admit("rashid", active, "2026-01-01"), Ok("rashid".to_owned()));
    assert_eq!(admit("rashid", active, "2027-12-31"), Ok("rashid".to_owned()));
    assert_eq!(admit("rashid", active, "2028-01-01"), Err(NotNow::TrainingExpired(day("2027-12-31"))));
    assert_eq!(admit("rashid", active, "2025-12-31"), Err(NotNow::NotStarted(day("2026-01-01"))));
    assert_eq!(admit("rashid", active, "2029-01-01"), Err(NotNow::Ended(day("2028-12-31"))));
    assert_eq!(admit("rashid", ProjectState::Suspended, "2026-06-01"), Err(NotNow::Suspended));
    assert_eq!(admit("rashid", ProjectState::Closed, "2026-06-01"), Err(NotNow::Closed));
    for state in ProjectState::ALL {
        assert_eq!(admit("ines", state, "2026-06-01"), Err(NotNow::NotAResearcher));
        assert_eq!(admit("nobody", state, "1990-01-01"), Err(NotNow::NotAResearcher));
    }
}

/// Every pair of states, the forbidden ones too.
#[test]
fn projects_move_only_where_they_may() {
    let moves: Vec<(&str, &str)> = ProjectState::ALL
        .into_iter()
        .flat_map(|from| {
            ProjectState::ALL.into_iter().filter(move |to| from.may_become(*to)).map(move |to| (from, to))
        })
        .map(|(from, to)| (from.as_str(), to.as_str()))
        .collect();
    assert_eq!(
        moves,
        [("active", "suspended"), ("active", "closed"), ("suspended", "active"), ("suspended", "closed")]
    );
}

#[test]
fn only_others_decide_on_a_query() {
    let project = project();
    let decide = |user: &str, author: &str, state| {
        let done = project.may_decide(state, &user.parse::<Name>().unwrap(), author);
        done.map(|c| c.checker().to_string())
    };
    for state in [ProjectState::Active, ProjectState::Suspended] {
        assert_eq!(decide("chidi", "rashid", state), Ok("chidi".to_owned()));
        // Somebody who was a researcher when the query was written.
        assert_eq!(decide("chidi", "chidi", state), Err(NotTheChecker::OwnQuery));
        for user in ["rashid", "ines", "nobody"] {
            assert_eq!(decide(user, "rashid", state), Err(NotTheChecker::NotAChecker));
        }
    }
    assert_eq!(decide("chidi", "rashid", ProjectState::Closed), Err(NotTheChecker::Closed));
}

#[test]
fn roles_of_the_hub_are_not_roles_in_a_project() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/project.toml");
    let text = std::fs::read_to_string(path).unwrap();
    for role in ["information-asset-owner", "auditor"] {
        let wrong = text.replace("[\"administrator\"]", &format!("[\"{role}\"]"));
        let problems = Project::parse(&wrong).unwrap_err().to_string();
        assert_eq!(problems, format!("members.ines: `{role}` is a role in the hub, not in a project"));
    }
}
