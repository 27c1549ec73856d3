//! What the demonstration shows.

/// The name of a demonstration's hub, by which the next one knows that it may be replaced.
pub(super) const HUB: &str = "demonstration";

/// Each extract's folder and contract.
pub(super) const CONTRACTS: &[(&str, &str)] = &[
    ("gp", include_str!("../../../../../policies/datasets/gp.toml")),
    ("hospital", include_str!("../../../../../policies/datasets/hospital.toml")),
    ("emergency", include_str!("../../../../../policies/datasets/emergency.toml")),
    ("pathology", include_str!("../../../../../policies/datasets/pathology.toml")),
    ("social-care", include_str!("../../../../../policies/datasets/social-care.toml")),
];

/// One query and what to say about it.
pub(super) struct Query {
    pub(super) project: &'static str,
    pub(super) title: &'static str,
    pub(super) sql: &'static str,
    pub(super) remark: &'static str,
}

pub(super) const QUERIES: &[Query] = &[
    Query {
        project: "demo",
        title: "Do poorer neighbourhoods need more emergency admissions?",
        sql: "SELECT p.imd_decile, count(DISTINCT a.person_id) AS people, count(*) AS spells, avg(a.cost) AS cost\n\
              FROM person p JOIN admission a USING (person_id)\n\
              WHERE a.admission_method IN ('21', '22')\n\
              GROUP BY p.imd_decile ORDER BY p.imd_decile",
        remark: "counts are rounded to 5, after the exact number of people was tested.",
    },
    Query {
        project: "demo",
        title: "Who is at home on the island? One person's row is refused.",
        sql: "SELECT * FROM person WHERE district = 'NM12' AND birth_year < 1935",
        remark: "",
    },
    Query {
        project: "demo-reviewed",
        title: "The same region, in the project where two checkers decide.",
        sql: "SELECT sex, count(*) AS people FROM person GROUP BY sex",
        remark: "",
    },
    Query {
        project: "demo",
        title: "Where do people with dementia live? On the island there are too few to say.",
        sql: "SELECT p.district, count(DISTINCT e.person_id) AS people\n\
              FROM gp_event e JOIN person p USING (person_id)\n\
              WHERE e.kind = 'diagnosis' AND e.code = '52448006'\n\
              GROUP BY p.district ORDER BY p.district",
        remark: "the district's name is public, its number is not.",
    },
];

/// A project of the demonstration.
pub(super) fn project(name: &str, review: &str) -> String {
    format!(
        r#"name = "{name}"
title = "Care in a synthetic region"
purpose = "To show what Cloister does, on people who do not exist"
legal-basis = "None needed: no personal data"
agreement = "DEMO-1"
controllers = ["Nobody"]
starts = "2020-01-01"
ends = "2099-12-31"
disclosure-policy = "nhs-england"
review = "{review}"
checkers = ["chidi", "carys"]
members = [{{ user = "researcher", roles = ["researcher"], training-expires = "2099-12-31" }}]

[[grants]]
dataset = "gp"
tables = [{{ name = "person", columns = "all" }}, {{ name = "gp_event", columns = "all" }}]

[[grants]]
dataset = "hospital"
tables = [{{ name = "admission", columns = "all" }}]

[[grants]]
dataset = "emergency"
tables = [{{ name = "attendance", columns = "all" }}]

[[grants]]
dataset = "pathology"
tables = [{{ name = "result", columns = "all" }}]

[[grants]]
dataset = "social-care"
tables = [{{ name = "care_event", columns = "all" }}]
"#
    )
}
