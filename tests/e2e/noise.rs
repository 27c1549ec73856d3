//! Counts with noise by cell keys: each is what the method makes of the true people, worked out here from the extract itself.

use crate::query::GRANTS;
use cloister_disclosure::PerturbationTable;
use cloister_model::Digest;
use cloister_pseudonym::{LocalRootKey, PseudonymKeys};
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Noise that differs from key to key, between -3 and 3.
fn table() -> String {
    let mut text = String::from("pcv,ckey,pvalue\n");
    for row in 1..=750i64 {
        for key in 0..256i64 {
            text.push_str(&format!("{row},{key},{}\n", (row * 31 + key * 17) % 7 - 3));
        }
    }
    text
}

fn policy(table: &str) -> String {
    let digest = Digest::of(table.as_bytes()).to_string().replace("sha256:", "");
    format!(
        r#"name = "noisy"
version = 1
title = "Counts with noise"
marker = "*"

[contributors]
min = 10
zero-shown = true

[counts]
rounding-base = 1
rounding-method = "none"

[means]
significant-digits = 4

[cell-key]
table = "noise.csv"
table-sha256 = "{digest}"
threshold = 10
keys = 256

[labels]
small-groups = "merge"

[output]
cells-max = 50000

[ledger]
compare = false
"#
    )
}

/// A hub with a project under that policy.
fn hub() -> Hub {
    let hub = Hub::of_region(600, ErrorRates::NONE);
    let folder = hub.home().join("policies/disclosure");
    let table = table();
    std::fs::write(folder.join("noise.csv"), &table).unwrap();
    std::fs::write(folder.join("noisy.toml"), policy(&table)).unwrap();
    let text = project("p", "automatic", GRANTS).replace("nhs-england", "noisy");
    hub.create(&text).expect(0);
    hub
}

/// The rows of one of the extract's files, each as its person's NHS number and what stands in a column.
fn rows(hub: &Hub, file: &str, column: &str) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_path(hub.path(&format!("region/gp/{file}.csv"))).unwrap();
    let place = reader.headers().unwrap().iter().position(|h| h == column).unwrap();
    let who = reader.headers().unwrap().iter().position(|h| h == "nhs_number").unwrap();
    reader.records().map(|row| row.map(|row| (row[who].to_owned(), row[place].to_owned())).unwrap()).collect()
}

/// What the method makes of rows counted by a label: of each row by its person, or of distinct people.
fn expected(hub: &Hub, rows: &[(String, String)], people: bool) -> BTreeMap<String, Option<i64>> {
    let root = *cloister_store::read_key(&hub.home().join("keys/pseudonym.key")).unwrap();
    let keys = PseudonymKeys::derive(&LocalRootKey::from_bytes(root), "north").unwrap();
    let table = PerturbationTable::parse(&table()).unwrap();
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (person, label) in rows {
        groups.entry(label.clone()).or_default().push(person);
    }
    let noisy = |who: Vec<&str>| {
        let distinct: BTreeSet<&str> = who.iter().copied().collect();
        if distinct.len() < 10 {
            return None;
        }
        let counted: Vec<&str> = if people { distinct.into_iter().collect() } else { who };
        let record =
            |person: &&str| keys.record_key(keys.person_by_nhs_number(person.as_bytes()), 256).unwrap();
        table.perturb(counted.len() as u64, counted.iter().map(record)).shown(10)
    };
    groups.into_iter().map(|(label, who)| (label, noisy(who))).collect()
}

/// The answer by its label; what is not shown is none.
fn asked(hub: &Hub, sql: &str) -> BTreeMap<String, Option<i64>> {
    let answer = hub.query(sql).expect(0).json();
    assert_eq!(answer["status"], "released", "{answer}");
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| (row[0].as_str().unwrap_or("").to_owned(), row[1].as_i64())).collect()
}

