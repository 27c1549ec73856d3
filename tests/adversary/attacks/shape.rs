//! What the form of an answer says: rows that are there or not and their order (13), failures (14), pairs and places
//! of people (15), refusals and markers (20), everything around the answer (27).

use super::first;
use crate::sequence::{Attack, tell, value};
use crate::world::Secret::{Illness, Income};

pub(super) fn attacks() -> Vec<Attack> {
    let mut all = deciding();
    all.extend(failing());
    all.extend(pairing());
    all.extend(denying());
    all.extend(around());
    all
}

fn deciding() -> Vec<Attack> {
    vec![
        tell(
            13,
            "HAVING",
            Income,
            &["SELECT 'rich' AS x FROM person WHERE {one} HAVING sum(income) > 60000"],
        ),
        tell(
            13,
            "HAVING inside, counted outside",
            Income,
            &[
                "SELECT count(*) AS n FROM (SELECT district, birth_year, sex, sum(income) AS s FROM person GROUP BY district, birth_year, sex HAVING sum(income) > 60000) q WHERE birth_year = 1931 AND sex = 'F' AND district = 'AB1'",
            ],
        ),
        tell(
            13,
            "a CASE in a large group's HAVING",
            Income,
            &[
                "SELECT count(*) AS n FROM (SELECT district FROM person GROUP BY district HAVING sum(CASE WHEN {one} AND income > 60000 THEN 1 ELSE 0 END) > 0) q",
            ],
        ),
        tell(
            13,
            "the order of small groups",
            Income,
            &[
                "SELECT k, s FROM (SELECT CASE WHEN {one} THEN 'x' WHEN income > 39000 THEN 'y' ELSE 'z' END AS k, sum(income) AS s FROM person WHERE {one} OR income > 39000 OR birth_year = 1930 GROUP BY 1) q ORDER BY s DESC, k",
            ],
        ),
        tell(
            13,
            "LIMIT after the order",
            Income,
            &[
                "SELECT sex, birth_year, district FROM (SELECT sex, birth_year, district, avg(income) AS s FROM person GROUP BY 1, 2, 3) q ORDER BY CASE WHEN s > 60000 THEN 0 ELSE 1 END, birth_year DESC, sex, district LIMIT 1",
            ],
        ),
        tell(
            13,
            "a rank of small groups",
            Illness,
            &[
                "SELECT p.district, rank() OVER (ORDER BY count(*) DESC) AS r FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} AND s.code = 'F32' GROUP BY p.district",
            ],
        ),
        tell(
            13,
            "whether there is a row at all",
            Illness,
            &[
                "SELECT 1 AS x WHERE EXISTS (SELECT 1 FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} AND s.code = 'F32')",
            ],
        ),
        tell(
            13,
            "a condition on the number inside",
            Illness,
            &[
                "SELECT 1 AS x WHERE (SELECT count(*) FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} AND s.code = 'F32') > 0",
            ],
        ),
        tell(
            13,
            "a join that keeps or drops",
            Illness,
            &[
                "SELECT c.code, a.n FROM code c LEFT JOIN (SELECT s.code, count(*) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} GROUP BY s.code) a ON a.code = c.code WHERE a.code IS NULL ORDER BY c.code",
            ],
        ),
        tell(
            13,
            "EXCEPT between protected tables",
            Illness,
            &[
                "SELECT code FROM code EXCEPT SELECT s.code FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} GROUP BY s.code HAVING count(*) > 0 ORDER BY 1",
            ],
        ),
    ]
}

/// Counts somebody's texts of two to the power of `times` times three letters.
fn doubled(times: usize) -> String {
    let mut with = vec!["q0 AS (SELECT person_id, 'abc' AS x FROM person WHERE {rich})".to_owned()];
    for level in 1..=times {
        with.push(format!("q{level} AS (SELECT person_id, x || x AS x FROM q{})", level - 1));
    }
    format!("WITH {} SELECT count(x) AS n, max(length(x)) AS longest FROM q{times}", with.join(", "))
}

