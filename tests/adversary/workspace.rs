//! Class 25, laundering: one person is isolated in a workspace table or view, and what is left of the evidence is
//! asked for afterwards. And what making, listing and ending tables might tell by themselves.

use crate::region::hub;
use cloister_tests::{Done, Hub, project};
use serde_json::Value;

/// Whether an answer shows any number but 0.
fn shows(answer: &Value) -> bool {
    let rows = answer["rows"].as_array().cloned().unwrap_or_default();
    rows.iter().any(|row| row.as_array().unwrap().iter().any(|v| v.is_number() && v.as_f64() != Some(0.0)))
}

fn make(hub: &Hub, statements: &[String]) {
    for sql in statements {
        hub.query(sql).expect(0);
    }
}

/// None of these says anything but that it is suppressed, held or refused.
fn nothing_shown(hub: &Hub, queries: &[&str]) {
    for sql in queries {
        let answer = hub.query(sql);
        assert!([0, 2, 3].contains(&answer.code), "{sql}\n{answer:?}");
        assert!(!shows(&answer.json()), "{sql}\n{}", answer.out);
    }
}

fn reason(done: &Done) -> String {
    done.json()["reasons"][0]["code"].as_str().unwrap_or_default().to_owned()
}

/// The person's value is written into a column, and added up with everybody else's.
#[test]
fn a_flag_in_a_column_is_still_a_condition() {
    let (hub, one) = hub();
    make(
        &hub,
        &[
            format!(
                "CREATE TABLE flagged AS SELECT person_id, CASE WHEN {one} THEN 1 ELSE 0 END AS x, CASE WHEN {one} THEN 1000000 ELSE 1 END AS y, CASE WHEN {one} THEN imd_decile END AS z FROM person"
            ),
            // Twice removed, and without the person.
            "CREATE TABLE again AS SELECT x, y + 0 AS y, z FROM flagged".to_owned(),
            "CREATE VIEW seen AS SELECT person_id, x * 2 AS x, y, z FROM flagged".to_owned(),
            "CREATE TABLE of_view AS SELECT person_id, x - 0 AS x, coalesce(y, 0) AS y, z FROM seen".to_owned(),
            "CREATE TABLE per_person AS SELECT e.person_id, max(f.x) AS x, sum(f.y) AS y, min(f.z) AS z FROM gp_event e JOIN flagged f USING (person_id) GROUP BY e.person_id".to_owned(),
        ],
    );
    for table in ["flagged", "again", "seen", "of_view", "per_person"] {
        for sql in [
            "SELECT sum(x) AS n FROM {t}",
            "SELECT sum(y) AS n FROM {t}",
            "SELECT avg(x) AS n FROM {t}",
            "SELECT avg(y) AS n FROM {t}",
            "SELECT max(y) AS n FROM {t}",
            "SELECT sum(z) AS n FROM {t}",
            "SELECT count(z) AS n FROM {t}",
            "SELECT count(*) AS n FROM {t} WHERE x > 0",
            "SELECT sum(CASE WHEN x > 0 THEN 1 ELSE 0 END) AS n FROM {t}",
            "SELECT count(*) FILTER (WHERE x = 0) AS n FROM {t}",
            "SELECT stddev(y) AS n FROM {t}",
            "SELECT sum(x) AS n FROM {t} WHERE y > 0 HAVING count(*) > 100",
            "SELECT s AS n FROM (SELECT sum(x) AS s FROM {t}) q WHERE s > 0",
        ] {
            nothing_shown(&hub, &[&sql.replace("{t}", table)]);
        }
    }
}

