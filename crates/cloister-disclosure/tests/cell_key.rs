//! Row for row what the Office for National Statistics' package `cell-key-perturbation` 3.1.0 makes of the same data.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

#[path = "../../../tests/src/shared_data.rs"]
mod shared_data;

use cloister_disclosure::PerturbationTable;
use shared_data::shared_data;
use std::collections::BTreeMap;
use std::path::Path;

fn rows(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    (rows.next().unwrap(), rows.collect())
}

/// Every combination of observed codes, in order.
fn combinations(codes: &[Vec<String>]) -> Vec<Vec<String>> {
    codes.iter().fold(vec![Vec::new()], |all, codes| {
        let with = |start: &Vec<String>, code: &String| [start.clone(), vec![code.clone()]].concat();
        all.iter().flat_map(|start| codes.iter().map(move |code| with(start, code))).collect()
    })
}

#[test]
fn every_row_is_the_packages() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Some(data) = shared_data(&checkout, "cell-key") else { return };
    let (names, people) = rows(&data.join("microdata.csv"));
    let place = |name: &str| names.iter().position(|n| n == name).unwrap();
    for (table, expected, keys, threshold, count) in [
        ("ptable_10_5.csv", "expected_c1_10_5_region_band.csv", &["region", "band"][..], 10, 30),
        ("ptable_noise3.csv", "expected_c2_noise3_region_band_thr10.csv", &["region", "band"], 10, 30),
        ("ptable_noise3.csv", "expected_c5_noise3_region_sex_band.csv", &["region", "sex", "band"], 10, 60),
        ("ptable_noise3.csv", "expected_c6_noise3_region_only.csv", &["region"], 10, 5),
    ] {
        let table = PerturbationTable::parse(&std::fs::read_to_string(data.join(table)).unwrap()).unwrap();
        assert_eq!(table.keys(), 256);
        let mut cells: BTreeMap<Vec<String>, Vec<u32>> = BTreeMap::new();
        for person in &people {
            let key = keys.iter().map(|k| person[place(k)].clone()).collect();
            cells.entry(key).or_default().push(person[place("record_key")].parse().unwrap());
        }
        let codes: Vec<Vec<String>> = keys
            .iter()
            .map(|k| {
                let mut codes: Vec<String> = people.iter().map(|p| p[place(k)].clone()).collect();
                codes.sort();
                codes.dedup();
                codes
            })
            .collect();
        let found: Vec<Vec<String>> = combinations(&codes)
            .into_iter()
            .map(|codes| {
                let of = cells.get(&codes).cloned().unwrap_or_default();
                let cell = table.perturb(of.len() as u64, of.iter().copied());
                let shown = cell.shown(threshold).map(|n| n.to_string()).unwrap_or_default();
                let numbers = [of.len().to_string(), cell.key.to_string(), cell.row.to_string()];
                [codes, numbers.to_vec(), vec![cell.noise.to_string(), shown]].concat()
            })
            .collect();
        let (_, expected_rows) = rows(&data.join(expected));
        assert_eq!(found.len(), count, "{expected}");
        assert_eq!(found, expected_rows, "{expected}");
    }
}
