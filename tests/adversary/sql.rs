//! Queries that try to single one person out.

use crate::region::hub;
use serde_json::Value;

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
        format!(
            "SELECT count(*) AS n FROM gp_event WHERE person_id IN (SELECT person_id FROM person WHERE {one})"
        ),
        format!(
            "SELECT count(*) AS n FROM gp_event e WHERE EXISTS (SELECT 1 FROM person p WHERE p.person_id = e.person_id AND ({one}))"
        ),
        format!(
            "SELECT sum(CASE WHEN p.sex IS NOT NULL THEN 1 ELSE 0 END) AS n FROM gp_event e LEFT JOIN (SELECT person_id, sex FROM person WHERE {one}) p USING (person_id)"
        ),
        format!(
            "SELECT count(p.sex) AS n FROM gp_event e FULL JOIN (SELECT person_id, sex FROM person WHERE {one}) p USING (person_id)"
        ),
        format!(
            "SELECT count(*) AS n FROM person p WHERE 1 = (SELECT count(*) FROM person o WHERE o.person_id = p.person_id AND ({}))",
            one.replace("sex =", "o.sex =")
                .replace("birth_year =", "o.birth_year =")
                .replace("district =", "o.district =")
                .replace("ethnicity =", "o.ethnicity =")
        ),
        format!(
            "SELECT count(*) AS n FROM (SELECT person_id FROM person WHERE {one} UNION ALL SELECT person_id FROM person WHERE {one}) u"
        ),
        format!(
            "SELECT sum(x) AS n FROM (SELECT person_id, 0 AS x FROM person UNION ALL SELECT person_id, 1 FROM person WHERE {one}) u"
        ),
        format!(
            "SELECT avg(x) AS n FROM (SELECT person_id, 0 AS x FROM person UNION ALL SELECT person_id, 1 FROM person WHERE {one}) u"
        ),
        format!(
            "SELECT sum(imd_decile) AS n FROM (SELECT person_id, imd_decile FROM person WHERE false UNION ALL SELECT person_id, imd_decile FROM person WHERE {one}) u"
        ),
        format!(
            "SELECT count(*) AS n FROM (SELECT person_id FROM person WHERE {one} INTERSECT SELECT person_id FROM person) u"
        ),
        format!(
            "SELECT count(*) AS n FROM (SELECT person_id, row_number() OVER (PARTITION BY person_id ORDER BY event_date) AS rn FROM gp_event WHERE person_id IN (SELECT person_id FROM person WHERE {one})) q"
        ),
        format!(
            "SELECT a.n FROM (SELECT count(*) AS n FROM person WHERE {one}) a CROSS JOIN (SELECT count(*) AS m FROM person) b"
        ),
        format!(
            "SELECT n FROM (SELECT count(*) AS n FROM person WHERE {one}) a UNION ALL SELECT count(*) FROM person WHERE {one}"
        ),
        format!("SELECT sum(n) OVER () AS n FROM (SELECT count(*) AS n FROM person WHERE {one}) a"),
        format!("SELECT lag(n) OVER (ORDER BY n) AS n FROM (SELECT count(*) AS n FROM person WHERE {one}) a"),
        format!(
            "SELECT first_value(n) OVER (ORDER BY 1) AS n FROM (SELECT count(*) AS n FROM person WHERE {one}) a"
        ),
    ] {
        let answer = hub.query(&sql);
        assert!([0, 2, 3].contains(&answer.code), "{sql}\n{answer:?}");
        assert!(!shows(&answer.json()), "{sql}\n{}", answer.out);
    }
}

