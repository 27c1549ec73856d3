//! What only rules that are not there yet can stop. Each is asserted to be open, so that the list stays honest.

use crate::sequence::{Attack, tell, value};
use crate::world::Secret::{GroupStays, Illness, Income};

const DOMINANCE: &str = "the nhs-england policy has no dominance rule";

const MULTIPLE: &str = "how many rows of a reference table each row meets is not looked at: a multiple is not hidden by rounding";
const CLASS: &str = "that a whole group has the same value is not looked at yet";

pub(super) fn attacks() -> Vec<(Attack, &'static str)> {
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
                7,
                "a mean among those who have nothing",
                Income,
                &["SELECT avg(income) * 14 AS s FROM person WHERE {one} OR income = 0"],
                |a| a[0].at(0, 0),
            ),
            DOMINANCE,
        ),
    ]
}
