//! Subtracting: margins (3), two sets that differ by one person (4), trackers (5), linear systems (6), averaging
//! (16), one condition over many subsets (17), rounding (19), conditional shifts (23). Here all within one request;
//! what takes several releases is in [`super::open`].

use super::{columns_apart, first, first_less_rest, rows_apart};
use crate::sequence::{Answer, Attack, tell, value};
use crate::world::Secret::{GroupStays, Illness, Income, Stays};

pub(super) fn attacks() -> Vec<Attack> {
    let mut all = margins();
    all.extend(pairs());
    all.extend(trackers());
    all.extend(systems());
    all.extend(averages());
    all.extend(subsets());
    all.extend(roundings());
    all.extend(shifts());
    all
}

/// The row of `k = 'y'`, and the one of the total.
fn total_less_part(a: &[Answer]) -> Option<f64> {
    let total = a[0].rows.iter().position(|r| r[0].is_null())?;
    Some(a[0].at(total, 1)? - a[0].at(a[0].row_of(&["y"])?, 1)?)
}

fn margins() -> Vec<Attack> {
    let split = "(SELECT person_id, sex, birth_year, income, CASE WHEN {one} THEN 'x' ELSE 'y' END AS k, CASE WHEN birth_year < 1940 THEN 'old' ELSE 'young' END AS a, CASE WHEN birth_year < 1940 AND NOT {one} THEN 'old' ELSE 'young' END AS b FROM person)";
    let sql = |text: &str| text.replace("{split}", split);
    vec![
        value(
            3,
            "ROLLUP",
            Income,
            &[&sql("SELECT k, sum(income) AS s FROM {split} q GROUP BY ROLLUP (k)")],
            total_less_part,
        ),
        value(
            3,
            "ROLLUP of rows, whose totals are shown with further cells hidden",
            Stays,
            &[&sql(
                "SELECT k, count(*) AS n FROM stay s JOIN {split} q ON q.person_id = s.person_id GROUP BY ROLLUP (k)",
            )],
            total_less_part,
        ),
        value(
            3,
            "CUBE of rows by sex",
            Stays,
            &[&sql(
                "SELECT k, count(*) AS n, sex FROM stay s JOIN {split} q ON q.person_id = s.person_id GROUP BY CUBE (k, sex) HAVING sex IS NULL",
            )],
            total_less_part,
        ),
        value(
            3,
            "CUBE",
            Income,
            &[&sql(
                "SELECT k, sum(income) AS s, sex FROM {split} q GROUP BY CUBE (k, sex) HAVING sex IS NULL",
            )],
            total_less_part,
        ),
        value(
            3,
            "GROUPING SETS of two ways to split",
            Income,
            &[&sql(
                "SELECT a, b, sum(income) AS s FROM {split} q GROUP BY GROUPING SETS ((a), (b)) ORDER BY a, b",
            )],
            |a| {
                Some(
                    (a[0].at(a[0].row_of(&["old", "null"])?, 2)?
                        - a[0].at(a[0].row_of(&["null", "old"])?, 2)?)
                    .abs(),
                )
            },
        ),
        value(
            3,
            "two ways to split, one below the other",
            Income,
            &[&sql(
                "SELECT 'a' AS way, a AS k, sum(income) AS s FROM {split} q GROUP BY a UNION ALL SELECT 'b', b, sum(income) FROM {split} q GROUP BY b",
            )],
            |a| Some(a[0].at(a[0].row_of(&["a", "old"])?, 2)? - a[0].at(a[0].row_of(&["b", "old"])?, 2)?),
        ),
        value(
            3,
            "a total and a part",
            Income,
            &[
                "SELECT sum(income) AS s FROM person UNION ALL SELECT sum(income) FROM person WHERE NOT {one} ORDER BY s DESC",
            ],
            rows_apart,
        ),
        value(
            3,
            "the total by a window",
            Income,
            &[&sql(
                "SELECT k, s, sum(s) OVER () AS total FROM (SELECT k, sum(income) AS s FROM {split} q GROUP BY k) g",
            )],
            |a| {
                let y = a[0].row_of(&["y"])?;
                Some(a[0].at(y, 2)? - a[0].at(y, 1)?)
            },
        ),
        value(
            3,
            "the total of groups",
            Income,
            &[&sql(
                "SELECT (SELECT sum(income) FROM person) - (SELECT sum(s) FROM (SELECT sex, sum(income) AS s FROM {split} q WHERE k = 'y' GROUP BY sex) g) AS s",
            )],
            first,
        ),
    ]
}

