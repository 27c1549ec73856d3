//! Values and statements made to break a query.

use super::*;

/// Whether a query runs, is refused or fails must not depend on the data: every function of the allow-list and
/// every operator, on values made to break it, for rows that exist and for rows that do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_value_decides_whether_a_query_fails() {
    let both = Both::new();
    // Of a text, a whole number, a fraction, a decimal and a date that some rows have.
    let of_text = [
        "CAST(x AS INT)",
        "CAST(x AS BIGINT)",
        "CAST(x AS DOUBLE)",
        "CAST(x AS DECIMAL(10, 2))",
        "CAST(x AS DATE)",
        "CAST(x AS TIMESTAMP)",
        "CAST(x AS BOOLEAN)",
        "CAST(x AS SMALLINT) + CAST(x AS SMALLINT)",
        "x = 5",
        "x LIKE 'c%'",
        "x ILIKE '%1'",
        "x || x",
        "ascii(x)",
        "btrim(x)",
        "trim(x)",
        "concat(x, x)",
        "concat_ws('-', x, x)",
        "contains(x, x)",
        "ends_with(x, x)",
        "lower(x)",
        "ltrim(x)",
        "replace(x, 'c', 'dd')",
        "rtrim(x)",
        "split_part(x, ' ', 2)",
        "starts_with(x, x)",
        "upper(x)",
        "character_length(x)",
        "length(x)",
        "initcap(x)",
        "left(x, -1)",
        "reverse(x)",
        "right(x, -2)",
        "strpos(x, x)",
        "substr(x, 2, 3)",
        "coalesce(x, 'none')",
        "nullif(x, '')",
        "greatest(x, 'a')",
        "least(x, 'a')",
        "CASE WHEN x > 'b' THEN 1 ELSE 2 END",
        "x IN ('a', 'b')",
        "x BETWEEN 'a' AND 'b'",
        "date_part('year', CAST(x AS DATE))",
        "date_trunc('month', CAST(x AS TIMESTAMP))",
        "CAST(x AS DATE) + INTERVAL '200 years'",
        "CAST(x AS DATE) - INTERVAL '70000 days'",
        "CAST(x AS DATE) - CAST(x AS DATE)",
        "CAST(x AS TIMESTAMP) + INTERVAL '1 day'",
        "extract(epoch FROM CAST(x AS TIMESTAMP))",
        "to_char(CAST(x AS DATE), 'YYYY-MM-DD')",
        "to_char(CAST(x AS TIMESTAMP), 'YYYY HH24:MI')",
        "to_date(x, 'YYYY-MM-DD')",
        "to_date(x, 'YYYYMMDD')",
        "CAST(x AS DATE) < current_date",
        "CAST(x AS TIMESTAMP) < now()",
        "date_plus(CAST(x AS DATE), 1000000, 'year')",
        "extract(year FROM age(CAST(x AS DATE)))",
        "full_months(CAST(x AS DATE), CAST(x AS DATE))",
        "lpad(x, 5, '0')",
        "place_of_pattern(x, 'e+')",
        "found_pattern(x, '[0-9](.)')",
        "replaced_pattern(x, '.', '${0}${0}', 'g')",
        "rpad(x, 5, 'é')",
        "lpad(x, -3)",
        "extract(epoch FROM CAST(x AS TIMESTAMP) - CAST(x AS TIMESTAMP))",
        "elapsed(CAST(x AS TIMESTAMP), TIMESTAMP '0001-01-01 00:00:00', 'day')",
        "CAST(x AS TIMESTAMP) - TIMESTAMP '2020-01-01 00:00:00' > INTERVAL '2 days'",
        "to_char(CAST(x AS DATE), 'YYYY-\"Q\"Q FMDay Month')",
        "x ~ '^c.* [0-9]$'",
        "x !~* 'C'",
    ];
    let of_number = [
        "x + x",
        "x - x - x",
        "x * x * x",
        "x / x",
        "10 / x",
        "x / -1",
        "x / (0 - 1)",
        "x % x",
        "x % -1",
        "10 % x",
        "-x",
        "abs(x)",
        "round(x)",
        "round(x, 2)",
        "ceil(x)",
        "floor(x)",
        "trunc(x, 1)",
        "exp(x)",
        "ln(x)",
        "log10(x)",
        "power(x, x)",
        "DATE '2020-01-01' + CAST(x AS BIGINT) * INTERVAL '1 day'",
        "DATE '2020-01-01' - CAST(x AS INT) * INTERVAL '3 months'",
        "to_char(x, '0000')",
        "mod(x, x)",
        "make_date(CAST(x AS BIGINT), 2, 29)",
        "make_date(2020, CAST(x AS BIGINT), CAST(x AS INT))",
        "number_text(x, '990.9')",
        "to_char(x, '9.99')",
        "width_bucket(x, -1, 10.5, 5)",
        "coalesce(x, 0) > 0",
        "CAST(x AS NUMERIC)",
        "signum(x)",
        "sqrt(x)",
        "greatest(x, 1)",
        "least(x, 1)",
        "coalesce(x, 1)",
        "nullif(x, 1)",
        "CAST(x AS SMALLINT)",
        "CAST(x AS VARCHAR)",
        "CAST(x AS DATE)",
        "CAST(x AS TIMESTAMP)",
        "CAST(x AS DECIMAL(9, 2))",
        "CAST(x AS DECIMAL(20, 3)) + CAST(x AS DECIMAL(20, 3))",
        "x > 1",
        "x BETWEEN 0 AND 1",
        "x IN (1, 2)",
        "x IS DISTINCT FROM 1",
    ];
    let texts = [
        "''",
        "'é€ %_'",
        "'1e999'",
        "'-9223372036854775808'",
        "'9999-12-31'",
        "'0000-00-00'",
        "'NaN'",
        "'99999999999999999999'",
    ];
    let numbers = [
        "0",
        "-1",
        "(-9223372036854775807 - 1)",
        "9223372036854775807",
        "CAST(1e308 AS DOUBLE)",
        "CAST('NaN' AS DOUBLE)",
        "CAST('99999999999999999.99' AS DECIMAL(19, 2))",
    ];
    let named: Vec<&str> = of_text.iter().chain(&of_number).copied().collect();
    for function in crate::function::scalar_functions() {
        let there = std::iter::once(function.name()).chain(function.aliases().iter().map(String::as_str));
        assert!(
            there.into_iter().any(|name| named.iter().any(|e| e.contains(&format!("{name}(")))
                || ["date_part", "current_date"].contains(&name)),
            "{}",
            function.name()
        );
    }
    let mut ran = 0;
    for (values, good, templates) in [(&texts[..], "'1'", &of_text[..]), (&numbers[..], "1", &of_number[..])]
    {
        for value in values {
            for chunk in templates.chunks(6) {
                let mut outcomes = Vec::new();
                for who in ["code 1", "nobody has it"] {
                    let x = format!("CASE WHEN code = '{who}' THEN {value} ELSE {good} END");
                    let counts: Vec<String> =
                        (0..).zip(chunk).map(|(i, t)| format!("count({t}) AS n{i}")).collect();
                    let sql = format!(
                        "SELECT {} FROM (SELECT person_id, {x} AS x FROM other) q",
                        counts.join(", ")
                    );
                    outcomes.push(match both.plan(&sql).await {
                        Ok(planned) => match planned.run().await {
                            Ok(governed) => {
                                ran += 1;
                                let protected: Vec<_> =
                                    governed.evidence().iter().map(|t| protect(t, &policy())).collect();
                                governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
                                "ran"
                            }
                            Err(e) => panic!("{sql}\n{e:?}"),
                        },
                        Err(QueryError::Refused(refusal)) => refusal.code(),
                        Err(e) => panic!("{sql}\n{e:?}"),
                    });
                }
                assert_eq!(outcomes[0], outcomes[1], "{value} {chunk:?}");
            }
        }
    }
    assert!(ran > 150, "{ran}");
}