/// A table of the one person, and ways of asking for it among strangers.
#[test]
fn a_table_of_one_person_stays_one_person() {
    let (hub, one) = hub();
    make(
        &hub,
        &[
            format!("CREATE TABLE one AS SELECT person_id, birth_year, imd_decile FROM person WHERE {one}"),
            "CREATE TABLE rows_of_one AS SELECT e.person_id, e.code, e.event_date FROM gp_event e JOIN one USING (person_id)".to_owned(),
            "CREATE VIEW one_again AS SELECT birth_year FROM one".to_owned(),
            "CREATE TABLE mixed AS SELECT person_id, 1 AS x FROM one UNION ALL SELECT person_id, 0 FROM person".to_owned(),
            format!("CREATE TABLE rest AS SELECT person_id FROM person WHERE NOT ({one})"),
        ],
    );
    nothing_shown(
        &hub,
        &[
            "SELECT count(*) AS n FROM one",
            "SELECT count(*) AS n FROM rows_of_one",
            "SELECT count(DISTINCT person_id) AS n FROM rows_of_one",
            "SELECT max(birth_year) AS n FROM one_again",
            "SELECT median(imd_decile) AS n FROM one",
            "SELECT count(*) AS n FROM gp_event WHERE person_id IN (SELECT person_id FROM one)",
            "SELECT sum(a.cost) AS n FROM admission a JOIN one USING (person_id)",
            "SELECT sum(x) AS n FROM mixed",
            "SELECT count(*) FILTER (WHERE x = 1) AS n FROM mixed",
            "SELECT count(o.person_id) AS n FROM person p LEFT JOIN one o USING (person_id)",
            "SELECT count(*) FILTER (WHERE r.person_id IS NULL) AS n FROM person p LEFT JOIN rest r USING (person_id)",
            "SELECT sum(CASE WHEN EXISTS (SELECT 1 FROM one o WHERE o.person_id = p.person_id) THEN 1 ELSE 0 END) AS n FROM person p",
            "SELECT count(*) AS n FROM (SELECT person_id FROM person EXCEPT SELECT person_id FROM rest) q",
            "SELECT code, count(*) AS n FROM rows_of_one GROUP BY code",
        ],
    );
    for sql in
        ["SELECT * FROM one", "SELECT birth_year FROM one_again", "TABLE one", "SELECT code FROM rows_of_one"]
    {
        let refused = hub.query(sql).expect(2);
        assert!(refused.json().get("rows").is_none(), "{sql}");
    }
}

/// What ranks, multiplies or limits people's rows is known of the table too.
#[test]
fn a_crowd_is_a_crowd_afterwards() {
    let (hub, one) = hub();
    make(
        &hub,
        &[
            format!(
                "CREATE TABLE ranked AS SELECT person_id, row_number() OVER (ORDER BY CASE WHEN {one} THEN 0 ELSE 1 END) AS rn FROM person"
            ),
            "CREATE TABLE copies AS SELECT * FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS v(i)".to_owned(),
            format!("CREATE TABLE many AS SELECT p.person_id, c.i FROM person p JOIN copies c ON c.i > 0 WHERE {one} OR c.i = 1"),
            "CREATE TABLE copied AS SELECT i + 1 AS i FROM copies".to_owned(),
            "CREATE TABLE passed_on AS SELECT person_id, rn FROM ranked WHERE rn < 100".to_owned(),
        ],
    );
    for sql in [
        "SELECT count(*) AS n FROM ranked WHERE rn > 1",
        "SELECT sum(rn) AS n FROM ranked",
        "SELECT count(*) AS n FROM passed_on",
        "SELECT count(*) AS n FROM many",
        "SELECT count(*) AS n FROM person p JOIN copies c ON c.i = p.imd_decile",
        "SELECT count(*) AS n FROM person p JOIN copied c ON c.i = p.imd_decile",
        "SELECT sex, count(*) AS n FROM person JOIN passed_on USING (person_id) GROUP BY sex",
    ] {
        let held = hub.query(sql);
        assert_eq!((held.code, reason(&held).as_str()), (3, "ranked-people"), "{sql}\n{held:?}");
    }
    for sql in [
        "CREATE TABLE first AS SELECT person_id FROM person ORDER BY birth_year LIMIT 1",
        "CREATE TABLE first AS SELECT * FROM (SELECT person_id FROM person LIMIT 20) q",
    ] {
        assert_eq!(reason(&hub.query(sql).expect(2)), "limit-below-aggregate", "{sql}");
    }
    hub.query("CREATE VIEW first AS SELECT person_id FROM person ORDER BY birth_year LIMIT 1").expect(0);
    assert_eq!(reason(&hub.query("SELECT count(*) AS n FROM first").expect(2)), "limit-below-aggregate");
}

