use super::*;
use crate::{GrantedTable, Limits};
use cloister_governance::{Contract, TableEntry};
use cloister_model::DataKey;
use std::path::Path;

pub(crate) fn contract(name: &str) -> (String, Contract) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/datasets");
    let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
    let contract = Contract::parse(&text).unwrap();
    (text, contract)
}

pub(crate) fn policy() -> Policy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/disclosure/nhs-england.toml");
    Policy::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Everything of these datasets, without a file anywhere.
pub(crate) fn grant(datasets: &[&str]) -> ResolvedGrant {
    let mut tables = Vec::new();
    for name in datasets {
        let (_, contract) = contract(name);
        for table in &contract.tables {
            let person = table.columns.iter().find(|c| table.is_person(c));
            let columns = table.landed();
            let entry = TableEntry {
                name: table.name.clone(),
                person: person.map(|c| c.landed_name().clone()),
                description: String::new(),
                columns: columns.clone(),
                rows: 0,
                files: Vec::new(),
            };
            let key = DataKey::from_bytes([0; 32]);
            let schema = contract.schema_name();
            tables.push(GrantedTable { schema, entry, columns, row_filter: None, window: None, key });
        }
    }
    ResolvedGrant { tables, workspace: Vec::new() }
}

/// An engine whose vault is not there.
pub(crate) fn engine() -> Engine {
    Engine::new("/nowhere/at/all".into(), Limits::default())
}

async fn explained(sql: &str) -> Explanation {
    engine().explain(&grant(&["gp", "hospital"]), sql, &policy()).await.unwrap()
}

#[tokio::test]
async fn a_good_query_passes_every_check() {
    let sql = "WITH old AS (SELECT person_id, sex FROM person WHERE birth_year < 1950)
               SELECT o.sex, count(DISTINCT a.person_id) AS people, avg(a.cost) AS cost, max(a.cost) AS top,
                      sum(CASE WHEN a.admission_method = '21' THEN 1 ELSE 0 END) AS emergencies
               FROM old o JOIN admission a ON a.person_id = o.person_id
               GROUP BY o.sex HAVING count(*) > 10 ORDER BY people DESC LIMIT 5";
    let explained = explained(sql).await;
    assert!(explained.checks.iter().all(|c| c.outcome == CheckOutcome::Passed), "{:?}", explained.checks);
    assert_eq!(explained.refusal(), None);
    let boundaries: Vec<&Step> = explained.plan.iter().filter(|s| s.boundary).collect();
    assert_eq!(boundaries.len(), 1, "{:#?}", explained.plan);
    assert!(boundaries[0].text.starts_with("aggregate "), "{}", boundaries[0].text);
    let states: Vec<_> = explained.plan.iter().map(|s| s.state.unwrap()).collect();
    assert_eq!(states.first(), Some(&"per group, protected"));
    assert_eq!(states.last(), Some(&"per person"));
    let texts: Vec<&str> = explained.plan.iter().map(|s| s.text.as_str()).collect();
    for part in
        ["table gp.person", "table hospital.admission", "where person.birth_year < 1950", "as old", "limit"]
    {
        assert!(texts.iter().any(|t| t.contains(part)), "{part}: {texts:#?}");
    }
    assert!(
        texts.iter().all(|t| !t.contains("__") && !t.contains("Int64") && !t.contains("Utf8")),
        "{texts:#?}"
    );
    assert_eq!(
        label::visible(r#"CASE WHEN a = Utf8("F") THEN Int64(1) ELSE __x END"#),
        "CASE WHEN a = 'F' THEN 1 ELSE x END"
    );
    let [boundary] = explained.boundaries.as_slice() else { panic!("{:?}", explained.boundaries) };
    assert_eq!((boundary.inside, boundary.keys.as_slice()), (false, ["sex".to_owned()].as_slice()));
    let cell = |role: &str| boundary.cells.iter().find(|c| c.role == role).unwrap();
    assert_eq!(cell("extreme").evidence.len(), 2);
    assert!(boundary.cells.iter().any(|c| c.branches == 2), "{:?}", boundary.cells);
}

#[tokio::test]
async fn the_first_check_that_fails_is_named() {
    let head = "/* cloister:parameters\na = { type = \"int\", values = [1], value = 1 }\n*/";
    for (sql, check, code) in [
        ("SELEC 1".to_owned(), "one-query", "not-sql"),
        ("SELECT 1; SELECT 2".to_owned(), "one-query", "several-statements"),
        ("SELECT $1".to_owned(), "parameters", "undeclared-parameter"),
        (format!("{head}SELECT 1"), "parameters", "unused-parameter"),
        ("SELECT count(*) AS n FROM nowhere".to_owned(), "granted-names", "unknown-table"),
        ("SELECT count(phone) AS n FROM person".to_owned(), "granted-names", "unknown-column"),
        (
            "SELECT sex, (SELECT cost FROM admission) AS c FROM person".to_owned(),
            "subqueries",
            "several-rows-as-a-value",
        ),
        (
            "SELECT count(*) AS n FROM person a JOIN person b ON a.sex = b.sex".to_owned(),
            "people-carried",
            "cross-person-join",
        ),
        ("SELECT * FROM person".to_owned(), "no-rows-about-people", "row-level-output"),
    ] {
        let explained = explained(&sql).await;
        let failed: Vec<&Check> =
            explained.checks.iter().filter(|c| matches!(c.outcome, CheckOutcome::Failed(_))).collect();
        assert_eq!(failed.len(), 1, "{sql}");
        assert_eq!((failed[0].code, explained.refusal().unwrap().code()), (check, code), "{sql}");
        let place = explained.checks.iter().position(|c| c.code == check).unwrap();
        assert!(explained.checks[..place].iter().all(|c| c.outcome == CheckOutcome::Passed), "{sql}");
        assert!(explained.checks[place + 1..].iter().all(|c| c.outcome == CheckOutcome::NotReached), "{sql}");
    }
}

#[tokio::test]
async fn what_is_held_is_known_beforehand() {
    for (sql, hold) in [
        ("SELECT sum(length_of_stay * length_of_stay) AS x FROM admission", "argument-shape"),
        ("SELECT sex, sum(birth_year + 1) AS x FROM person GROUP BY sex", "argument-shape"),
        (
            "SELECT count(*) AS n FROM (SELECT row_number() OVER (ORDER BY birth_year) AS r FROM person) q WHERE r < 10",
            "ranked-people",
        ),
    ] {
        let explained = explained(sql).await;
        assert_eq!(explained.refusal(), None, "{sql}");
        assert_eq!(explained.holds(), [hold], "{sql}");
    }
    assert!(explained("SELECT count(*) AS n FROM person").await.holds().is_empty());
}