/// What is rewritten so that it cannot fail keeps its type: a key of another type would not fit the result.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_in_the_form_that_cannot_fail_keep_their_type() {
    let both = Both::new();
    for key in ["abs(n)", "-n", "n / n", "n % n", "n / -1", "n % -1"] {
        for kind in ["SMALLINT", "INT", "BIGINT"] {
            let sql = format!(
                "SELECT {key} AS k, count(*) AS c FROM (SELECT person_id, CAST(length(code) AS {kind}) AS n FROM event) q GROUP BY 1"
            );
            let governed = both.run(&sql).await;
            let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &policy())).collect();
            governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        }
    }
}

#[tokio::test]
async fn what_could_overflow_is_refused_before_it_runs() {
    let both = Both::new();
    for (expr, code) in [
        ("CAST(code AS DATE) + INTERVAL '300 years'", "interval-too-long"),
        ("CAST(code AS DATE) + INTERVAL '300000 years'", "interval-too-long"),
        ("CAST(code AS DATE) - INTERVAL '80000 days'", "interval-too-long"),
        ("CAST(code AS INTERVAL)", "literal-required"),
        ("code ~ code", "invalid-pattern"),
        ("code ~ '('", "invalid-pattern"),
        ("to_char(CAST(code AS DATE), code)", "literal-required"),
        ("to_char(CAST(code AS DATE), 'J')", "unknown-format"),
        ("lpad(code, 2000, ' ')", "literal-required"),
        ("regexp_instr(code, '(')", "invalid-pattern"),
        ("place_of_pattern(code, code)", "literal-required"),
        ("found_pattern(code, code)", "literal-required"),
        ("substring(code from '(')", "invalid-pattern"),
        ("regexp_replace(code, code, 'x')", "unknown-function"),
        ("regexp_replace(code, 'a', '\\7', 'x')", "unknown-function"),
        ("regexp_replace(code, '(', 'x')", "invalid-pattern"),
        ("replaced_pattern(code, 'a', code, 'g')", "literal-required"),
        ("code SIMILAR TO code", "unsupported"),
        ("number_text(length(code), code)", "literal-required"),
        ("rpad(code, length(code), ' ')", "literal-required"),
        ("elapsed(now(), now(), code)", "literal-required"),
        ("to_char(CAST(code AS DATE), '%s %+')", "unknown-format"),
        ("CAST(code AS DATE) > DATE '2024-13-01'", "invalid-literal"),
        ("CAST(1e17 AS DECIMAL(19, 2))", "invalid-literal"),
        ("round(CAST(code AS DECIMAL(38, 2)), 1)", "decimal-too-wide"),
    ] {
        let sql = format!("SELECT count({expr}) AS n FROM event");
        match both.plan(&sql).await {
            Err(QueryError::Refused(refusal)) => assert_eq!(refusal.code(), code, "{sql}\n{refusal:?}"),
            Err(e) => panic!("{sql}\n{e:?}"),
            Ok(_) => panic!("{sql} is allowed"),
        }
    }
}

