//! Workspace tables and views: what is made of them is what is made of the query that made them.

use super::both::{BUCKETS, PEOPLE_PER_BUCKET};
use super::*;
use crate::{Command, Placement, StoredTable, TableSink, Unusable, WorkspaceObject};
use cloister_model::{bucket_file, workspace_folder};
use std::collections::BTreeSet;

/// Appends to files in a folder.
struct Folder(std::path::PathBuf);

impl TableSink for Folder {
    fn take(&mut self, bucket: u32, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.0.join(bucket_file(bucket));
        std::io::Write::write_all(&mut File::options().create(true).append(true).open(path)?, bytes)
    }
}

impl Both {
    /// Runs CREATE TABLE or CREATE VIEW.
    async fn create(&mut self, sql: &str) {
        self.try_create(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
    }

    async fn try_create(&mut self, sql: &str) -> Result<(), QueryError> {
        let object = match Command::parse(sql)? {
            Command::CreateTable(name) => {
                let (stored, key) = self.materialise(sql, u64::MAX).await?;
                WorkspaceObject::table(name, Arc::new(stored), key)
            }
            Command::CreateView(name) => {
                self.engine().plan_view(&self.grant, sql, &policy()).await?;
                WorkspaceObject::view(name, sql.to_owned())
            }
            other => panic!("{other:?}"),
        };
        self.grant.workspace.push(object);
        Ok(())
    }

    fn engine(&self) -> Engine {
        Engine::new(self.folder.path().to_owned(), Limits { partitions: 4, ..Limits::default() })
    }

    async fn materialise(&self, sql: &str, bytes_max: u64) -> Result<(StoredTable, DataKey), QueryError> {
        let planned = self.engine().plan_table(&self.grant, sql, &policy()).await?;
        let path = workspace_folder(&"p".parse().unwrap(), &format!("req_{}", self.grant.workspace.len()));
        let key = DataKey::from_bytes([self.grant.workspace.len() as u8; 32]);
        let folder = self.folder.path().join(&path);
        std::fs::create_dir_all(&folder).unwrap();
        let placement = Placement { path, key: key.clone(), people_per_bucket: PEOPLE_PER_BUCKET, bytes_max };
        let stored = planned.materialise(&placement, &mut Folder(folder)).await?;
        // As it is read from the record.
        let text = serde_json::to_string(&stored).unwrap();
        let again: StoredTable = serde_json::from_str(&text).unwrap();
        assert_eq!(again, stored);
        Ok((again, key))
    }

    /// Evidence and holds of a query, or the code of its refusal.
    async fn judged(&self, sql: &str) -> Judged {
        self.judged_by(sql, &policy()).await
    }

    async fn judged_by(&self, sql: &str, policy: &Policy) -> Judged {
        let planned = match self.plan_with(sql, policy).await {
            Ok(planned) => planned,
            Err(QueryError::Refused(refusal)) => return Err(refusal.code()),
            Err(e) => panic!("{sql}\n{e:?}"),
        };
        let governed = planned.run().await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        let mut evidence = governed.evidence().to_vec();
        for table in &mut evidence {
            // A stored column may be NULL where the base column may not: the conditions are written differently,
            // and what comes of them is compared below.
            table.overlaps = None;
            for group in &mut table.groups {
                group.few.iter_mut().for_each(|few| few.sort_unstable());
            }
        }
        let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, policy)).collect();
        let finished = governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"));
        Ok((evidence, protected, finished.holds().to_vec()))
    }
}

type Judged = Result<(Vec<Table>, Vec<Protected>, Vec<String>), &'static str>;

/// The first lines that differ.
fn difference(a: &Judged, b: &Judged) -> String {
    let (a, b) = (format!("{a:#?}"), format!("{b:#?}"));
    let first = a.lines().zip(b.lines()).enumerate().find(|(_, (a, b))| a != b);
    format!("{first:?}, {} and {} lines", a.lines().count(), b.lines().count())
}

async fn finished(both: &Both, sql: &str) -> FinishedTable {
    let governed = both.run(sql).await;
    let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &policy())).collect();
    governed.finish(&protected).await.unwrap_or_else(|e| panic!("{sql}\n{e:?}"))
}