#[test]
fn every_count_is_what_the_method_makes_of_the_people_behind_it() {
    let hub = hub();
    // The whole region: rows of people, and distinct people among events, in three ways of asking.
    let by_sex = expected(&hub, &rows(&hub, "registrations", "sex"), true);
    let sql = "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex";
    let found = asked(&hub, sql);
    assert_eq!(found, by_sex);
    assert!(found.len() >= 2 && found.values().all(Option::is_some));
    assert_eq!(asked(&hub, "SELECT sex, count(DISTINCT person_id) AS n FROM person GROUP BY 1"), by_sex);
    for sex in by_sex.keys() {
        let sql = format!("SELECT '{sex}' AS sex, count(*) FILTER (WHERE sex = '{sex}') AS n FROM person");
        assert_eq!(asked(&hub, &sql)[sex], by_sex[sex], "{sex}");
        let sql = format!(
            "SELECT '{sex}' AS sex, count(*) AS n FROM (SELECT person_id FROM person WHERE sex = '{sex}') AS x"
        );
        assert_eq!(asked(&hub, &sql)[sex], by_sex[sex], "{sex}");
    }
    // Events: each row by its person, or each person once.
    let journal = rows(&hub, "journal-01", "event_type");
    let sql = "SELECT kind, count(*) AS n FROM gp_event GROUP BY kind";
    assert_eq!(asked(&hub, sql), expected(&hub, &journal, false));
    let sql = "SELECT kind, count(DISTINCT person_id) AS n FROM gp_event GROUP BY kind";
    assert_eq!(asked(&hub, sql), expected(&hub, &journal, true));
    // The noise is there: some count is not the true one.
    let true_counts =
        |label: &str| rows(&hub, "registrations", "sex").iter().filter(|(_, l)| l == label).count() as i64;
    let districts = asked(&hub, "SELECT district, count(*) AS n FROM person GROUP BY district");
    assert!(by_sex.iter().any(|(sex, n)| *n != Some(true_counts(sex))) || districts.len() > 2);
}

#[test]
fn totals_have_noise_of_their_own_and_what_is_no_count_is_judged() {
    let hub = hub();
    let all = rows(&hub, "registrations", "sex");
    let everybody: Vec<(String, String)> = all.iter().map(|(who, _)| (who.clone(), String::new())).collect();
    let mut with_total = expected(&hub, &all, true);
    with_total.extend(expected(&hub, &everybody, true));
    assert_eq!(asked(&hub, "SELECT sex, count(*) AS n FROM person GROUP BY ROLLUP (sex)"), with_total);
    // A share of two counts would tell them more exactly than their noise lets them be told.
    let shares = hub
        .query("SELECT avg(CASE WHEN sex = 'F' THEN 1.0 ELSE 0.0 END) AS share FROM person")
        .expect(0)
        .json();
    assert_eq!(shares["rows"][0][0], Value::Null, "{shares}");
    // Of what people have several of, different ones are not counted people by people.
    let codes = hub.query("SELECT count(DISTINCT code) AS n FROM gp_event").expect(0).json();
    assert_eq!(codes["rows"][0][0], Value::Null, "{codes}");
}

#[test]
fn without_keys_or_table_nothing_is_counted() {
    let hub = hub();
    let folder = hub.home().join("policies/disclosure");
    // Another table than the policy names, or none.
    std::fs::write(folder.join("noise.csv"), table().replace("1,0,", "1,0,1")).unwrap();
    let done = hub.query("SELECT count(*) AS n FROM person");
    assert!(done.code != 0 && done.err.contains("table-sha256"), "{} {}", done.out, done.err);
    std::fs::remove_file(folder.join("noise.csv")).unwrap();
    let done = hub.query("SELECT count(*) AS n FROM person");
    assert!(done.code != 0 && done.err.contains("missing"), "{} {}", done.out, done.err);
    std::fs::write(folder.join("noise.csv"), table()).unwrap();
    hub.query("SELECT count(*) AS n FROM person").expect(0);
    // The keys are verified with the vault.
    let keys = hub.home().join("vault/gp/v00001/_record-keys/b000000.parquet");
    assert!(keys.exists());
    hub.run(&["dataset", "verify"]).expect(0);
    let mut bytes = std::fs::read(&keys).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&keys, &bytes).unwrap();
    hub.run(&["dataset", "verify"]).expect(1);
    let failed = hub.query("SELECT count(*) AS n FROM person");
    assert!(failed.code != 0 && !failed.out.contains("\"rows\": [["), "{}", failed.out);
}

/// What leaves a project in a day without anybody having looked is bounded; what comes after waits.
#[test]
fn more_results_than_a_day_may_have_wait_for_checkers() {
    let hub = Hub::of_region(300, ErrorRates::NONE);
    let path = hub.home().join("policies/disclosure/nhs-england.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("cells-max = 50000", "cells-max = 50000\noutputs-per-day-max = 2");
    std::fs::write(&path, text).unwrap();
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    hub.create(&project("q", "automatic", GRANTS)).expect(0);
    let sql = "SELECT sex, count(*) AS n FROM person GROUP BY sex";
    hub.query(sql).expect(0);
    // What is refused is no output.
    hub.query("SELECT * FROM person").expect(2);
    hub.query("SELECT imd_decile, count(*) AS n FROM person GROUP BY imd_decile").expect(0);
    let held = hub.query("SELECT sex, avg(birth_year) AS born FROM person GROUP BY sex").expect(3).json();
    assert_eq!(held["reasons"][0]["code"], "outputs-per-day", "{held}");
    hub.query(sql).expect(3);
    // Another project has its own.
    hub.query_in("q", "researcher", sql).expect(0);
}
