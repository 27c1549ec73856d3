//! What we say of tables that ACRO 1.0.2 was asked about (`tests/bench/acro_agreement.py`): the same, but for the
//! differences that docs/acro.md argues. Neither more nor fewer may differ.

use cloister_disclosure::{
    Cell, CellState, Column, Contributions, Group, Place, Policy, Statistic, Table, Value, protect,
};
use cloister_tests::policies;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    aggregate: String,
    config: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    margins: bool,
    #[serde(default)]
    suppress: bool,
    given: BTreeMap<String, Vec<(Option<f64>, usize)>>,
    acro: Verdict,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    status: String,
    cells: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differences {
    difference: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    id: String,
    acro: String,
    ours: String,
}

/// `sdap-10` with what ACRO was told.
fn policy(config: &BTreeMap<String, serde_json::Value>) -> Policy {
    let text = std::fs::read_to_string(policies().join("disclosure/sdap-10.toml")).unwrap();
    let mut file: toml::Table = text.parse().unwrap();
    for (key, value) in config {
        let (section, name, value) = match (key.as_str(), value) {
            ("safe_threshold", n) => ("contributors", "min", toml::Value::Integer(n.as_i64().unwrap())),
            ("zeros_are_disclosive", b) => {
                ("contributors", "zero-shown", toml::Value::Boolean(!b.as_bool().unwrap()))
            }
            ("safe_pratio_p", p) => ("p-percent", "min", toml::Value::Float(p.as_f64().unwrap())),
            ("safe_nk_k", k) if k.as_f64().unwrap() > 1.0 => {
                file.remove("dominance");
                continue;
            }
            ("safe_nk_k" | "safe_nk_n", n) => {
                let name = if key == "safe_nk_k" { "share-max" } else { "largest" };
                let n = n.as_i64().map_or_else(|| n.as_f64().unwrap().into(), toml::Value::Integer);
                file["dominance"].as_array_mut().unwrap()[0].as_table_mut().unwrap().insert(name.into(), n);
                continue;
            }
            // We have no such check.
            ("check_missing_values", _) => continue,
            other => panic!("{other:?}"),
        };
        file[section].as_table_mut().unwrap().insert(name.into(), value);
    }
    Policy::parse(&toml::to_string(&file).unwrap()).unwrap()
}

/// Numbers as the engine's evidence of them: each is one person's.
fn cell(aggregate: &str, numbers: &[Option<f64>]) -> Cell {
    let known: Vec<f64> = numbers.iter().copied().flatten().collect();
    let mut absolute: Vec<f64> = known.iter().map(|n| n.abs()).collect();
    absolute.sort_by(|a, b| b.total_cmp(a));
    let largest = |index: usize| absolute.get(index).copied().unwrap_or_default();
    let contributions =
        Contributions { largest: largest(0), second: largest(1), total: absolute.iter().sum() };
    let that = |of: &dyn Fn(f64) -> bool| known.iter().filter(|n| of(**n)).count() as u64;
    let mut sorted = known.clone();
    sorted.sort_by(f64::total_cmp);
    let people = match aggregate {
        "count-of-rows" => numbers.len() as u64,
        "sum" => that(&|n| n != 0.0),
        _ => known.len() as u64,
    };
    let support = match (aggregate, sorted.first(), sorted.last()) {
        ("min", Some(least), _) => Some(that(&|n| n == *least)),
        ("max", _, Some(greatest)) => Some(that(&|n| n == *greatest)),
        ("median", Some(_), _) => {
            let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
            let median = f64::midpoint(below, above);
            Some(that(&|n| n <= median).min(that(&|n| n >= median)))
        }
        _ => None,
    };
    let value = match aggregate {
        "count" | "count-of-rows" => Value::Count(i64::try_from(people).unwrap()),
        _ => Value::Measure,
    };
    Cell {
        value,
        contributors: people,
        branches: vec![],
        support,
        contributions: Some(contributions),
        record_keys: None,
    }
}

