//! Twins of the product's own contracts keep what the contracts say.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use cloister_governance::Contract;
use cloister_governance::contract::{ColumnContract, TableContract, Transform};
use cloister_twin::{Cell, PEOPLE, TwinTable, twin};
use std::collections::{HashMap, HashSet};

fn contracts() -> Vec<(String, Contract)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/datasets");
    let files =
        std::fs::read_dir(folder).unwrap().map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap());
    files.map(|text| (text.clone(), Contract::parse(&text).unwrap())).collect()
}

fn made(text: &str, contract: &Contract) -> Vec<TwinTable> {
    twin(contract, Contract::digest(text))
}

fn columns<'a>(table: &'a TableContract, twin: &'a TwinTable) -> Vec<(usize, &'a ColumnContract)> {
    let by_name =
        |name: &str| table.columns.iter().find(|c| c.landed_name().as_str() == name && c.landed().is_some());
    twin.columns.iter().enumerate().map(|(i, c)| (i, by_name(c.name.as_str()).unwrap())).collect()
}

#[test]
fn every_table_and_value_is_as_the_contract_says() {
    let contracts = contracts();
    assert!(contracts.len() >= 6);
    for (text, contract) in &contracts {
        let tables = made(text, contract);
        assert_eq!(tables.len(), contract.tables.len());
        for (table, twin) in contract.tables.iter().zip(&tables) {
            assert_eq!((&twin.name, &twin.columns), (&table.name, &table.landed()));
            assert!(!twin.rows.is_empty(), "{}", twin.name);
            for (index, column) in columns(table, twin) {
                let pattern =
                    column.pattern.as_ref().map(|p| regex::Regex::new(&format!("^(?:{p})$")).unwrap());
                let mut values = HashSet::new();
                for row in &twin.rows {
                    assert_eq!(row.len(), twin.columns.len());
                    let cell = &row[index];
                    values.insert(format!("{cell:?}"));
                    check(column, cell, pattern.as_ref());
                }
                let varied =
                    column.codes.len() != 1 && twin.rows.len() > 60 && column.transform != Transform::Drop;
                assert!(!varied || values.len() > 1, "{}.{}: {values:?}", twin.name, column.name);
            }
        }
    }
}

fn check(column: &ColumnContract, cell: &Cell, pattern: Option<&regex::Regex>) {
    let place = format!("{}: {cell:?}", column.name);
    let kept = column.transform == Transform::Keep;
    match cell {
        Cell::Null => assert!(!column.required, "{place}"),
        Cell::Text(text) if kept => {
            assert!(column.codes.is_empty() || column.codes.contains(text), "{place}");
            assert!(pattern.is_none_or(|p| p.is_match(text)), "{place}");
        }
        Cell::Int(n) if kept => {
            let n = *n as f64;
            assert!(column.min.is_none_or(|m| n >= m) && column.max.is_none_or(|m| n <= m), "{place}");
            assert!(column.codes.is_empty() || column.codes.contains(&n.to_string()), "{place}");
        }
        Cell::Float(n) => {
            assert!(column.min.is_none_or(|m| *n >= m) && column.max.is_none_or(|m| *n <= m), "{place}")
        }
        Cell::Decimal(n) => {
            let n = *n as f64 / 1_000.0;
            assert!(column.min.is_none_or(|m| n >= m) && column.max.is_none_or(|m| n <= m), "{place}");
        }
        Cell::Date(date) if kept => {
            assert!(column.earliest.is_none_or(|d| *date >= d), "{place}");
            assert!(column.latest.is_none_or(|d| *date <= d), "{place}");
        }
        Cell::Timestamp(at) if kept => {
            assert!(column.earliest.is_none_or(|d| at.date() >= d), "{place}");
            assert!(column.latest.is_none_or(|d| at.date() <= d), "{place}");
        }
        _ => {}
    }
}

#[test]
fn the_same_contract_gives_the_same_twin() {
    for (text, contract) in &contracts() {
        assert_eq!(made(text, contract), made(text, contract));
        let other = format!("{text}\n# another text");
        assert_ne!(made(text, contract), made(&other, contract));
    }
}

fn texts(table: &TwinTable, column: &str) -> Vec<Option<String>> {
    let index = table.columns.iter().position(|c| c.name.as_str() == column).unwrap();
    let of = |row: &Vec<Cell>| match &row[index] {
        Cell::Text(text) => Some(text.clone()),
        Cell::Int(n) => Some(n.to_string()),
        _ => None,
    };
    table.rows.iter().map(of).collect()
}

#[test]
fn people_are_the_same_in_every_dataset_of_their_scheme() {
    let mut everywhere: HashMap<String, HashSet<String>> = HashMap::new();
    for (text, contract) in &contracts() {
        let people = made(text, contract)
            .iter()
            .filter(|t| t.columns.iter().any(|c| c.name.as_str() == "person_id"))
            .flat_map(|t| texts(t, "person_id"))
            .collect::<HashSet<_>>();
        let people: HashSet<String> = people.into_iter().map(Option::unwrap).collect();
        assert!(people.iter().all(|p| p.starts_with("person-")));
        everywhere.insert(contract.name.to_string(), people);
    }
    assert_eq!(everywhere["gp"].len() as u64, PEOPLE);
    assert!(everywhere["hospital"].is_subset(&everywhere["gp"]));
    assert!(everywhere["omop"].is_disjoint(&everywhere["gp"]));
}

#[test]
fn keys_join() {
    let (text, contract) = contracts().into_iter().find(|(_, c)| c.name.as_str() == "omop").unwrap();
    let tables = made(&text, &contract);
    let table = |name: &str| tables.iter().find(|t| t.name.as_str() == name).unwrap();
    let concepts: HashSet<_> = texts(table("concept"), "concept_id").into_iter().flatten().collect();
    assert!(concepts.len() as u64 >= PEOPLE && concepts.contains("8507"));
    for (name, column) in [
        ("person", "gender_concept_id"),
        ("condition_occurrence", "condition_concept_id"),
        ("drug_exposure", "drug_concept_id"),
        ("measurement", "unit_concept_id"),
        ("concept_ancestor", "descendant_concept_id"),
        ("concept_relationship", "concept_id_2"),
    ] {
        let values: HashSet<_> = texts(table(name), column).into_iter().flatten().collect();
        assert!(!values.is_empty() && values.is_subset(&concepts), "{name}.{column}");
    }
    let domains: HashSet<_> = texts(table("domain"), "domain_id").into_iter().flatten().collect();
    assert!(texts(table("concept"), "domain_id").into_iter().flatten().all(|d| domains.contains(&d)));
    // A condition's visit is a visit of the same person.
    let people = texts(table("visit_occurrence"), "person_id");
    let visits: HashMap<_, _> =
        texts(table("visit_occurrence"), "visit_occurrence_id").into_iter().zip(people).collect();
    let found = texts(table("condition_occurrence"), "visit_occurrence_id").into_iter();
    let found: Vec<_> =
        found.zip(texts(table("condition_occurrence"), "person_id")).filter(|(v, _)| v.is_some()).collect();
    assert!(found.len() > 100);
    assert!(found.iter().all(|(visit, person)| visits[visit] == *person));
    assert_eq!(visits.len(), table("visit_occurrence").rows.len(), "a visit has an identifier of its own");
}
