//! What takes several releases: each answer is harmless, and their difference is one person. `@q ` before a query has somebody
//! in another project ask it.

use super::first;
use crate::sequence::{Answer, Attack, tell, value};
use crate::world::Secret::{Illness, Income, Stays};

pub(super) fn attacks() -> Vec<Attack> {
    let mut all = margins();
    all.extend(pairs());
    all.extend(trackers());
    all.extend(systems());
    all.extend(classes());
    all.extend(ratios());
    all.extend(averages());
    all.extend(subsets());
    all.extend(unions());
    all.extend(denials());
    all.extend(collusions());
    all.extend(versions());
    all
}

/// Under the policy that does not show that there is nobody: where it is shown, so is that two numbers are of the same people.
fn strict(attacks: Vec<Attack>) -> Vec<Attack> {
    attacks.into_iter().map(|attack| Attack { project: "strict", ..attack }).collect()
}

/// The first numbers of two answers, apart.
fn apart(a: &[Answer]) -> Option<f64> {
    Some((a[0].at(0, 0)? - a[1].at(0, 0)?).abs())
}

/// The sum of a column of one answer.
fn sum(answer: &Answer, column: usize) -> Option<f64> {
    (0..answer.rows.len()).map(|row| answer.at(row, column)).sum()
}

/// The groups of the first answer together, less the second.
fn groups_less_total(a: &[Answer]) -> Option<f64> {
    Some((sum(&a[0], 1)? - a[1].at(0, 0)?).abs())
}

/// The groups of both answers, apart.
fn groups_apart(a: &[Answer]) -> Option<f64> {
    Some((sum(&a[0], 1)? - sum(&a[1], 1)?).abs())
}

fn margins() -> Vec<Attack> {
    let total = "SELECT sum(income) AS s FROM person";
    let part = "SELECT sum(income) AS s FROM person WHERE NOT {one}";
    vec![
        value(3, "a total, then all but one", Income, &[total, part], apart),
        value(3, "all but one, then the total", Income, &[part, total], apart),
        value(
            3,
            "groups, then all but one",
            Income,
            &["SELECT sex, sum(income) AS s FROM person GROUP BY sex", part],
            groups_less_total,
        ),
        value(
            3,
            "groups without one, then all groups",
            Income,
            &[
                "SELECT district, sum(income) AS s FROM person WHERE NOT {one} GROUP BY district",
                "SELECT district, sum(income) AS s FROM person GROUP BY district",
            ],
            groups_apart,
        ),
        value(
            3,
            "groups of other kinds",
            Income,
            &[
                "SELECT sex, sum(income) AS s FROM person GROUP BY sex",
                "SELECT district, sum(income) AS s FROM person WHERE NOT {one} GROUP BY district",
            ],
            groups_apart,
        ),
        value(
            3,
            "the total of a ROLLUP",
            Income,
            &["SELECT sex, sum(income) AS s FROM person GROUP BY ROLLUP (sex)", part],
            |a| {
                let total = a[0].rows.iter().position(|r| r[0].is_null())?;
                Some((a[0].at(total, 1)? - a[1].at(0, 0)?).abs())
            },
        ),
    ]
}

