//! Pseudonyms that no two people share (a visit's), and columns that no row may be picked by one value of.

use super::both::{column, granted};
use super::*;
use datafusion::arrow::array::{Date32Array, FixedSizeBinaryArray};

const PEOPLE: u32 = 60;

/// Every person has two visits, and a note of each. In spite of the contract the last two people share one.
pub(super) fn visits(vault: &Path) -> ResolvedGrant {
    let visit = |person: u32, which: u32| match (person, which) {
        (p, 1) if p + 2 >= PEOPLE => [255; 16],
        _ => u128::from(person * 2 + which).to_le_bytes(),
    };
    let rows: Vec<(u32, [u8; 16])> =
        (0..PEOPLE).flat_map(|p| (0..2).map(move |which| (p, visit(p, which)))).collect();
    let tables = ["visit", "note"].into_iter().enumerate().map(|(index, name)| {
        let mut columns = vec![
            column("person_id", LandedType::Person, ColumnClass::Pseudonym),
            column("visit_id", LandedType::Pseudonym, ColumnClass::Pseudonym),
            column("code", LandedType::Text, ColumnClass::QuasiIdentifier),
            column("day", LandedType::Date, ColumnClass::QuasiIdentifier),
        ];
        columns[1].of_one_person = true;
        for column in &mut columns[2..] {
            column.no_equality = true;
            column.nullable = true;
        }
        let schema = crate::vault::schema_of(&columns);
        // The notes of a person are in another order than the visits.
        let rows: Vec<_> = match index {
            0 => rows.clone(),
            _ => rows.chunks(2).flat_map(|pair| pair.iter().rev().copied()).collect(),
        };
        let batch = RecordBatch::try_new(
            schema,
            vec![
                Arc::new(UInt32Array::from_iter_values(rows.iter().map(|r| r.0))),
                Arc::new(FixedSizeBinaryArray::try_from_iter(rows.iter().map(|r| r.1)).unwrap()),
                Arc::new(StringViewArray::from_iter_values(rows.iter().map(|r| format!("code {}", r.0 % 3)))),
                Arc::new(Date32Array::from_iter_values((0i32..).zip(&rows).map(|(i, _)| 10_000 + i % 30))),
            ],
        );
        granted(vault, name, columns, Some("person_id"), vec![batch.unwrap()]).0
    });
    ResolvedGrant { tables: tables.collect(), workspace: Vec::new() }
}

async fn plan(sql: &str, folder: &Path, grant: &ResolvedGrant) -> Result<Planned, QueryError> {
    Engine::new(folder.to_owned(), Limits::default()).plan(grant, sql, &policy()).await
}

#[tokio::test]
async fn a_visit_is_one_persons() {
    let folder = tempfile::tempdir().unwrap();
    let grant = visits(folder.path());
    let visits = i64::from(PEOPLE) * 2;
    for (sql, n) in [
        // The shared visit meets its own person's notes only.
        ("SELECT count(*) AS n FROM visit v JOIN note n ON v.visit_id = n.visit_id", visits),
        ("SELECT count(*) AS n FROM visit v JOIN note n USING (person_id, visit_id)", visits),
        ("SELECT count(*) AS n FROM visit v LEFT JOIN note n ON v.visit_id = n.visit_id", visits),
        ("SELECT count(*) AS n FROM visit WHERE visit_id IN (SELECT visit_id FROM note)", visits),
        (
            "SELECT count(*) AS n FROM visit v WHERE EXISTS (SELECT 1 FROM note n WHERE n.visit_id = v.visit_id)",
            visits,
        ),
        ("SELECT count(*) AS n FROM visit v, note n WHERE n.visit_id = v.visit_id", visits),
        // Per visit first: the shared one is two people's.
        ("SELECT count(*) AS n FROM (SELECT visit_id, count(*) AS c FROM note GROUP BY visit_id) q", visits),
        (
            "SELECT count(*) AS n FROM (SELECT row_number() OVER (PARTITION BY visit_id ORDER BY day) AS r FROM note) q WHERE r = 1",
            visits,
        ),
        ("SELECT count(*) AS n FROM (SELECT DISTINCT visit_id FROM note) q", visits),
        ("SELECT count(DISTINCT visit_id) AS n FROM note", visits - 1),
    ] {
        let planned = plan(sql, folder.path(), &grant).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let governed = planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let table = &governed.evidence()[0];
        assert_eq!(table.groups[0].cells[0].value, Value::Count(n), "{sql}");
        assert_eq!(table.groups[0].people, u64::from(PEOPLE), "{sql}");
    }
    for (sql, code) in [
        ("SELECT visit_id, count(*) AS n FROM visit GROUP BY visit_id", "row-level-output"),
        ("SELECT visit_id FROM visit", "row-level-output"),
        ("SELECT max(visit_id) AS n FROM visit", "pseudonym-use"),
        (
            "SELECT count(*) AS n FROM visit v JOIN note n ON v.visit_id = n.visit_id OR v.code = n.code",
            "cross-person-join",
        ),
    ] {
        assert_refused(plan(sql, folder.path(), &grant).await, code, sql);
    }
}