fn pairs() -> Vec<Attack> {
    vec![
        value(
            4,
            "FILTER",
            Income,
            &[
                "SELECT sum(income) FILTER (WHERE sex = 'F') AS a, sum(income) FILTER (WHERE sex = 'F' AND NOT {one}) AS b FROM person",
            ],
            columns_apart,
        ),
        value(
            4,
            "CASE",
            Income,
            &[
                "SELECT sum(CASE WHEN sex = 'F' THEN income ELSE 0 END) AS a, sum(CASE WHEN sex = 'F' AND NOT {one} THEN income END) AS b FROM person",
            ],
            columns_apart,
        ),
        value(
            4,
            "CASE times a measure",
            Income,
            &[
                "SELECT sum(income * CASE WHEN sex = 'F' THEN 1 ELSE 0 END) AS a, sum(income) FILTER (WHERE sex = 'F' AND NOT {one}) AS b FROM person",
            ],
            columns_apart,
        ),
        value(
            4,
            "two aliases of the measure",
            Income,
            &[
                "SELECT sum(x) FILTER (WHERE sex = 'F') AS a, sum(y) FILTER (WHERE sex = 'F' AND NOT {one}) / 2 AS b FROM (SELECT *, income AS x, income * 2 AS y FROM person) q",
            ],
            columns_apart,
        ),
        value(
            4,
            "the missing side of a join",
            Income,
            &[
                "SELECT sum(a.income) AS a, sum(b.income) AS b FROM person a LEFT JOIN (SELECT person_id, income FROM person WHERE NOT {one}) b ON b.person_id = a.person_id",
            ],
            columns_apart,
        ),
        value(
            4,
            "the missing condition of a join",
            Income,
            &[
                "SELECT sum(a.income) AS a, sum(a.income) FILTER (WHERE b.person_id IS NOT NULL) AS b FROM person a LEFT JOIN (SELECT person_id FROM person WHERE sex = 'F' AND NOT {one}) b ON b.person_id = a.person_id WHERE a.sex = 'F' OR a.birth_year = 1940",
            ],
            columns_apart,
        ),
        value(
            4,
            "derived tables side by side",
            Income,
            &[
                "SELECT a.s AS a, b.s AS b FROM (SELECT sum(income) AS s FROM person) a CROSS JOIN (SELECT sum(income) AS s FROM person WHERE NOT {one}) b",
            ],
            columns_apart,
        ),
        value(
            4,
            "scalar subqueries",
            Income,
            &[
                "SELECT (SELECT sum(income) FROM person) - (SELECT sum(income) FROM person WHERE NOT {one}) AS s",
            ],
            first,
        ),
        value(
            4,
            "a CTE with and without",
            Income,
            &[
                "WITH x AS (SELECT person_id, sex, income, CASE WHEN {one} THEN 1 ELSE 0 END AS k FROM person), a AS (SELECT sex, sum(income) AS s FROM x GROUP BY sex), b AS (SELECT sex, sum(income) AS s FROM x WHERE k = 0 GROUP BY sex) SELECT a.s AS a, b.s AS b FROM a JOIN b ON a.sex = b.sex WHERE a.sex = 'F'",
            ],
            columns_apart,
        ),
        value(
            4,
            "a union of people's rows by a tag",
            Income,
            &[
                "SELECT t, sum(income) AS s FROM (SELECT person_id, income, 'a' AS t FROM person UNION ALL SELECT person_id, income, 'b' FROM person WHERE NOT {one}) u GROUP BY t ORDER BY t",
            ],
            |a| Some(a[0].at(0, 1)? - a[0].at(1, 1)?),
        ),
        value(
            4,
            "EXCEPT below the sum",
            Income,
            &[
                "SELECT (SELECT sum(income) FROM person) - sum(income) AS s FROM (SELECT person_id, income FROM person EXCEPT SELECT person_id, income FROM person WHERE {one}) q",
            ],
            first,
        ),
        value(
            4,
            "a mean and its number",
            Income,
            &[
                "SELECT avg(CASE WHEN birth_year = 1940 OR {one} THEN income END) AS a, avg(CASE WHEN birth_year = 1940 THEN income END) AS b, count(CASE WHEN birth_year = 1940 THEN income END) AS n FROM person",
            ],
            |a| Some(a[0].at(0, 0)? * (a[0].at(0, 2)? + 1.0) - a[0].at(0, 1)? * a[0].at(0, 2)?),
        ),
        value(
            4,
            "one stay of many",
            Stays,
            &[
                "SELECT count(*) FILTER (WHERE p.sex = 'F') AS a, count(*) FILTER (WHERE p.sex = 'F' AND NOT {p.one}) AS b FROM person p JOIN stay s ON s.person_id = p.person_id",
            ],
            columns_apart,
        ),
        value(
            4,
            "distinct people's stays",
            Stays,
            &[
                "SELECT count(*) AS a, count(CASE WHEN NOT {p.one} THEN s.code END) AS b FROM person p JOIN stay s ON s.person_id = p.person_id WHERE p.sex = 'F' OR p.birth_year = 1940",
            ],
            columns_apart,
        ),
    ]
}