/// Rows of people, in many shapes, each with the columns `code` and `n`; whether they have `person_id`.
const PER_PERSON: &[(&str, bool)] = &[
    ("SELECT person_id, code, length(code) AS n FROM event WHERE code > 'code 1'", true),
    ("SELECT code, length(code) AS n FROM other", false),
    ("SELECT person_id, min(code) AS code, count(*) AS n FROM event GROUP BY person_id", true),
    (
        "SELECT person_id, max(code) AS code, sum(CASE WHEN code = 'code 1' THEN 1 ELSE 0 END) AS n FROM other GROUP BY person_id",
        true,
    ),
    ("SELECT person_id, code, CASE WHEN code = 'code 1' THEN 1 ELSE 1000 END AS n FROM event", true),
    ("SELECT code, CASE code WHEN 'code 1' THEN 1 WHEN 'code 2' THEN 0 END AS n FROM event", false),
    (
        "SELECT person_id, code, count(*) FILTER (WHERE code > 'code 1') AS n FROM other GROUP BY person_id, code",
        true,
    ),
    (
        "SELECT e.person_id, o.code, coalesce(length(o.code), 0) AS n FROM event e LEFT JOIN other o ON o.person_id = e.person_id AND o.code = e.code",
        true,
    ),
    (
        "SELECT c.code, e.person_id, length(e.code) AS n FROM code c LEFT JOIN event e ON e.code = c.code",
        true,
    ),
    (
        "SELECT person_id, code, row_number() OVER (PARTITION BY person_id ORDER BY code) AS n FROM other",
        true,
    ),
    (
        "SELECT person_id, code, sum(CASE WHEN code > 'code 1' THEN 1 ELSE 0 END) OVER (PARTITION BY person_id) AS n FROM other",
        true,
    ),
    ("SELECT person_id, code, rank() OVER (ORDER BY code) AS n FROM other", true),
    (
        "SELECT person_id, code, 1 AS n FROM event UNION ALL SELECT person_id, code, CASE WHEN code = 'code 1' THEN 7 ELSE 0 END FROM other",
        true,
    ),
    ("SELECT person_id, code, length(code) AS n FROM event WHERE code IN (SELECT code FROM other)", true),
    (
        "SELECT e.person_id, e.code, v.n FROM event e JOIN (VALUES ('code 1', 1), ('code 1', 2)) AS v(code, n) ON v.code = e.code",
        true,
    ),
    (
        "SELECT DISTINCT ON (person_id) person_id, code, length(code) AS n FROM other ORDER BY person_id, code",
        true,
    ),
    ("SELECT person_id, code, length(code) AS n FROM event WHERE code = 'no such code'", true),
];

const OVER_PEOPLE: &[&str] = &[
    "SELECT code, count(*) AS r, count(n) AS c, sum(n) AS s, avg(n) AS a, min(n) AS lo, max(n) AS hi FROM {t} t GROUP BY code",
    "SELECT n, count(*) AS r, count(DISTINCT code) AS c FROM {t} t GROUP BY n",
    "SELECT count(*) FILTER (WHERE n > 2) AS f, sum(CASE WHEN n > 1 THEN n END) AS s, sum(n) FILTER (WHERE code > 'code 1') AS g FROM {t} t",
    "SELECT median(n) AS m, stddev(n) AS d, percentile_cont(0.9) WITHIN GROUP (ORDER BY n) AS p FROM {t} t",
    "SELECT c.family, sum(t.n) AS s FROM {t} t JOIN code c ON c.code = t.code GROUP BY ROLLUP (c.family)",
    "SELECT sum(x) AS s FROM (SELECT code, n + 1 AS x FROM {t} t WHERE n < 1000) q",
];

const OVER_THEIR_PERSON: &[&str] = &[
    "SELECT o.code, count(DISTINCT t.person_id) AS p, count(*) AS r, sum(t.n) AS s FROM {t} t JOIN other o USING (person_id) GROUP BY 1",
    "SELECT count(*) AS r FROM event WHERE person_id IN (SELECT person_id FROM {t} t WHERE n > 1)",
    "SELECT s, count(*) AS r FROM (SELECT person_id, sum(n) AS s FROM {t} t GROUP BY person_id) q GROUP BY s",
    "SELECT count(*) AS r FROM {t} t WHERE person_id = 17",
    "SELECT person_id, n FROM {t} t",
    "SELECT count(*) AS r FROM {t} t JOIN other o ON o.code = t.code",
];

