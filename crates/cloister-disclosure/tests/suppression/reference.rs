//! The reference tables of suppression, for tests.

use crate::shared_data::shared_data;
use cloister_disclosure::{Additive, AdditiveCell, Hierarchy, Layout};
use std::path::Path;

/// A table by its name; `zero_shown`: whether an outsider knows that suppressed counts are at least 1.
pub fn table(name: &str, zero_shown: bool) -> Option<Additive> {
    let folder = shared_data(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), "suppression")?;
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let about: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let dimensions = names(&about["dims"]);
    let hierarchy = |dimension: &String| {
        let groups = about["hierarchies"][dimension].as_object().unwrap();
        Hierarchy::new(groups.iter().map(|(code, members)| (code.clone(), names(members)))).unwrap()
    };
    let (mut keys, mut cells) = (Vec::new(), Vec::new());
    let mut reader = csv::Reader::from_path(folder.join(format!("{name}.csv"))).unwrap();
    for record in reader.records().map(Result::unwrap) {
        let number = |column: usize| -> i64 { record[dimensions.len() + column].parse().unwrap() };
        keys.push(record.iter().take(dimensions.len()).map(str::to_owned).collect());
        let (count, value, top) = (number(0), number(1), [number(2), number(3)]);
        let primary = number(4) == 1;
        cells.push(match about["rule"]["type"].as_str().unwrap() {
            "threshold" => {
                let threshold = u32::try_from(about["rule"]["t"].as_u64().unwrap()).unwrap();
                let cell = AdditiveCell::count(u32::try_from(count).unwrap(), threshold, zero_shown);
                assert_eq!(cell.protect.is_some(), primary);
                cell
            }
            _ => {
                // Whole units, rounded up: p/100 of the largest less what the others leave.
                let p = about["rule"]["p"].as_i64().unwrap();
                let above = (p * top[0] - 100 * (value - top[0] - top[1]) + 99).div_euclid(100);
                let mut cell = AdditiveCell::magnitude(value, primary.then_some(above));
                cell.suppressible = count > 0;
                cell.lower = i64::from(zero_shown && value > 0);
                cell
            }
        });
    }
    let layout = Layout::new(keys).unwrap();
    let hierarchies: Vec<Hierarchy> = dimensions.iter().map(hierarchy).collect();
    let mut table = Additive::new(cells, layout.relations(&hierarchies)).unwrap();
    if about["rule"]["type"] != "threshold" {
        table = table.fractional();
    }
    Some(table)
}