fn trackers() -> Vec<Attack> {
    vec![
        value(
            5,
            "a general tracker",
            Income,
            &[
                "SELECT sum(income) FILTER (WHERE birth_year >= 1940 OR {one}) AS a, sum(income) FILTER (WHERE birth_year >= 1940) AS b FROM person",
            ],
            columns_apart,
        ),
        value(
            5,
            "a tracker by CASE",
            Income,
            &[
                "SELECT sum(CASE WHEN sex = 'M' THEN income WHEN {one} THEN income ELSE 0 END) AS a, sum(CASE sex WHEN 'M' THEN income ELSE 0 END) AS b FROM person",
            ],
            columns_apart,
        ),
        value(
            5,
            "a tracker and the total",
            Income,
            &[
                "SELECT sum(income) AS a, sum(income) FILTER (WHERE sex = 'M') AS b, sum(income) FILTER (WHERE sex = 'F' AND NOT {one}) AS c FROM person",
            ],
            first_less_rest,
        ),
        value(
            5,
            "a tracker in groups",
            Income,
            &[
                "SELECT district, sum(income) FILTER (WHERE birth_year < 1940) AS a, sum(income) FILTER (WHERE birth_year < 1940 AND (birth_year <> 1931 OR sex = 'M')) AS b FROM person GROUP BY district ORDER BY district",
            ],
            |a| Some(a[0].at(0, 1)? - a[0].at(0, 2)?),
        ),
        value(
            5,
            "a tracker through membership",
            Income,
            &[
                "WITH t AS (SELECT person_id FROM person WHERE NOT {one}) SELECT sum(income) AS a, sum(CASE WHEN person_id IN (SELECT person_id FROM t) THEN income ELSE 0 END) AS b FROM person WHERE sex = 'F' OR person_id IN (SELECT person_id FROM person WHERE birth_year = 1940)",
            ],
            columns_apart,
        ),
    ]
}

fn systems() -> Vec<Attack> {
    vec![
        value(
            6,
            "three overlapping sums",
            Income,
            &[
                "SELECT sum(income) FILTER (WHERE {one} OR birth_year = 1940) AS a, sum(income) FILTER (WHERE birth_year IN (1940, 1942)) AS b, sum(income) FILTER (WHERE {one} OR birth_year = 1942) AS c FROM person",
            ],
            |a| Some((a[0].at(0, 0)? - a[0].at(0, 1)? + a[0].at(0, 2)?) / 2.0),
        ),
        value(
            6,
            "the whole and two parts",
            Income,
            &[
                "SELECT sum(income) AS a, sum(income) FILTER (WHERE birth_year < 1940 AND NOT {one}) AS b, sum(income) FILTER (WHERE birth_year >= 1940) AS c FROM person",
            ],
            first_less_rest,
        ),
        value(
            6,
            "four sums, none near another",
            Income,
            &[
                "SELECT sum(CASE WHEN {one} OR birth_year IN (1940, 1942, 1944) THEN income ELSE 0 END) AS a, sum(CASE WHEN birth_year = 1940 THEN income ELSE 0 END) AS b, sum(CASE WHEN birth_year = 1942 THEN income ELSE 0 END) AS c, sum(CASE WHEN birth_year = 1944 THEN income ELSE 0 END) AS d FROM person",
            ],
            first_less_rest,
        ),
        value(
            6,
            "three sums one below another",
            Income,
            &[
                "SELECT 1 AS q, sum(income) AS s FROM person WHERE {one} OR birth_year = 1940 UNION ALL SELECT 2, sum(income) FROM person WHERE birth_year IN (1940, 1942) UNION ALL SELECT 3, sum(income) FROM person WHERE {one} OR birth_year = 1942 ORDER BY q",
            ],
            |a| Some((a[0].at(0, 1)? - a[0].at(1, 1)? + a[0].at(2, 1)?) / 2.0),
        ),
        value(
            6,
            "overlapping sets by a union",
            Income,
            &[
                "SELECT t, sum(income) AS s FROM (SELECT person_id, income, 1 AS t FROM person WHERE {one} OR birth_year = 1940 UNION ALL SELECT person_id, income, 2 FROM person WHERE birth_year IN (1940, 1942) UNION ALL SELECT person_id, income, 3 FROM person WHERE {one} OR birth_year = 1942) u GROUP BY t ORDER BY t",
            ],
            |a| Some((a[0].at(0, 1)? - a[0].at(1, 1)? + a[0].at(2, 1)?) / 2.0),
        ),
        value(
            6,
            "a sum of two measures, and each",
            Income,
            &[
                "SELECT sum(a.income + b.x) AS a, sum(b.x) AS b, sum(a.income) FILTER (WHERE NOT {a.one}) AS c FROM person a JOIN (SELECT person_id, sum(cost) AS x FROM stay GROUP BY person_id) b ON b.person_id = a.person_id WHERE a.income IS NOT NULL",
            ],
            first_less_rest,
        ),
    ]
}

