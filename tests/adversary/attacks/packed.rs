//! One person behind many: dominance (7), values packed into others (22), small groups inside large ones (24),
//! what is aggregated twice (25).

use super::first;
use crate::sequence::{Attack, tell, value};
use crate::world::Secret::{Illness, Income};

pub(super) fn attacks() -> Vec<Attack> {
    let mut all = dominating();
    all.extend(packing());
    all.extend(inside());
    all.extend(laundering());
    all
}

/// A dozen people have no income at all.
fn dominating() -> Vec<Attack> {
    vec![
        value(
            7,
            "among those who have nothing",
            Income,
            &["SELECT sum(income) AS s FROM person WHERE {one} OR income = 0"],
            first,
        ),
        value(
            7,
            "the others' values made nothing",
            Income,
            &[
                "SELECT sum(CASE WHEN {one} THEN income WHEN birth_year = 1940 THEN income * 0 END) AS s FROM person",
            ],
            first,
        ),
        value(
            7,
            "the others' values are missing",
            Income,
            &["SELECT sum(income) AS s FROM person WHERE {one} OR income IS NULL"],
            first,
        ),
        value(
            7,
            "the others' values taken away by a join",
            Income,
            &[
                "SELECT sum(b.income) AS s FROM person a LEFT JOIN (SELECT person_id, income FROM person WHERE {one} OR income = 0) b ON b.person_id = a.person_id",
            ],
            first,
        ),
    ]
}

fn packing() -> Vec<Attack> {
    vec![
        value(
            22,
            "a label that is a value",
            Income,
            &[
                "SELECT CASE WHEN {one} THEN income ELSE 0 END AS k, count(*) AS n FROM person GROUP BY 1 ORDER BY 1 DESC",
            ],
            first,
        ),
        value(
            22,
            "a label that is a number and a value",
            Income,
            &[
                "SELECT max(k) AS s FROM (SELECT birth_year * 0 + income AS k, count(*) AS n FROM person WHERE {one} OR income = 0 GROUP BY 1) q",
            ],
            first,
        ),
        value(
            22,
            "two numbers in one sum",
            Income,
            &["SELECT sum(income * 1000000 + 1) / 1000000.0 AS s FROM person WHERE {one}"],
            first,
        ),
        value(
            22,
            "a label for everybody",
            Income,
            &[
                "SELECT m.s AS k, count(*) AS n FROM person p CROSS JOIN (SELECT sum(income) AS s FROM person WHERE {one}) m GROUP BY 1",
            ],
            first,
        ),
        value(
            22,
            "texts put together",
            Income,
            &[
                "SELECT CAST(max(concat('', CASE WHEN {one} THEN income ELSE 0 END)) AS DOUBLE) AS s FROM person",
            ],
            |a| a[0].rows.first()?.first()?.as_str().and_then(|t| t.parse().ok()).or_else(|| a[0].at(0, 0)),
        ),
        value(
            22,
            "a date that is a value",
            Income,
            &["SELECT max(julianday('2000-01-01') + income) - julianday('2000-01-01') AS s FROM person"],
            first,
        ),
        value(
            22,
            "a list of values",
            Income,
            &["SELECT group_concat(income, '') AS s FROM person WHERE {one}"],
            |a| a[0].rows.first()?.first()?.as_str()?.parse().ok(),
        ),
        value(
            22,
            "bits of a value",
            Income,
            &["SELECT sum(CAST(income AS BIGINT) & 131071) AS s FROM person WHERE {one}"],
            first,
        ),
        value(
            22,
            "how many different values",
            Income,
            &[
                "SELECT count(DISTINCT c.x) AS s FROM person p JOIN (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000) SELECT x FROM n) c ON c.x <= p.income WHERE {p.one}",
            ],
            first,
        ),
        value(
            22,
            "the sum of what is different",
            Income,
            &[
                "SELECT sum(DISTINCT x) - 1 AS s FROM (SELECT person_id, CASE WHEN {one} THEN income ELSE 1 END AS x FROM person) q",
            ],
            first,
        ),
        tell(
            22,
            "a value in the name of a group",
            Illness,
            &[
                "SELECT concat(p.sex, max(s.code)) AS k, count(*) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} GROUP BY p.sex",
            ],
        ),
    ]
}

