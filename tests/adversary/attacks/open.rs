//! What only rules that are not there yet can stop. Each is asserted to be open, so that the list stays honest.

use crate::sequence::{Answer, Attack, tell, value};
use crate::world::Secret::{GroupStays, Illness, Income, Stays};

const LEDGER: &str = "two releases are compared by nobody until there is a ledger";
const DOMINANCE: &str = "the nhs-england policy has no dominance rule";

const MULTIPLE: &str = "how many rows of a reference table each row meets is not looked at: a multiple is not hidden by rounding";
const CLASS: &str = "that a whole group has the same value is not looked at yet";

fn answers_apart(a: &[Answer]) -> Option<f64> {
    Some((a[0].at(0, 0)? - a[1].at(0, 0)?).abs())
}

pub(super) fn attacks() -> Vec<(Attack, &'static str)> {
    let total = "SELECT sum(income) AS s FROM person";
    let everybody = "SELECT min(ill) AS least, max(ill) AS most FROM (SELECT p.person_id, max(CASE WHEN s.code = 'F32' THEN 1 ELSE 0 END) AS ill FROM person p JOIN stay s ON s.person_id = p.person_id WHERE p.birth_year = 1930 OR {p.one} GROUP BY p.person_id) q";
    vec![
        (
            value(
                10,
                "each row meets five by their codes",
                GroupStays,
                &[
                    "SELECT count(*) AS n FROM {group} JOIN code c ON substr(c.code, 1, 0) = substr(g.kind, 1, 0)",
                ],
                |a| Some(a[0].at(0, 0)? / 5.0),
            ),
            MULTIPLE,
        ),
        (tell(9, "the least and the greatest are one", Illness, &[everybody]), CLASS),
        (
            value(
                3,
                "a total and a part, released one after the other",
                Income,
                &[total, "SELECT sum(income) AS s FROM person WHERE NOT {one}"],
                answers_apart,
            ),
            LEDGER,
        ),
        (
            value(
                4,
                "two queries",
                Income,
                &[
                    "SELECT sum(income) AS s FROM person WHERE birth_year < 1940",
                    "SELECT sum(income) AS s FROM person WHERE birth_year < 1940 AND NOT {one}",
                ],
                answers_apart,
            ),
            LEDGER,
        ),
        (
            value(
                5,
                "a tracker in two queries",
                Income,
                &[
                    "SELECT sum(income) AS s FROM person WHERE birth_year >= 1940 OR {one}",
                    "SELECT sum(income) AS s FROM person WHERE birth_year >= 1940",
                ],
                answers_apart,
            ),
            LEDGER,
        ),
        (
            value(
                6,
                "three queries",
                Income,
                &[
                    "SELECT sum(income) AS s FROM person WHERE {one} OR birth_year = 1940",
                    "SELECT sum(income) AS s FROM person WHERE birth_year IN (1940, 1942)",
                    "SELECT sum(income) AS s FROM person WHERE {one} OR birth_year = 1942",
                ],
                |a| Some((a[0].at(0, 0)? - a[1].at(0, 0)? + a[2].at(0, 0)?) / 2.0),
            ),
            LEDGER,
        ),
        (
            value(
                7,
                "a mean among those who have nothing",
                Income,
                &["SELECT avg(income) * 14 AS s FROM person WHERE {one} OR income = 0"],
                |a| a[0].at(0, 0),
            ),
            DOMINANCE,
        ),
        (
            value(
                17,
                "one condition over two queries",
                Stays,
                &[
                    "SELECT sum(p.cost) / 500 AS n FROM stay p JOIN person q ON q.person_id = p.person_id WHERE q.birth_year = 1931",
                    "SELECT sum(p.cost) / 500 AS n FROM stay p JOIN person q ON q.person_id = p.person_id WHERE q.birth_year = 1931 AND NOT {q.one}",
                ],
                answers_apart,
            ),
            LEDGER,
        ),
    ]
}
