use super::*;
use crate::explain::tests::{contract, engine};
use cloister_governance::Contract;

fn twin(datasets: &[&str]) -> Vec<TwinGrant> {
    let mut tables = Vec::new();
    for name in datasets {
        let (text, contract) = contract(name);
        for table in cloister_twin::twin(&contract, Contract::digest(&text)) {
            let columns = table.columns.clone();
            tables.push(TwinGrant { schema: contract.schema_name(), table, columns });
        }
    }
    tables
}

async fn rows(tables: &[TwinGrant], sql: &str) -> Vec<Vec<Value>> {
    let table = engine().on_twin(tables, Vec::new(), sql).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    table.rows().to_vec()
}

/// Values are as they are: nothing is protected, and rows about people are shown.
#[tokio::test(flavor = "multi_thread")]
async fn any_query_may_be_tried() {
    let tables = twin(&["gp", "hospital"]);
    let people =
        rows(&tables, "SELECT person_id, sex, birth_year FROM person ORDER BY person_id LIMIT 2").await;
    assert_eq!(people[0][0], Value::Text("person-000001".to_owned()));
    assert_eq!(people.len(), 2);
    assert_eq!(rows(&tables, "SELECT count(*) AS n FROM person").await, [[Value::Int(200)]]);
    for sql in [
        "SELECT * FROM admission",
        "SELECT p.sex, a.primary_diagnosis, a.cost FROM person p JOIN admission a USING (person_id) ORDER BY cost DESC LIMIT 3",
        "SELECT a.person_id, b.person_id FROM person a JOIN person b ON a.district = b.district",
        "SELECT count(*) AS n FROM (SELECT * FROM person LIMIT 10) q",
        "SELECT person_id, row_number() OVER (PARTITION BY person_id ORDER BY admitted_on) AS n FROM admission",
        "SELECT extract(year FROM age(admitted_on, DATE '2000-01-01')) AS y, to_char(admitted_on, 'YYYY-MM') AS m FROM admission",
        "SELECT sex, 1 / (birth_year - birth_year) AS nothing FROM person",
        "SELECT CAST(sex AS INTEGER) AS nothing FROM person",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) AS median FROM admission",
        "SELECT sex FROM person UNION SELECT sex_code FROM admission",
    ] {
        assert!(!rows(&tables, sql).await.is_empty(), "{sql}");
    }
    let head = "/* cloister:parameters\ns = { type = \"text\", values = [\"F\"], value = \"F\" }\n*/\n";
    let sql = format!("{head}SELECT DISTINCT sex FROM person WHERE sex = $s");
    assert_eq!(rows(&tables, &sql).await, [[Value::Text("F".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_an_omop_model_join() {
    let tables = twin(&["omop-cdm-5.4"]);
    for sql in [
        "SELECT c.concept_name, count(*) AS n FROM condition_occurrence o
         JOIN concept c ON c.concept_id = o.condition_concept_id GROUP BY 1 ORDER BY 2 DESC",
        "SELECT count(*) AS n FROM condition_occurrence o JOIN visit_occurrence v USING (visit_occurrence_id)
         WHERE v.person_id <> o.person_id HAVING count(*) = 0",
        "SELECT * FROM drug_exposure d JOIN concept_ancestor a ON a.descendant_concept_id = d.drug_concept_id",
    ] {
        assert!(!rows(&tables, sql).await.is_empty(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_engine_knows_runs() {
    let tables = twin(&["gp"]);
    for (sql, code) in [
        ("SELECT pg_sleep(1)", "unknown-function"),
        ("SELECT * FROM admission", "unknown-table"),
        ("SELECT phone FROM person", "unknown-column"),
        ("DROP TABLE person", "not-a-query"),
        ("SELECT * FROM '/etc/passwd'", "unknown-table"),
        ("SELECT $1", "undeclared-parameter"),
    ] {
        match engine().on_twin(&tables, Vec::new(), sql).await {
            Err(QueryError::Refused(refusal)) => assert_eq!(refusal.code(), code, "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
    // What is not granted is not there.
    let mut tables = tables;
    tables[0].columns.retain(|c| c.name.as_str() != "sex");
    assert!(engine().on_twin(&tables, Vec::new(), "SELECT sex FROM person").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_is_made_of_invented_rows() {
    let tables = twin(&["gp", "hospital"]);
    let view = |name: &str, sql: &str| WorkspaceObject::view(name.parse().unwrap(), sql.to_owned());
    let kept = vec![
        view("old", "CREATE TABLE old AS SELECT person_id, sex FROM person WHERE birth_year < 1960"),
        view("few", "CREATE VIEW few AS SELECT person_id FROM old WHERE sex = 'F'"),
    ];
    let sql = "SELECT count(*) AS n FROM workspace.few f JOIN old o ON o.person_id = f.person_id";
    let found = engine().on_twin(&tables, kept, sql).await.unwrap();
    let direct =
        rows(&tables, "SELECT count(*) AS n FROM person WHERE birth_year < 1960 AND sex = 'F'").await;
    assert_eq!(found.rows(), direct);
}