fn pairs() -> Vec<Attack> {
    let all = "SELECT sum(income) AS s FROM person WHERE birth_year < 1940";
    vec![
        value(
            4,
            "two queries",
            Income,
            &[all, "SELECT sum(income) AS s FROM person WHERE birth_year < 1940 AND NOT {one}"],
            apart,
        ),
        value(
            4,
            "the second as a CTE",
            Income,
            &[
                all,
                "WITH old AS (SELECT * FROM person WHERE NOT {one}) SELECT sum(income) AS s FROM old WHERE birth_year < 1940",
            ],
            apart,
        ),
        value(
            4,
            "the second by arithmetic",
            Income,
            &[all, "SELECT sum(income * 2 + 0) / 2 AS s FROM person WHERE birth_year < 1940 AND NOT {one}"],
            apart,
        ),
        value(
            4,
            "the second by people's numbers",
            Income,
            &[
                all,
                "SELECT sum(income) AS s FROM person WHERE birth_year < 1940 AND person_id NOT IN (SELECT person_id FROM person WHERE {one})",
            ],
            apart,
        ),
        value(
            4,
            "the second as a group",
            Income,
            &[
                all,
                "SELECT CASE WHEN {one} THEN 'x' WHEN birth_year < 1940 THEN 'y' ELSE 'z' END AS k, sum(income) AS s FROM person GROUP BY 1 ORDER BY 1",
            ],
            |a| {
                let row = a[1].row_of(&["y"])?;
                Some((a[0].at(0, 0)? - a[1].at(row, 1)?).abs())
            },
        ),
        value(
            4,
            "means, with how many they are known",
            Income,
            &[
                "SELECT avg(income) * 14 AS s FROM person WHERE birth_year = 1931 AND income IS NOT NULL",
                "SELECT avg(income) * 13 AS s FROM person WHERE birth_year = 1931 AND income IS NOT NULL AND NOT {one}",
            ],
            apart,
        ),
    ]
}

fn trackers() -> Vec<Attack> {
    let without = "SELECT sum(income) AS s FROM person WHERE birth_year >= 1940";
    vec![
        value(
            5,
            "a tracker",
            Income,
            &["SELECT sum(income) AS s FROM person WHERE birth_year >= 1940 OR {one}", without],
            apart,
        ),
        value(
            5,
            "a tracker, the other way round",
            Income,
            &[without, "SELECT sum(income) AS s FROM person WHERE birth_year >= 1940 OR {one}"],
            apart,
        ),
        value(
            5,
            "a tracker by UNION",
            Income,
            &[
                "SELECT sum(income) AS s FROM (SELECT person_id, income FROM person WHERE birth_year >= 1940 UNION ALL SELECT person_id, income FROM person WHERE {one}) q",
                without,
            ],
            apart,
        ),
        value(
            5,
            "a tracker in groups of two releases",
            Income,
            &[
                "SELECT sex, sum(income) AS s FROM person WHERE birth_year >= 1940 OR {one} GROUP BY sex",
                "SELECT sex, sum(income) AS s FROM person WHERE birth_year >= 1940 GROUP BY sex",
            ],
            groups_apart,
        ),
        value(
            5,
            "a tracker by CASE over two releases",
            Income,
            &[
                "SELECT sum(CASE WHEN birth_year >= 1940 OR {one} THEN income ELSE 0 END) AS s FROM person",
                without,
            ],
            apart,
        ),
    ]
}

fn systems() -> Vec<Attack> {
    let half = |a: &[Answer]| Some((a[0].at(0, 0)? - a[1].at(0, 0)? + a[2].at(0, 0)?) / 2.0);
    let three = |one: &str, two: &str, a: &str, b: &str| {
        [
            format!("SELECT sum(income) AS s FROM person WHERE {one} OR {a}"),
            format!("SELECT sum(income) AS s FROM person WHERE {a} OR {b}"),
            format!("SELECT sum(income) AS s FROM person WHERE {two} OR {b}"),
        ]
    };
    let mut all = Vec::new();
    for (name, a, b) in [
        ("three queries over years", "birth_year = 1940", "birth_year = 1942"),
        ("three queries over districts", "district = 'AB2'", "district = 'AB3'"),
        (
            "three queries over men of two districts",
            "(sex = 'M' AND district = 'AB2')",
            "(sex = 'M' AND district = 'AB3')",
        ),
    ] {
        let queries = three("{one}", "{one}", a, b);
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        all.push(value(6, name, Income, &queries, half));
    }
    all.push(value(
        6,
        "four queries",
        Income,
        &[
            "SELECT sum(income) AS s FROM person WHERE birth_year IN (1940, 1942) OR {one}",
            "SELECT sum(income) AS s FROM person WHERE birth_year IN (1942, 1944)",
            "SELECT sum(income) AS s FROM person WHERE birth_year IN (1944, 1946)",
            "SELECT sum(income) AS s FROM person WHERE birth_year IN (1946, 1940)",
        ],
        |a| Some((a[0].at(0, 0)? - a[1].at(0, 0)? + a[2].at(0, 0)? - a[3].at(0, 0)?).abs()),
    ));
    all.push(value(
        6,
        "a total and its two parts",
        Income,
        &[
            "SELECT sum(income) AS s FROM person WHERE birth_year < 1940",
            "SELECT sum(income) AS s FROM person WHERE birth_year < 1940 AND sex = 'M'",
            "SELECT sum(income) AS s FROM person WHERE birth_year < 1940 AND sex = 'F' AND NOT {one}",
        ],
        |a| Some((a[0].at(0, 0)? - a[1].at(0, 0)? - a[2].at(0, 0)?).abs()),
    ));
    all
}