/// Groups are kept as a release shows them: no sum over them, no join with them, finds out more.
#[test]
fn small_groups_stay_small() {
    let (hub, one) = hub();
    let groups = "SELECT sex, birth_year, district, ethnicity, count(*) AS n FROM person GROUP BY 1, 2, 3, 4";
    make(
        &hub,
        &[
            format!("CREATE TABLE g AS {groups}"),
            format!("CREATE VIEW gv AS {groups}"),
            format!("CREATE TABLE lone AS SELECT count(*) AS n, 'there' AS x FROM person WHERE {one}"),
            "CREATE TABLE gg AS SELECT n, coalesce(n, 1) AS m, CASE WHEN n IS NULL THEN 1 ELSE 2 END AS k FROM g".to_owned(),
            "CREATE TABLE lone_again AS SELECT coalesce(n, 7) AS n, n IS NULL AS k FROM lone".to_owned(),
        ],
    );
    nothing_shown(
        &hub,
        &[
            "SELECT n FROM lone",
            "SELECT coalesce(n, 99) AS n FROM lone",
            "SELECT n + 1 AS n FROM lone",
            "SELECT n FROM lone_again",
            "SELECT CASE WHEN k THEN 1 ELSE 2 END AS n FROM lone_again",
            "SELECT sum(n) AS n FROM lone",
            &format!("SELECT n FROM g WHERE {one}"),
            &format!("SELECT n FROM gv WHERE {one}"),
            &format!("SELECT sum(n) AS n FROM g WHERE {one}"),
            &format!(
                "SELECT count(*) AS n FROM person p WHERE EXISTS (SELECT 1 FROM g WHERE {one} AND g.sex = p.sex)"
            ),
            "SELECT count(*) AS n FROM person p JOIN g ON g.birth_year = p.birth_year AND g.district = p.district WHERE g.n = 1",
            "SELECT sum(m) AS n FROM gg WHERE n IS NULL",
        ],
    );
    // What is shown of it at all is what the query itself would have shown.
    for sql in [
        "SELECT district, sum(n) AS n FROM {g} g GROUP BY district ORDER BY 1",
        &format!("SELECT count(*) AS n FROM {{g}} g WHERE {one}"),
        "SELECT sex, birth_year, district, ethnicity, n FROM {g} g ORDER BY 1, 2, 3, 4, 5",
    ] {
        let [table, view, query] =
            ["g", "gv", &format!("({groups})")].map(|g| hub.query(&sql.replace("{g}", g)));
        let of = |done: &Done| (done.code, done.json()["rows"].clone(), done.json()["cells"].clone());
        assert_eq!(of(&table), of(&query), "{sql}");
        assert_eq!(of(&view), of(&query), "{sql}");
    }
}

/// A table that groups' values chose people for is held, as the query would be.
#[test]
fn group_values_inside_are_known_afterwards() {
    let (hub, _) = hub();
    make(
        &hub,
        &[
            "CREATE TABLE dear AS SELECT person_id, cost FROM admission WHERE cost > (SELECT avg(cost) FROM admission)".to_owned(),
            "CREATE TABLE dear_people AS SELECT DISTINCT person_id FROM dear".to_owned(),
            "CREATE TABLE mean AS SELECT avg(cost) AS m FROM admission".to_owned(),
        ],
    );
    for sql in [
        "SELECT count(*) AS n FROM dear",
        "SELECT sum(cost) AS n FROM dear",
        "SELECT count(*) AS n FROM person JOIN dear_people USING (person_id)",
        "SELECT count(*) AS n FROM admission a CROSS JOIN mean WHERE a.cost > mean.m",
    ] {
        let held = hub.query(sql);
        assert_eq!((held.code, reason(&held).as_str()), (3, "group-values-inside"), "{sql}\n{held:?}");
    }
}

