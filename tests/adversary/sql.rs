//! Queries that try to single one person out.

use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};
use serde_json::Value;

const GRANTS: &str = r#"
[[grants]]
dataset = "gp"
tables = [{ name = "person", columns = "all" }, { name = "gp_event", columns = "all" }]
[[grants]]
dataset = "hospital"
tables = [{ name = "admission", columns = "all" }]
"#;

/// A hub, and the predicate that is true of exactly one person.
fn hub() -> (Hub, String) {
    let hub = Hub::of_region(600, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    let people = std::fs::read_to_string(hub.path("region/truth/people.csv")).unwrap();
    let mut groups = std::collections::BTreeMap::<(String, String, String, String), u32>::new();
    for line in people.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let key = (f[1].to_owned(), f[2][..4].to_owned(), f[3].to_owned(), f[5].to_owned());
        *groups.entry(key).or_default() += 1;
    }
    let ((sex, year, district, ethnicity), _) = groups.into_iter().find(|(_, n)| *n == 1).unwrap();
    let one = format!(
        "sex = '{sex}' AND birth_year = {year} AND district = '{district}' AND ethnicity = '{ethnicity}'"
    );
    (hub, one)
}

/// Whether an answer shows any number.
fn shows(answer: &Value) -> bool {
    let rows = answer["rows"].as_array().cloned().unwrap_or_default();
    rows.iter().any(|row| row.as_array().unwrap().iter().any(|v| v.is_number() && v.as_f64() != Some(0.0)))
}

#[test]
fn one_person_cannot_be_shown() {
    let (hub, one) = hub();
    for sql in [
        format!("SELECT count(*) AS n FROM person WHERE {one}"),
        format!("SELECT count(DISTINCT person_id) AS n FROM person WHERE {one}"),
        format!("SELECT sum(imd_decile) AS n FROM person WHERE {one}"),
        format!("SELECT avg(imd_decile) AS n FROM person WHERE {one}"),
        format!("SELECT sum(CASE WHEN {one} THEN imd_decile ELSE 0 END) AS n FROM person"),
        format!("SELECT count(CASE WHEN {one} THEN 1 END) AS n FROM person"),
        format!("SELECT sum(CASE WHEN {one} THEN 1 ELSE 0 END) AS n FROM person"),
        format!("SELECT count(*) FILTER (WHERE {one}) AS n FROM person"),
        format!("SELECT sum(imd_decile) FILTER (WHERE {one}) AS n FROM person"),
        format!("SELECT avg(CASE WHEN {one} THEN 1.0 ELSE 0.0 END) AS n FROM person"),
        format!("SELECT count(*) AS n FROM gp_event e JOIN person p USING (person_id) WHERE {one}"),
        format!(
            "SELECT count(*) AS n FROM gp_event e JOIN (SELECT person_id FROM person WHERE {one}) p USING (person_id)"
        ),
        format!(
            "WITH x AS (SELECT person_id FROM person WHERE {one}) SELECT count(*) AS n FROM x JOIN gp_event USING (person_id)"
        ),
        format!("SELECT n FROM (SELECT count(*) AS n FROM person WHERE {one}) q WHERE n > 0"),
        format!("SELECT count(*) AS n FROM person WHERE {one} HAVING count(*) = 1"),
        format!(
            "SELECT sum(x) AS n FROM (SELECT count(*) AS x FROM person WHERE {one} GROUP BY person_id) q"
        ),
        format!("SELECT CASE WHEN count(*) > 0 THEN 1 ELSE 2 END AS n FROM person WHERE {one}"),
        format!("SELECT count(*) * 1.0 / 7 AS n FROM person WHERE {one}"),
        format!("SELECT coalesce(nullif(count(*), 0), 99) AS n FROM person WHERE {one}"),
        format!("SELECT max(birth_year) AS n FROM person WHERE {one}"),
        format!("SELECT sex, count(*) AS n FROM person WHERE {one} GROUP BY sex"),
        format!("SELECT count(*) AS n FROM person WHERE ({one}) = true"),
        format!("SELECT count(*) AS n FROM person WHERE CASE WHEN {one} THEN 1 ELSE 0 END = 1"),
        format!("SELECT sum(imd_decile * CASE WHEN {one} THEN 1 ELSE 0 END) AS n FROM person"),
        format!("SELECT sum(nullif(CASE WHEN {one} THEN imd_decile ELSE 0 END, 0)) AS n FROM person"),
        format!("SELECT avg(a.cost) AS n FROM admission a JOIN person p USING (person_id) WHERE {one}"),
    ] {
        let answer = hub.query(&sql);
        assert!([0, 2, 3].contains(&answer.code), "{sql}\n{answer:?}");
        assert!(!shows(&answer.json()), "{sql}\n{}", answer.out);
    }
}

#[test]
fn order_and_limit_do_not_tell_suppressed_values_apart() {
    let (hub, _) = hub();
    // Many districts and years: most cells are suppressed. Their order must not follow their values.
    let asc = hub.query("SELECT district, birth_year, count(*) AS n FROM person GROUP BY 1, 2 ORDER BY n, district, birth_year").expect(0).json();
    let hidden = |answer: &Value| -> Vec<Value> {
        let rows = answer["rows"].as_array().unwrap().iter().filter(|r| r[2].is_null());
        rows.map(|r| serde_json::json!([r[0], r[1]])).collect()
    };
    let first = hidden(&asc);
    assert!(first.len() > 20);
    let key = |v: &Value| (v[0].as_str().unwrap_or_default().to_owned(), v[1].as_i64().unwrap_or_default());
    let mut sorted = first.clone();
    sorted.sort_by_key(key);
    assert_eq!(first, sorted);
}

#[test]
fn a_condition_that_fails_for_one_person_only_says_nothing() {
    let (hub, one) = hub();
    let texts: Vec<String> = [
        format!("SELECT sum(1 / CASE WHEN {one} THEN 0 ELSE 1 END) AS n FROM person"),
        format!(
            "SELECT count(*) AS n FROM person WHERE CAST(CASE WHEN {one} THEN 'x' ELSE '1' END AS INT) = 1"
        ),
    ]
    .into_iter()
    .map(|sql| {
        let answer = hub.query(&sql);
        assert!(answer.code != 0 || !answer.out.contains("\"rows\":[[1]]"), "{answer:?}");
        format!("{}{}", answer.out, answer.err)
    })
    .collect();
    for text in texts {
        assert!(!text.contains("Divide by zero") && !text.contains("'x'"), "{text}");
    }
}

#[test]
fn distinct_labels_do_not_say_who_is_there() {
    let (hub, one) = hub();
    for sql in [
        format!("SELECT DISTINCT sex, birth_year, district, ethnicity FROM person WHERE {one}"),
        format!("SELECT sex, birth_year, district, ethnicity FROM person WHERE {one} GROUP BY 1, 2, 3, 4"),
        "SELECT DISTINCT sex, birth_year, district, ethnicity FROM person".to_owned(),
    ] {
        let answer = hub.query(&sql);
        assert!(
            answer.code == 2 || answer.json()["rows"].as_array().is_none_or(Vec::is_empty),
            "{sql}\n{}",
            answer.out
        );
    }
}