fn assert_refused(planned: Result<Planned, QueryError>, code: &str, sql: &str) {
    match planned {
        Err(QueryError::Refused(refusal)) => assert_eq!(refusal.code(), code, "{sql}\n{refusal:?}"),
        Err(e) => panic!("{sql}\n{e:?}"),
        Ok(_) => panic!("{sql} is allowed"),
    }
}

/// Where the contract forbids it, no row is picked by one value, in whatever words.
#[tokio::test]
async fn rows_are_not_picked_by_one_value() {
    let folder = tempfile::tempdir().unwrap();
    let grant = visits(folder.path());
    let count = |condition: &str| format!("SELECT count(*) AS n FROM note WHERE {condition}");
    let mut refused: Vec<String> = [
        "code = 'code 1'",
        "'code 1' = code",
        "code <> 'code 1'",
        "NOT (code = 'code 1')",
        "code IN ('code 1')",
        "code NOT IN ('code 1', 'code 2')",
        "code LIKE 'code 1'",
        "code LIKE '%1'",
        "code ~ '1$'",
        "upper(code) = 'CODE 1'",
        "code || 'x' = 'code 1x'",
        "strpos(code, '1') > 0",
        "ends_with(code, '1')",
        "nullif(code, 'code 1') IS NULL",
        "coalesce(code, 'x') = 'code 1'",
        "CASE code WHEN 'code 1' THEN true ELSE false END",
        "CASE WHEN code = 'code 1' THEN 1 ELSE 0 END = 1",
        "code BETWEEN 'code 1' AND 'code 1'",
        "code >= 'code 1' AND code <= 'code 1'",
        "code IS NOT DISTINCT FROM 'code 1'",
        "code IN (SELECT x FROM (VALUES ('code 1')) v (x))",
        "code = (SELECT max(x) FROM (VALUES ('code 1')) v (x))",
        "character_length(code) = 6",
        "day = DATE '1997-05-19'",
        "day - DATE '1997-05-18' = 1",
        "extract(year FROM day) = 1997",
        "day BETWEEN DATE '1997-05-19' AND DATE '1997-05-19'",
        "CAST(day AS VARCHAR) = '1997-05-19'",
    ]
    .into_iter()
    .map(count)
    .collect();
    refused.extend(
        [
            "SELECT count(*) FILTER (WHERE code = 'code 1') AS n FROM note",
            "SELECT sum(CASE WHEN code = 'code 1' THEN 1 ELSE 0 END) AS n FROM note",
            "SELECT count(*) AS n FROM (SELECT lower(code) AS c FROM note) q WHERE c = 'code 1'",
            "SELECT count(*) AS n FROM (SELECT person_id, max(code) AS c FROM note GROUP BY 1) q WHERE c = 'code 1'",
            "SELECT count(*) AS n FROM (SELECT code AS c, count(*) FROM note GROUP BY person_id, code) q WHERE c = 'code 1'",
            "SELECT count(*) AS n FROM (SELECT lag(code) OVER (PARTITION BY person_id ORDER BY day) AS c FROM note) q WHERE c = 'code 1'",
            "SELECT count(*) AS n FROM (SELECT code AS c FROM note UNION ALL SELECT 'x' || person_sex FROM (SELECT person_id, 'f' AS person_sex FROM visit) s) q WHERE c = 'code 1'",
            "SELECT count(*) AS n FROM note JOIN (VALUES ('code 1')) v (x) ON code = x",
            "SELECT code = 'code 1' AS is, count(*) AS n FROM note GROUP BY 1",
            "WITH q AS (SELECT * FROM note) SELECT count(*) AS n FROM q WHERE code = 'code 1'",
        ]
        .map(str::to_owned),
    );
    for sql in refused {
        assert_refused(plan(&sql, folder.path(), &grant).await, "equality-not-permitted", &sql);
    }
    for sql in [
        "SELECT code, count(*) AS n FROM note GROUP BY code",
        "SELECT upper(code) AS c, count(DISTINCT person_id) AS n FROM note GROUP BY 1 HAVING upper(code) <> 'CODE 1'",
        "SELECT count(DISTINCT code) AS n FROM note",
        "SELECT count(*) AS n FROM note WHERE code IS NOT NULL",
        "SELECT count(*) AS n FROM note WHERE day >= DATE '1997-05-19' AND day < DATE '1997-06-01'",
        "SELECT count(*) AS n FROM note n JOIN visit v ON n.person_id = v.person_id AND n.code = v.code AND n.day > v.day",
        "SELECT n FROM (SELECT code, count(*) AS n FROM note GROUP BY code) q WHERE code = 'code 1'",
    ] {
        plan(sql, folder.path(), &grant).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    }
}
