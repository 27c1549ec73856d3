use super::*;
use crate::GrantedTable;
use cloister_disclosure::{Value, protect};
use cloister_governance::{FileEntry, TableEntry};
use cloister_model::{ColumnClass, DataKey, LandedColumn, LandedType, bucket_path};
use datafusion::arrow::array::{ArrayRef, AsArray, StringViewArray, UInt32Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::datasource::MemTable;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::SessionContext;
use std::fs::File;
use std::path::Path;
use tempfile::TempDir;

mod both;
mod groups;
mod hostile;
mod hostile_types;
mod own;
mod tpch;
mod workspace;

use both::{Both, policy};

/// Threads that read each other's files would lose the order, and every query would run twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_layout_keeps_people_in_order() {
    let both = Both::new();
    for _ in 0..10 {
        assert!(!both.run("SELECT code, count(*) AS n FROM event GROUP BY code").await.order_lost());
    }
    for sql in [
        "SELECT count(*) AS n FROM event",
        "SELECT e.code, count(*) AS n FROM event e JOIN other o USING (person_id) GROUP BY 1",
        "SELECT code, count(*) FILTER (WHERE code < 'code 3') AS n FROM event GROUP BY code",
        "SELECT n, count(*) AS people FROM (SELECT person_id, count(*) AS n FROM event GROUP BY person_id) q GROUP BY n",
    ] {
        // A person's own rows are counted in hash tables, which keep no order: that is known beforehand.
        let ordered = both.plan(sql).await.unwrap().rewritten.ordered;
        assert_eq!(ordered, !sql.contains("GROUP BY person_id"), "{sql}");
        assert!(!both.run(sql).await.order_lost(), "{sql}");
    }
}

/// Unmatched rows of a LEFT JOIN come last: people are counted with sets, without a try in their order first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn unmatched_people_are_counted_with_sets() {
    let both = Both::new();
    for right in ["(SELECT * FROM event WHERE code = 'code 1')", "event"] {
        let sql = format!(
            "SELECT o.code, count(e.code) AS n, count(DISTINCT o.person_id) AS people FROM other o LEFT JOIN {right} e ON e.person_id = o.person_id AND e.code <> o.code GROUP BY 1 ORDER BY 1"
        );
        let governed = both.run(&sql).await;
        assert!(governed.order_lost(), "{sql}");
        let mut people: Vec<i64> =
            governed.evidence()[0].groups.iter().map(|group| group.people as i64).collect();
        let plain = both.numbers(&format!("SELECT people FROM ({sql}) q")).await;
        let mut plain: Vec<i64> = plain.into_iter().map(|row| row[0]).collect();
        people.sort_unstable();
        plain.sort_unstable();
        assert_eq!(people, plain, "{sql}");
    }
}

