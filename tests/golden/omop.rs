//! OMOP queries as researchers write them, each cell against an engine that is not ours: `omop/*.sql`, one query a
//! file, and the exact results that `omop/expect.py` made of the same extract.
//!
//! A file says what it is in its first lines: `-- kind: aggregate`, `vocabulary`, `rows` (about people, refused), or
//! `refused` with a code. A column in `-- may be suppressed:` has cells with fewer people than their group, one in
//! `-- must be suppressed:` is not shown at all.

use cloister_tests::{Hub, omop, policies, project};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The policy that the hub starts with.
const PEOPLE_MIN: i64 = 8;
const ROUNDING_BASE: i64 = 5;
const DIGITS: usize = 4;

struct Case {
    name: String,
    kind: String,
    code: Option<String>,
    sql: String,
    may_be_suppressed: Vec<String>,
    must_be_suppressed: Vec<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/omop");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "sql"));
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let header = |name: &str| {
                let line = text.lines().find_map(|l| l.strip_prefix(&format!("-- {name}: ")));
                line.map(str::to_owned).unwrap_or_default()
            };
            let kind = header("kind");
            let (kind, code) = match kind.split_once(' ') {
                Some((kind, code)) => (kind.to_owned(), Some(code.to_owned())),
                None => (kind, None),
            };
            let list = |name| header(name).split(", ").map(str::to_owned).collect();
            Case {
                name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
                kind,
                code,
                sql: text.split("\n-- people\n").next().unwrap().to_owned(),
                may_be_suppressed: list("may be suppressed"),
                must_be_suppressed: list("must be suppressed"),
            }
        })
        .collect()
}

/// A value by which rows are found: numbers as such, whatever their type.
fn label(value: &Value) -> String {
    value.as_f64().map_or_else(|| value.to_string(), |n| format!("{n:.6}"))
}

fn labels<'a>(row: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    row.into_iter().map(label).collect()
}

/// What the policy makes of an exact value in a column of this role.
fn is_shown_as(exact: &Value, shown: &Value, role: &str) -> bool {
    let (Some(exact), Some(shown)) = (exact.as_f64(), shown.as_f64()) else { return exact == shown };
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
    match role {
        "count" => {
            let base = ROUNDING_BASE as f64;
            close(shown, ((exact + 2.0) / base).floor() * base)
        }
        "mean" | "quantile" | "spread" | "association" => {
            let digits = |n: f64| format!("{n:.*e}", DIGITS - 1).parse::<f64>().unwrap();
            close(shown, digits(exact))
        }
        // Made of several that are rounded each: of one in a hundred, or of few, the digits differ.
        "rate" | "derived" => (shown - exact).abs() <= 0.02 * exact.abs() + 0.5,
        "sum" | "extreme" => close(shown, exact),
        other => panic!("a column of role {other} with no rule"),
    }
}

struct Answer<'a> {
    answer: &'a Value,
    /// Places of the columns that tell rows apart, and of the others.
    keys: Vec<usize>,
    values: Vec<usize>,
}

impl<'a> Answer<'a> {
    fn new(answer: &'a Value) -> Self {
        let roles: Vec<&str> = columns(answer).iter().map(|c| c["role"].as_str().unwrap()).collect();
        let (keys, values) = (0..roles.len()).partition(|i| roles[*i] == "key");
        Self { answer, keys, values }
    }

    fn key(&self, row: &Value) -> Vec<String> {
        labels(self.keys.iter().map(|i| &row[*i]))
    }

    /// The state of a cell, if it is not simply shown.
    fn state(&self, row: usize, column: usize) -> Option<&'a str> {
        let name = &columns(self.answer)[column]["name"];
        let cells = self.answer["cells"].as_array().unwrap();
        let cell = cells.iter().find(|c| c["row"] == json!(row) && c["column"] == *name);
        cell.and_then(|c| c["state"].as_str()).filter(|state| *state != "null")
    }
}

fn columns(answer: &Value) -> &Vec<Value> {
    answer["columns"].as_array().unwrap()
}

