//! SQL that cannot run: a clear answer, exit status 2, nothing about the data.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};

#[test]
fn bad_sql_is_refused_by_name() {
    let hub = Hub::of_region(150, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    let long = format!("SELECT count(*) AS n FROM person WHERE sex IN ({})", "'F',".repeat(260_000));
    for (sql, code) in [
        ("", "empty-query"),
        ("   -- nothing\n", "empty-query"),
        ("SELEC count(*) FROM person", "not-sql"),
        ("SELECT count(*) FROM", "not-sql"),
        ("SELECT count(*) AS n FROM person; SELECT count(*) AS n FROM person", "several-statements"),
        ("SELECT count(*) AS n FROM attendance", "unknown-table"),
        ("SELECT count(*) AS n FROM emergency.attendance", "unknown-table"),
        ("SELECT count(nhs_number) AS n FROM person", "unknown-column"),
        ("SELECT count(date_of_birth) AS n FROM person", "unknown-column"),
        ("SELECT frobnicate(count(*)) AS n FROM person", "unknown-function"),
        ("DELETE FROM person", "not-a-query"),
        ("INSERT INTO person SELECT * FROM person", "not-a-query"),
        ("CREATE TABLE t (x INT)", "not-a-query"),
        ("COPY person TO '/tmp/x.csv'", "not-a-query"),
        ("EXPLAIN SELECT count(*) FROM person", "not-a-query"),
        ("EXPLAIN ANALYZE SELECT count(*) FROM person", "not-a-query"),
        ("DESCRIBE person", "not-a-query"),
        ("SHOW TABLES", "not-a-query"),
        ("SET datafusion.execution.batch_size = 1", "not-a-query"),
        ("SELECT * FROM person", "row-level-output"),
        ("SELECT person_id, count(*) AS n FROM person GROUP BY person_id", "row-level-output"),
    ] {
        let answer = hub.query(sql);
        assert_eq!(answer.code, 2, "{sql}: {answer:?}");
        assert_eq!(answer.json()["reasons"][0]["code"], code, "{sql}: {}", answer.out);
    }
    for sql in [
        "SELECT count(*) AS n FROM '/etc/passwd'",
        "SELECT count(*) AS n FROM 'https://example.org/x.parquet'",
        "SELECT count(*) AS n FROM read_csv('/etc/passwd')",
        "SELECT count(*) AS n FROM information_schema.tables",
        "SELECT count(*) AS n FROM generate_series(1, 1000000000)",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT count(*) AS n FROM r",
    ] {
        let answer = hub.query(sql);
        assert_eq!(answer.code, 2, "{sql}: {answer:?}");
        assert!(answer.json().get("rows").is_none());
    }
    let answer = hub.query_file(&long);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert_eq!(answer.json()["reasons"][0]["code"], "query-too-long");
}