/// Counts and the people behind them, against the same query without governance.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_and_people_are_those_of_the_plain_engine() {
    let both = Both::new();
    // The key, the person and what to count them in.
    for (key, person, from) in [
        ("code", "person_id", "event"),
        ("code", "person_id", "event WHERE person_id IN (SELECT person_id FROM other WHERE code = 'code 1')"),
        (
            "code",
            "person_id",
            "event WHERE person_id NOT IN (SELECT person_id FROM other WHERE code = 'code 1')",
        ),
        (
            "code",
            "e.person_id",
            "event e WHERE EXISTS (SELECT 1 FROM other o WHERE o.person_id = e.person_id AND o.code = e.code)",
        ),
        (
            "code",
            "e.person_id",
            "event e WHERE NOT EXISTS (SELECT 1 FROM other o WHERE o.person_id = e.person_id AND o.code = e.code)",
        ),
        (
            "code",
            "e.person_id",
            "event e WHERE e.code = 'code 1' OR EXISTS (SELECT 1 FROM other o WHERE o.person_id = e.person_id AND o.code = e.code)",
        ),
        ("code", "person_id", "event WHERE code IN (SELECT code FROM code WHERE family = 'family 0')"),
        ("code", "person_id", "event WHERE code NOT IN (SELECT code FROM code WHERE family = 'family 0')"),
        (
            "code",
            "e.person_id",
            "event e WHERE 1 < (SELECT count(*) FROM other o WHERE o.person_id = e.person_id)",
        ),
        (
            "code",
            "e.person_id",
            "event e WHERE e.code = (SELECT max(o.code) FROM other o WHERE o.person_id = e.person_id)",
        ),
        ("c.family", "e.person_id", "event e JOIN code c USING (code)"),
        ("c.family", "e.person_id", "event e LEFT JOIN code c ON c.code = e.code AND c.family > 'family 0'"),
        (
            "o.code",
            "e.person_id",
            "event e LEFT JOIN other o ON o.person_id = e.person_id AND o.code = e.code",
        ),
        (
            "o.code",
            "o.person_id",
            "event e RIGHT JOIN other o ON o.person_id = e.person_id AND o.code = e.code",
        ),
        (
            "o.code",
            "coalesce(e.person_id, o.person_id)",
            "event e FULL JOIN other o ON o.person_id = e.person_id AND o.code = e.code",
        ),
        (
            "code",
            "person_id",
            "(SELECT person_id, code FROM event UNION ALL SELECT person_id, code FROM other) u",
        ),
        (
            "k",
            "person_id",
            "(SELECT person_id, upper(code) AS k FROM event UNION ALL SELECT person_id, 'none' FROM other WHERE code = 'code 1') u",
        ),
        (
            "code",
            "person_id",
            "(SELECT person_id, code FROM event UNION SELECT person_id, code FROM other) u",
        ),
        (
            "code",
            "person_id",
            "(SELECT person_id, code FROM event INTERSECT SELECT person_id, code FROM other) u",
        ),
        (
            "code",
            "person_id",
            "(SELECT person_id, code FROM event EXCEPT SELECT person_id, code FROM other) u",
        ),
        (
            "code",
            "person_id",
            "(SELECT person_id, code, row_number() OVER (PARTITION BY person_id ORDER BY code DESC) AS rn FROM other) q WHERE rn = 1",
        ),
        (
            "code, before",
            "person_id",
            "(SELECT person_id, code, lag(code) OVER (PARTITION BY person_id ORDER BY code) AS before FROM other) q",
        ),
        (
            "all_of",
            "person_id",
            "(SELECT person_id, count(*) OVER (PARTITION BY person_id) AS all_of FROM event) q",
        ),
        (
            "code",
            "person_id",
            "(SELECT DISTINCT ON (person_id) person_id, code FROM other ORDER BY person_id, code DESC) q",
        ),
        ("n", "person_id", "(SELECT person_id, count(*) AS n FROM other GROUP BY person_id) q"),
        (
            "c.family",
            "e.person_id",
            "event e, other o, code c WHERE e.person_id = o.person_id AND c.code = o.code",
        ),
        (
            "n",
            "e.person_id",
            "(SELECT person_id, (SELECT count(*) FROM other o WHERE o.person_id = x.person_id) AS n FROM event x) e",
        ),
    ] {
        let governed =
            both.run(&format!("SELECT {key}, count(*) AS row_count FROM {from} GROUP BY {key}")).await;
        let truth = format!(
            "SELECT count(DISTINCT {person}) AS people, count(*) AS row_count FROM {from} GROUP BY {key} ORDER BY {}",
            key.split(", ").map(|k| format!("{k} NULLS FIRST")).collect::<Vec<_>>().join(", ")
        );
        let truth: Vec<(u64, Value)> =
            both.numbers(&truth).await.iter().map(|row| (row[0] as u64, Value::Count(row[1]))).collect();
        let found: Vec<(u64, Value)> =
            governed.evidence()[0].groups.iter().map(|g| (g.people, g.cells[0].value)).collect();
        assert!(!truth.is_empty(), "{from}");
        assert_eq!(found, truth, "{from}");
        assert!(governed.evidence()[0].groups.iter().all(|g| g.cells[0].contributors == g.people));
    }
}