/// The evidence over a stored table is the evidence over the query that made it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn evidence_is_as_good_as_the_base_tables() {
    let mut both = Both::new();
    let (mut compared, mut branched) = (0, 0);
    for (index, (inner, person)) in PER_PERSON.iter().enumerate() {
        both.create(&format!("CREATE TABLE kept_{index} AS {inner}")).await;
        both.create(&format!("CREATE VIEW seen_{index} AS {inner}")).await;
        let outer = OVER_PEOPLE.iter().chain(if *person { OVER_THEIR_PERSON } else { &[] });
        for outer in outer {
            let over = |table: &str| outer.replace("{t}", table);
            let base = both.judged(&over(&format!("({inner})"))).await;
            let names = [format!("kept_{index}"), format!("seen_{index}"), format!("workspace.kept_{index}")];
            for name in names.iter().take(if index % 4 == 3 { 3 } else { 1 }) {
                let kept = both.judged(&over(name)).await;
                assert!(kept == base, "{inner}\n{outer}\n{name}: {}", difference(&kept, &base));
            }
            if let Ok((evidence, ..)) = base {
                let cells = evidence.iter().flat_map(|t| &t.groups).flat_map(|g| &g.cells);
                branched += cells.filter(|c| !c.branches.is_empty()).count();
                compared += 1;
            }
        }
    }
    assert!(compared > 80 && branched > 100, "{compared} {branched}");
}

/// The greatest contributions too, where a policy asks for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contributions_are_the_base_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/disclosure/sdap-10.toml");
    let policy = Policy::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(policy.needs_contributions());
    let mut both = Both::new();
    let mut contributions = 0;
    for (index, (inner, _)) in PER_PERSON.iter().enumerate() {
        both.create(&format!("CREATE TABLE kept_{index} AS {inner}")).await;
        for outer in OVER_PEOPLE {
            let over = |table: &str| outer.replace("{t}", table);
            let base = both.judged_by(&over(&format!("({inner})")), &policy).await;
            let kept = both.judged_by(&over(&format!("kept_{index}")), &policy).await;
            assert!(kept == base, "{inner}\n{outer}: {}", difference(&kept, &base));
            let tables = base.into_iter().flat_map(|(evidence, ..)| evidence);
            let cells = tables.flat_map(|t| t.groups).flat_map(|g| g.cells);
            contributions += cells.filter(|c| c.contributions.is_some()).count();
        }
    }
    assert!(contributions > 20, "{contributions}");
}

/// What may not be picked by one value may not be after it was stored, and a visit stays one person's.
#[tokio::test]
async fn comparison_rules_and_visits_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let grant = super::own::visits(folder.path());
    let mut both = Both { folder, grant, plain: SessionContext::new() };
    both.create("CREATE TABLE kept AS SELECT visit_id, code, upper(code) AS up, day, day + INTERVAL '1 day' AS next FROM note").await;
    both.create("CREATE TABLE again AS SELECT person_id, max(code) AS code, min(day) AS day FROM note GROUP BY person_id").await;
    both.create("CREATE VIEW seen AS SELECT code, day FROM kept").await;
    both.create("CREATE TABLE codes AS SELECT 'code 1' AS x").await;
    for sql in [
        "SELECT count(*) AS n FROM kept WHERE code = 'code 1'",
        "SELECT count(*) AS n FROM kept WHERE up = 'CODE 1'",
        "SELECT count(*) AS n FROM kept WHERE day = DATE '1997-05-19'",
        "SELECT count(*) AS n FROM again WHERE code IN ('code 1')",
        "SELECT count(*) AS n FROM again WHERE extract(year FROM day) = 1997",
        "SELECT count(*) AS n FROM seen WHERE code LIKE '%1'",
        "SELECT count(*) AS n FROM kept JOIN codes ON code = x",
        "SELECT count(*) AS n FROM note WHERE code IN (SELECT x FROM codes)",
        "SELECT sum(CASE WHEN code = 'code 1' THEN 1 ELSE 0 END) AS n FROM kept",
    ] {
        assert_eq!(both.judged(sql).await.err(), Some("equality-not-permitted"), "{sql}");
    }
    for sql in [
        "SELECT code, count(*) AS n FROM kept GROUP BY code",
        "SELECT count(*) AS n FROM kept WHERE day >= DATE '1997-05-19' AND day < DATE '1997-06-01'",
        "SELECT count(*) AS n FROM kept k JOIN visit v ON v.visit_id = k.visit_id",
        "SELECT count(*) AS n FROM (SELECT visit_id, count(*) AS c FROM kept GROUP BY visit_id) q",
    ] {
        let (evidence, ..) = both.judged(sql).await.unwrap_or_else(|code| panic!("{sql}: {code}"));
        assert!(!evidence.is_empty());
    }
}