/// Of a whole group it becomes known what its people have, by two numbers that are alike.
fn classes() -> Vec<Attack> {
    let ill = "SELECT count(DISTINCT p.person_id) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE s.code = 'F32' AND (p.birth_year = 1930 OR {p.one})";
    let everybody = "SELECT count(DISTINCT person_id) AS n FROM person WHERE birth_year = 1930 OR {one}";
    let same = |a: &[Answer]| Some(f64::from(u8::from(a[0].at(0, 0)? == a[1].at(0, 0)?)));
    strict(vec![
        value(9, "as many are ill as there are", Illness, &[everybody, ill], same),
        value(9, "as many are ill as there are, asked the other way round", Illness, &[ill, everybody], same),
        value(
            9,
            "all but as many are ill",
            Illness,
            &["SELECT count(*) AS n FROM person WHERE birth_year = 1930", ill],
            same,
        ),
        value(
            9,
            "the share of the ill, by two numbers",
            Illness,
            &[
                everybody,
                "SELECT count(DISTINCT CASE WHEN s.code = 'F32' THEN p.person_id END) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE p.birth_year = 1930 OR {p.one}",
            ],
            same,
        ),
        tell(9, "whether it is held", Illness, &[everybody, ill]),
    ])
}

fn ratios() -> Vec<Attack> {
    let from = "FROM (SELECT p.person_id, p.birth_year, p.sex, p.district, max(CASE WHEN s.code = 'F32' THEN 1 ELSE 0 END) AS ill FROM person p JOIN stay s ON s.person_id = p.person_id GROUP BY p.person_id, p.birth_year, p.sex, p.district) q";
    let mean = |condition: &str| format!("SELECT avg(ill) AS m, count(*) AS n {from} WHERE {condition}");
    let times =
        |a: &[Answer]| Some((a[0].at(0, 0)? * a[0].at(0, 1)? - a[1].at(0, 0)? * a[1].at(0, 1)?).abs());
    [
        ("shares of some years", "birth_year < 1937"),
        ("shares of two years", "birth_year IN (1931, 1932)"),
        ("shares of the old", "birth_year < 1935"),
        ("shares of women", "sex = 'F'"),
        ("shares of a district", "district = 'AB1'"),
    ]
    .into_iter()
    .map(|(name, condition)| {
        let (with, without) = (mean(condition), mean(&format!("{condition} AND NOT {{one}}")));
        value(10, name, Illness, &[&with, &without], times)
    })
    .collect()
}