/// What a query makes of finished tables is what the plain engine makes of the same numbers, where nothing
/// is rounded or suppressed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn finished_tables_are_those_of_the_plain_engine() {
    let both = Both::new();
    let exact = exact();
    let per_code = "(SELECT code, count(*) AS n FROM event GROUP BY code)";
    let others = "(SELECT code, count(*) AS n FROM other GROUP BY code)";
    for sql in [
        &format!(
            "SELECT e.code, e.n, o.n AS others, e.n - o.n AS more FROM {per_code} e JOIN {others} o USING (code) ORDER BY 1"
        ),
        &format!("SELECT e.code, o.n FROM {per_code} e LEFT JOIN {others} o ON o.code = e.code ORDER BY 1"),
        &format!("SELECT e.code, c.family, e.n FROM {per_code} e JOIN code c ON c.code = e.code ORDER BY 1"),
        &format!("SELECT c.code, e.n FROM code c LEFT JOIN {per_code} e ON c.code = e.code ORDER BY 1"),
        &format!(
            "SELECT * FROM {per_code} e WHERE code IN (SELECT code FROM {others} o WHERE n > 100) ORDER BY code"
        ),
        &format!(
            "SELECT * FROM {per_code} e WHERE NOT EXISTS (SELECT 1 FROM {others} o WHERE o.code = e.code) ORDER BY code"
        ),
        &format!(
            "SELECT code, n FROM {per_code} a UNION ALL SELECT 'other ' || code, n FROM {others} b ORDER BY 1"
        ),
        "SELECT 'events' AS what, count(*) AS n FROM event UNION ALL SELECT 'others', count(*) FROM other UNION ALL SELECT 'none', 0 ORDER BY 1",
        &format!(
            "SELECT code, n, n * 100.0 / sum(n) OVER () AS share, rank() OVER (ORDER BY n DESC, code) AS place FROM {per_code} e ORDER BY code"
        ),
        &format!(
            "SELECT code, n, lag(n) OVER (ORDER BY code) AS before, n - lag(n) OVER (ORDER BY code) AS more FROM {per_code} e ORDER BY code"
        ),
        &format!(
            "SELECT c.family, e.code, sum(e.n) OVER (PARTITION BY c.family) AS of_family FROM {per_code} e JOIN code c ON c.code = e.code ORDER BY 2"
        ),
        "SELECT code, min(n) AS least, max(n) AS most, median(n) AS middle, percentile_cont(0.25) WITHIN GROUP (ORDER BY n) AS low, percentile_cont(0.9) WITHIN GROUP (ORDER BY n DESC) AS high, stddev(n) AS spread, var_pop(n) AS v FROM (SELECT person_id, code, count(*) AS n FROM event GROUP BY 1, 2) q GROUP BY code ORDER BY code",
        "SELECT code, corr(n, m) AS c, covar_samp(n, m) AS s, covar_pop(n, m) AS p, regr_slope(n, m) AS b, regr_intercept(n, m) AS a, regr_r2(n, m) AS r, regr_count(n, m) AS k, regr_avgx(n, m) AS x, regr_avgy(n, m) AS y, sum(DISTINCT n) AS d FROM (SELECT person_id, code, count(*) AS n, count(*) FILTER (WHERE code > 'code 1') + 3 AS m FROM event GROUP BY 1, 2) q GROUP BY code ORDER BY code",
        "SELECT count(DISTINCT CASE WHEN code = 'code 1' THEN person_id END) AS p, count(DISTINCT CASE code WHEN 'code 1' THEN NULL ELSE person_id END) AS q FROM event e",
        "SELECT count(*) AS n FROM event e, LATERAL (SELECT count(*) AS n FROM other o WHERE o.person_id = e.person_id) x WHERE x.n > 1",
        "SELECT count(DISTINCT person_id) AS p, count(*) AS n FROM (SELECT person_id, row_number() OVER (PARTITION BY person_id ORDER BY CASE WHEN code = 'code 1' THEN 1 ELSE 2 END, code) AS rn, sum(CASE WHEN code > 'code 1' THEN 1 ELSE 0 END) OVER (PARTITION BY person_id) AS s FROM other) q WHERE rn = 1 AND s > 0",
        "SELECT s, count(*) AS n, sum(s) AS t FROM (SELECT sum(CASE WHEN code > 'code 1' THEN 1 ELSE 0 END) OVER (PARTITION BY person_id) AS s FROM other) q GROUP BY s ORDER BY s",
        "SELECT min(code) AS first, max(code) FILTER (WHERE code < 'code 2') AS last, median(n) FILTER (WHERE n > 1) AS middle FROM (SELECT person_id, code, count(*) AS n FROM event GROUP BY 1, 2) q",
        "WITH a AS (SELECT code, count(*) AS n FROM event GROUP BY code) SELECT x.code, y.code AS next, x.n + y.n AS n FROM a x JOIN a y ON x.code < y.code ORDER BY 1, 2",
    ] {
        let planned = both.plan_with(sql, &exact).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let governed = planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &exact)).collect();
        let finished = governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        same_as_plain(&both, sql, &finished).await;
    }
}