fn inside() -> Vec<Attack> {
    vec![
        value(
            24,
            "one person's sum beside everybody",
            Income,
            &[
                "SELECT avg(g.s) AS s FROM person p CROSS JOIN (SELECT sum(income) AS s FROM person WHERE {one}) g",
            ],
            first,
        ),
        value(
            24,
            "a key of one joined to many",
            Income,
            &[
                "WITH g AS (SELECT CASE WHEN {one} THEN 'F' ELSE 'M' END AS k, max(income) AS s FROM person GROUP BY 1) SELECT max(g.s) AS s FROM person p JOIN g ON g.k = p.sex WHERE p.sex = 'F'",
            ],
            first,
        ),
        value(
            24,
            "a large group's statistic for one",
            Income,
            &[
                "SELECT sum(p.income - g.m) AS d, avg(g.m) AS m FROM person p JOIN (SELECT sex, avg(income) AS m FROM person GROUP BY sex) g ON g.sex = p.sex WHERE {p.one}",
            ],
            |a| Some(a[0].at(0, 0)? + a[0].at(0, 1)?),
        ),
        value(
            24,
            "one person's value by IN",
            Income,
            &[
                "SELECT sum(income) AS s FROM person WHERE income IN (SELECT max(income) FROM person GROUP BY sex) AND income > 45000",
            ],
            first,
        ),
        value(
            24,
            "one person's value by a window of a group",
            Income,
            &[
                "SELECT avg(m) AS s FROM (SELECT person_id, sex, max(income) OVER (PARTITION BY sex) AS m FROM person) q WHERE sex = 'F'",
            ],
            first,
        ),
        tell(
            24,
            "a large group chosen by one person",
            Illness,
            &[
                "SELECT count(*) AS n FROM person WHERE birth_year = 1940 AND EXISTS (SELECT 1 FROM stay s JOIN person p ON p.person_id = s.person_id WHERE {p.one} AND s.code = 'F32')",
            ],
        ),
        tell(
            24,
            "a group of all, there because of one",
            Illness,
            &[
                "SELECT count(*) AS n FROM person p JOIN (SELECT s.code, count(*) AS n FROM stay s JOIN person q ON q.person_id = s.person_id WHERE {q.one} GROUP BY s.code) g ON g.code = 'F32'",
            ],
        ),
    ]
}

fn laundering() -> Vec<Attack> {
    vec![
        value(
            25,
            "aggregated twice",
            Income,
            &[
                "SELECT sum(s) AS s FROM (SELECT CASE WHEN {one} THEN 'x' ELSE 'y' END AS k, sum(income) AS s FROM person GROUP BY 1) q WHERE k = 'x'",
            ],
            first,
        ),
        value(
            25,
            "isolated, then among strangers who have nothing",
            Income,
            &[
                "WITH cohort AS (SELECT person_id, income FROM person WHERE {one}), strangers AS (SELECT person_id, income FROM person WHERE birth_year = 1940) SELECT sum(x) AS s FROM (SELECT person_id, income AS x FROM cohort UNION ALL SELECT person_id, 0 FROM strangers) u",
            ],
            first,
        ),
        value(
            25,
            "a person's own aggregate, then all",
            Income,
            &[
                "SELECT sum(t) AS s FROM (SELECT person_id, sum(CASE WHEN {one} THEN income ELSE 0 END) AS t FROM person GROUP BY person_id) q",
            ],
            first,
        ),
        value(
            25,
            "a person's own window, then all",
            Income,
            &[
                "SELECT sum(t) AS s FROM (SELECT person_id, max(CASE WHEN {one} THEN income ELSE 0 END) OVER (PARTITION BY person_id) AS t FROM person) q",
            ],
            first,
        ),
        value(
            25,
            "a person's own condition, then all",
            Income,
            &[
                "SELECT sum(CASE WHEN k = 1 THEN income ELSE 0 END) AS s FROM (SELECT person_id, income, max(CASE WHEN {one} THEN 1 ELSE 0 END) AS k FROM person GROUP BY person_id, income) q",
            ],
            first,
        ),
        value(
            25,
            "three levels",
            Income,
            &[
                "SELECT max(m) AS s FROM (SELECT sex, max(s) AS m FROM (SELECT sex, birth_year, district, sum(income) AS s FROM person GROUP BY sex, birth_year, district HAVING count(*) = 1) a GROUP BY sex) b WHERE m > 0",
            ],
            first,
        ),
        tell(
            25,
            "a count of groups that are there",
            Illness,
            &[
                "SELECT count(*) AS groups, count(n) AS numbers FROM (SELECT p.district, count(*) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} AND s.code = 'F32' GROUP BY p.district) q",
            ],
        ),
    ]
}
