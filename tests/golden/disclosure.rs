//! The disclosure rules, case by case. A cell is written `value/contributors/branches`: `20/9/2,7` is a count of 20
//! made by 9 people, 2 of them in one branch of its condition and 7 in the other; `m` stands for a measure's number,
//! `3:10` for a share; a fourth part is the people that it rests on, a fifth the greatest two contributions and all. What is expected of it is the value, or `*` and the rule.

use cloister_disclosure::{
    Cell, CellState, Column, Contributions, Group, Hold, Kin, Origin, Overlaps, Part, Parts, Policy,
    Protected, Rule, Shown, Statistic, Table, Value, protect,
};
use cloister_tests::policies;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    rule: String,
    description: String,
    source: String,
    policy: String,
    columns: Vec<String>,
    labels_public: bool,
    #[serde(default)]
    totals: bool,
    /// Parts of the first group's rows: the columns that take each in, all of one measure, and its people.
    #[serde(default)]
    parts: Vec<GivenPart>,
    groups: Vec<GivenGroup>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenGroup {
    people: u64,
    who: Option<Vec<u32>>,
    cells: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenPart {
    columns: Vec<u8>,
    who: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    rows: Vec<Vec<String>>,
    #[serde(default)]
    holds: Vec<String>,
}

fn column(text: &str) -> Column {
    let statistic = match text {
        "people" => Statistic::People,
        "count" => Statistic::Count { additive: true },
        "count-distinct" => Statistic::Count { additive: false },
        "rate" => Statistic::Rate,
        "sum" => Statistic::Sum,
        "mean" => Statistic::Mean,
        "extreme" => Statistic::Extreme,
        "quantile" => Statistic::Quantile,
        "spread" => Statistic::Spread,
        "association" => Statistic::Association,
        other => panic!("{other}"),
    };
    Column { name: text.to_owned(), statistic, argument: "cost".to_owned() }
}

fn cell(text: &str) -> Cell {
    let mut parts = text.split('/');
    let value = match parts.next().unwrap() {
        "null" => Value::Null,
        "m" => Value::Measure,
        text => match text.split_once(':') {
            Some((n, d)) => Value::Rate { numerator: n.parse().unwrap(), denominator: d.parse().unwrap() },
            None => Value::Count(text.parse().unwrap()),
        },
    };
    let contributors = parts.next().unwrap().parse().unwrap();
    let numbers =
        |text: &str| text.split(',').filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
    let branches = parts.next().map(numbers).unwrap_or_default();
    let support = parts.next().filter(|n| !n.is_empty()).map(|n| n.parse().unwrap());
    let contributions = parts.next().map(|text| {
        let numbers: Vec<f64> = text.split(':').map(|n| n.parse().unwrap()).collect();
        Contributions { largest: numbers[0], second: numbers[1], total: numbers[2] }
    });
    Cell { value, contributors, branches, support, contributions }
}

fn overlaps(columns: usize, parts: &[GivenPart]) -> Option<Overlaps> {
    let part = |p: &GivenPart| Part {
        conditions: p.columns.iter().fold(0, |bits, c| bits | 1 << c),
        people: p.who.clone(),
    };
    let of_rows: Vec<Part> = parts.iter().map(part).collect();
    let kin = |c| vec![Kin { family: 0, of_people: false, conditions: vec![c] }];
    let columns = (0u8..).take(columns).map(kin).collect();
    let groups = vec![Parts { of_rows, ..Parts::default() }];
    (!parts.is_empty()).then_some(Overlaps { columns, groups })
}

fn shown(protected: &Protected) -> Vec<Vec<String>> {
    let rows = protected.rows().iter().map(|row| {
        let origin = match row.origin {
            Origin::Group(index) => index.to_string(),
            Origin::Other => "other".to_owned(),
        };
        let cells = row.cells.iter().map(|cell| match (cell.state(), cell.shown()) {
            (CellState::Suppressed(rule), None) => format!("*{}", rule.code()),
            (CellState::Shown, Some(Shown::Null)) => "null".to_owned(),
            (CellState::Shown, Some(Shown::Count(n))) => n.to_string(),
            (CellState::Shown, Some(Shown::Rate(rate))) => format!("{rate:.3}"),
            (CellState::Shown, Some(Shown::AsGiven)) => "m".to_owned(),
            (CellState::Shown, Some(Shown::Digits(digits))) => format!("m to {digits} digits"),
            other => panic!("{other:?}"),
        });
        std::iter::once(origin).chain(cells).collect()
    });
    rows.collect()
}

#[test]
fn every_case_holds_and_every_rule_has_one() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/disclosure");
    let for_cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/policies");
    let (mut cases, mut seen) = (0, BTreeSet::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let read: Cases = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for case in read.case {
            assert!(!case.source.is_empty(), "{}", case.description);
            let name = format!("{}.toml", case.policy);
            let shipped = policies().join("disclosure").join(&name);
            let policy = if shipped.exists() { shipped } else { for_cases.join(&name) };
            let policy = Policy::parse(&std::fs::read_to_string(policy).unwrap()).unwrap();
            let groups = case.groups.iter().map(|g| Group {
                people: g.people,
                few: g.who.clone(),
                cells: g.cells.iter().map(|c| cell(c)).collect(),
            });
            let table = Table {
                columns: case.columns.iter().map(|c| column(c)).collect(),
                labels_public: case.labels_public,
                totals: case.totals,
                overlaps: overlaps(case.columns.len(), &case.parts),
                groups: groups.collect(),
            };
            let protected = protect(&table, &policy);
            assert_eq!(shown(&protected), case.expect.rows, "{}", case.description);
            let holds: Vec<&str> = protected.holds().iter().map(Hold::code).collect();
            assert_eq!(holds, case.expect.holds, "{}", case.description);
            seen.insert(case.rule);
            cases += 1;
        }
    }
    assert!(cases > 0);
    let known = Rule::ALL.iter().map(|r| r.code()).chain([
        "mean-with-sum",
        "totals-beside-suppressed",
        "too-many-cells",
        "zero",
        "rounding",
        "null",
        "mean-digits",
    ]);
    let known: BTreeSet<String> = known.map(str::to_owned).collect();
    assert_eq!(seen.difference(&known).count(), 0, "{seen:?}");
    for rule in Rule::ALL {
        assert!(seen.contains(rule.code()), "`{}` has no case", rule.code());
    }
}
