//! What a query goes on to do with groups: totals of several levels, aggregates of aggregates, groups' values
//! beside people's rows.

use super::*;

/// The finished table of a query under a policy.
async fn finished(both: &Both, sql: &str, policy: &Policy) -> FinishedTable {
    let planned = both.plan_with(sql, policy).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    let governed = planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, policy)).collect();
    governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_made_of_groups_is_what_the_plain_engine_makes_of_them() {
    let both = Both::new();
    let per_code = "(SELECT code, count(*) AS n FROM event GROUP BY code)";
    for (sql, holds) in [
        ("SELECT code, count(*) AS n FROM event GROUP BY ROLLUP (code) ORDER BY code NULLS LAST", &[][..]),
        (
            "SELECT c.family, e.code, grouping(c.family) AS f, grouping(c.family, e.code) AS both, count(*) AS n, count(DISTINCT e.person_id) AS p FROM event e JOIN code c USING (code) GROUP BY CUBE (c.family, e.code) ORDER BY 4, 1, 2",
            &[],
        ),
        (
            "SELECT c.family, e.code, avg(length(e.code)) AS m, count(*) FILTER (WHERE e.code > 'code 1') AS n FROM event e JOIN code c USING (code) GROUP BY GROUPING SETS ((c.family), (e.code), ()) ORDER BY 1, 2",
            &[],
        ),
        (
            "SELECT upper(code) AS u, count(*) AS n FROM event GROUP BY ROLLUP (upper(code)) ORDER BY 1 NULLS LAST",
            &[],
        ),
        ("SELECT family, count(*) AS n FROM code GROUP BY ROLLUP (family) ORDER BY 1", &[]),
        (
            &format!(
                "SELECT sum(n) AS total, avg(n) AS mean, max(n) AS most, count(*) AS groups FROM {per_code} q"
            ),
            &["groups-inside"],
        ),
        (
            &format!(
                "SELECT c.family, sum(n) AS total FROM {per_code} q JOIN code c USING (code) GROUP BY c.family ORDER BY 1"
            ),
            &["groups-inside"],
        ),
        (
            "SELECT list, count(*) AS n FROM (SELECT person_id, string_agg(DISTINCT code, '+' ORDER BY code) AS list FROM event WHERE code < 'code 3' GROUP BY person_id) q GROUP BY list ORDER BY 1",
            &[],
        ),
        (&format!("SELECT DISTINCT n > 100 AS big FROM {per_code} q ORDER BY 1"), &[]),
        (
            &format!(
                "SELECT family, sum(n) AS total FROM {per_code} q JOIN code c USING (code) GROUP BY ROLLUP (family) ORDER BY 1"
            ),
            &["groups-inside"],
        ),
        (
            "SELECT count(*) AS n FROM event e JOIN (SELECT code, count(*) AS n FROM other GROUP BY code) o USING (code) WHERE o.n > 50",
            &["group-values-inside"],
        ),
        (
            "SELECT count(*) AS n FROM event WHERE code IN (SELECT code FROM other GROUP BY code HAVING count(*) > 10)",
            &["group-values-inside"],
        ),
        (
            "SELECT count(*) AS n FROM event WHERE code = (SELECT max(code) FROM other)",
            &["group-values-inside"],
        ),
        (
            "SELECT count(*) AS n FROM event WHERE length(code) >= (SELECT avg(length(code)) FROM other)",
            &["group-values-inside"],
        ),
        (
            "SELECT code, count(*) AS n FROM (SELECT e.code, e.person_id, m.n FROM event e CROSS JOIN (SELECT count(*) AS n FROM other) m) q WHERE n > 10 GROUP BY code ORDER BY code",
            &["group-values-inside"],
        ),
        ("SELECT count(*) AS n FROM event WHERE code IN (SELECT code FROM other)", &["group-values-inside"]),
        (
            "SELECT count(*) AS n, sum(rn) AS s FROM (SELECT x, max(x) OVER () AS m, min(x) OVER (PARTITION BY code) AS least, row_number() OVER (PARTITION BY person_id ORDER BY x, code) AS rn FROM (SELECT person_id, code, length(code) AS x FROM event) p) q WHERE x >= m AND x = least",
            &["group-values-inside"],
        ),
        (
            "SELECT count(*) AS n FROM event e WHERE EXISTS (SELECT 1 FROM other o WHERE o.code = e.code)",
            &["group-values-inside"],
        ),
        (
            "SELECT count(*) AS n FROM event e WHERE NOT EXISTS (SELECT 1 FROM other o WHERE o.code = e.code)",
            &["group-values-inside"],
        ),
        (
            "SELECT count(*) AS n FROM event e WHERE e.code = 'code 4' OR EXISTS (SELECT 1 FROM other o WHERE o.code = e.code)",
            &["group-values-inside"],
        ),
        ("SELECT code FROM code WHERE code IN (SELECT code FROM event) ORDER BY code", &[]),
        (
            "SELECT count(*) AS n FROM event WHERE code > ANY (SELECT code FROM other)",
            &["group-values-inside"],
        ),
        (
            "SELECT count(*) AS n FROM code c WHERE EXISTS (SELECT 1 FROM event e WHERE e.code = c.code)",
            &["groups-inside"],
        ),
        (
            "SELECT code FROM code c WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.code = c.code) ORDER BY 1",
            &["groups-inside"],
        ),
        (
            "WITH m AS (SELECT avg(x) AS mean FROM (SELECT code, count(*) AS x FROM other GROUP BY code) q) SELECT count(*) AS n FROM (SELECT person_id, count(*) AS x FROM event GROUP BY person_id) q CROSS JOIN m WHERE x < mean",
            &["group-values-inside", "groups-inside"],
        ),
    ] {
        let found = finished(&both, sql, &exact()).await;
        assert_eq!(found.holds(), holds, "{sql}");
        same_as_plain(&both, sql, &found).await;
    }
}

