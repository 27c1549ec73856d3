use super::{VERSION, VERSIONS, apply};
use crate::database::{Database, Pool, Row, statement};
use crate::ephemeral::{self, AT, Ephemeral, event};
use crate::{Home, RequestState, Store, StoreError};
use cloister_audit::{AuditSigner, Frontier, Record};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

const FIRST: &str = include_str!("tests/first.sql");
const ADDED_52ABD8C: &str = include_str!("tests/added-52abd8c.sql");
const ADDED_91A3F6C: &str = include_str!("tests/added-91a3f6c.sql");

/// Rows that every release had.
const ROWS: &str = "
    INSERT INTO project (name, text, state, created_by, created_at) VALUES ('p', 'text', 'active', 'admin', 'then');
    INSERT INTO request (id, project, user, sql, state, policy_name, policy_digest, datasets, reasons, submitted_at)
        VALUES ('req_1', 'p', 'researcher', 'SELECT 1', 'released', 'nhs-england', 'd', '[]', '[]', 'then');
    INSERT INTO release (request, digest, made_at)
        VALUES ('req_1', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'then');
    INSERT INTO people_segment (first, count, sealed) VALUES (0, 5, x'00ff');
    INSERT INTO dataset_version VALUES ('gp', 1, '', '', '', '', x'01', '', '', '');";

/// Rows of what the release of commit 52abd8c had more.
const ROWS_ADDED: &str = "
    INSERT INTO saved_query VALUES ('p', 'count', 'SELECT 1', 'researcher', 'then');
    INSERT INTO release_request (id, project, state, revision, body) VALUES ('rel_1', 'p', 'draft', 3, '{}');
    INSERT INTO release_query VALUES ('req_1', 'rel_1');";

async fn run(pool: &Pool, text: &str) -> Result<(), StoreError> {
    let text = AssertSqlSafe(text.to_owned());
    match pool {
        Pool::Sqlite(pool) => sqlx::raw_sql(text).execute(pool).await.map(drop)?,
        Pool::Postgres(pool) => sqlx::raw_sql(text).execute(pool).await.map(drop)?,
    }
    Ok(())
}

/// A home as an earlier release left it: its tables, rows, and a log of two records.
async fn earlier(folder: &tempfile::TempDir, texts: &[&str]) -> Home {
    let made = ephemeral::create(folder, &Database::Embedded).await.unwrap();
    let home = made.home().clone();
    let signer = made.signer.clone();
    made.close().await;
    std::fs::write(home.config(), "").unwrap();
    std::fs::remove_file(home.database()).unwrap();
    std::fs::write(home.checkpoints(), "").unwrap();
    let pool = Pool::connect(&home, &Database::Embedded, true).await.unwrap();
    for text in texts {
        run(&pool, text).await.unwrap();
    }
    run(&pool, "INSERT INTO hub VALUES (1, 'north', 1)").await.unwrap();
    log(&pool, &signer).await;
    pool.close().await;
    home
}

async fn log(pool: &Pool, signer: &AuditSigner) {
    let mut tree = Frontier::new();
    for seq in 1..=2 {
        let record = Record::of(seq, &event("p")).unwrap();
        tree.append(record.leaf());
        statement("INSERT INTO audit_record VALUES ($1, $2, $3)")
            .bind(i64::try_from(seq).unwrap())
            .bind(record.event_bytes())
            .bind(record.leaf().to_string())
            .execute(pool)
            .await
            .unwrap();
    }
    let checkpoint = signer.sign("north", tree.size(), tree.root(), AT).unwrap();
    let insert = statement("INSERT INTO audit_checkpoint VALUES (2, $1)").bind(checkpoint.to_line());
    insert.execute(pool).await.unwrap();
    let insert = statement("INSERT INTO audit_frontier VALUES (1, $1)").bind(tree.to_bytes());
    insert.execute(pool).await.unwrap();
}

