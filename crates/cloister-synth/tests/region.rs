//! A region as others read it: the same each time, wrong only where the truth says so, and like a population.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is a failed test")]

use cloister_synth::{ErrorRates, Region, check_digit};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use tempfile::TempDir;

/// Each table: its folder, the first part of its files' names, and its place in the summary.
const TABLES: [(&str, &str); 6] = [
    ("gp", "registrations"),
    ("gp", "journal"),
    ("hospital", "admissions"),
    ("emergency", "attendances"),
    ("pathology", "results"),
    ("social-care", "services"),
];

type Rows = Vec<Vec<String>>;

fn write(people: u32, errors: ErrorRates) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    Region { seed: 3, people, events_per_person: 20.0, errors }.write(folder.path()).unwrap();
    folder
}

/// A file's header and rows. No field has a comma in it; an empty first field is in quotes.
fn read(path: &Path) -> (Vec<String>, Rows) {
    let text = std::fs::read_to_string(path).unwrap();
    let fields = |line: &str| line.split(',').map(|f| f.trim_matches('"').to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines().map(fields);
    (lines.next().unwrap(), lines.collect())
}

/// A table's files by name.
fn files(folder: &Path, feed: &str, stem: &str) -> BTreeMap<String, (Vec<String>, Rows)> {
    let paths = std::fs::read_dir(folder.join(feed)).unwrap().map(|e| e.unwrap().path());
    let named = paths.map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), p));
    named.filter(|(name, _)| name.starts_with(stem)).map(|(name, p)| (name, read(&p))).collect()
}

/// A table's rows, all files one after another.
fn rows(folder: &Path, feed: &str, stem: &str) -> Rows {
    files(folder, feed, stem).into_values().flat_map(|(_, rows)| rows).collect()
}

fn people(folder: &Path) -> Vec<HashMap<String, String>> {
    let (header, rows) = read(&folder.join("truth/people.csv"));
    rows.into_iter().map(|row| header.iter().cloned().zip(row).collect()).collect()
}

fn all_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for feed in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(feed.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn the_same_region_is_the_same_bytes() {
    let regions = [write(300, ErrorRates::default()), write(300, ErrorRates::default())];
    let [one, two] = regions.each_ref().map(|folder| all_files(folder.path()));
    assert_eq!(one, two);
    assert_eq!(one.len(), 9);
}

/// FNV-1a over the bytes of every file, in the order of their names.
#[test]
fn the_bytes_are_those_of_every_other_machine() {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in all_files(write(300, ErrorRates::default()).path()).into_values().flatten() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    assert_eq!(format!("{hash:016x}"), "7d3c69682778ffbb");
}

#[test]
fn nhs_numbers_are_valid_unique_and_nobodys() {
    let region = write(5_000, ErrorRates::NONE);
    let numbers: Vec<String> =
        people(region.path()).into_iter().map(|mut p| p.remove("nhs_number").unwrap()).collect();
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 5_000);
    for number in &numbers {
        let (nine, check) = number.split_at(9);
        assert!(number.starts_with('9') && number.len() == 10, "{number}");
        assert_eq!(check_digit(nine.parse().unwrap()), check.parse().ok(), "{number}");
    }
    let known: HashSet<&String> = numbers.iter().collect();
    for (feed, stem) in TABLES {
        assert!(rows(region.path(), feed, stem).iter().all(|row| known.contains(&row[0])), "{stem}");
    }
}

/// What `errors.csv` says of each row: file, row, then column and kind.
fn told(folder: &Path) -> HashMap<(String, usize), Vec<(String, String)>> {
    let mut told: HashMap<(String, usize), Vec<(String, String)>> = HashMap::new();
    for row in read(&folder.join("truth/errors.csv")).1 {
        let at = (row[0].clone(), row[1].parse().unwrap());
        told.entry(at).or_default().push((row[2].clone(), row[3].clone()));
    }
    told
}

/// Without the rows that come twice, the region with errors is the region without, but for the cells that the
/// truth names; and each of those is wrong.
#[test]
fn the_truth_names_every_error_and_nothing_else() {
    let (clean, wrong) = (write(2_000, ErrorRates::NONE), write(2_000, ErrorRates::default()));
    let mut told = told(wrong.path());
    let mut kinds = HashSet::new();
    for (feed, stem) in TABLES {
        let mut right = rows(clean.path(), feed, stem).into_iter();
        let mut last: Option<Vec<String>> = None;
        for (file, (header, rows)) in files(wrong.path(), feed, stem) {
            for (number, row) in (1..).zip(rows) {
                let errors = told.remove(&(file.clone(), number)).unwrap_or_default();
                kinds.extend(errors.iter().map(|(_, kind)| kind.clone()));
                if errors.iter().any(|(_, kind)| kind == "duplicate-row") {
                    assert_eq!(last.as_ref(), Some(&row), "{file} {number}");
                    continue;
                }
                let right = right.next().unwrap();
                for ((column, found), expected) in header.iter().zip(&row).zip(&right) {
                    let named = errors.iter().any(|(at, _)| at == column);
                    assert_eq!(found != expected, named, "{file} {number} {column}: {found} {expected}");
                }
                last = Some(row);
            }
        }
        assert_eq!(right.next(), None, "{stem} lacks rows");
    }
    assert!(told.is_empty(), "no such rows: {told:?}");
    assert_eq!(kinds.len(), 9, "{kinds:?}");
    assert_eq!(read(&clean.path().join("truth/errors.csv")).1, Rows::new());
}