/// People come out of a stored table in order, and never in two files.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stored_table_keeps_people_in_order() {
    let mut both = Both::new();
    both.create("CREATE TABLE t AS SELECT person_id, code, count(*) AS n FROM event GROUP BY 1, 2").await;
    let governed = both.run("SELECT n, count(*) AS r FROM t GROUP BY n").await;
    assert!(!governed.order_lost());
    // Names that the files use for something else.
    both.create("CREATE TABLE names AS SELECT code AS p, person_id AS c0, CASE WHEN code = 'code 1' THEN 1 ELSE 0 END AS b0, 1 AS s0 FROM event").await;
    let inner = "(SELECT code AS p, person_id AS c0, CASE WHEN code = 'code 1' THEN 1 ELSE 0 END AS b0, 1 AS s0 FROM event)";
    let outer = "SELECT p, sum(b0) AS b, sum(s0) AS s, count(DISTINCT c0) AS c FROM {t} t GROUP BY p";
    let [kept, base] = ["names", inner].map(|t| outer.replace("{t}", t));
    assert!(both.judged(&kept).await == both.judged(&base).await);
    let (stored, _) = both.materialise("CREATE TABLE u AS SELECT code FROM event", u64::MAX).await.unwrap();
    assert_eq!(stored.files().iter().map(|f| f.bucket).collect::<Vec<_>>(), (0..BUCKETS).collect::<Vec<_>>());
}

/// Tables of groups hold what a release would show, and go on as it would.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_groups_are_as_released() {
    let mut both = Both::new();
    let per_person = "(SELECT person_id, code, count(*) AS n FROM event GROUP BY 1, 2)";
    for (index, inner) in [
        "SELECT code, count(*) AS n, avg(length(code)) AS m FROM event GROUP BY code".to_owned(),
        format!(
            "SELECT code, count(*) AS n, percentile_cont(1.0) WITHIN GROUP (ORDER BY n) AS m FROM {per_person} q GROUP BY code"
        ),
        format!(
            "SELECT code, n, coalesce(m, 99) AS m FROM (SELECT code, count(*) AS n, percentile_cont(1.0) WITHIN GROUP (ORDER BY n) AS m FROM {per_person} q GROUP BY code) q"
        ),
        "SELECT code, n, sum(n) OVER () AS m FROM (SELECT code, count(*) AS n FROM event GROUP BY code) q WHERE n > 100".to_owned(),
        "SELECT code, count(*) AS n, sum(length(code) + 1000) AS m FROM event GROUP BY code".to_owned(),
        "SELECT code, length(code) AS n, 1.5 AS m FROM code".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        both.create(&format!("CREATE TABLE groups_{index} AS {inner}")).await;
        for outer in [
            "SELECT * FROM {t} t ORDER BY code",
            "SELECT code, n * 2 AS d, coalesce(m, 1) AS c FROM {t} t WHERE n > 10 ORDER BY 1",
            "SELECT sum(n) AS s, max(m) AS hi, count(*) AS c FROM {t} t",
            "SELECT c.family, t.n FROM code c LEFT JOIN {t} t ON t.code = c.code ORDER BY c.code",
            "SELECT count(*) AS r FROM event e JOIN {t} t ON t.code = e.code WHERE t.n > 50",
            "SELECT count(*) AS r FROM event WHERE code NOT IN (SELECT code FROM {t} t WHERE m > 1)",
            "SELECT code FROM code WHERE code NOT IN (SELECT code FROM {t} t WHERE code IS NOT NULL) ORDER BY 1",
            "SELECT code, n FROM {t} t UNION ALL SELECT family, 0 FROM code ORDER BY 1, 2",
        ] {
            // A suppressed value that became 99 chooses inside a query; a stored one is what a release shows.
            if inner.contains("99") && outer.contains("m > 1") {
                continue;
            }
            let base = finished(&both, &outer.replace("{t}", &format!("({inner})"))).await;
            let kept = finished(&both, &outer.replace("{t}", &format!("groups_{index}"))).await;
            assert_eq!(kept.rows(), base.rows(), "{inner}\n{outer}");
            assert_eq!(kept.notes(), base.notes(), "{inner}\n{outer}");
            assert_eq!(kept.holds(), base.holds(), "{inner}\n{outer}");
        }
    }
}