/// A policy that rounds and suppresses next to nothing.
fn exact() -> Policy {
    let exact = include_str!("../../../../policies/disclosure/nhs-england.toml")
        .replace("rounding-base = 5", "rounding-base = 1")
        .replace("min = 8", "min = 2")
        .replace("significant-digits = 4", "significant-digits = 15");
    Policy::parse(&exact).unwrap()
}

/// Every cell is the plain engine's.
async fn same_as_plain(both: &Both, sql: &str, finished: &FinishedTable) {
    let batches = both.plain.sql(sql).await.unwrap().collect().await.unwrap();
    let plain = concat_batches(&batches[0].schema(), &batches).unwrap();
    // Sums of fractions depend on the order of the rows in their last digits.
    let text = |array: &ArrayRef| -> Vec<Option<String>> {
        let text = cast(array, &DataType::Utf8).unwrap();
        let short = |t: &str| match (array.data_type(), t.parse::<f64>()) {
            (DataType::Float64, Ok(number)) => format!("{number:.10e}"),
            _ => t.to_owned(),
        };
        text.as_string::<i32>().iter().map(|t| t.map(short)).collect()
    };
    assert_eq!(finished.batch().num_rows(), plain.num_rows(), "{sql}");
    assert!(plain.num_rows() > 0);
    for (ours, theirs) in finished.batch().columns().iter().zip(plain.columns()) {
        assert_eq!(&text(ours), &text(theirs), "{sql}");
    }
}

/// EXISTS and IN as values, which the plain engine has in conditions only.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_asked_in_select_is_what_is_asked_in_where() {
    let both = Both::new();
    let mine = "EXISTS (SELECT 1 FROM other o WHERE o.person_id = e.person_id AND o.code = e.code)";
    let family = "code IN (SELECT code FROM code WHERE family = 'family 1')";
    let count = |condition: String| format!("SELECT count(*) AS n FROM event e WHERE {condition}");
    for asked in [mine, family, &format!("NOT {mine}"), &format!("{mine} AND {family}")] {
        let truth = both.numbers(&count(asked.to_owned())).await[0][0];
        assert!(truth > 0);
        for sql in [
            format!("SELECT count(*) AS n FROM (SELECT person_id, {asked} AS x FROM event e) q WHERE x"),
            format!("SELECT sum(CASE WHEN {asked} THEN 1 ELSE 0 END) AS n FROM event e"),
            format!(
                "SELECT max(n) AS n FROM (SELECT {asked} AS x, count(*) AS n FROM event e GROUP BY 1) q WHERE x"
            ),
            format!("SELECT count(CASE WHEN {asked} THEN 'yes' END) AS n FROM event e"),
        ] {
            let governed = both.run(&sql).await;
            let cells = governed.evidence()[0].groups.iter().map(|g| g.cells[0].value);
            assert!(cells.into_iter().any(|value| value == Value::Count(truth)), "{sql}");
        }
    }
}

/// Who has an extreme, and who is on either side of a quantile, as far as the threshold asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn values_rest_on_the_people_who_have_them() {
    let both = Both::new();
    let per_person = "(SELECT person_id, code, count(*) AS n FROM event GROUP BY 1, 2)";
    for (value, test) in [("min(n)", "q.n = v"), ("max(n)", "q.n = v")] {
        let governed =
            both.run(&format!("SELECT code, {value} AS v FROM {per_person} q GROUP BY code")).await;
        let truth = format!(
            "SELECT least(count(DISTINCT person_id), 8) AS p FROM {per_person} q
             JOIN (SELECT code, {value} AS v FROM {per_person} q GROUP BY code) x USING (code) WHERE {test} GROUP BY code ORDER BY code"
        );
        let truth: Vec<u64> = both.numbers(&truth).await.iter().map(|row| row[0] as u64).collect();
        let found = governed.evidence()[0].groups.iter().map(|g| g.cells[0].support.unwrap());
        assert_eq!(found.collect::<Vec<_>>(), truth, "{value}");
    }
    // Six hundred people, of whom each third has the same number of rows.
    let sql = |q: &str| {
        format!(
            "SELECT percentile_cont({q}) WITHIN GROUP (ORDER BY n) AS v FROM (SELECT person_id, count(*) AS n FROM event GROUP BY 1) q"
        )
    };
    for (quantile, beside) in [("0.0", 1), ("0.005", 3), ("0.01", 6), ("0.5", 8), ("0.995", 3), ("1.0", 1)] {
        let governed = both.run(&sql(quantile)).await;
        assert_eq!(governed.evidence()[0].groups[0].cells[0].support, Some(beside), "{quantile}");
    }
}

