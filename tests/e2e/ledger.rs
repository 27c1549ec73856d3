//! The ledger as checkers and administrators use it; what it holds back is under `tests/adversary`.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, policies, project};
use serde_json::Value;

const BY_SEX: &str = "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex";

/// A hub with a project of a checker, and another under a policy with something else about the ledger.
fn hub(ledger: &str) -> Hub {
    let hub = Hub::of_region(1_000, ErrorRates::NONE);
    let checkers = "checkers = [\"carys\"]\n";
    let own = |name: &str| project(name, "automatic", GRANTS).replacen("[[", &format!("{checkers}[["), 1);
    let other = std::fs::read_to_string(policies().join("disclosure/nhs-england.toml")).unwrap();
    let other = other.replace("name = \"nhs-england\"", "name = \"other\"") + "\n[ledger]\n" + ledger;
    std::fs::write(hub.home().join("policies/disclosure/other.toml"), other).unwrap();
    hub.create(&own("p")).expect(0);
    hub.create(&own("other").replace("\"nhs-england\"", "\"other\"")).expect(0);
    hub
}

fn told(hub: &Hub, args: &[&str]) -> Value {
    let all = [&["ledger"], args, &["--as", "carys", "--format", "json"]].concat();
    hub.run(&all).expect(0).json()
}

/// True of one to seven people of the region, and of fewer women.
const FEW: &str = "birth_year <= 1926";

#[test]
fn checkers_see_what_was_released_and_try_what_would_be() {
    let hub = hub("remedy = \"coarsen\"\n");
    let first = hub.query(BY_SEX).expect(0).json()["request"].as_str().unwrap().to_owned();
    // The same again says nothing new, however it is written.
    hub.query(&BY_SEX.replace("SELECT sex", "SELECT  sex")).expect(0);
    let status = told(&hub, &["status"]);
    assert_eq!(
        (&status["releases"], &status["numbers"], &status["not_in_it"]),
        (&2.into(), &4.into(), &0.into())
    );
    assert_eq!(
        (&status["projects"][0]["project"], &status["projects"][0]["repeated"]),
        (&"p".into(), &2.into())
    );
    let explained = told(&hub, &["explain", &first]);
    assert_eq!((&explained["state"], &explained["number"]), (&"released".into(), &1.into()));
    let numbers = explained["numbers"].as_array().unwrap();
    assert_eq!(numbers.len(), 2);
    assert_eq!((&numbers[0]["name"], &numbers[0]["within"]), (&"count(*), sex = F".into(), &2.0.into()));
    // What nobody has asked is tried, and leaves nothing but a line in the log.
    let near = format!("SELECT count(*) AS n FROM person WHERE NOT ({})", FEW);
    let tried = told(&hub, &["simulate", "--project", "p", &near]);
    assert_eq!(
        (&tried["state"], &tried["would_hold"], &tried["repeated"]),
        (&"simulated".into(), &1.into(), &0.into())
    );
    let found = tried["findings"][0].as_str().unwrap();
    assert!(found.contains(&first) && found.contains("fewer than 8 people"), "{found}");
    assert_eq!(told(&hub, &["status"])["releases"], 2);
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert!(log.contains("ledger-simulated") && log.contains("carys"));
    let fine = told(&hub, &["simulate", "--project", "p", "SELECT count(*) AS n FROM admission"]);
    assert_eq!(fine["findings"].as_array().unwrap().len(), 0);
    let refused = told(&hub, &["simulate", "--project", "p", "SELECT * FROM person"]);
    assert_eq!(refused["reasons"][0]["code"], "row-level-output");
    // What is held says so; a coarser grouping would pass.
    let held = "SELECT sex, birth_year <= 1926 AS old, count(*) AS n FROM person GROUP BY 1, 2 ORDER BY 1, 2";
    let done = hub.query_in("other", "researcher", held).expect(3).json();
    let explained = told(&hub, &["explain", done["request"].as_str().unwrap()]);
    assert_eq!(explained["state"], "held");
    assert!(!explained["findings"].as_array().unwrap().is_empty());
    let coarser = explained["coarser"].as_array().unwrap();
    assert!(coarser.len() == 1 && coarser[0].as_str().unwrap().contains("birth_year"), "{explained}");
    // Researchers see nothing of it, and neither does a checker of other projects.
    for who in ["researcher", "chidi"] {
        for args in [vec!["status"], vec!["explain", &first], vec!["simulate", "--project", "p", &near]] {
            let all = [&["ledger"], args.as_slice(), &["--as", who]].concat();
            let done = hub.run(&all);
            assert_ne!(done.code, 0, "{all:?}");
            assert!(!done.out.contains("sex") && !done.err.contains("sex"), "{done:?}");
        }
    }
}