fn statistic(aggregate: &str) -> Statistic {
    match aggregate {
        "count-of-rows" | "count" => Statistic::People,
        "sum" => Statistic::Sum,
        "mean" => Statistic::Mean,
        "median" => Statistic::Quantile,
        "std" => Statistic::Spread,
        "min" | "max" => Statistic::Extreme,
        "regression" => Statistic::Association,
        other => panic!("{other}"),
    }
}

/// Our status and the cells that we do not show.
fn ours(case: &Case) -> (String, BTreeSet<String>) {
    let mut places = Vec::new();
    let (mut groups, mut named) = (Vec::new(), Vec::new());
    let mut add = |name: String, codes: Vec<Option<u32>>, numbers: &[Option<f64>]| {
        places.push(Place { codes });
        groups.push(Group {
            people: numbers.len() as u64,
            few: None,
            cells: vec![cell(&case.aggregate, numbers)],
        });
        named.push(name);
    };
    let code = |text: &str| Some(u32::from(["x", "t"].contains(&text)));
    let mut margins: BTreeMap<Vec<Option<u32>>, Vec<Option<f64>>> = BTreeMap::new();
    for (place, runs) in &case.given {
        let numbers: Vec<Option<f64>> =
            runs.iter().flat_map(|(number, times)| std::iter::repeat_n(*number, *times)).collect();
        let codes: Vec<Option<u32>> = place.split(',').map(code).collect();
        for margin in [vec![codes[0], None], vec![None, codes[1]], vec![None, None]] {
            margins.entry(margin).or_default().extend(&numbers);
        }
        add(place.clone(), codes, &numbers);
    }
    for (codes, numbers) in margins.into_iter().filter(|_| case.margins) {
        add("total".to_owned(), codes, &numbers);
    }
    let columns = vec![Column {
        name: "n".to_owned(),
        statistic: statistic(&case.aggregate),
        argument: "value".to_owned(),
    }];
    let table = Table {
        columns,
        labels_public: true,
        totals: case.margins,
        overlaps: None,
        places: Some(places),
        groups,
    };
    let protected = protect(&table, &policy(&case.config));
    let hidden = protected.rows().iter().zip(named);
    let hidden: BTreeSet<String> =
        hidden.filter(|(row, _)| row.cells[0].state() != CellState::Shown).map(|(_, name)| name).collect();
    let status = match (hidden.is_empty(), protected.holds().is_empty()) {
        (false, _) => "fail",
        (true, false) => "review",
        (true, true) => "pass",
    };
    (status.to_owned(), hidden)
}

#[test]
fn we_say_what_acro_says_or_say_why_not() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&read(&golden.join("acro.json"))).unwrap();
    let argued: Differences = toml::from_str(&read(&golden.join("acro-differences.toml"))).unwrap();
    let page = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/acro.md"));
    let mut argued: BTreeMap<String, (String, String)> =
        argued.difference.into_iter().map(|d| (d.id, (d.acro, d.ours))).collect();
    let (mut equal, mut wrong) = (0, Vec::new());
    for case in cases {
        let (status, hidden) = ours(&case);
        // Where ACRO suppresses by itself its status is always "review": the cells tell.
        let of_cells = if case.acro.cells.is_empty() { "pass" } else { "fail" };
        let theirs = if case.suppress { of_cells } else { case.acro.status.as_str() };
        let cells: BTreeSet<String> = case.acro.cells.into_keys().collect();
        // ACRO marks every cell of a spread.
        let same_cells = case.aggregate == "std" || case.aggregate == "regression" || cells == hidden;
        match argued.remove(&case.id) {
            Some((acro, ours)) if theirs != acro || status != ours => {
                wrong.push(format!("{}: listed as {acro} and {ours}: {theirs} and {status}", case.id));
            }
            Some(_) if !page.contains(&format!("`{}`", case.id)) => {
                wrong.push(format!("{}: not argued in docs/acro.md", case.id));
            }
            Some(_) => {}
            None if theirs == status && same_cells => equal += 1,
            None => wrong.push(format!("{}: {theirs} {cells:?}, ours {status} {hidden:?}", case.id)),
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(argued.is_empty(), "listed and not asked: {argued:?}");
    assert!(equal >= 40, "{equal} tables are judged alike");
    println!("{equal} tables are judged alike");
}