/// What ranks, counts or multiplies people's rows among others' waits for a checker.
#[tokio::test]
async fn what_depends_on_a_crowd_is_held() {
    let both = Both::new();
    for (sql, held) in [
        ("SELECT count(*) AS n FROM event", false),
        (
            "SELECT count(*) AS n FROM (SELECT row_number() OVER (ORDER BY code) AS rn FROM event) q WHERE rn > 100",
            true,
        ),
        (
            "SELECT min(CASE WHEN rn < 0.25 * n THEN 99 ELSE c END) AS q FROM (SELECT length(code) AS c, row_number() OVER (ORDER BY code) AS rn, count(*) OVER () AS n FROM event) q",
            true,
        ),
        (
            "SELECT count(*) AS n FROM event e JOIN (VALUES ('code 1', 1), ('code 1', 2)) AS v(code, i) ON v.code = e.code",
            true,
        ),
        ("SELECT count(*) AS n FROM event e, code c WHERE c.code > e.code", true),
        (
            "SELECT count(*) AS n FROM event e JOIN (SELECT 'code 1' AS a, 'code 2' AS z) r ON e.code BETWEEN r.a AND r.z",
            false,
        ),
        (
            "SELECT count(*) AS n FROM event e JOIN (SELECT code FROM code UNION ALL SELECT code FROM code) v ON v.code = e.code",
            true,
        ),
        (
            "SELECT count(*) AS n FROM event WHERE code IN (SELECT v.c FROM (VALUES ('code 1')) AS v(c))",
            false,
        ),
        (
            "SELECT code, count(*) AS n FROM (SELECT DISTINCT ON (person_id) person_id, code FROM event ORDER BY person_id, code DESC) q GROUP BY code",
            false,
        ),
        (
            "SELECT count(*) AS n FROM (SELECT DISTINCT ON (code) person_id, code FROM event ORDER BY code) q",
            true,
        ),
    ] {
        let governed = both.run(sql).await;
        let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &policy())).collect();
        let finished = governed.finish(&protected).await.unwrap();
        assert_eq!(finished.holds().iter().any(|h| h == "ranked-people"), held, "{sql}");
    }
}

/// A total over rows of which one is suppressed is suppressed itself; a rank stays.
#[tokio::test]
async fn windows_over_suppressed_cells_hide_what_would_be_wrong() {
    let both = Both::new();
    // Of the two groups, three people are in the one: too few.
    let sql = "SELECT family, n, sum(n) OVER () AS total, row_number() OVER (ORDER BY family) AS place FROM (
        SELECT c.family, count(*) FILTER (WHERE e.person_id IS NOT NULL) AS n
        FROM (SELECT person_id, code FROM other WHERE code <> 'code 1') e JOIN code c USING (code) GROUP BY 1
    ) q";
    let governed = both.run(sql).await;
    let mut tables = governed.evidence().to_vec();
    tables[0].labels_public = true;
    tables[0].groups[0].cells[0].contributors = 3;
    let protected: Vec<_> = tables.iter().map(|t| protect(t, &policy())).collect();
    let finished = governed.finish(&protected).await.unwrap();
    let hidden: Vec<(usize, usize)> =
        finished.notes().iter().filter(|n| n.state == "suppressed").map(|n| (n.row, n.column)).collect();
    assert_eq!(hidden, [(0, 1), (0, 2), (1, 2)], "{finished:?}");
}