/// The mean of several answers to the same question is the answer, where each is off by itself.
fn averages() -> Vec<Attack> {
    let mean = |a: &[Answer]| {
        let numbers: Option<Vec<f64>> = a.iter().map(|answer| answer.at(0, 0)).collect();
        let numbers = numbers?;
        Some(numbers.iter().sum::<f64>() / numbers.len() as f64)
    };
    vec![
        value(
            16,
            "the same count in other words",
            GroupStays,
            &[
                "SELECT count(*) AS n FROM {group}",
                "SELECT count(1) AS n FROM {group}",
                "SELECT sum(1) AS n FROM {group}",
                "SELECT count(cost) AS n FROM {group}",
                "SELECT count(g.person_id) AS n FROM {group} WHERE 1 = 1",
            ],
            mean,
        ),
        value(
            16,
            "the same count again and again",
            GroupStays,
            &[
                "SELECT count(*) AS n FROM {group}",
                "SELECT count(*) AS n FROM {group}",
                "SELECT count(*)  AS n FROM {group}",
                "SELECT count(*) AS n FROM (SELECT * FROM {group}) q",
            ],
            mean,
        ),
        value(
            16,
            "the same count from several sides of one query",
            GroupStays,
            &[
                "SELECT (a.n + b.n + c.n) / 3.0 AS n FROM (SELECT count(*) AS n FROM {group}) a CROSS JOIN (SELECT sum(CASE WHEN cost >= 0 THEN 1 ELSE 0 END) AS n FROM {group}) b CROSS JOIN (SELECT count(*) AS n FROM {group} WHERE cost >= 0) c",
            ],
            first,
        ),
    ]
}

/// With and without one condition over many subsets: what is left of all the noise is the one person's.
fn subsets() -> Vec<Attack> {
    let pair = |column: &str, value: &str| {
        format!("count(*) FILTER (WHERE p.{column} = {value}) AS a{value}, count(*) FILTER (WHERE p.{column} = {value} AND NOT {{p.one}}) AS b{value}").replace('\'', "")
    };
    let from = "FROM person p JOIN stay s ON s.person_id = p.person_id";
    let years: Vec<String> = (1930..1936).map(|year| pair("birth_year", &year.to_string())).collect();
    let apart = |a: &[Answer]| {
        let row = a[0].rows.first()?;
        let pairs = (0..row.len() / 2).map(|i| Some(a[0].at(0, 2 * i)? - a[0].at(0, 2 * i + 1)?));
        pairs.sum::<Option<f64>>()
    };
    let sums = "SELECT p.kind, count(*) AS a, sum(CASE WHEN q.sex = 'M' OR q.birth_year <> 1931 OR q.district <> 'AB1' THEN 1 ELSE 0 END) AS b FROM stay p JOIN person q ON q.person_id = p.person_id GROUP BY p.kind";
    vec![
        value(17, "pairs over birth years", Stays, &[&format!("SELECT {} {from}", years.join(", "))], apart),
        value(
            17,
            "pairs over codes",
            Stays,
            &[&format!(
                "SELECT s.code, count(*) AS a, count(*) FILTER (WHERE NOT {{p.one}}) AS b {from} WHERE p.birth_year = 1931 OR p.sex = 'M' GROUP BY s.code"
            )],
            |a| (0..a[0].rows.len()).map(|row| Some(a[0].at(row, 1)? - a[0].at(row, 2)?)).sum(),
        ),
        value(
            17,
            "many groups of the same pair",
            Stays,
            &[&format!(
                "SELECT s.kind, p.sex, count(*) AS a, count(CASE WHEN NOT {{p.one}} THEN 1 END) AS b {from} GROUP BY s.kind, p.sex"
            )],
            |a| (0..a[0].rows.len()).map(|row| Some(a[0].at(row, 2)? - a[0].at(row, 3)?)).sum(),
        ),
        value(17, "sums over kinds of stay", Stays, &[sums], |a| {
            (0..a[0].rows.len()).map(|row| Some(a[0].at(row, 1)? - a[0].at(row, 2)?)).sum()
        }),
    ]
}