/// Whether a table has rows, and how many, shows nowhere: not in the answer, nor in the list, nor in what there is
/// still room for.
#[test]
fn making_and_listing_tell_nothing() {
    let (hub, one) = hub();
    let text = std::fs::read_to_string(hub.home().join("hub.toml")).unwrap();
    let text = text.replace("\nmib-max = 16384", "\nmib-max = 2048");
    std::fs::write(hub.home().join("hub.toml"), text).unwrap();
    let columns = "e.person_id, e.code, e.event_date";
    let from = "gp_event e JOIN person p USING (person_id)";
    let statements = [
        format!("SELECT {columns} FROM {from} WHERE {one}"),
        format!("SELECT {columns} FROM {from} WHERE {one} AND false"),
        format!("SELECT {columns} FROM {from}"),
        // The same rows two hundred times over where there are any.
        format!("SELECT {columns} FROM {from} JOIN gp_event f USING (person_id) WHERE p.imd_decile < 3"),
    ];
    let mut answers = Vec::new();
    let mut lists = Vec::new();
    for (index, query) in statements.iter().enumerate() {
        let done = hub.query(&format!("CREATE TABLE t{index} AS {query}")).expect(0);
        let mut answer = done.json();
        for own in ["request", "plan_digest"] {
            answer[own] = Value::Null;
        }
        answers.push((answer, done.err));
        let list = hub.run(&["workspace", "list", "--project", "p", "--as", "researcher"]).expect(0).out;
        let line = list.lines().find(|l| l.contains(&format!("t{index}"))).unwrap();
        let fields: Vec<&str> = line.split('┆').map(str::trim).collect();
        lists.push((fields[1].to_owned(), fields[2].to_owned()));
    }
    assert!(answers.iter().all(|a| *a == answers[0]), "{answers:?}");
    assert!(lists.iter().all(|l| *l == lists[0]), "{lists:?}");
    // Full after four tables, whatever is in them.
    assert_eq!(
        reason(&hub.query("CREATE TABLE t4 AS SELECT person_id FROM person").expect(2)),
        "workspace-full"
    );
    for table in ["t0", "t1"] {
        let dropped = hub.query(&format!("DROP TABLE {table}")).expect(0);
        assert!(dropped.json().get("rows").is_none());
    }
}

/// Nothing of one project's workspace is in another's, and no file of it can be named.
#[test]
fn a_workspace_is_its_projects_own() {
    let (hub, _) = hub();
    hub.create(&project("other", "automatic", crate::region::GRANTS)).expect(0);
    let made = hub.query("CREATE TABLE t AS SELECT person_id, sex FROM person").expect(0).json();
    let request = made["request"].as_str().unwrap();
    for sql in [
        "SELECT count(*) AS n FROM t".to_owned(),
        "SELECT count(*) AS n FROM workspace.t".to_owned(),
        "SELECT count(*) AS n FROM p.t".to_owned(),
        format!("SELECT count(*) AS n FROM \"_workspace/p/{request}/b000000.parquet\""),
        format!("SELECT count(*) AS n FROM \"vault://hub/_workspace/p/{request}/b000000.parquet\""),
        "DROP TABLE t".to_owned(),
        "DROP TABLE workspace.t".to_owned(),
        "CREATE TABLE u AS SELECT * FROM workspace.t".to_owned(),
        "CREATE VIEW u AS SELECT * FROM t".to_owned(),
    ] {
        hub.query_in("other", "researcher", &sql).expect(2);
    }
    hub.query_in("p", "stranger", "SELECT count(*) AS n FROM t").expect(2);
    hub.query_in("p", "stranger", "DROP TABLE t").expect(2);
    hub.query("SELECT count(*) AS n FROM t").expect(0);
}
