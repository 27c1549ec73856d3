//! Small cells (1), inflated rows (2), extremes (8), whole classes (9), ratios (10), moments (11), labels (12).

use super::first;
use crate::sequence::{Attack, tell, value};
use crate::world::Secret::{GroupStays, Illness, Income, Stays};

pub(super) fn attacks() -> Vec<Attack> {
    let mut all = small();
    all.extend(inflated());
    all.extend(extremes());
    all.extend(classes());
    all.extend(ratios());
    all.extend(moments());
    all.extend(labels());
    all
}

fn small() -> Vec<Attack> {
    vec![
        value(1, "the one person's sum", Income, &["SELECT sum(income) AS s FROM person WHERE {one}"], first),
        value(
            1,
            "a group of its own",
            Income,
            &[
                "SELECT sex, birth_year, district, sum(income) AS s FROM person GROUP BY sex, birth_year, district",
            ],
            |a| a[0].at(a[0].row_of(&["F", "1931", "AB1"])?, 3),
        ),
        value(
            1,
            "a key that isolates",
            Income,
            &[
                "WITH x AS (SELECT CASE WHEN {one} THEN 'x' ELSE 'y' END AS k, income FROM person) SELECT k, avg(income) AS s FROM x GROUP BY k",
            ],
            |a| a[0].at(a[0].row_of(&["x"])?, 1),
        ),
        value(
            1,
            "a set of one by INTERSECT",
            Income,
            &[
                "SELECT sum(income) AS s FROM (SELECT person_id, income FROM person WHERE sex = 'F' AND birth_year = 1931 INTERSECT SELECT person_id, income FROM person WHERE district = 'AB1') q",
            ],
            first,
        ),
        tell(
            1,
            "the codes of one person",
            Illness,
            &[
                "SELECT s.code, count(DISTINCT s.person_id) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} GROUP BY s.code",
            ],
        ),
        tell(
            1,
            "whether one person has a code",
            Illness,
            &[
                "SELECT count(*) AS n FROM stay s WHERE code = 'F32' AND EXISTS (SELECT 1 FROM person p WHERE p.person_id = s.person_id AND {p.one})",
            ],
        ),
        tell(
            1,
            "whether the income is great",
            Income,
            &["SELECT count(*) AS n FROM person WHERE {one} AND income > 60000"],
        ),
    ]
}

fn inflated() -> Vec<Attack> {
    vec![
        value(
            2,
            "a self-join multiplies the rows",
            Income,
            &[
                "SELECT sum(p.income) / 9 AS s FROM person p JOIN stay a ON a.person_id = p.person_id JOIN stay b ON b.person_id = p.person_id WHERE {p.one}",
            ],
            first,
        ),
        value(
            2,
            "a reference table multiplies the rows",
            Income,
            &["SELECT sum(income) / 25 AS s FROM person CROSS JOIN code a CROSS JOIN code b WHERE {one}"],
            first,
        ),
        value(
            2,
            "written rows multiply the rows",
            Income,
            &[
                "WITH v AS (SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) SELECT avg(income) AS s FROM person, v WHERE {one}",
            ],
            first,
        ),
        value(
            2,
            "the same rows nine times",
            Income,
            &[
                "SELECT sum(income) / 3 AS s FROM (SELECT person_id, income FROM person WHERE {one} UNION ALL SELECT person_id, income FROM person WHERE {one} UNION ALL SELECT person_id, income FROM person WHERE {one}) u",
            ],
            first,
        ),
        value(
            2,
            "the number of pairs of rows",
            Stays,
            &[
                "SELECT count(*) AS n FROM person p JOIN stay a ON a.person_id = p.person_id JOIN code c ON c.points > 0 WHERE {p.one}",
            ],
            |a| Some(a[0].at(0, 0)? / 5.0),
        ),
    ]
}

/// The one person's income is the greatest.
fn extremes() -> Vec<Attack> {
    vec![
        value(8, "the greatest", Income, &["SELECT max(income) AS s FROM person"], first),
        value(8, "the least of the opposites", Income, &["SELECT -min(-income) AS s FROM person"], first),
        value(
            8,
            "the greatest of a group",
            Income,
            &["SELECT sex, max(income) AS s FROM person GROUP BY sex ORDER BY sex"],
            |a| a[0].at(0, 1),
        ),
        value(
            8,
            "the greatest of totals",
            Income,
            &[
                "SELECT max(t) AS s FROM (SELECT person_id, sum(income) AS t FROM person GROUP BY person_id) q",
            ],
            first,
        ),
        value(
            8,
            "the first row in order",
            Income,
            &["SELECT income AS s FROM person ORDER BY income DESC NULLS LAST LIMIT 1"],
            first,
        ),
        value(
            8,
            "the first row, aggregated",
            Income,
            &[
                "SELECT sum(income) AS s FROM (SELECT income FROM person ORDER BY income DESC NULLS LAST LIMIT 1) q",
            ],
            first,
        ),
        value(
            8,
            "the last quantile",
            Income,
            &["SELECT percentile_cont(1.0) WITHIN GROUP (ORDER BY income) AS s FROM person"],
            first,
        ),
        value(
            8,
            "nearly the last quantile",
            Income,
            &["SELECT percentile_disc(0.9999) WITHIN GROUP (ORDER BY income) AS s FROM person"],
            first,
        ),
        value(
            8,
            "who is above all others",
            Income,
            &["SELECT sum(income) AS s FROM person WHERE income > 45000"],
            first,
        ),
        value(
            8,
            "the greatest by a window",
            Income,
            &["SELECT DISTINCT max(income) OVER () AS s FROM person"],
            first,
        ),
    ]
}

