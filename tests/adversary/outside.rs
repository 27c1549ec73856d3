//! Reaching outside the grant (class 26), and saying more than was asked (classes 14, 20, 27).

use crate::region::hub;

#[test]
fn nothing_outside_the_grant_exists() {
    let (hub, _) = hub();
    let secret = hub.write("secret.csv", "a,b\n1,2\n");
    let path = secret.to_str().unwrap();
    for sql in [
        format!("SELECT count(*) AS n FROM '{path}'"),
        format!("SELECT count(*) AS n FROM \"{path}\""),
        format!("SELECT count(*) AS n FROM \"file://{path}\""),
        "SELECT count(*) AS n FROM \"vault://hub/gp/v00001/person/b000000.parquet\"".to_owned(),
        format!("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '{path}'"),
        format!("COPY (SELECT 1) TO '{path}'"),
        "SELECT * FROM information_schema.columns".to_owned(),
        "SELECT * FROM information_schema.df_settings".to_owned(),
        "SELECT * FROM emergency.attendance".to_owned(),
        "SELECT * FROM cloister.gp.person".to_owned(),
        "SELECT * FROM datafusion.public.person".to_owned(),
        "SELECT * FROM __boundary".to_owned(),
        "SELECT __people_ordered(person_id) AS n FROM person".to_owned(),
        "SELECT version() AS v".to_owned(),
        "SELECT random() AS v".to_owned(),
        "SELECT current_time AS v".to_owned(),
        "SELECT uuid() AS v".to_owned(),
        "PREPARE q AS SELECT 1".to_owned(),
        "EXECUTE q".to_owned(),
        "BEGIN".to_owned(),
        "SET TIME ZONE = 'UTC'".to_owned(),
        "SHOW ALL".to_owned(),
        "EXPLAIN VERBOSE SELECT count(*) FROM person".to_owned(),
        "SELECT count(*) AS n INTO x FROM person".to_owned(),
        "TABLE person".to_owned(),
    ] {
        let answer = hub.query(&sql);
        assert_eq!(answer.code, 2, "{sql}\n{answer:?}");
        assert!(answer.json().get("rows").is_none(), "{sql}");
    }
    assert_eq!(std::fs::read_to_string(secret).unwrap(), "a,b\n1,2\n");
}

#[test]
fn who_is_no_researcher_learns_nothing_but_that() {
    let (hub, _) = hub();
    let texts: Vec<String> = [("p", "stranger"), ("nowhere", "stranger"), ("nowhere", "researcher")]
        .into_iter()
        .map(|(name, user)| hub.query_in(name, user, "SELECT count(*) AS n FROM person").expect(2).out)
        .collect();
    assert!(texts.iter().all(|t| *t == texts[0]), "{texts:?}");
}

#[test]
fn the_same_question_has_the_same_answer() {
    let (hub, _) = hub();
    let sql = "SELECT district, sex, count(*) AS n FROM person GROUP BY 1, 2";
    let rows = || hub.query(sql).expect(0).json()["rows"].clone();
    let first = rows();
    for _ in 0..3 {
        assert_eq!(rows(), first);
    }
}
