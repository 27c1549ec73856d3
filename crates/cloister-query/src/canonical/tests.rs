use crate::explain::tests::{engine, grant};
use cloister_model::Digest;

async fn identity(sql: &str) -> Digest {
    engine().digest_of(&grant(&["gp", "hospital"]), sql).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"))
}

/// Pairs of one query in two writings.
const SAME: &[(&str, &str)] = &[
    (
        "SELECT sex, count(*) AS n FROM person GROUP BY sex",
        "  select SEX ,\n\tCOUNT( * ) as n -- how many\n from /* all */ Person group by Sex ;",
    ),
    ("SELECT count(*) AS n FROM person", "SELECT count(1) AS n FROM gp.person"),
    ("SELECT count(*) AS n FROM person", "SELECT count(*) AS n FROM cloister.gp.person AS p"),
    (
        "SELECT p.sex, avg(a.cost) AS cost FROM person p JOIN admission a ON a.person_id = p.person_id GROUP BY p.sex",
        "SELECT x.sex, avg(y.cost) AS cost FROM person x JOIN admission y ON y.person_id = x.person_id GROUP BY x.sex",
    ),
    (
        "WITH old AS (SELECT person_id AS who FROM person WHERE birth_year < 1950) SELECT count(DISTINCT who) AS n FROM old",
        "WITH aged AS (SELECT person_id AS id FROM person WHERE birth_year < 1950) SELECT count(DISTINCT id) AS n FROM aged",
    ),
    (
        "WITH old AS (SELECT person_id FROM person WHERE birth_year < 1950) SELECT count(*) AS n FROM old",
        "SELECT count(*) AS n FROM (SELECT person_id FROM person WHERE birth_year < 1950) q",
    ),
    (
        "SELECT count(*) AS n FROM person p WHERE EXISTS (SELECT 1 FROM admission a WHERE a.person_id = p.person_id)",
        "SELECT count(*) AS n FROM person q WHERE EXISTS (SELECT 1 FROM admission b WHERE b.person_id = q.person_id)",
    ),
    (
        "SELECT count(*) AS n FROM person WHERE sex = 'F'",
        "SELECT count(*) AS n FROM person WHERE (sex) = ('F')",
    ),
    (
        "SELECT sex, count(*) AS n FROM person GROUP BY 1 ORDER BY 2",
        "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY n",
    ),
    (
        "SELECT \"sex\", count(*) AS n FROM person GROUP BY sex",
        "SELECT sex, count(*) AS n FROM person GROUP BY sex",
    ),
    (
        "SELECT count(*) AS n FROM admission WHERE admitted_on >= current_date - 30 * INTERVAL '1 day'",
        "SELECT count(*) AS n FROM admission WHERE admitted_on >= CURRENT_DATE - INTERVAL '30 day'",
    ),
];

/// LATERAL, which sees what stands before it.
#[tokio::test]
async fn what_a_lateral_subquery_sees_counts() {
    let of = |what: &str| {
        format!(
            "SELECT count(*) AS n FROM person p JOIN person q USING (person_id), LATERAL
             (SELECT count(*) AS k FROM admission a WHERE a.person_id = {what}.person_id) x WHERE x.k > 1"
        )
    };
    assert_eq!(identity(&of("p")).await, identity(&of("p")).await);
    assert_ne!(identity(&of("p")).await, identity(&of("q")).await);
}

/// Pairs of two queries.
const OTHER: &[(&str, &str)] = &[
    ("SELECT count(*) AS n FROM person", "SELECT count(*) AS m FROM person"),
    ("SELECT count(*) AS n FROM person", "SELECT count(*) AS n FROM admission"),
    ("SELECT count(*) AS n FROM person", "SELECT count(DISTINCT person_id) AS n FROM person"),
    ("SELECT count(*) AS n FROM person WHERE sex = 'F'", "SELECT count(*) AS n FROM person WHERE sex = 'f'"),
    ("SELECT count(*) AS n FROM person WHERE sex = 'F'", "SELECT count(*) AS n FROM person WHERE sex = 'F '"),
    ("SELECT count(*) AS n FROM person WHERE sex = 'F'", "SELECT count(*) AS n FROM person WHERE sex <> 'F'"),
    (
        "SELECT count(*) AS n FROM person WHERE birth_year < 1950",
        "SELECT count(*) AS n FROM person WHERE birth_year <= 1950",
    ),
    (
        "SELECT count(*) AS n FROM person WHERE birth_year < 1950",
        "SELECT count(*) AS n FROM person WHERE birth_year < 1951",
    ),
    (
        "SELECT count(*) AS n FROM person WHERE imd_decile < 5",
        "SELECT count(*) AS n FROM person WHERE birth_year < 5",
    ),
    ("SELECT sum(cost) AS n FROM admission", "SELECT sum(length_of_stay) AS n FROM admission"),
    ("SELECT sum(cost) AS n FROM admission", "SELECT avg(cost) AS n FROM admission"),
    ("SELECT sum(cost) AS n FROM admission", "SELECT sum(cost) FILTER (WHERE cost > 0) AS n FROM admission"),
    (
        "SELECT count(*) AS n FROM person p JOIN admission a USING (person_id)",
        "SELECT count(*) AS n FROM person p LEFT JOIN admission a USING (person_id)",
    ),
    (
        "SELECT a.sex, count(*) AS n FROM person a JOIN person b USING (person_id) GROUP BY a.sex",
        "SELECT b.sex, count(*) AS n FROM person a JOIN person b USING (person_id) GROUP BY b.sex",
    ),
    (
        "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY n",
        "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY n DESC",
    ),
    (
        "SELECT sex, count(*) AS n FROM person GROUP BY sex LIMIT 1",
        "SELECT sex, count(*) AS n FROM person GROUP BY sex LIMIT 2",
    ),
    (
        "SELECT sex, count(*) AS n FROM person GROUP BY ROLLUP (sex)",
        "SELECT sex, count(*) AS n FROM person GROUP BY sex",
    ),
    (
        "SELECT count(*) AS n FROM person WHERE person_id IN (SELECT person_id FROM admission)",
        "SELECT count(*) AS n FROM person WHERE person_id NOT IN (SELECT person_id FROM admission)",
    ),
    (
        "SELECT count(*) AS n FROM person WHERE sex LIKE 'F%'",
        "SELECT count(*) AS n FROM person WHERE sex ILIKE 'F%'",
    ),
    (
        "SELECT count(*) AS n FROM admission WHERE admitted_on >= current_date",
        "SELECT count(*) AS n FROM admission WHERE admitted_on >= DATE '2026-11-25'",
    ),
    (
        "SELECT sex, rank() OVER (ORDER BY count(*)) AS r FROM person GROUP BY sex",
        "SELECT sex, rank() OVER (ORDER BY count(*) DESC) AS r FROM person GROUP BY sex",
    ),
    (
        "SELECT count(*) AS n FROM person WHERE sex IN ('a', 'b')",
        "SELECT count(*) AS n FROM person WHERE sex IN ('a'', ''b')",
    ),
];