/// Everybody born in 1930 has `F32`; with the one person, everybody of the group has it or all but one.
fn classes() -> Vec<Attack> {
    let group = "FROM (SELECT p.person_id, max(CASE WHEN s.code = 'F32' THEN 1 ELSE 0 END) AS ill FROM person p JOIN stay s ON s.person_id = p.person_id WHERE p.birth_year = 1930 OR {p.one} GROUP BY p.person_id) q";
    let sql = |select: &str| format!("SELECT {select} {group}");
    vec![
        tell(9, "the share is all", Illness, &[&sql("avg(ill) AS share")]),
        tell(
            9,
            "how many have it and how many not",
            Illness,
            &[&sql("sum(ill) AS n, count(*) - sum(ill) AS rest")],
        ),
        tell(9, "nobody is without", Illness, &[&sql("count(*) FILTER (WHERE ill = 0) AS n")]),
        tell(
            9,
            "the groups that there are",
            Illness,
            &[&format!("{} GROUP BY ill", sql("ill, count(*) AS n"))],
        ),
        tell(
            9,
            "the zero that tells",
            Illness,
            &[
                "SELECT p.sex, count(s.code) AS n FROM person p LEFT JOIN stay s ON s.person_id = p.person_id AND s.code = 'J45' WHERE {p.one} GROUP BY p.sex",
            ],
        ),
    ]
}

fn ratios() -> Vec<Attack> {
    vec![
        value(
            10,
            "a mean of almost nothing times a number",
            Income,
            &["SELECT avg(CASE WHEN {one} THEN income ELSE 0 END) * 300 AS s FROM person"],
            first,
        ),
        tell(
            10,
            "a share of one in many",
            Illness,
            &[
                "SELECT avg(CASE WHEN {p.one} AND s.code = 'F32' THEN 1.0 ELSE 0.0 END) AS share FROM person p JOIN stay s ON s.person_id = p.person_id",
            ],
        ),
        value(
            10,
            "a sum over a mean",
            GroupStays,
            &["SELECT sum(cost) AS s, avg(cost * 1.0) AS m FROM {group}"],
            |a| Some(a[0].at(0, 0)? / a[0].at(0, 1)?),
        ),
        value(
            10,
            "a sum over a mean of another form",
            GroupStays,
            &[
                "SELECT sum(cost) AS s, avg(c) AS m FROM (SELECT person_id, cost, cost / 2 AS c FROM {group}) q",
            ],
            |a| Some(a[0].at(0, 0)? / a[0].at(0, 1)? / 2.0),
        ),
        value(
            10,
            "a sum and a mean apart",
            GroupStays,
            &[
                "SELECT a.s / b.m AS n FROM (SELECT sum(cost) AS s FROM {group}) a CROSS JOIN (SELECT avg(cost) AS m FROM {group}) b",
            ],
            first,
        ),
        value(
            10,
            "a sum over a regression's mean",
            GroupStays,
            &["SELECT sum(cost) AS s, regr_avgx(cost, cost) AS m FROM {group}"],
            |a| Some(a[0].at(0, 0)? / a[0].at(0, 1)?),
        ),
        value(
            10,
            "each row counts five",
            GroupStays,
            &["SELECT sum(CASE WHEN cost > 0 THEN 1 + 1 + 1 + 1 + 1 ELSE 0 END) AS n FROM {group}"],
            |a| Some(a[0].at(0, 0)? / 5.0),
        ),
        value(
            10,
            "five flags for each row",
            GroupStays,
            &[
                "SELECT sum(f + f + f + f + f) AS n FROM (SELECT person_id, CASE WHEN cost > 0 THEN 1 ELSE 0 END AS f FROM {group}) q",
            ],
            |a| Some(a[0].at(0, 0)? / 5.0),
        ),
        value(
            10,
            "the rows five times",
            GroupStays,
            &[
                "SELECT count(*) AS n FROM (SELECT person_id FROM {group} UNION ALL SELECT person_id FROM {group} UNION ALL SELECT person_id FROM {group} UNION ALL SELECT person_id FROM {group} UNION ALL SELECT person_id FROM {group}) q",
            ],
            |a| Some(a[0].at(0, 0)? / 5.0),
        ),
        value(
            10,
            "each row meets five",
            GroupStays,
            &["SELECT count(*) AS n FROM {group} JOIN code c ON c.points > 0"],
            |a| Some(a[0].at(0, 0)? / 5.0),
        ),
    ]
}