#[test]
fn counts_are_those_of_the_files_and_few_rows_must_be_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let region = Region { seed: 3, people: 2_000, events_per_person: 20.0, errors: ErrorRates::default() };
    let summary = region.write(folder.path()).unwrap();
    let (_, counts) = read(&folder.path().join("truth/counts.csv"));
    let (_, errors) = read(&folder.path().join("truth/errors.csv"));
    assert_eq!(counts.len(), summary.tables.len());
    for ((table, count), (feed, stem)) in summary.tables.iter().zip(counts).zip(TABLES) {
        let of_table = |row: &&Vec<String>| row[0].starts_with(stem) && row[4] == "true";
        let rejected: HashSet<(&str, &str)> =
            errors.iter().filter(of_table).map(|row| (row[0].as_str(), row[1].as_str())).collect();
        assert_eq!(table.name, stem);
        assert_eq!(table.rows, rows(folder.path(), feed, stem).len() as u64);
        assert_eq!(table.must_reject, rejected.len() as u64, "{stem}");
        assert_eq!(count, [stem.to_owned(), table.rows.to_string(), table.must_reject.to_string()]);
        assert!(table.must_reject * 25 < table.rows, "{stem}: {table:?}");
    }
    let events: u64 = summary.tables.iter().map(|t| t.rows).sum();
    assert!((15..25).contains(&(events / 2_000)), "{events} events");
}

/// The share of these people who have a condition.
fn share(people: &[&HashMap<String, String>], condition: &str) -> f64 {
    let with = people.iter().filter(|p| p["conditions"].split(' ').any(|c| c == condition));
    with.count() as f64 / people.len() as f64
}

#[test]
fn conditions_follow_age_and_deprivation() {
    let region = write(20_000, ErrorRates::NONE);
    let people = people(region.path());
    let born = |p: &HashMap<String, String>| p["born"][..4].parse::<i32>().unwrap();
    let decile = |p: &HashMap<String, String>| p["imd_decile"].parse::<u32>().unwrap();
    let aged = |from: i32, to: i32| {
        people.iter().filter(|p| (from..to).contains(&(2026 - born(p)))).collect::<Vec<_>>()
    };
    let ages = [aged(0, 30), aged(30, 50), aged(50, 70), aged(70, 90)];
    for pair in ages.windows(2) {
        assert!(share(&pair[0], "diabetes") < share(&pair[1], "diabetes"));
    }
    let adults = aged(40, 90);
    let (poor, rich): (Vec<_>, Vec<_>) = adults.into_iter().partition(|p| decile(p) <= 3);
    for condition in ["diabetes", "copd", "depression"] {
        assert!(share(&poor, condition) > 1.15 * share(&rich, condition), "{condition}");
    }
    let all: Vec<_> = people.iter().collect();
    let rare = share(&all, "cystic-fibrosis");
    assert!(rare < 0.001, "{rare}");
    let island = people.iter().filter(|p| p["district"] == "NM12").count();
    assert!((1..100).contains(&island), "{island} on the island");
}

#[test]
fn results_follow_conditions_and_costs_have_a_long_tail() {
    let region = write(5_000, ErrorRates::NONE);
    let conditions: HashMap<String, String> = people(region.path())
        .into_iter()
        .map(|p| (p["nhs_number"].clone(), p["conditions"].clone()))
        .collect();
    let mean = |diabetic: bool| {
        let results = rows(region.path(), "pathology", "results");
        let of =
            |row: &&Vec<String>| row[4] == "hba1c" && conditions[&row[0]].contains("diabetes") == diabetic;
        let values: Vec<f64> = results.iter().filter(of).map(|row| row[5].parse().unwrap()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    assert!(mean(true) > mean(false) + 15.0);
    let (header, admissions) = read(&region.path().join("hospital/admissions.csv"));
    let cost = header.iter().position(|c| c == "COST").unwrap();
    let mut costs: Vec<f64> = admissions.iter().map(|row| row[cost].parse().unwrap()).collect();
    costs.sort_by(f64::total_cmp);
    assert!(costs[costs.len() * 99 / 100] > 5.0 * costs[costs.len() / 2]);
}

#[test]
fn a_region_that_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let possible = Region { seed: 1, people: 1, events_per_person: 1.0, errors: ErrorRates::NONE };
    let bad_code = ErrorRates { bad_code: 1.5, ..ErrorRates::NONE };
    for region in [
        Region { people: u32::MAX, ..possible },
        Region { events_per_person: f64::NAN, ..possible },
        Region { events_per_person: -1.0, ..possible },
        Region { errors: bad_code, ..possible },
    ] {
        let error = region.write(&folder.path().join("never")).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{region:?}");
    }
    assert!(!folder.path().join("never").exists());
    let mut told = Vec::new();
    possible.write_telling(folder.path(), &mut |people| told.push(people)).unwrap();
    assert_eq!(told, [0, 1]);
}