/// A group of few people gives what stands above or beside it nothing: not their number, nor that they are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_small_groups_values_are_not_there_inside() {
    let both = Both::new();
    let few = "SELECT e.person_id, e.code FROM event e \
        JOIN (SELECT person_id, count(*) AS n FROM event GROUP BY person_id) o ON o.person_id = e.person_id \
        JOIN other x ON x.person_id = e.person_id WHERE o.n = 1 AND x.code = 'code 1' AND e.code = 'code 3'";
    let there = both.numbers(&format!("SELECT count(DISTINCT person_id) AS n FROM ({few}) q")).await[0][0];
    assert!((1..8).contains(&there), "{there}");
    let small = format!("SELECT code, count(*) AS n, max(code) AS c FROM ({few}) f GROUP BY code");
    let whole = format!("SELECT count(*) AS n, max(code) AS c FROM ({few}) f");
    for sql in [
        format!("SELECT count(*) AS n FROM event WHERE code IN (SELECT code FROM ({few}) q)"),
        format!("SELECT count(*) AS n FROM event WHERE code IN (SELECT code FROM ({small}) q)"),
        format!("SELECT count(*) AS n FROM event e JOIN ({small}) q ON q.code = e.code"),
        format!("SELECT count(*) AS n FROM event e LEFT JOIN ({small}) q ON q.code = e.code WHERE q.n >= 0"),
        format!("SELECT count(*) AS n FROM event e LEFT JOIN ({small}) q ON true WHERE q.code IS NOT NULL"),
        format!("SELECT count(*) AS n FROM event e CROSS JOIN ({whole}) q WHERE q.n > 0 OR q.c = e.code"),
        format!("SELECT count(*) AS n FROM event e WHERE (SELECT count(*) FROM ({few}) q) >= 0"),
        format!("SELECT count(*) AS n FROM code WHERE code IN (SELECT code FROM ({few}) q)"),
        format!("SELECT count(*) AS n FROM code WHERE code IN (SELECT code FROM ({small}) q)"),
        format!("SELECT count(*) AS n FROM ({small}) q WHERE n > 0"),
    ] {
        let rows = finished(&both, &sql, &policy()).await.rows().to_vec();
        assert_eq!(rows, [[crate::Value::Int(0)]], "{sql}");
    }
    // What is made of a suppressed number is suppressed.
    let sql = format!("SELECT sum(n) AS n, max(n) AS m FROM ({whole}) q");
    let found = finished(&both, &sql, &policy()).await;
    assert!(found.notes().iter().all(|n| n.state == "suppressed"), "{found:?}");
    assert_eq!(found.notes().len(), 2);
}

/// Bisecting a group's number from inside finds no more digits than a release shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_groups_number_is_rounded_inside() {
    let both = Both::new();
    let exact = both.numbers("SELECT count(*) AS n FROM other").await[0][0];
    let rounded = (exact + 2) / 5 * 5;
    for n in exact - 7..exact + 7 {
        let sql = format!(
            "SELECT count(*) AS n FROM event CROSS JOIN (SELECT count(*) AS n FROM other) o WHERE o.n >= {n}"
        );
        let rows = finished(&both, &sql, &policy()).await.rows().to_vec();
        assert_eq!(rows[0][0] != crate::Value::Int(0), rounded >= n, "{n} of {exact}");
    }
}