/// Where the database that governs nothing does not fail either, it gives NULL; the count differs then.
fn failing() -> Vec<Attack> {
    let rich = "{one} AND income > 60000";
    let sql = |text: &str| text.replace("{rich}", rich);
    vec![
        tell(
            14,
            "division by zero",
            Income,
            &[&sql(
                "SELECT count(1 / CASE WHEN {rich} THEN 0 ELSE 1 END) AS n FROM person WHERE {one} OR birth_year = 1940",
            )],
        ),
        tell(
            14,
            "a remainder of zero",
            Income,
            &[&sql(
                "SELECT count(*) AS n FROM person WHERE ({one} OR birth_year = 1940) AND 10 % CASE WHEN {rich} THEN 0 ELSE 7 END = 3",
            )],
        ),
        tell(
            14,
            "a cast that fails",
            Income,
            &[&sql(
                "SELECT sum(CAST(CASE WHEN {rich} THEN 'x' ELSE '1' END AS INT)) AS n FROM person WHERE {one} OR birth_year = 1940",
            )],
        ),
        tell(
            14,
            "a cast to a date that fails",
            Income,
            &[&sql(
                "SELECT count(*) AS n FROM person WHERE ({one} OR birth_year = 1940) AND CAST(CASE WHEN {rich} THEN 'x' ELSE '2020-01-01' END AS DATE) > DATE '2000-01-01'",
            )],
        ),
        tell(
            14,
            "an overflow",
            Income,
            &[&sql(
                "SELECT max(9223372036854775807 * CASE WHEN {rich} THEN 2 ELSE 0 END) AS n FROM person WHERE {one} OR birth_year = 1940",
            )],
        ),
        tell(
            14,
            "a sum that overflows",
            Income,
            &[&sql(
                "SELECT sum(CASE WHEN {rich} THEN 9223372036854775807 ELSE 4611686018427387904 END) AS n FROM person WHERE {one} OR birth_year = 1940",
            )],
        ),
        tell(
            14,
            "the smallest number's opposite",
            Income,
            &[&sql(
                "SELECT max(abs(CASE WHEN {rich} THEN -9223372036854775807 - 1 ELSE 0 END)) AS n FROM person WHERE {one} OR birth_year = 1940",
            )],
        ),
        tell(
            14,
            "a root of a negative number",
            Income,
            &[&sql(
                "SELECT count(sqrt(CASE WHEN {rich} THEN -1 ELSE 4 END)) AS n FROM person WHERE {one} OR birth_year = 1940",
            )],
        ),
        // Doubled as often as that, one row fills the memory of any machine; here it stops short of it.
        tell(14, "a text that doubles", Income, &[&sql(&doubled(14))]),
        tell(
            14,
            "a pattern that is none",
            Income,
            &[&sql(
                "SELECT count(*) AS n FROM person WHERE ({one} OR birth_year = 1940) AND sex ~ CASE WHEN {rich} THEN '(' ELSE 'F' END",
            )],
        ),
        tell(
            14,
            "a length below nothing",
            Income,
            &[&sql(
                "SELECT count(*) AS n FROM person WHERE substr(district, 1, CASE WHEN {rich} THEN -1 ELSE 1 END) = 'A'",
            )],
        ),
        tell(
            14,
            "a date beyond the calendar",
            Income,
            &[&sql(
                "SELECT count(DATE '9999-01-01' + CASE WHEN {rich} THEN 1000000 ELSE 1 END * INTERVAL '1 year') AS n FROM person WHERE {one} OR birth_year = 1940",
            )],
        ),
        tell(
            14,
            "a text that fills the memory",
            Income,
            &[&sql(
                "SELECT max(length(a || a || a || a || a || a || a || a)) AS n FROM (SELECT person_id, b || b || b || b || b || b || b || b AS a FROM (SELECT person_id, c || c || c || c || c || c || c || c AS b FROM (SELECT person_id, CASE WHEN {rich} THEN replace(district, 'A', '0123456789012345678901234567890123456789') ELSE '' END AS c FROM person WHERE {one} OR birth_year = 1940) x) y) z",
            )],
        ),
        tell(
            14,
            "an interval that cannot be read",
            Income,
            &[&sql(
                "SELECT sum(CAST(CASE WHEN {rich} THEN 'x' ELSE '1 day' END AS INTERVAL)) AS n FROM person",
            )],
        ),
    ]
}