/// Extremes and far quantiles are some person's own value however many people are in the group.
#[test]
fn nobodys_own_value_is_shown() {
    let (hub, one) = hub();
    for sql in [
        "SELECT max(cost) AS n FROM admission".to_owned(),
        "SELECT max(birth_year) AS n FROM person WHERE birth_year < 1935".to_owned(),
        "SELECT min(date_part('epoch', event_date)) AS n FROM gp_event".to_owned(),
        "SELECT max(-cost) AS n FROM admission".to_owned(),
        "SELECT max(cost * 1000 + 7) AS n FROM admission".to_owned(),
        "SELECT percentile_cont(1.0) WITHIN GROUP (ORDER BY cost) AS n FROM admission".to_owned(),
        "SELECT percentile_cont(0.0) WITHIN GROUP (ORDER BY cost DESC) AS n FROM admission".to_owned(),
        "SELECT percentile_cont(0.999) WITHIN GROUP (ORDER BY cost) AS n FROM admission".to_owned(),
        "SELECT sex, max(cost) AS n FROM admission JOIN person USING (person_id) GROUP BY sex".to_owned(),
        "SELECT max(total) AS n FROM (SELECT person_id, sum(cost) AS total FROM admission GROUP BY person_id) q".to_owned(),
        // One person's thousand rows are one person's.
        "SELECT max(a.cost) AS n FROM admission a JOIN gp_event e USING (person_id)".to_owned(),
        "SELECT n FROM (SELECT max(cost) AS n FROM admission) q WHERE n > 0".to_owned(),
        "SELECT max(cost) OVER (PARTITION BY person_id) AS n FROM admission".to_owned(),
        format!("SELECT median(a.cost) AS n FROM admission a JOIN (SELECT person_id FROM person WHERE {one}) p USING (person_id)"),
        format!("SELECT stddev(imd_decile) AS n FROM person WHERE {one}"),
        format!("SELECT var_pop(imd_decile) FILTER (WHERE {one}) AS n FROM person"),
        format!("SELECT median(CASE WHEN {one} THEN imd_decile END) AS n FROM person"),
        format!("SELECT max(CASE WHEN {one} THEN imd_decile + 100 ELSE imd_decile END) AS n FROM person"),
        format!("SELECT min(CASE WHEN {one} THEN 0 - imd_decile ELSE 5 END) AS n FROM person"),
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

/// Class 2: rows are multiplied; people are not.
#[test]
fn row_inflation() {
    let (hub, one) = hub();
    for sql in [
        format!(
            "SELECT count(*) AS n FROM gp_event e JOIN person p USING (person_id) JOIN gp_event f USING (person_id) WHERE {one}"
        ),
        format!(
            "SELECT count(*) AS n FROM person p JOIN gp_event e ON p.person_id = e.person_id JOIN admission a ON a.person_id = e.person_id WHERE {one}"
        ),
        format!(
            "SELECT count(e.person_id) AS n FROM gp_event e JOIN person p USING (person_id) WHERE {one} HAVING count(*) > 10"
        ),
    ] {
        let answer = hub.query(&sql);
        assert!(!shows(&answer.json()), "{sql}\n{}", answer.out);
    }
}

/// Classes 8, 11, 15, 22: what picks, packs or pairs people is refused or held.
#[test]
fn what_picks_packs_or_pairs_is_refused_or_held() {
    let (hub, _) = hub();
    for sql in [
        "SELECT median(value * value) AS x FROM gp_event",
        "SELECT stddev(value * value) AS x FROM gp_event",
        "SELECT first_value(value) AS x FROM gp_event",
        "SELECT array_agg(value) AS x FROM gp_event",
        "SELECT string_agg(sex, '') AS x FROM person",
        "SELECT string_agg(x, ',') AS x FROM (SELECT sex AS x, count(*) AS n FROM person GROUP BY sex) q",
        "SELECT district, string_agg(DISTINCT sex, ',' ORDER BY sex) AS x FROM person GROUP BY district",
        "SELECT sum(extract(hour FROM now() - event_date)) AS x FROM gp_event",
        "SELECT bit_or(imd_decile) AS x FROM person",
        "SELECT sum(imd_decile) AS x FROM person",
        "SELECT sum(value * value) AS x FROM gp_event",
        "SELECT sum(value + 1000) AS x FROM gp_event",
        "SELECT sum(CASE WHEN sex = 'F' THEN 1 ELSE 1000 END) AS x FROM person",
        "SELECT count(*) AS x FROM person a JOIN person b ON a.birth_year = b.birth_year",
        "SELECT count(*) AS x FROM person a, person b",
        "SELECT row_number() OVER (ORDER BY birth_year) AS x FROM person",
        "SELECT lag(birth_year) OVER (ORDER BY birth_year) AS x FROM person",
        "SELECT count(*) AS x FROM person WHERE CAST(person_id AS BIGINT) = 17",
        "SELECT count(*) AS x FROM person WHERE person_id = 17",
        "SELECT count(*) AS x FROM person WHERE person_id < 100",
        "SELECT count(*) AS x FROM person WHERE person_id > 1",
        "SELECT count(*) AS x FROM person WHERE person_id = 0",
        "SELECT count(*) AS x FROM person WHERE person_id < 0 OR person_id >= 0",
        "SELECT count(*) AS x FROM person WHERE person_id - 17 <> 0",
        "SELECT count(*) AS x FROM person WHERE nullif(person_id, 17) > 0",
        "SELECT count(*) AS x FROM person WHERE (person_id, sex) IN ((17, 'F'))",
        "SELECT count(*) AS x FROM person WHERE person_id = ANY (ARRAY[1, 2, 3])",
        "SELECT count(*) AS x FROM person a JOIN person b ON a.person_id <> b.person_id",
        "SELECT count(*) AS x FROM person a JOIN person b ON a.person_id < b.person_id",
        "SELECT count(*) AS x FROM (SELECT * FROM person ORDER BY birth_year FETCH FIRST 20 ROWS ONLY) q",
        "SELECT count(*) AS x FROM person WHERE person_id % 2 = 0",
        "SELECT count(*) AS x FROM person WHERE person_id IN (1, 2, 3)",
        "SELECT count(*) AS x FROM person WHERE random() < 0.5",
        "SELECT count(*) AS x FROM (SELECT * FROM person LIMIT 20) q",
        "SELECT count(*) AS x FROM (SELECT * FROM person ORDER BY birth_year LIMIT 20) q",
        "SELECT count(*) AS x FROM person TABLESAMPLE (10)",
    ] {
        let answer = hub.query(sql);
        assert!([2, 3].contains(&answer.code), "{sql}\n{answer:?}");
        assert!(answer.json().get("rows").is_none(), "{sql}");
    }
}

/// Class 13: what decides on a suppressed value decides as if it were not there.
#[test]
fn nothing_decides_on_suppressed_values() {
    let (hub, one) = hub();
    for condition in
        ["count(*) = 1", "count(*) > 0", "count(*) < 8", "count(*) BETWEEN 1 AND 7", "count(*) <> 2"]
    {
        let sql = format!("SELECT 'there' AS x FROM person WHERE {one} HAVING {condition}");
        let answer = hub.query(&sql);
        assert!(answer.code == 2 || answer.json()["rows"] == serde_json::json!([]), "{sql}\n{}", answer.out);
    }
    for expression in [
        "CASE WHEN count(*) = 1 THEN 'one' ELSE 'other' END",
        "count(*) = 1",
        "count(*) IS NULL",
        "coalesce(count(*), 0)",
        "greatest(count(*), 100)",
        "nullif(count(*), 1)",
        "count(*) * 0 + 5",
        "concat('n=', count(*))",
    ] {
        let answer = hub.query(&format!("SELECT {expression} AS x FROM person WHERE {one}"));
        assert!(answer.code != 1, "{expression}: {answer:?}");
        if answer.code == 0 {
            assert_eq!(answer.json()["rows"], serde_json::json!([[null]]), "{expression}: {}", answer.out);
            assert_eq!(answer.json()["cells"][0]["state"], "suppressed", "{expression}: {}", answer.out);
        }
    }
}

/// Long and deep statements are refused; none ends the process.
#[test]
fn deep_and_long_statements_are_refused() {
    let (hub, _) = hub();
    let nested = |open: &str, middle: &str, close: &str, n: usize| {
        format!("{}{middle}{}", open.repeat(n), close.repeat(n))
    };
    let many = |part: &str, by: &str, n: usize| vec![part; n].join(by);
    for n in [50, 400, 5_000, 20_000] {
        for sql in [
            format!("SELECT count(*) AS n FROM person WHERE {}", nested("(", "sex = 'F'", ")", n)),
            format!("SELECT count(*) AS n FROM person WHERE {}", nested("NOT ", "sex = 'F'", "", n)),
            format!("SELECT count(*) AS n FROM person WHERE birth_year = {}", nested("- ", "1", "", n)),
            format!("SELECT count(*) AS n FROM person WHERE {}", many("sex = 'F'", " OR ", n)),
            format!("SELECT count(*) AS n FROM person WHERE birth_year = {}", many("1", " + ", n)),
            format!("SELECT count(*) AS n FROM {}", nested("(SELECT * FROM ", "person", ") q", n)),
            format!(
                "SELECT count(*) AS n FROM person WHERE birth_year = {}",
                nested("CASE WHEN true THEN ", "1", " END", n)
            ),
            format!("SELECT count(*) AS n FROM person WHERE sex = {}", nested("upper(", "'f'", ")", n)),
            format!(
                "WITH {} SELECT count(*) AS n FROM person",
                (0..n).map(|i| format!("a{i} AS (SELECT 1 AS x)")).collect::<Vec<_>>().join(", ")
            ),
            format!(
                "SELECT {} FROM person",
                (0..n).map(|i| format!("count(*) AS n{i}")).collect::<Vec<_>>().join(", ")
            ),
        ] {
            let answer = hub.query_file(&sql);
            assert!([0, 2, 3].contains(&answer.code), "{n}: {}\n{}{}", &sql[..120], answer.err, answer.code);
        }
    }
}

/// Class 10: the digits of a mean must not give the number of people away that is rounded beside it.
#[test]
fn a_mean_does_not_tell_how_many_it_is_of() {
    let (hub, _) = hub();
    let answer = hub.query("SELECT count(*) AS n, avg(cost) AS mean FROM admission").expect(0).json();
    let (n, mean) = (answer["rows"][0][0].as_i64().unwrap(), answer["rows"][0][1].as_f64().unwrap());
    // Mean times number is a whole number of pence for the true one; for how many of those that round alike?
    let pence = |n: i64| (mean * 100.0 * n as f64).fract();
    let fits = (n - 2..=n + 2).filter(|n| pence(*n).min(1.0 - pence(*n)) < 1e-3).count();
    assert_ne!(fits, 1, "n = {n}, mean = {mean}");
    assert_eq!(format!("{mean:e}").split('e').next().unwrap().replace('.', "").len().max(4), 4, "{mean}");
}