#[test]
fn cells_that_say_too_much_are_suppressed_where_the_policy_says_so() {
    let hub = hub("remedy = \"suppress\"\n");
    hub.query(BY_SEX).expect(0);
    let near = format!("SELECT sex, count(*) AS n FROM person WHERE NOT ({FEW}) GROUP BY sex ORDER BY sex");
    // Under the project's own policy it is held, here only the cells are missing.
    hub.query(&near).expect(3);
    let done = hub.query_in("other", "researcher", &near).expect(0).json();
    let rows = done["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row[1].is_null()).collect::<Vec<_>>(), [true, false], "{done}");
    let states = done["cells"].to_string();
    assert!(states.contains("ledger") && !states.contains("small-count"), "{states}");
    // One number that says too much is a mark.
    let one = format!("SELECT count(*) AS n FROM person WHERE NOT ({FEW})");
    let done = hub.query_in("other", "researcher", &one).expect(0).json();
    assert!(done["rows"][0][0].is_null(), "{done}");
}

#[test]
fn what_a_project_has_had_costs_nothing() {
    let hub = hub("");
    let policy = hub.home().join("policies/disclosure/other.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, text.replace("cells-max = 50000", "cells-max = 50000\noutputs-per-day-max = 2"))
        .unwrap();
    let ask = |sql: &str| hub.query_in("other", "researcher", sql);
    for again in ["SELECT sex", "SELECT  sex", "SELECT sex ", "select sex"] {
        ask(&BY_SEX.replace("SELECT sex", again)).expect(0);
    }
    ask("SELECT imd_decile, count(*) AS n FROM person GROUP BY imd_decile").expect(0);
    let third =
        ask("SELECT ethnicity, count(*) AS n FROM person WHERE sex = 'F' GROUP BY ethnicity").expect(3);
    assert_eq!(third.json()["reasons"][0]["code"], "outputs-per-day");
}

#[test]
fn a_ledger_that_lost_something_is_noticed_and_made_again() {
    let hub = hub("remedy = \"hold\"\n");
    let first = hub.query(BY_SEX).expect(0).json()["request"].as_str().unwrap().to_owned();
    hub.query("SELECT imd_decile, count(*) AS n FROM person GROUP BY imd_decile").expect(0);
    let verified = hub.run(&["ledger", "verify"]).expect(0);
    assert!(verified.out.contains("2 releases, as the log has them"), "{}", verified.out);
    let people = hub.home().join(format!("vault/_ledger/{first}.people"));
    let before = std::fs::read(&people).unwrap();
    std::fs::remove_file(&people).unwrap();
    let done = hub.run(&["ledger", "verify"]).expect(1);
    assert!(done.out.contains(&format!("the entry of {first} is missing")), "{}", done.out);
    // What cannot be compared is not released, and nobody is told why.
    let near = format!("SELECT count(*) AS n FROM person WHERE NOT ({})", FEW);
    let near_women = format!("SELECT count(*) AS n FROM person WHERE sex = 'F' AND NOT ({})", FEW);
    assert_eq!(hub.query(&near_women).code, 1);
    let rebuilt = hub.run(&["ledger", "rebuild"]).expect(0);
    assert!(rebuilt.out.contains(&format!("{first} is made again")), "{}", rebuilt.out);
    assert_ne!(std::fs::read(&people).unwrap(), before, "sealed anew");
    hub.run(&["ledger", "verify"]).expect(0);
    hub.run(&["audit", "verify"]).expect(0);
    assert_eq!(hub.query(&near_women).code, 3);
    assert_eq!(hub.query(&near).code, 3);
    // Changed bytes are noticed as well.
    let mut bytes = std::fs::read(&people).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&people, bytes).unwrap();
    let done = hub.run(&["ledger", "verify"]).expect(1);
    assert!(done.out.contains("has been changed"), "{}", done.out);
    // Under another policy the same query would leave another entry: it is not made up.
    let policy = hub.home().join("policies/disclosure/nhs-england.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, text + "\n# changed\n").unwrap();
    let done = hub.run(&["ledger", "rebuild"]).expect(1);
    assert!(done.out.contains("the policy has changed since"), "{}", done.out);
}

#[test]
fn a_long_ledger_is_indexed_and_still_compared() {
    let hub = hub("beyond = \"record\"\n");
    let first = hub.query(BY_SEX).expect(0).json()["request"].as_str().unwrap().to_owned();
    for n in 0..64 {
        hub.query(&format!("SELECT imd_decile, count(*) AS n, {n} AS k FROM person GROUP BY imd_decile"))
            .expect(0);
    }
    let near = format!("SELECT count(*) AS n FROM person WHERE NOT ({})", FEW);
    hub.query(&near).expect(3);
    let index = hub.home().join("vault/_ledger/index-0-0.index");
    assert!(index.exists());
    assert_eq!(told(&hub, &["status"])["indexed"], 64);
    let tried = told(&hub, &["simulate", "--project", "p", &near]);
    assert!(tried["findings"].to_string().contains(&first), "{tried}");
    // An index that cannot be read, or is of something else, is not believed.
    let good = std::fs::read(&index).unwrap();
    std::fs::write(&index, b"nothing").unwrap();
    let again = told(&hub, &["simulate", "--project", "p", &near]);
    assert_eq!(again["findings"], tried["findings"]);
    std::fs::write(hub.home().join("vault/_ledger/index-1-0.index"), good).unwrap();
    let again = told(&hub, &["simulate", "--project", "p", &near]);
    assert_eq!(again["findings"], tried["findings"]);
}