fn pairing() -> Vec<Attack> {
    vec![
        value(
            15,
            "pairs of people",
            Income,
            &[
                "SELECT sum(b.income) / 15 AS s FROM person a JOIN person b ON a.birth_year = 1940 AND b.sex = 'F' AND b.birth_year = 1931 AND b.district = 'AB1'",
            ],
            first,
        ),
        value(
            15,
            "the next person's value",
            Income,
            &[
                "SELECT sum(x) AS s FROM (SELECT sex, birth_year, district, lead(income) OVER (ORDER BY income NULLS FIRST) AS x FROM person) q WHERE x > 45000 AND birth_year <> 1931",
            ],
            first,
        ),
        value(
            15,
            "the first row of many",
            Income,
            &[
                "SELECT sum(income) AS s FROM (SELECT person_id, income, row_number() OVER (ORDER BY income DESC NULLS LAST) AS rn FROM person) q WHERE rn = 1",
            ],
            first,
        ),
        value(
            15,
            "one tile of many",
            Income,
            &[
                "SELECT max(income) AS s FROM (SELECT person_id, income, ntile(200) OVER (ORDER BY income DESC) AS t FROM person WHERE income > 0) q WHERE t = 1",
            ],
            first,
        ),
        value(
            15,
            "a running sum",
            Income,
            &[
                "SELECT max(t) AS s FROM (SELECT person_id, sum(income) OVER (ORDER BY income ROWS BETWEEN CURRENT ROW AND CURRENT ROW) AS t FROM person) q",
            ],
            first,
        ),
        value(
            15,
            "the first value of a window",
            Income,
            &[
                "SELECT avg(x) AS s FROM (SELECT person_id, first_value(income) OVER (ORDER BY income DESC) AS x FROM person WHERE income > 0) q",
            ],
            first,
        ),
        value(
            15,
            "the greatest of the others, per row",
            Income,
            &[
                "SELECT avg((SELECT max(b.income) FROM person b WHERE b.sex <> a.sex)) AS s FROM person a WHERE a.sex = 'M'",
            ],
            first,
        ),
        value(
            15,
            "a lateral join",
            Income,
            &[
                "SELECT avg(x.income) AS s FROM person a CROSS JOIN LATERAL (SELECT b.income FROM person b WHERE b.birth_year = 1931 AND b.sex = 'F' AND b.district = 'AB1' AND a.birth_year > 0) x",
            ],
            first,
        ),
    ]
}

/// Why something is not shown must not say what it is.
fn denying() -> Vec<Attack> {
    let from = "FROM (SELECT p.person_id, p.sex, p.birth_year, p.district, p.income, EXISTS (SELECT 1 FROM stay s WHERE s.person_id = p.person_id AND s.code = 'F32') AS ill FROM person p) q";
    let sql = |select: &str, rest: &str| format!("SELECT {select} {from} {rest}");
    vec![
        tell(
            20,
            "which rule of two",
            Illness,
            &[&sql(
                "count(*) FILTER (WHERE {one} AND ill) AS a, sum(CASE WHEN {one} AND ill THEN 1 ELSE 0 END) AS b",
                "",
            )],
        ),
        tell(
            20,
            "the marker of a measure",
            Illness,
            &[&sql(
                "sum(income) AS a, avg(income) AS b, count(income) AS c, max(income) AS d",
                "WHERE {one} AND ill",
            )],
        ),
        tell(
            20,
            "NULL or suppressed",
            Illness,
            &[&sql("sum(CASE WHEN ill THEN income END) AS a", "WHERE {one}")],
        ),
        tell(
            20,
            "what a default stands for",
            Illness,
            &[&sql("coalesce(sum(income), 99) AS a, coalesce(count(*), 99) AS b", "WHERE {one} AND ill")],
        ),
        tell(
            20,
            "held or released",
            Illness,
            &[&sql("sex, count(*) AS n", "WHERE {one} AND ill GROUP BY ROLLUP (sex)")],
        ),
        tell(
            20,
            "held by what is inside",
            Illness,
            &[&sql(
                "count(*) AS n",
                "WHERE birth_year IN (SELECT p.birth_year FROM person p JOIN stay s ON s.person_id = p.person_id WHERE {p.one} AND s.code = 'F32')",
            )],
        ),
        tell(
            20,
            "the quantile's sides",
            Income,
            &[
                "SELECT median(income) AS a, percentile_cont(0.9) WITHIN GROUP (ORDER BY income) AS b FROM person WHERE {one} OR birth_year = 1940",
            ],
        ),
    ]
}

/// The whole text of the answers is compared anyway; here in projects, formats and words where more could be said.
fn around() -> Vec<Attack> {
    vec![
        tell(
            27,
            "the words of a refusal",
            Income,
            &["SELECT income FROM person WHERE {one} AND income > 60000"],
        ),
        tell(
            27,
            "an id for each row",
            Income,
            &["SELECT row_number() OVER () AS id, income AS s FROM person WHERE {one}"],
        ),
        tell(
            27,
            "how long a name is",
            Illness,
            &[
                "SELECT upper(s.code) AS c, length(s.code) AS l, count(*) AS n FROM stay s JOIN person p ON p.person_id = s.person_id WHERE {p.one} GROUP BY 1, 2 ORDER BY 1",
            ],
        ),
        tell(
            27,
            "work that takes longer",
            Income,
            &[
                "SELECT count(*) AS n FROM person a WHERE {one} AND income > 60000 AND (SELECT count(*) FROM code x CROSS JOIN code y) > 0",
            ],
        ),
        tell(
            27,
            "nothing at all",
            Income,
            &[
                "SELECT income FROM person WHERE {one} LIMIT 0",
                "SELECT sum(income) AS s FROM person WHERE {one} LIMIT 0",
                "SELECT sum(income) AS s FROM person WHERE {one} LIMIT 1 OFFSET 0",
            ],
        ),
    ]
}