/// What there is, by name, without the accidents of how it was written.
async fn definitions(pool: &Pool) -> BTreeMap<String, String> {
    let all = "SELECT type || ' ' || name AS name, coalesce(sql, '') AS sql FROM sqlite_schema";
    let text = |row: &Row| {
        let sql: String = row.try_get("sql").unwrap();
        let words: Vec<&str> = sql.split_whitespace().collect();
        (row.try_get("name").unwrap(), words.join(" ").replace('"', "").to_lowercase())
    };
    statement(all).fetch_all(pool).await.unwrap().iter().map(text).collect()
}

async fn check(store: &Store, added: bool) {
    assert_eq!(store.projects().await.unwrap()[0].text, "text");
    let request = store.request("req_1").await.unwrap().unwrap();
    assert_eq!((request.user.as_str(), request.state), ("researcher", RequestState::Released));
    assert!(store.release("req_1").await.unwrap().is_some());
    assert_eq!(store.people_segments().await.unwrap()[0].sealed, [0, 255]);
    assert_eq!(store.saved_queries(&"p".parse().unwrap()).await.unwrap().len(), usize::from(added));
    let asked = store.asked_for("req_1").await.unwrap();
    assert_eq!(asked.as_deref(), added.then_some("rel_1"));
    assert!(!store.has_accounts().await.unwrap());
    assert_eq!(store.verify_audit().await.unwrap().records, 2);
    store.begin().await.unwrap().commit(vec![event("p")]).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().records, 3);
}

/// A home of any earlier release opens with its rows and its log, and has what a new one has.
#[tokio::test]
async fn homes_of_earlier_releases_go_forward() {
    let new = Ephemeral::on(Database::Embedded).await;
    let expected = definitions(&new.store.pool).await;
    for texts in [
        &[FIRST, ROWS][..],
        &[FIRST, ADDED_52ABD8C, ROWS, ROWS_ADDED],
        &[FIRST, ADDED_91A3F6C, ROWS, ROWS_ADDED],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let home = earlier(&folder, texts).await;
        // Two programs may open it at the same time.
        let (one, two) =
            tokio::join!(Store::open(&home, &Database::Embedded), Store::open(&home, &Database::Embedded));
        let store = one.unwrap();
        two.unwrap().close().await;
        assert_eq!(definitions(&store.pool).await, expected);
        check(&store, texts.len() > 2).await;
        immutable(&store.pool).await;
        store.close().await;
        assert_eq!(Store::open(&home, &Database::Embedded).await.unwrap().projects().await.unwrap().len(), 1);
    }
}

/// An upgrade that breaks off leaves the version that was there, whole.
#[tokio::test]
async fn an_upgrade_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    // Something else has a table's name: its index fails, after a dozen statements that did not.
    let home = earlier(&folder, &[FIRST, ROWS, "CREATE TABLE access_token (odd INTEGER) STRICT"]).await;
    let pool = Pool::connect(&home, &Database::Embedded, false).await.unwrap();
    let before = definitions(&pool).await;
    assert_eq!(Store::open(&home, &Database::Embedded).await.err().unwrap().code(), "database");
    assert_eq!(definitions(&pool).await, before);
    let row = statement("SELECT schema_version FROM hub").fetch_one(&pool).await.unwrap();
    assert_eq!(row.try_get::<i64>("schema_version").unwrap(), 1);
}

/// The same steps on PostgreSQL, one version after the other.
#[tokio::test]
async fn a_servers_schema_goes_forward() {
    let Some(database) = ephemeral::fresh() else { return };
    let hub = Ephemeral::on(database.clone()).await;
    let Database::Postgres(address) = &database else { panic!("not a server") };
    let pool = &hub.store.pool;
    // The hub as the first version would have made it.
    let again = format!("DROP SCHEMA {0} CASCADE; CREATE SCHEMA {0}", address.schema());
    run(pool, &again).await.unwrap();
    let mut begun = pool.begin_schema().await.unwrap();
    apply(&mut begun, 0, 1).await.unwrap();
    begun.commit().await.unwrap();
    run(pool, "INSERT INTO hub VALUES (1, 'north', 1)").await.unwrap();
    log(pool, &hub.store.signer).await;
    std::fs::write(hub.home().checkpoints(), "").unwrap();
    let rows = ROWS
        .replace("project, user,", "project, \"user\",")
        .replace("(first, count, sealed) VALUES (", "VALUES (1, ");
    run(pool, &rows.replace("x'", "'\\x")).await.unwrap();
    let missing = statement("SELECT 1 FROM account").fetch_optional(pool).await;
    assert!(missing.is_err());
    let (one, two) = tokio::join!(hub.again(), hub.again());
    let store = one.unwrap();
    two.unwrap().close().await;
    check(&store, false).await;
    immutable(&store.pool).await;
}

