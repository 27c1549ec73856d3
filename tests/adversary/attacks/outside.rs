//! Across time (18) and projects (21), outside the grant (26), and with what the attacker knows of people (28).

use super::first;
use crate::sequence::{Attack, tell, value};
use crate::world::Secret::{Illness, Income};

pub(super) fn attacks() -> Vec<Attack> {
    let mut all = versions();
    all.extend(projects());
    all.extend(reaching());
    all.extend(knowing());
    all
}

/// Only the granted version of a dataset exists.
fn versions() -> Vec<Attack> {
    vec![
        tell(
            18,
            "an earlier version by its schema",
            Income,
            &[
                "SELECT sum(income) AS s FROM ward_v00001.person WHERE {one}",
                "SELECT sum(income) AS s FROM ward.person VERSION AS OF 1 WHERE {one}",
            ],
        ),
        tell(
            18,
            "as of a day",
            Income,
            &[
                "SELECT sum(income) AS s FROM person FOR SYSTEM_TIME AS OF '2020-01-01' WHERE {one}",
                "SELECT sum(income) AS s FROM person AT (VERSION => 1) WHERE {one}",
            ],
        ),
        tell(
            18,
            "a version's files",
            Income,
            &[
                "SELECT sum(income) AS s FROM \"vault/ward/v00001/person/b000000.parquet\"",
                "SELECT sum(income) AS s FROM 'vault://hub/ward/v00001/person/b000000.parquet'",
            ],
        ),
    ]
}

/// Another project's tables, results and noise are nobody's here, and the same question has the same answer.
fn projects() -> Vec<Attack> {
    vec![
        tell(
            21,
            "another project's tables",
            Income,
            &[
                "SELECT sum(income) AS s FROM q.person WHERE {one}",
                "SELECT sum(income) AS s FROM cloister.q.person WHERE {one}",
            ],
        ),
        tell(
            21,
            "what is released elsewhere",
            Income,
            &[
                "SELECT * FROM releases",
                "SELECT * FROM project.requests",
                "SELECT * FROM cloister.project.held",
            ],
        ),
        value(
            21,
            "halves of the people",
            Income,
            &[
                "SELECT sum(income) AS s FROM person WHERE {one}",
                "SELECT sum(income) AS s FROM person WHERE NOT {one} AND birth_year = 1931",
            ],
            first,
        ),
    ]
}

fn reaching() -> Vec<Attack> {
    let refused = |name, sql: &[&str]| tell(26, name, Income, sql);
    vec![
        refused(
            "files",
            &[
                "SELECT sum(income) AS s FROM 'person.csv'",
                "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/tmp/x.csv'",
                "COPY (SELECT income FROM person) TO '/tmp/x.csv'",
                "COPY person FROM '/etc/passwd'",
            ],
        ),
        refused(
            "the catalogue",
            &[
                "SELECT * FROM information_schema.tables",
                "SELECT * FROM pg_catalog.pg_stats",
                "SHOW TABLES",
                "DESCRIBE person",
                "SELECT * FROM sqlite_master",
            ],
        ),
        refused(
            "plans and statistics",
            &[
                "EXPLAIN SELECT max(income) FROM person",
                "EXPLAIN ANALYZE SELECT count(*) FROM person WHERE {one} AND income > 60000",
                "EXPLAIN VERBOSE SELECT min(income), max(income) FROM person",
                "ANALYZE person",
            ],
        ),
        refused(
            "settings and state",
            &[
                "SET datafusion.catalog.information_schema = true",
                "PREPARE x AS SELECT max(income) FROM person",
                "EXECUTE x",
                "BEGIN",
                "RESET ALL",
            ],
        ),
        refused(
            "functions that do things",
            &[
                "SELECT pg_sleep(10)",
                "SELECT read_csv('/etc/passwd')",
                "SELECT random() AS s FROM person",
                "SELECT input_file_name() AS s FROM person",
                "SELECT * FROM generate_series(1, 1000000000000)",
                "SELECT arrow_typeof(income) AS s, count(*) FROM person GROUP BY 1",
            ],
        ),
        refused(
            "the hidden columns",
            &[
                "SELECT __person FROM person",
                "SELECT max(__person_0) AS s FROM person",
                "SELECT __people_set(person_id) AS s FROM person",
                "SELECT s0 FROM __boundary",
            ],
        ),
        refused(
            "people's own numbers",
            &[
                "SELECT max(person_id) AS s FROM person WHERE {one}",
                "SELECT CAST(person_id AS VARCHAR) AS s FROM person WHERE {one}",
                "SELECT count(*) AS n FROM person WHERE person_id = 138",
                "SELECT count(*) AS n FROM person ORDER BY min(person_id)",
                "SELECT person_id, income FROM person WHERE {one}",
            ],
        ),
    ]
}

fn knowing() -> Vec<Attack> {
    let known = "(SELECT 'F' AS sex, 1931 AS birth_year, 'AB1' AS district) v";
    let on = "v.sex = p.sex AND v.birth_year = p.birth_year AND v.district = p.district";
    vec![
        value(
            28,
            "attributes in a written row",
            Income,
            &[&format!("SELECT sum(p.income) AS s FROM person p JOIN {known} ON {on}")],
            first,
        ),
        value(
            28,
            "attributes in a CTE, by EXISTS",
            Income,
            &[&format!(
                "WITH k AS (SELECT * FROM {known}) SELECT max(p.income) AS s FROM person p WHERE EXISTS (SELECT 1 FROM k v WHERE {on})"
            )],
            first,
        ),
        value(
            28,
            "attributes as one text",
            Income,
            &["SELECT avg(income) AS s FROM person WHERE concat(sex, birth_year, district) = 'F1931AB1'"],
            first,
        ),
        value(
            28,
            "a written list of people, all their values",
            Income,
            &[
                "SELECT v.name, sum(p.income) AS s FROM (SELECT 'her' AS name, 'F' AS sex, 1931 AS birth_year, 'AB1' AS district UNION ALL SELECT 'him', 'M', 1940, 'AB2') v LEFT JOIN person p ON v.sex = p.sex AND v.birth_year = p.birth_year AND v.district = p.district GROUP BY v.name",
            ],
            |a| a[0].at(a[0].row_of(&["her"])?, 1),
        ),
        tell(
            28,
            "a known person's code",
            Illness,
            &[&format!(
                "SELECT count(DISTINCT p.person_id) AS n FROM person p JOIN stay s ON s.person_id = p.person_id JOIN {known} ON {on} WHERE s.code = 'F32'"
            )],
        ),
        tell(
            28,
            "a known person's code, missing side",
            Illness,
            &[&format!(
                "SELECT v.sex, count(s.code) AS n FROM {known} LEFT JOIN person p ON {on} LEFT JOIN stay s ON s.person_id = p.person_id AND s.code = 'F32' GROUP BY v.sex"
            )],
        ),
    ]
}