/// A count of a set that known people join one by one: where it flips tells what it was.
fn roundings() -> Vec<Attack> {
    let known = |n: u32| {
        format!(
            "(p.birth_year = 1940 AND p.district IN ('AB1', 'AB2')) OR (p.birth_year = 1942 AND p.sex = 'M' AND p.district <= 'AB{n}')"
        )
    };
    let ill = "EXISTS (SELECT 1 FROM stay s WHERE s.person_id = p.person_id AND s.code = 'F32')";
    let filters: Vec<String> = (1..5)
        .map(|n| format!("count(*) FILTER (WHERE {} OR ({{p.one}} AND p.ill)) AS n{n}", known(n)))
        .collect();
    let cases: Vec<String> = (1..5)
        .map(|n| {
            format!("sum(CASE WHEN {} THEN 1 WHEN {{p.one}} AND p.ill THEN 1 ELSE 0 END) AS n{n}", known(n))
        })
        .collect();
    let from =
        format!("FROM (SELECT p.person_id, p.sex, p.birth_year, p.district, {ill} AS ill FROM person p) p");
    vec![
        tell(
            19,
            "known people join, by FILTER",
            Illness,
            &[&format!("SELECT {} {from}", filters.join(", "))],
        ),
        tell(19, "known people join, by CASE", Illness, &[&format!("SELECT {} {from}", cases.join(", "))]),
        value(
            19,
            "the parts' numbers add up",
            GroupStays,
            &["SELECT sum(n) AS n FROM (SELECT kind, count(*) AS n FROM {group} GROUP BY kind) q"],
            first,
        ),
        value(
            19,
            "a number of fifths",
            GroupStays,
            &[
                "SELECT sum(CASE WHEN kind = 'planned' THEN 1 + 1 + 1 + 1 + 1 ELSE 5 * 1 END) / 5 AS n FROM {group}",
            ],
            first,
        ),
    ]
}

fn shifts() -> Vec<Attack> {
    vec![
        value(
            23,
            "everybody else counts the same",
            Income,
            &["SELECT sum(CASE WHEN {one} THEN income ELSE 1000 END) - 299000 AS s FROM person"],
            first,
        ),
        value(
            23,
            "everybody else counts nothing",
            Income,
            &["SELECT sum(income * CASE WHEN {one} THEN 1 ELSE 0 END) AS s FROM person"],
            first,
        ),
        value(
            23,
            "a constant of another size",
            Income,
            &["SELECT sum(CASE WHEN {one} THEN income * 1000000 ELSE 1 END) / 1000000.0 AS s FROM person"],
            first,
        ),
        value(
            23,
            "coalesce of a nullif",
            Income,
            &[
                "SELECT avg(coalesce(nullif(CASE WHEN {one} THEN income ELSE 0 END, 0), 0)) * 300 AS s FROM person",
            ],
            first,
        ),
        value(
            23,
            "a shift through a joined table",
            Income,
            &[
                "SELECT sum(coalesce(b.income, 1000)) - 299000 AS s FROM person a LEFT JOIN (SELECT person_id, income FROM person WHERE {one}) b ON b.person_id = a.person_id",
            ],
            first,
        ),
        value(
            23,
            "a shift by the greater",
            Income,
            &["SELECT max(CASE WHEN {one} THEN income + 1000000 ELSE 0 END) - 1000000 AS s FROM person"],
            first,
        ),
        value(
            23,
            "a shift by a boolean",
            Income,
            &["SELECT sum(income * CAST({one} AS INT)) AS s FROM person"],
            first,
        ),
    ]
}