/// Every released cell is the policy's showing of the exact one; what has people enough is released.
fn check(case: &Case, answer: &Value, expected: &Value) {
    let name = &case.name;
    let of = Answer::new(answer);
    let exact: BTreeMap<Vec<String>, &Value> =
        expected["rows"].as_array().unwrap().iter().map(|row| (of.key(row), row)).collect();
    let people: BTreeMap<Vec<String>, i64> = expected["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().split_last().unwrap())
        .map(|(n, keys)| (labels(keys), n.as_i64().unwrap()))
        .collect();
    let mut found = BTreeSet::new();
    for (index, row) in answer["rows"].as_array().unwrap().iter().enumerate() {
        if of.keys.iter().any(|key| of.state(index, *key).is_some()) {
            continue;
        }
        let key = of.key(row);
        let exact = exact.get(&key).unwrap_or_else(|| panic!("{name}: no such group {key:?}"));
        let people = *people.get(&key).unwrap_or(&0);
        assert!(found.insert(key.clone()), "{name}: {key:?} twice");
        for column in &of.values {
            let (info, shown, exact) = (&columns(answer)[*column], &row[*column], &exact[*column]);
            let (title, role) = (info["name"].as_str().unwrap(), info["role"].as_str().unwrap());
            if case.must_be_suppressed.iter().any(|c| c == title) {
                assert!(of.state(index, *column).is_some(), "{name}: {title} is shown");
                continue;
            }
            if of.state(index, *column).is_some() {
                assert!(shown.is_null(), "{name}: {title} of {key:?} is shown and suppressed");
                let few = people < PEOPLE_MIN || case.may_be_suppressed.iter().any(|c| c == title);
                assert!(few, "{name}: {title} of {key:?} has {people} people and is suppressed");
                continue;
            }
            assert!(
                people == 0 || people >= PEOPLE_MIN,
                "{name}: {title} of {key:?} has {people} people and is shown"
            );
            assert!(
                is_shown_as(exact, shown, role),
                "{name}: {title} ({role}) of {key:?} is {exact}, and shown as {shown}"
            );
        }
    }
    let limited = ["LIMIT", "FETCH", "HAVING"].iter().any(|word| case.sql.contains(word));
    for (key, people) in people {
        let missing = people >= PEOPLE_MIN && !found.contains(&key) && exact.contains_key(&key);
        assert!(limited || !missing, "{name}: {key:?} has {people} people and is not there");
    }
}

/// What is about nobody is as it is.
fn check_vocabulary(case: &Case, answer: &Value, expected: &Value) {
    let rows = |rows: &Value| {
        let mut rows: Vec<_> =
            rows.as_array().unwrap().iter().map(|row| labels(row.as_array().unwrap())).collect();
        rows.sort();
        rows
    };
    assert_eq!(rows(&answer["rows"]), rows(&expected["rows"]), "{}", case.name);
}

fn hub(folder: &Path) -> Hub {
    let hub = Hub::new();
    // Many tables of the same people, each right by itself.
    hub.without_ledger();
    hub.land("omop-cdm-5.4", folder).expect(0);
    let contract = std::fs::read_to_string(policies().join("datasets/omop-cdm-5.4.toml")).unwrap();
    let contract: toml::Table = contract.parse().unwrap();
    let tables = contract["tables"].as_array().unwrap().iter();
    let tables = tables.map(|t| format!("  {{ name = {}, columns = \"all\" }},\n", t["name"]));
    let grants = format!("[[grants]]\ndataset = \"omop\"\ntables = [\n{}]\n", tables.collect::<String>());
    hub.create(&project("p", "automatic", &grants)).expect(0);
    hub
}

#[test]
fn released_cells_are_right_and_rows_about_people_are_refused() {
    let Some(folder) = omop() else { return };
    let expected: Value = serde_json::from_str(include_str!("omop/expected.json")).unwrap();
    let hub = hub(&folder);
    let cases = cases();
    assert!(cases.len() >= 60, "{} queries were found", cases.len());
    let mut released = 0;
    for case in &cases {
        let done = hub.query_file(&case.sql);
        let answer = done.json();
        let context = format!("{}: {done:?}", case.name);
        match case.kind.as_str() {
            "rows" | "refused" => {
                assert_eq!(answer["status"], "refused", "{context}");
                let code = answer["reasons"][0]["code"].as_str().unwrap();
                match &case.code {
                    Some(expected) => assert_eq!(code, expected, "{context}"),
                    None => assert!(matches!(code, "row-level-output" | "pseudonym-output"), "{context}"),
                }
            }
            "held" => assert_eq!(answer["status"], "held", "{context}"),
            "aggregate" => {
                assert_eq!(answer["status"], "released", "{context}");
                check(case, &answer, &expected[&case.name]);
                released += 1;
            }
            "vocabulary" => {
                assert_eq!(answer["status"], "released", "{context}");
                check_vocabulary(case, &answer, &expected[&case.name]);
                released += 1;
            }
            other => panic!("{}: no kind {other}", case.name),
        }
    }
    assert!(released >= 60, "{released} are released");
}