/// What is suppressed is not in the files either.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn suppressed_values_are_not_stored() {
    let mut both = Both::new();
    both.create("CREATE TABLE t AS SELECT code, coalesce(m, 99) AS m FROM (SELECT code, percentile_cont(1.0) WITHIN GROUP (ORDER BY n) AS m FROM (SELECT person_id, code, count(*) AS n FROM event GROUP BY 1, 2) q GROUP BY code) q").await;
    let crate::workspace::Content::Table { stored, key } = &both.grant.workspace[0].content else { panic!() };
    let file = &stored.files()[0].path;
    let properties = datafusion::parquet::encryption::decrypt::FileDecryptionProperties::builder(
        key.file_key(file).expose().to_vec(),
    )
    .with_aad_prefix(file.as_bytes().to_vec())
    .build()
    .unwrap();
    let options = datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions::new()
        .with_file_decryption_properties(properties);
    let open = || File::open(both.folder.path().join(file)).unwrap();
    type Reader = datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder<File>;
    assert!(Reader::try_new(open()).is_err(), "the file is not encrypted");
    let batches = Reader::try_new_with_options(open(), options).unwrap().build().unwrap();
    let mut states = BTreeSet::new();
    for batch in batches.map(Result::unwrap) {
        let value = batch.column_by_name("c1").unwrap();
        let state = batch.column_by_name("s1").unwrap().clone();
        for row in 0..batch.num_rows() {
            let state = state.as_primitive::<datafusion::arrow::datatypes::UInt8Type>().value(row);
            assert!((state == 0) == value.is_valid(row));
            states.insert(state);
        }
    }
    assert!(states.iter().any(|s| *s != 0), "{states:?}");
}

#[tokio::test]
async fn what_may_not_be_kept_is_refused_by_name() {
    let mut both = Both::new();
    for (sql, code) in [
        ("CREATE TABLE t AS SELECT person_id, code FROM event LIMIT 3", "limit-below-aggregate"),
        (
            "CREATE TABLE t AS SELECT * FROM (SELECT person_id FROM event ORDER BY code LIMIT 1) q",
            "limit-below-aggregate",
        ),
        ("CREATE TABLE t AS SELECT person_id, upper(code) FROM event", "column-name"),
        ("CREATE TABLE t AS SELECT person_id, code AS \"Code\" FROM event", "column-name"),
        (
            "CREATE TABLE t AS SELECT e.code, o.code FROM event e JOIN other o USING (person_id)",
            "column-name",
        ),
        ("CREATE VIEW t AS SELECT code, code FROM event", "invalid-query"),
        ("CREATE TABLE t AS SELECT person_id, NULL AS x FROM event", "column-type"),
        ("CREATE TABLE t AS SELECT person_id, INTERVAL '1 day' AS x FROM event", "column-type"),
        ("CREATE TABLE t AS SELECT count(*) AS n FROM event a, event b", "cross-person-join"),
        ("CREATE TABLE t AS SELECT * FROM nowhere", "unknown-table"),
        ("CREATE TABLE t AS SELECT * FROM t", "unknown-table"),
        ("CREATE VIEW t AS SELECT * FROM t", "unknown-table"),
        ("CREATE TABLE t AS SELECT person_id FROM event WHERE person_id = 17", "pseudonym-use"),
        ("CREATE VIEW t AS SELECT max(person_id) AS m FROM event", "pseudonym-use"),
    ] {
        match both.try_create(sql).await {
            Err(QueryError::Refused(refusal)) => assert_eq!(refusal.code(), code, "{sql}\n{refusal:?}"),
            other => panic!("{sql}\n{other:?}"),
        }
    }
    both.create("CREATE TABLE t AS SELECT person_id, code FROM event").await;
    both.create("CREATE VIEW v AS SELECT person_id, code FROM event").await;
    for (sql, code) in [
        ("SELECT * FROM t", "row-level-output"),
        ("SELECT * FROM v", "row-level-output"),
        ("SELECT code, person_id FROM t GROUP BY code, person_id", "row-level-output"),
        ("SELECT count(*) AS n FROM test.t", "unknown-table"),
        ("SELECT c0 FROM t", "unknown-column"),
        ("SELECT count(p) AS n FROM t", "unknown-column"),
        ("SELECT max(person_id) AS n FROM workspace.t", "pseudonym-use"),
        ("SELECT count(*) AS n FROM t, v", "cross-person-join"),
    ] {
        assert_eq!(both.judged(sql).await.unwrap_err(), code, "{sql}");
    }
}