fn moments() -> Vec<Attack> {
    vec![
        value(
            11,
            "a sum of squares",
            Income,
            &["SELECT sum(income * income) AS s FROM person WHERE {one}"],
            |a| Some(a[0].at(0, 0)?.sqrt()),
        ),
        value(
            11,
            "sums and squares with and without",
            Income,
            &[
                "SELECT sum(income * income) AS s, sum(CASE WHEN {one} THEN 0 ELSE income * income END) AS t FROM person",
            ],
            |a| Some((a[0].at(0, 0)? - a[0].at(0, 1)?).sqrt()),
        ),
        value(
            11,
            "the slope on a flag",
            Income,
            &[
                "SELECT regr_slope(income, CASE WHEN {one} THEN 1.0 ELSE 0.0 END) + regr_intercept(income, CASE WHEN {one} THEN 1.0 ELSE 0.0 END) AS s FROM person",
            ],
            first,
        ),
        value(
            11,
            "the covariance with a flag",
            Income,
            &[
                "SELECT covar_pop(income, CASE WHEN {one} THEN 300.0 ELSE 0.0 END) + avg(income) AS s FROM person",
            ],
            first,
        ),
        value(
            11,
            "two kinds of variance",
            GroupStays,
            &["SELECT var_samp(cost) AS a, var_pop(cost) AS b FROM {group}"],
            |a| {
                let ratio = a[0].at(0, 0)? / a[0].at(0, 1)?;
                Some(ratio / (ratio - 1.0))
            },
        ),
        value(
            11,
            "the mean with and without",
            Income,
            &[
                "SELECT avg(income) FILTER (WHERE birth_year = 1940 OR {one}) AS a, avg(income) FILTER (WHERE birth_year = 1940) AS b, count(income) FILTER (WHERE birth_year = 1940) AS n FROM person",
            ],
            |a| Some(a[0].at(0, 0)? * (a[0].at(0, 2)? + 1.0) - a[0].at(0, 1)? * a[0].at(0, 2)?),
        ),
    ]
}

fn labels() -> Vec<Attack> {
    vec![
        tell(
            12,
            "the codes that one person has",
            Illness,
            &[
                "SELECT s.code FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} GROUP BY s.code ORDER BY s.code",
            ],
        ),
        tell(
            12,
            "distinct codes",
            Illness,
            &[
                "SELECT DISTINCT s.code FROM stay s WHERE s.person_id IN (SELECT person_id FROM person WHERE {one}) ORDER BY 1",
            ],
        ),
        tell(
            12,
            "codes by UNION",
            Illness,
            &[
                "SELECT s.code FROM stay s JOIN person p ON p.person_id = s.person_id WHERE {p.one} UNION SELECT code FROM code WHERE code = 'K21' ORDER BY 1",
            ],
        ),
        tell(
            12,
            "reference rows that somebody has",
            Illness,
            &[
                "SELECT code FROM code WHERE code IN (SELECT s.code FROM stay s JOIN person p ON p.person_id = s.person_id WHERE {p.one}) ORDER BY 1",
            ],
        ),
        tell(
            12,
            "reference rows that nobody has",
            Illness,
            &[
                "SELECT c.code FROM code c WHERE NOT EXISTS (SELECT 1 FROM stay s JOIN person p ON p.person_id = s.person_id WHERE {p.one} AND s.code = c.code) ORDER BY 1",
            ],
        ),
        tell(
            12,
            "the label in a total",
            Illness,
            &[
                "SELECT s.code, count(*) AS n FROM stay s JOIN person p ON p.person_id = s.person_id WHERE {p.one} GROUP BY ROLLUP (s.code) ORDER BY 1",
            ],
        ),
        tell(
            12,
            "a public label that is there or not",
            Illness,
            &[
                "SELECT p.sex, count(*) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} AND s.code = 'F32' GROUP BY p.sex",
            ],
        ),
        tell(
            12,
            "the number of public labels",
            Illness,
            &[
                "SELECT count(*) AS n FROM (SELECT p.sex, count(*) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} AND s.code = 'F32' GROUP BY p.sex) q",
            ],
        ),
    ]
}