#[tokio::test]
async fn a_later_version_is_left_alone() {
    assert_eq!(VERSIONS.iter().map(|(v, _)| *v).collect::<Vec<_>>(), (1..=VERSION).collect::<Vec<_>>());
    for hub in Ephemeral::on_each().await {
        for version in [VERSION + 1, 0, -1] {
            let set = statement("UPDATE hub SET schema_version = $1").bind(version);
            set.execute(&hub.store.pool).await.unwrap();
            assert_eq!(hub.again().await.err().unwrap().code(), "schema", "{version}");
        }
    }
}

/// What must not change cannot be changed, removed, or emptied.
async fn immutable(pool: &Pool) {
    let mut wrong = vec![
        ("UPDATE audit_record SET leaf = ''", "append-only"),
        ("DELETE FROM audit_record", "append-only"),
        ("UPDATE audit_checkpoint SET line = ''", "append-only"),
        ("DELETE FROM audit_checkpoint", "append-only"),
        ("UPDATE dataset_version SET contract = 'x'", "immutable"),
        ("DELETE FROM dataset_version", "immutable"),
        ("UPDATE release SET digest = 'x'", "final"),
        ("DELETE FROM release", "final"),
        ("UPDATE approval SET sql = 'x'", "only be revoked"),
        ("DELETE FROM approval", "only be revoked"),
        ("UPDATE release_request SET body = 'x'", "only goes on"),
        ("UPDATE release_request SET revision = revision + 1, project = 'q'", "only goes on"),
        ("DELETE FROM release_request", "only goes on"),
        ("UPDATE account SET name = 'x', revision = 9", "only goes on"),
        ("UPDATE account SET revision = 0", "only goes on"),
        ("DELETE FROM account", "only be disabled"),
    ];
    if matches!(pool, Pool::Postgres(_)) {
        wrong.extend([
            ("TRUNCATE audit_record", "append-only"),
            ("TRUNCATE audit_checkpoint", "append-only"),
            ("TRUNCATE dataset_version", "immutable"),
            ("TRUNCATE release", "final"),
            ("TRUNCATE approval", "only be revoked"),
            ("TRUNCATE release_request CASCADE", "only goes on"),
            ("TRUNCATE account CASCADE", "only be disabled"),
            // Over what refers to it.
            ("TRUNCATE request CASCADE", "final"),
        ]);
    }
    // A row of each, so that there is something to refuse.
    for row in [
        "INSERT INTO approval (id, project, plan_digest, policy_digest, datasets, sql, author, granted_by, granted_at)
         SELECT 'apr_1', 'p', 'd', 'd', '[]', 'SELECT 1', 'author', 'checker', 'then'
         WHERE NOT EXISTS (SELECT 1 FROM approval)",
        "INSERT INTO release_request (id, project, state, revision, body)
         SELECT 'rel_1', 'p', 'draft', 1, '{}' WHERE NOT EXISTS (SELECT 1 FROM release_request)",
        "INSERT INTO account (name, revision, body) VALUES ('alice', 1, '{}')",
    ] {
        statement(row).execute(pool).await.unwrap();
    }
    for (change, because) in wrong {
        let error = run(pool, change).await.err().unwrap_or_else(|| panic!("{change}")).to_string();
        assert!(error.contains(because), "{change}: {error}");
    }
    // What may change does.
    for change in [
        "UPDATE approval SET revoked_by = 'c', revoked_at = 'now'",
        "UPDATE release_request SET revision = revision + 1",
        "UPDATE account SET body = '{}', revision = revision + 1",
    ] {
        assert_eq!(statement(change).execute(pool).await.unwrap(), 1, "{change}");
    }
    let again = run(pool, "UPDATE approval SET revoked_by = 'd'").await;
    assert!(again.unwrap_err().to_string().contains("only be revoked"));
}
