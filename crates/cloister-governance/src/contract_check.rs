//! What a contract must hold, beyond having the right keys.

use crate::contract::{ColumnContract, ColumnType, Contract, PseudonymDomain, TableContract, Transform};
use crate::{Problem, Problems};
use cloister_model::ColumnClass;
use std::collections::HashSet;

/// All that is wrong with a contract.
pub(crate) fn check(contract: &Contract) -> Result<(), Problems> {
    let mut problems = Vec::new();
    if contract.version == 0 {
        problems.push(Problem::new("version", "must be at least 1"));
    }
    if !(0.0..=1.0).contains(&contract.rejects.fraction_max) {
        problems.push(Problem::new("rejects.fraction-max", "must be from 0 to 1"));
    }
    if contract.tables.is_empty() {
        problems.push(Problem::new("tables", "must name at least one table"));
    }
    let mut names = HashSet::new();
    for table in &contract.tables {
        if !names.insert(&table.name) {
            problems.push(Problem::new(format!("tables.{}", table.name), "is there twice"));
        }
        check_table(table, &mut problems);
    }
    Problems::unless_empty(problems)
}

fn check_table(table: &TableContract, problems: &mut Vec<Problem>) {
    let place = format!("tables.{}", table.name);
    if table.files.is_empty() {
        problems.push(Problem::new(format!("{place}.files"), "must name at least one file pattern"));
    }
    if let Some(person) = &table.person {
        match table.column(person) {
            None => problems.push(Problem::new(
                format!("{place}.person"),
                format!("names the unknown column `{person}`"),
            )),
            Some(column) if column.transform != Transform::Pseudonymise(PseudonymDomain::Person) => problems
                .push(Problem::new(
                    format!("{place}.columns.{person}"),
                    "is the person column, so its transform must be `{ pseudonymise = \"person\" }`",
                )),
            Some(_) => {}
        }
    }
    for name in &table.unique {
        if table.column(name).is_none() {
            problems
                .push(Problem::new(format!("{place}.unique"), format!("names the unknown column `{name}`")));
        }
    }
    if !table.unique.is_empty() && table.person.is_none() {
        problems.push(Problem::new(format!("{place}.unique"), "needs a person column"));
    }
    let (mut sources, mut landed) = (HashSet::new(), HashSet::new());
    for column in &table.columns {
        let place = format!("{place}.columns.{}", column.name);
        if !sources.insert(&column.name) {
            problems.push(Problem::new(&place, "is there twice"));
        }
        if column.transform != Transform::Drop && !landed.insert(column.landed_name()) {
            problems.push(Problem::new(
                &place,
                format!("lands as `{}`, as another column does", column.landed_name()),
            ));
        }
        check_column(table, column, &place, problems);
    }
    if landed.is_empty() {
        problems.push(Problem::new(&place, "lands no column"));
    }
}

fn check_column(table: &TableContract, column: &ColumnContract, place: &str, problems: &mut Vec<Problem>) {
    let mut wrong = |text: String| problems.push(Problem::new(place, text));
    let kind = column.column_type;
    let dated = matches!(kind, ColumnType::Date | ColumnType::Datetime);
    let needs_person = matches!(column.transform, Transform::DateShift);
    match column.transform {
        Transform::Keep if column.class == ColumnClass::Identifier => {
            wrong("is an identifier, which never lands: drop, pseudonymise or generalise it".to_owned());
        }
        Transform::Pseudonymise(PseudonymDomain::Person) if !table.is_person(column) => {
            wrong("only the table's person column is pseudonymised as a person".to_owned());
        }
        Transform::Pseudonymise(_)
            if !matches!(column.class, ColumnClass::Identifier | ColumnClass::Pseudonym) =>
        {
            wrong("is pseudonymised, so its class must be `identifier`".to_owned());
        }
        Transform::Pseudonymise(_)
            if !matches!(kind, ColumnType::Text | ColumnType::Int32 | ColumnType::Int64) =>
        {
            wrong("only text and whole numbers can be pseudonymised".to_owned());
        }
        Transform::Year | Transform::AgeBand | Transform::Month | Transform::DateShift if !dated => {
            wrong("this transform needs a date".to_owned());
        }
        Transform::PostcodeDistrict if kind != ColumnType::Text => {
            wrong("`postcode-district` needs text".to_owned());
        }
        _ => {}
    }
    if needs_person && table.person.is_none() {
        wrong("`date-shift` needs a person column in the table".to_owned());
    }
    if table.person.is_none() && matches!(column.class, ColumnClass::QuasiIdentifier | ColumnClass::Sensitive)
    {
        wrong("a table without a person column holds nothing about patients".to_owned());
    }
    if let Some(pattern) = &column.pattern
        && let Err(e) = regex::Regex::new(pattern)
    {
        wrong(format!("its pattern is not a regular expression: {e}"));
    }
    let numeric =
        matches!(kind, ColumnType::Int32 | ColumnType::Int64 | ColumnType::Decimal | ColumnType::Float);
    if (column.min.is_some() || column.max.is_some()) && !numeric {
        wrong("`min` and `max` need a number".to_owned());
    }
    if (column.earliest.is_some() || column.latest.is_some() || !column.formats.is_empty()) && !dated {
        wrong("`earliest`, `latest` and `formats` need a date".to_owned());
    }
    let bounded = !column.codes.is_empty()
        || column.pattern.is_some()
        || (column.min.is_some() && column.max.is_some())
        || (column.earliest.is_some() && column.latest.is_some())
        || kind == ColumnType::Bool
        || column.transform == Transform::AgeBand;
    if column.public_labels && !bounded {
        wrong("public labels need a code list, a pattern, or both ends of a range".to_owned());
    }
    if column.required && column.optional {
        wrong("a required column cannot be optional".to_owned());
    }
}