#[tokio::test]
async fn what_mixes_people_is_refused_by_name() {
    let both = Both::new();
    for (sql, code) in [
        ("SELECT count(*) AS n FROM event e WHERE EXISTS (SELECT 1 FROM other)", "cross-person-join"),
        (
            "SELECT code FROM code WHERE EXISTS (SELECT 1 FROM event WHERE person_id IS NOT NULL)",
            "reference-by-people",
        ),
        ("SELECT count(*) AS n FROM event e FULL JOIN other o ON e.code = o.code", "cross-person-join"),
        (
            "SELECT count(*) AS n FROM event WHERE person_id IN (SELECT person_id FROM other ORDER BY code LIMIT 3)",
            "limit-below-aggregate",
        ),
        (
            "SELECT count(*) AS n FROM event WHERE CASE WHEN code = 'x' THEN person_id END = 17",
            "pseudonym-use",
        ),
        (
            "SELECT count(DISTINCT CASE WHEN code = 'x' THEN person_id ELSE 17 END) AS n FROM event",
            "pseudonym-use",
        ),
        (
            "SELECT CASE WHEN code = 'x' THEN person_id END AS p, count(*) AS n FROM event GROUP BY 1",
            "pseudonym-output",
        ),
        ("SELECT count(*) AS n FROM event WHERE person_id IN (SELECT 17)", "pseudonym-use"),
        ("SELECT count(*) AS n FROM event WHERE person_id IN (SELECT code FROM code)", "pseudonym-use"),
        (
            "SELECT count(*) AS n FROM (SELECT max(code) OVER (ORDER BY code) AS c FROM event) q WHERE c = 'x'",
            "cross-person-window",
        ),
        (
            "SELECT count(*) AS n FROM (SELECT lag(code) OVER (PARTITION BY code ORDER BY code) AS c FROM event) q WHERE c = 'x'",
            "cross-person-window",
        ),
        (
            "SELECT count(*) AS n FROM (SELECT row_number() OVER (PARTITION BY person_id ORDER BY person_id) AS rn FROM event) q",
            "pseudonym-use",
        ),
        (
            "SELECT count(*) AS n FROM (SELECT max(person_id) OVER (PARTITION BY person_id) AS x FROM event) q",
            "pseudonym-use",
        ),
        (
            "SELECT person_id, row_number() OVER (PARTITION BY person_id ORDER BY code) AS rn FROM event",
            "row-level-output",
        ),
        ("SELECT code FROM event UNION ALL SELECT code FROM code", "mixed-union"),
        ("SELECT code FROM event UNION ALL SELECT code FROM other", "row-level-output"),
        ("SELECT count(*) AS n FROM event UNION ALL SELECT 1 FROM other", "mixed-union"),
        (
            "SELECT count(x) AS n FROM (SELECT person_id AS x FROM event UNION ALL SELECT 17 FROM other) u",
            "pseudonym-use",
        ),
        ("SELECT count(*) AS n FROM event WHERE code = (SELECT code FROM code)", "several-rows-as-a-value"),
        ("SELECT max(person_id) AS n FROM event", "pseudonym-use"),
        (
            "SELECT percentile_cont(n) WITHIN GROUP (ORDER BY n) AS v FROM (SELECT person_id, count(*) AS n FROM event GROUP BY 1) q",
            "literal-required",
        ),
        (
            "SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY n) AS v FROM (SELECT person_id, count(*) AS n FROM event GROUP BY 1) q",
            "literal-required",
        ),
        (
            "SELECT median(DISTINCT n) AS v FROM (SELECT person_id, count(*) AS n FROM event GROUP BY 1) q",
            "unsupported",
        ),
        ("SELECT array_agg(code) AS v FROM event", "unknown-function"),
        ("SELECT first_value(code ORDER BY code) AS v FROM event", "unknown-function"),
        ("SELECT person_id FROM event WHERE person_id IN (SELECT person_id FROM other)", "row-level-output"),
        (
            "SELECT e.code, EXISTS (SELECT 1 FROM other o WHERE o.person_id = e.person_id) AS x FROM event e",
            "row-level-output",
        ),
        ("SELECT count(*) AS n FROM event e, other o WHERE e.code = o.code", "cross-person-join"),
        (
            "SELECT count(*) AS n FROM event e, other o WHERE e.person_id = o.person_id OR e.code = o.code",
            "cross-person-join",
        ),
    ] {
        match both.plan(sql).await {
            Err(QueryError::Refused(refusal)) => assert_eq!(refusal.code(), code, "{sql}\n{refusal:?}"),
            Err(e) => panic!("{sql}\n{e:?}"),
            Ok(_) => panic!("{sql} is allowed"),
        }
    }
}