/// A total that one person nearly makes up is not shown, in or out of the people's order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_makes_up_a_total() {
    let both = Both::new();
    let policy = include_str!("../../../../../policies/disclosure/sdap-10.toml");
    let policy = Policy::parse(policy).unwrap();
    let per_person =
        "SELECT person_id, count(*) * 1.5 AS n, min(code) AS first FROM event GROUP BY person_id";
    // Two hundred people have 1 row, 41 and 81 each. The greater the power, the more of it is the most frequent ones'.
    let unordered =
        format!("SELECT * FROM ({per_person}) a UNION ALL SELECT * FROM ({per_person}) b WHERE false");
    for rows in [per_person, &unordered] {
        for (value, rule) in [
            ("sum(n)", None),
            ("avg(n)", None),
            ("stddev(n)", None),
            ("sum(CASE WHEN first = 'code 4' THEN n * 0.001 ELSE n END)", None),
            ("max(n)", Some("extreme")),
        ] {
            let finished = finished(&both, &format!("SELECT {value} AS v FROM ({rows}) q"), &policy).await;
            let found: Vec<_> = finished.notes().iter().map(|n| n.rule).collect();
            assert_eq!(found, rule.map(Some).into_iter().collect::<Vec<_>>(), "{value}");
        }
        for (value, largest, second, all) in [
            ("sum(n)", 121.5, 121.5, 1.5 * 200.0 * (1.0 + 41.0 + 81.0)),
            ("avg(n) FILTER (WHERE n < 80)", 61.5, 61.5, 1.5 * 200.0 * (1.0 + 41.0)),
            // A person's own rows are added up, with their signs.
            ("sum(0 - n) FILTER (WHERE n < 2)", 1.5, 1.5, 1.5 * 200.0),
        ] {
            let planned =
                both.plan_with(&format!("SELECT {value} AS v FROM ({rows}) q"), &policy).await.unwrap();
            let governed = planned.run().await.unwrap();
            let found = governed.evidence()[0].groups[0].cells[0].contributions.unwrap();
            assert_eq!((found.largest, found.second, found.total), (largest, second, all), "{value}");
        }
    }
    // Two people have 243 of 36,900, 0.66 %.
    for (share, rule) in [("0.007", None), ("0.006", Some("dominance"))] {
        let strict = include_str!("../../../../../policies/disclosure/sdap-10.toml")
            .replace("share-max = 0.9", &format!("share-max = {share}"));
        let strict = Policy::parse(&strict).unwrap();
        let finished = finished(&both, &format!("SELECT sum(n) AS v FROM ({per_person}) q"), &strict).await;
        let found: Vec<_> = finished.notes().iter().map(|n| n.rule).collect();
        assert_eq!(found, rule.map(Some).into_iter().collect::<Vec<_>>(), "{share}");
    }
}

/// What a query lists of one person is their own, short, and in an order of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lists_are_of_one_person_each() {
    let both = Both::new();
    let policy = policy();
    assert!(
        plan_code(&both, "SELECT person_id, string_agg(code, ',') AS l FROM event GROUP BY 1")
            .await
            .is_some()
    );
    let of = |list: &str| {
        format!(
            "SELECT count(l) AS n, count(*) AS people FROM (SELECT person_id, {list} AS l FROM event GROUP BY 1) q"
        )
    };
    // The longest have eighty-one events: as many texts of 300 signs are too long, and NULL.
    let shown = finished(&both, &of("string_agg(lpad(code, 300, '.'), '')"), &policy).await;
    let all = finished(&both, &of("string_agg(code, '')"), &policy).await;
    assert_ne!(shown.rows()[0][0], all.rows()[0][0]);
    assert_eq!(shown.rows()[0][1], all.rows()[0][1]);
}

/// Why a query is not planned, if it is not.
async fn plan_code(both: &Both, sql: &str) -> Option<String> {
    match both.plan(sql).await {
        Err(QueryError::Refused(refusal)) => Some(refusal.code().to_owned()),
        Err(e) => panic!("{sql}\n{e:?}"),
        Ok(_) => None,
    }
}

/// A sum of counts, as a column of a subquery too, is divided as PostgreSQL divides it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shares_of_sums_have_digits() {
    let both = Both::new();
    let sql = "SELECT q.code, q.n / t.total < 1 AND q.n / t.total > 0 AS part FROM (SELECT code, count(*) AS n FROM event GROUP BY code) q CROSS JOIN (SELECT sum(n) AS total FROM (SELECT count(*) AS n FROM event GROUP BY code) r) t WHERE q.n / t.total > 0";
    let shown = finished(&both, sql, &policy()).await;
    assert!(shown.rows().len() > 1);
}