/// A table that is larger than it may be fails with the one fixed sentence.
#[tokio::test]
async fn a_table_has_a_greatest_size() {
    let both = Both::new();
    let failed = both.materialise("CREATE TABLE t AS SELECT person_id, code FROM event", 1_000).await;
    assert_eq!(failed.unwrap_err().to_string(), QueryError::FAILED);
}

/// Views are as long and as deep as what they stand for, and see only what was there before them.
#[tokio::test]
async fn views_are_bounded_and_look_back_only() {
    let mut both = Both::new();
    both.create("CREATE VIEW a1 AS SELECT person_id, code FROM event").await;
    for i in 1..8 {
        both.create(&format!("CREATE VIEW a{} AS SELECT person_id, code FROM a{i}", i + 1)).await;
    }
    let deep = both.try_create("CREATE VIEW a9 AS SELECT a.person_id FROM a8 a").await;
    assert!(deep.is_ok(), "{deep:?}");
    assert_eq!(both.judged("SELECT count(*) AS n FROM a9").await.unwrap_err(), "views-too-deep");
    assert!(both.judged("SELECT count(*) AS n FROM a8").await.is_ok());
    // Each of these doubles what the one before stands for.
    both.create(
        "CREATE VIEW b1 AS SELECT person_id, code FROM event UNION ALL SELECT person_id, code FROM other",
    )
    .await;
    let mut refused = None;
    for i in 1..12 {
        let sql = format!(
            "CREATE VIEW b{} AS SELECT person_id, code FROM b{i} UNION ALL SELECT person_id, code FROM b{i}",
            i + 1
        );
        if let Err(QueryError::Refused(refusal)) = both.try_create(&sql).await {
            refused = Some(refusal.code());
            break;
        }
    }
    assert!(matches!(refused, Some("views-too-deep" | "query-too-long")), "{refused:?}");
    // A later table of the same name is not what an earlier view means.
    both.create("CREATE VIEW v AS SELECT count(*) AS n FROM event").await;
    let view = both.grant.workspace.pop().unwrap();
    both.create("CREATE TABLE late AS SELECT person_id, code FROM event").await;
    both.create("CREATE VIEW w AS SELECT count(*) AS n FROM late").await;
    let (w, late) = (both.grant.workspace.pop().unwrap(), both.grant.workspace.pop().unwrap());
    both.grant.workspace.extend([view, w, late]);
    assert!(both.judged("SELECT n FROM v").await.is_ok());
    assert_eq!(both.judged("SELECT n FROM w").await.unwrap_err(), "unknown-table");
}

#[tokio::test]
async fn what_is_read_is_known() {
    let mut both = Both::new();
    both.create("CREATE TABLE t AS SELECT person_id, code FROM event").await;
    both.create("CREATE VIEW v AS SELECT t.person_id FROM t JOIN other o USING (person_id)").await;
    let planned = both.plan("SELECT count(*) AS n FROM v WHERE EXISTS (SELECT 1 FROM code)").await;
    let reads = planned.unwrap().reads().clone();
    let tables: Vec<&str> = reads.tables.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(tables, ["code", "other"]);
    assert_eq!(reads.objects.iter().map(|o| o.as_str()).collect::<Vec<_>>(), ["t", "v"]);
    // What may not be used is refused only where it is used.
    both.grant.workspace.push(WorkspaceObject::unusable("gone".parse().unwrap(), vec![], Unusable::Expired));
    assert!(both.judged("SELECT count(*) AS n FROM t").await.is_ok());
    assert_eq!(both.judged("SELECT count(*) AS n FROM gone").await.unwrap_err(), "workspace-expired");
}