/// What would grow without end in the form that cannot fail is refused at once.
#[tokio::test]
async fn nested_divisions_end() {
    let both = Both::new();
    for (open, close) in [
        ("abs(", ")"),
        ("1000 / (", ")"),
        ("ln(", " + 1)"),
        ("1 % (", ")"),
        ("CASE WHEN code = 'a' THEN ", " END"),
    ] {
        for (depth, code) in [(3, None), (20, Some("query-too-long"))] {
            let x = format!("{}length(code){}", open.repeat(depth), close.repeat(depth));
            let sql = format!("SELECT max({x}) AS v FROM event");
            match both.plan(&sql).await {
                Ok(_) => assert_eq!(code, None, "{sql}"),
                Err(QueryError::Refused(refusal)) => assert_eq!(Some(refusal.code()), code, "{sql}"),
                Err(e) => panic!("{sql}\n{e:?}"),
            }
        }
    }
}

/// Products of many digits are exact, and NULL where no type holds them; adding them up does not fail.
#[tokio::test]
async fn decimals_of_many_digits_add_up() {
    let both = Both::new();
    let x = "CAST(CASE WHEN code = 'code 1' THEN '99999999999999999.99' ELSE '0.01' END AS DECIMAL(19, 2))";
    let per_person =
        format!("(SELECT person_id, sum({x} * {x}) AS s, avg({x} * {x}) AS a FROM event GROUP BY 1)");
    for sql in [
        format!("SELECT sum({x} * {x}) AS a, avg({x} * {x}) AS b, sum({x} * {x} * {x}) AS c FROM event"),
        format!(
            "SELECT sum({x} * {x} / {x}) AS a, avg({x} + {x}) AS b, max({x} % ({x} * {x})) AS c FROM event"
        ),
        format!("SELECT sum(s) AS a, avg(a) AS b, sum(s * a) AS c FROM {per_person} q WHERE s > a"),
        format!(
            "SELECT count(*) AS n FROM (SELECT person_id, sum({x} * {x}) OVER (PARTITION BY person_id) AS s FROM event) q WHERE s > 1"
        ),
    ] {
        let planned = both.plan(&sql).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let governed = planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &policy())).collect();
        governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    }
}

/// NULL is in no list and out of none, also where two lists have nothing in common.
#[tokio::test]
async fn lists_without_a_common_value_say_nothing_of_null() {
    let both = Both::new();
    let policy = policy();
    let from = "(SELECT CASE WHEN code = 'code 1' THEN NULL ELSE code END AS x, code FROM event) q";
    let count = async |condition: &str| {
        let sql = format!("SELECT count(CASE WHEN {condition} THEN 1 END) AS n FROM {from}");
        let planned = both.plan_with(&sql, &policy).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let governed = planned.run().await.unwrap();
        let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &policy)).collect();
        let finished = governed.finish(&protected).await.unwrap();
        format!("{:?}", finished.rows()[0][0])
    };
    let some = count("x IS NOT NULL").await;
    assert_ne!(some, count("TRUE").await);
    // As a key of totals too, it keeps its name.
    let key = "CASE WHEN x IN ('a', 'b', 'c', 'd') AND x IN ('e', 'f', 'g', 'h') THEN 'one' ELSE 'two' END";
    for by in ["GROUPING SETS ((KEY), (code))", "CUBE (KEY, code)", "ROLLUP (KEY)", "KEY"] {
        let sql = format!("SELECT count(*) AS n FROM {from} GROUP BY {}", by.replace("KEY", key));
        let planned = both.plan_with(&sql, &policy).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    }
    for condition in [
        "x NOT IN ('a', 'b', 'c', 'd') OR x NOT IN ('e', 'f', 'g', 'h')",
        "x NOT IN ('a') OR x NOT IN ('e')",
        "NOT (x IN ('a', 'b', 'c', 'd') AND x IN ('e', 'f', 'g', 'h'))",
        "NOT ((x = 'a' OR x = 'b') AND (x = 'c' OR x = 'd'))",
        "NOT (x IN ('a', 'b') AND x NOT IN ('a', 'b'))",
    ] {
        assert_eq!(count(condition).await, some, "{condition}");
    }
}