#[tokio::test]
async fn a_query_has_one_name_in_every_writing() {
    for (one, other) in SAME {
        assert_eq!(identity(one).await, identity(other).await, "{one}\n{other}");
    }
    for (one, other) in OTHER {
        assert_ne!(identity(one).await, identity(other).await, "{one}\n{other}");
    }
}

/// The form is part of recorded approvals: a change here makes all of them void.
#[tokio::test]
async fn the_form_does_not_change_by_accident() {
    let found = identity("SELECT sex, count(*) AS n FROM person WHERE birth_year < 1950 GROUP BY sex").await;
    assert_eq!(found.to_string(), "sha256:f8b5832f0ea048966ddb8166443d89a48ec775af834d0bf918ff635346725566");
}

fn with(domain: &str, value: &str, body: &str) -> String {
    format!("/* cloister:parameters\ny = {{ {domain}{value} }}\n*/\n{body}")
}

#[tokio::test]
async fn a_parameter_stands_for_its_domain() {
    let body = "SELECT count(*) AS n FROM person WHERE birth_year < $y AND imd_decile < 5";
    let domain = "type = \"int\", min = 5, max = 2000, step = 5";
    let open = identity(&with(domain, "", body)).await;
    for value in ["5", "1950"] {
        let sql = with(domain, &format!(", value = {value}"), body);
        let explained =
            engine().explain(&grant(&["gp"]), &sql, &crate::explain::tests::policy()).await.unwrap();
        assert_eq!(explained.digest.unwrap(), open, "{value}");
    }
    // Its name does not count.
    let renamed = with(domain, "", body).replace("$y", "$z").replace("\ny =", "\nz =");
    assert_eq!(identity(&renamed).await, open);
    for other in [
        with("type = \"int\", min = 5, max = 2005, step = 5", "", body),
        with("type = \"int\", min = 5, max = 2000, step = 1", "", body),
        with("type = \"int\", values = [5, 10]", "", body),
        with("type = \"number\", min = 5, max = 2000, step = 5", "", body),
        with(domain, "", "SELECT count(*) AS n FROM person WHERE birth_year < 5 AND imd_decile < $y"),
        with(domain, "", "SELECT count(*) AS n FROM person WHERE birth_year < $y AND imd_decile < $y"),
    ] {
        assert_ne!(identity(&other).await, open, "{other}");
    }
    assert_ne!(identity(&body.replace("$y", "5")).await, open);
}

#[tokio::test]
async fn parameters_stand_where_literals_do() {
    let head = "/* cloister:parameters
t = { type = \"text\", values = [\"F\", \"M\"] }
d = { type = \"date\", min = 2020-01-01, max = 2024-12-31 }
x = { type = \"number\", min = 0, max = 1000, step = 0.5 }
b = { type = \"bool\" }
n = { type = \"int\", min = 1, max = 50 }
*/
";
    let sql = format!(
        "{head}SELECT p.sex, count(*) AS n FROM person p JOIN admission a USING (person_id)
         WHERE p.sex = $t AND a.admitted_on >= $d AND a.admitted_on < $d + INTERVAL '1 month' AND a.cost > $x
           AND (a.length_of_stay IS NULL) = $b AND a.length_of_stay BETWEEN $n AND $n + 5
         GROUP BY p.sex LIMIT $n"
    );
    identity(&sql).await;
}

#[tokio::test]
async fn what_the_project_sees_is_part_of_the_name() {
    let sql = "SELECT count(*) AS n FROM person";
    let mut grant = grant(&["gp"]);
    let whole = engine().digest_of(&grant, sql).await.unwrap();
    for table in &mut grant.tables {
        table.row_filter = Some("birth_year < 2000".to_owned());
    }
    assert_ne!(engine().digest_of(&grant, sql).await.unwrap(), whole);
}
