//! Safety that blocks normal work is not safety: the tables of typical studies, run again with small edits, are released.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};

/// What is counted or summed, over which rows.
const OUTCOMES: [(&str, &str); 5] = [
    ("count(*) AS n", "person p"),
    ("count(DISTINCT p.person_id) AS n", "person p JOIN gp_event e ON e.person_id = p.person_id"),
    ("count(*) AS n", "person p JOIN admission a ON a.person_id = p.person_id"),
    ("avg(a.cost) AS mean", "person p JOIN admission a ON a.person_id = p.person_id"),
    ("sum(a.cost) AS total", "person p JOIN admission a ON a.person_id = p.person_id"),
];

/// By what it is told apart.
const BY: [&[&str]; 8] = [
    &[],
    &["p.sex"],
    &["p.imd_decile"],
    &["p.sex", "p.imd_decile"],
    // The oldest together, as studies do: a band of few people beside a total that is known gives them away, and is held.
    &["greatest(p.birth_year, 1930) / 10"],
    &["p.birth_year / 20"],
    &["p.sex", "greatest(p.birth_year, 1940) / 20"],
    &["p.imd_decile / 2"],
];

/// Of whom.
const WHOM: [&str; 5] =
    ["", "p.sex = 'F'", "p.birth_year < 1960", "p.birth_year BETWEEN 1960 AND 1989", "p.imd_decile <= 3"];

fn sql((what, from): (&str, &str), by: &[&str], whom: &str) -> String {
    let keys: String = by.iter().map(|key| format!("{key}, ")).collect();
    let mut text = format!("SELECT {keys}{what} FROM {from}");
    if !whom.is_empty() {
        text.push_str(&format!(" WHERE {whom}"));
    }
    if !by.is_empty() {
        let places: Vec<String> = (1..=by.len()).map(|n| n.to_string()).collect();
        text.push_str(&format!(" GROUP BY {0} ORDER BY {0}", places.join(", ")));
    }
    text
}

/// Each study is one population and one outcome: a table by each of the keys, then the same again, and with small edits.
#[test]
fn typical_studies_are_released() {
    let (mut sequences, mut whole, mut stopped) = (0, 0, Vec::new());
    for (number, outcome) in OUTCOMES.into_iter().enumerate() {
        let hub = Hub::of_region(4_000, ErrorRates::NONE);
        hub.create(&project("p", "automatic", GRANTS)).expect(0);
        let mut ask = |name: &str, tables: &[String]| {
            let held: Vec<String> = tables
                .iter()
                .filter(|sql| {
                    let done = hub.query(sql);
                    assert!([0, 3].contains(&done.code), "{sql} {done:?}");
                    done.code == 3
                })
                .cloned()
                .collect();
            sequences += 1;
            if held.is_empty() {
                whole += 1;
            } else {
                stopped.push(format!("study {number}, {name}: {}", held.join(" ; ")));
            }
        };
        for whom in WHOM {
            for by in BY {
                let table = sql(outcome, by, whom);
                let again = table.replace("SELECT ", "SELECT  ").replace(" AS n", " AS number");
                let ordered = if by.is_empty() { table.clone() } else { format!("{table} DESC") };
                ask(&format!("{whom} by {by:?}"), &[table, again, ordered]);
            }
        }
    }
    assert!(sequences >= 200, "{sequences}");
    let share = f64::from(whole) / f64::from(sequences);
    println!("{whole} of {sequences} sequences are released whole; held: {stopped:#?}");
    assert!(share >= 0.95, "{whole} of {sequences}: {stopped:#?}");
}