/// The same number in other words, in the hope that it is another.
fn averages() -> Vec<Attack> {
    let spread = |a: &[Answer]| {
        let all: Vec<f64> = a.iter().filter_map(|answer| answer.at(0, 0)).collect();
        (all.len() == a.len()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    let of = |words: &[&str]| -> Vec<String> {
        words
            .iter()
            .map(|w| {
                format!(
                    "SELECT count(*) AS n FROM stay s JOIN person p ON p.person_id = s.person_id WHERE {w}"
                )
            })
            .collect()
    };
    [
        (
            "conditions the other way round",
            ["{p.one} OR p.birth_year = 1999", "p.birth_year = 1999 OR {p.one}", "NOT (NOT {p.one})"],
        ),
        (
            "conditions that are always true",
            ["{p.one} AND 1 = 1", "{p.one} AND p.birth_year > 0", "{p.one} AND s.cost >= 0"],
        ),
        (
            "casts",
            [
                "{p.one} AND CAST(p.birth_year AS BIGINT) = 1931",
                "{p.one} AND p.birth_year + 0 = 1931",
                "{p.one} AND p.birth_year * 2 = 3862",
            ],
        ),
        (
            "other functions",
            [
                "{p.one} AND upper(p.sex) = 'F'",
                "{p.one} AND lower(p.sex) = 'f'",
                "{p.one} AND length(p.sex) = 1",
            ],
        ),
        (
            "ranges",
            [
                "{p.one} AND p.birth_year BETWEEN 1931 AND 1931",
                "{p.one} AND p.birth_year IN (1931)",
                "{p.one} AND p.birth_year <= 1931",
            ],
        ),
    ]
    .into_iter()
    .map(|(name, words)| {
        let queries = of(&words);
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        value(16, name, Stays, &queries, spread)
    })
    .collect()
}

fn subsets() -> Vec<Attack> {
    let of = |condition: &str| {
        format!(
            "SELECT sum(p.cost) / 500 AS n FROM stay p JOIN person q ON q.person_id = p.person_id WHERE {condition}"
        )
    };
    [
        ("one condition over two queries", "q.birth_year = 1931"),
        ("one condition over women", "q.sex = 'F'"),
        ("one condition over a district", "q.district = 'AB1'"),
        ("one condition over the old", "q.birth_year < 1940"),
        ("one condition over planned stays", "p.kind = 'planned' AND q.birth_year < 1945"),
    ]
    .into_iter()
    .map(|(name, condition)| {
        let (with, without) = (of(condition), of(&format!("{condition} AND NOT {{q.one}}")));
        value(17, name, Stays, &[&with, &without], apart)
    })
    .collect()
}

/// Known people join a set one by one: where its rounded number flips tells what it was.
fn unions() -> Vec<Attack> {
    let of = |known: u32, more: &str| {
        format!(
            "SELECT count(DISTINCT p.person_id) AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE (s.code = 'F32' AND (p.birth_year = 1930 OR {{p.one}})) OR (p.birth_year = {known}{more})"
        )
    };
    let flips = |a: &[Answer]| {
        let all: Vec<f64> = a.iter().filter_map(|answer| answer.at(0, 0)).collect();
        (all.len() == a.len()).then(|| all.windows(2).filter(|w| w[0] != w[1]).count() as f64)
    };
    let districts = [
        "",
        " AND p.district <> 'AB1'",
        " AND p.district <> 'AB2'",
        " AND p.district <> 'AB3'",
        " AND p.district <> 'AB4'",
    ];
    [("of 1940", 1940), ("of 1941", 1941), ("of 1942", 1942), ("of 1943", 1943), ("of 1944", 1944)]
        .into_iter()
        .map(|(name, year)| {
            let queries: Vec<String> = districts.iter().map(|more| of(year, more)).collect();
            let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
            value(19, name, Illness, &queries, flips)
        })
        .collect()
}

/// Whether the second is let through would tell whether the one person is among those of the first.
fn denials() -> Vec<Attack> {
    let of = |what: &str, condition: &str| {
        format!(
            "SELECT {what} AS n FROM person p JOIN stay s ON s.person_id = p.person_id WHERE s.code = 'F32' AND {condition}"
        )
    };
    let held = |a: &[Answer]| Some(f64::from(u8::from(a[1].rows.is_empty())));
    let attacks = [
        ("people of some years", "count(DISTINCT p.person_id)", "p.birth_year BETWEEN 1930 AND 1937"),
        ("rows of some years", "count(*)", "p.birth_year BETWEEN 1930 AND 1937"),
        ("costs of some years", "sum(s.cost)", "p.birth_year BETWEEN 1930 AND 1938"),
        ("people of a district", "count(DISTINCT p.person_id)", "p.district = 'AB1'"),
        ("women", "count(DISTINCT p.person_id)", "p.sex = 'F'"),
    ]
    .into_iter()
    .map(|(name, what, condition)| {
        let (with, without) = (of(what, condition), of(what, &format!("{condition} AND NOT {{p.one}}")));
        value(20, name, Illness, &[&with, &without], held)
    })
    .collect();
    strict(attacks)
}

fn collusions() -> Vec<Attack> {
    vec![
        value(
            21,
            "a total here, all but one there",
            Income,
            &[
                "SELECT sum(income) AS s FROM person",
                "@q SELECT sum(income) AS s FROM person WHERE NOT {one}",
            ],
            apart,
        ),
        value(
            21,
            "all but one here, a total there",
            Income,
            &[
                "@q SELECT sum(income) AS s FROM person WHERE NOT {one}",
                "SELECT sum(income) AS s FROM person",
            ],
            apart,
        ),
        value(
            21,
            "groups here, all but one there",
            Income,
            &[
                "SELECT sex, sum(income) AS s FROM person GROUP BY sex",
                "@q SELECT sum(income) AS s FROM person WHERE NOT {one}",
            ],
            groups_less_total,
        ),
        value(
            21,
            "a tracker between two projects",
            Income,
            &[
                "SELECT sum(income) AS s FROM person WHERE birth_year >= 1940 OR {one}",
                "@q SELECT sum(income) AS s FROM person WHERE birth_year >= 1940",
            ],
            apart,
        ),
        value(
            21,
            "three queries between two projects",
            Income,
            &[
                "SELECT sum(income) AS s FROM person WHERE {one} OR birth_year = 1940",
                "@q SELECT sum(income) AS s FROM person WHERE birth_year IN (1940, 1942)",
                "SELECT sum(income) AS s FROM person WHERE {one} OR birth_year = 1942",
            ],
            |a| Some((a[0].at(0, 0)? - a[1].at(0, 0)? + a[2].at(0, 0)?) / 2.0),
        ),
        value(
            21,
            "a mean there, a total here",
            Income,
            &[
                "SELECT avg(income) * 13 AS s FROM person WHERE birth_year = 1931 AND NOT {one}",
                "@q SELECT sum(income) AS s FROM person WHERE birth_year = 1931",
            ],
            |a| Some((a[1].at(0, 0)? - first(a)?).abs()),
        ),
    ]
}

/// The same question on two versions of the data, between which the one person has left.
fn versions() -> Vec<Attack> {
    let of = |condition: &str| format!("SELECT sum(income) AS s FROM person WHERE {condition}");
    let (total, old, women) = (of("sex IN ('F', 'M')"), of("birth_year < 1940"), of("sex = 'F'"));
    let newer = |sql: &str| format!("@n {sql}");
    let groups = "SELECT district, sum(income) AS s FROM person GROUP BY district";
    vec![
        value(18, "a total on two versions", Income, &[&total, &newer(&total)], apart),
        value(18, "the newer version first", Income, &[&newer(&total), &total], apart),
        value(18, "the old on two versions", Income, &[&old, &newer(&old)], apart),
        value(
            18,
            "women, otherwise written",
            Income,
            &[
                &women,
                "@n WITH w AS (SELECT * FROM person WHERE upper(sex) = 'F') SELECT sum(income + 0) AS s FROM w",
            ],
            apart,
        ),
        value(18, "groups on two versions", Income, &[groups, &newer(groups)], groups_apart),
        value(18, "groups, and the newer total", Income, &[groups, &newer(&total)], groups_less_total),
        value(
            18,
            "parts of one version from the total of the other",
            Income,
            &[&of("sex = 'F'"), &of("sex = 'M'"), &newer(&total)],
            |a| Some((a[0].at(0, 0)? + a[1].at(0, 0)? - a[2].at(0, 0)?).abs()),
        ),
        value(
            18,
            "stays on two versions",
            Stays,
            &[
                "SELECT sum(cost) / 500 AS n FROM stay WHERE kind = 'planned' OR kind = 'urgent'",
                "@n SELECT sum(cost) / 500 AS n FROM stay",
            ],
            apart,
        ),
    ]
}
