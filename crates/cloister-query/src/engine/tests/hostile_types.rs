//! Every operator, cast and aggregate between every two landed types, on values made to break them; and texts that
//! grow.

use super::*;

/// A landed type's name in SQL, the values that break things, and one that does not.
const TYPES: &[(&str, &[&str], &str)] = &[
    ("VARCHAR", &["''", "'1e999'", "'-9223372036854775808'", "'é€ %_'", "'294247-01-10'"], "'1'"),
    ("INT", &["-2147483648", "2147483647", "0"], "1"),
    ("BIGINT", &["(-9223372036854775807 - 1)", "9223372036854775807", "0"], "1"),
    ("DECIMAL(10, 2)", &["'99999999.99'", "'-99999999.99'", "0"], "1"),
    ("DOUBLE PRECISION", &["'1e308'", "'NaN'", "'-Infinity'", "0", "'5e-324'"], "1"),
    ("DATE", &["'9999-12-31'", "'0001-01-01'"], "'2020-01-01'"),
    ("TIMESTAMP", &["'9999-12-31 23:59:59.999999'", "'0001-01-01 00:00:00'"], "'2020-01-01 00:00:00'"),
    ("BOOLEAN", &["false"], "true"),
];

const OPERATORS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "AND",
    "OR",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
    "LIKE",
    "ILIKE",
    "~",
];

const AGGREGATES: &[&str] = &[
    "count(x)",
    "count(DISTINCT x)",
    "sum(x)",
    "avg(x)",
    "min(x)",
    "max(x)",
    "median(x)",
    "percentile_cont(0.9) WITHIN GROUP (ORDER BY x)",
    "percentile_disc(0.9) WITHIN GROUP (ORDER BY x)",
    "stddev(x)",
    "stddev_pop(x)",
    "var_samp(x)",
    "var_pop(x)",
    "corr(x, x)",
    "covar_samp(x, x)",
    "covar_pop(x, x)",
    "regr_avgx(x, x)",
    "regr_avgy(x, x)",
    "regr_count(x, x)",
    "regr_intercept(x, x)",
    "regr_r2(x, x)",
    "regr_slope(x, x)",
];

/// Some rows have the value, all others a harmless one.
fn column(kind: &str, value: &str, good: &str, name: &str) -> String {
    format!(
        "CASE WHEN code = 'code 1' THEN CAST({value} AS {kind}) ELSE CAST({good} AS {kind}) END AS {name}"
    )
}

/// Plans and runs every expression that is not refused. Planning reads no data; running must not depend on it, so
/// that nothing fails.
async fn run_all(both: &Both, from: &str, expressions: &[String], ran: &mut usize) {
    let mut good = Vec::new();
    for expression in expressions {
        match both.plan(&format!("SELECT {expression} AS v FROM {from}")).await {
            Ok(_) => good.push(expression),
            Err(QueryError::Refused(_)) => {}
            Err(e) => panic!("{expression} of {from}\n{e:?}"),
        }
    }
    for chunk in good.chunks(12) {
        let columns: Vec<String> = (0..).zip(chunk).map(|(i, e)| format!("{e} AS v{i}")).collect();
        let sql = format!("SELECT {} FROM {from}", columns.join(", "));
        let planned = both.plan(&sql).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let governed = planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &policy())).collect();
        governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        *ran += chunk.len();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_operator_between_any_two_types_fails() {
    let both = Both::new();
    let mut ran = 0;
    for (left, evil, good) in TYPES {
        for (right, other_evil, other_good) in TYPES {
            // Each side's worst with the other's: as many rounds as the longer list has values.
            for round in 0..evil.len().max(other_evil.len()).min(3) {
                let x = column(left, evil[round % evil.len()], good, "x");
                let y = column(right, other_evil[round % other_evil.len()], other_good, "y");
                let from = format!("(SELECT person_id, {x}, {y} FROM other) q");
                let mut expressions: Vec<String> =
                    OPERATORS.iter().map(|op| format!("count(x {op} y)")).collect();
                expressions.push(format!("count(CAST(x AS {right}))"));
                expressions.push(format!("sum(CAST(CAST(x AS {right}) AS BIGINT))"));
                run_all(&both, &from, &expressions, &mut ran).await;
            }
        }
    }
    assert!(ran > 1_200, "{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_aggregate_of_any_type_fails() {
    let both = Both::new();
    let named = AGGREGATES.join(" ");
    for function in crate::function::aggregate_functions() {
        let mut names = std::iter::once(function.name()).chain(function.aliases().iter().map(String::as_str));
        assert!(
            ["grouping", "string_agg"].contains(&function.name())
                || names.any(|n| named.contains(&format!("{n}("))),
            "{}",
            function.name()
        );
    }
    let expressions: Vec<String> = AGGREGATES.iter().map(|a| (*a).to_owned()).collect();
    let mut ran = 0;
    for (kind, evil, good) in TYPES {
        for value in *evil {
            let x = column(kind, value, good, "x");
            run_all(&both, &format!("(SELECT person_id, {x} FROM other) q"), &expressions, &mut ran).await;
            // Per person first.
            let from = format!(
                "(SELECT person_id, sum(x) AS x FROM (SELECT person_id, {x} FROM other) r GROUP BY 1) q"
            );
            if both.plan(&format!("SELECT count(x) AS n FROM {from}")).await.is_ok() {
                run_all(&both, &from, &expressions, &mut ran).await;
            }
        }
    }
    assert!(ran > 250, "{ran}");
}

/// A text put together with itself, over and over: too long for any memory, were it made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn texts_do_not_grow_without_end() {
    let both = Both::new();
    for twice in
        ["x || x", "concat(x, x, x)", "concat_ws('--', x, x)", "replace(x, 'c', 'cc')", "x || '' || x"]
    {
        let mut with =
            vec!["q0 AS (SELECT person_id, code AS x FROM other WHERE code = 'code 1')".to_owned()];
        for level in 0..36 {
            with.push(format!("q{} AS (SELECT person_id, {twice} AS x FROM q{level})", level + 1));
        }
        let sql =
            format!("WITH {} SELECT count(x) AS n, max(length(x)) AS longest FROM q36", with.join(", "));
        let planned = both.plan(&sql).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    }
}

/// What fits is as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn short_texts_are_put_together_as_ever() {
    let both = Both::new();
    for text in [
        "code || '-' || code",
        "code || CASE WHEN code > 'code 1' THEN 'x' END",
        "concat(code, NULL, 'é', CASE WHEN code > 'code 1' THEN code END)",
        "concat_ws('; ', code, CASE WHEN code > 'code 2' THEN code END, 'z')",
        "replace(code, 'code', 'longer than it was')",
        "replace(code, '', '.')",
    ] {
        let sql = format!(
            "SELECT coalesce({text}, 'none') AS t, count(*) AS n, count(DISTINCT person_id) AS p FROM event GROUP BY 1 ORDER BY 1"
        );
        let governed = both.run(&sql).await;
        let evidence = governed.evidence()[0].groups.iter().map(|g| g.people).collect::<Vec<_>>();
        let plain = both.numbers(&format!("SELECT p FROM ({sql}) q")).await;
        let mut plain: Vec<u64> = plain.into_iter().map(|row| row[0] as u64).collect();
        let mut people = evidence;
        plain.sort_unstable();
        people.sort_unstable();
        assert_eq!(people, plain, "{sql}");
    }
}
