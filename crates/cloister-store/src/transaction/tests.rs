use crate::database::statement;
use crate::ephemeral::{self, AT, Ephemeral, event};
use crate::postgres::Postgres;
use crate::{Database, PostgresAddress, StoredProject};
use cloister_governance::project::ProjectState;

fn project(name: &str) -> StoredProject {
    StoredProject {
        name: name.to_owned(),
        text: String::new(),
        state: ProjectState::Active,
        created_by: "admin".to_owned(),
        created_at: AT.to_owned(),
    }
}

#[tokio::test]
async fn nothing_stays_of_what_was_not_committed_with_its_events() {
    for hub in Ephemeral::on_each().await {
        let mut tx = hub.store.begin().await.unwrap();
        tx.add_project(&project("dropped")).await.unwrap();
        drop(tx);
        let mut tx = hub.store.begin().await.unwrap();
        tx.add_project(&project("unsaid")).await.unwrap();
        assert_eq!(tx.commit(Vec::new()).await.unwrap_err().code(), "stored");
        // An event that cannot be recorded takes its change with it.
        let mut tx = hub.store.begin().await.unwrap();
        tx.add_project(&project("wrong")).await.unwrap();
        let mut wrong = event("wrong");
        wrong.at = "yesterday".to_owned();
        assert!(tx.commit(vec![event("wrong"), wrong]).await.is_err());
        assert!(hub.store.projects().await.unwrap().is_empty(), "{:?}", hub.database);
        assert_eq!(hub.store.verify_audit().await.unwrap().records, 1);
    }
}

/// Many processes write at once: every change is there with its record, and the log is one line of records.
async fn write_at_once(hub: &Ephemeral) {
    const WRITERS: usize = 8;
    const EACH: usize = 15;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let store = hub.again().await.unwrap();
        writers.push(tokio::spawn(async move {
            for n in 0..EACH {
                let name = format!("w{writer}-{n}");
                let mut tx = store.begin().await.unwrap();
                assert!(tx.add_project(&project(&name)).await.unwrap());
                // Every third change is given up.
                if n % 3 == 2 {
                    drop(tx);
                } else {
                    tx.commit(vec![event(&name), event(&name)]).await.unwrap();
                }
            }
            store.close().await;
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let kept = WRITERS * EACH / 3 * 2;
    assert_eq!(hub.store.projects().await.unwrap().len(), kept);
    let report = hub.store.verify_audit().await.unwrap();
    assert_eq!((report.records, report.checkpoints), (1 + 2 * kept as u64, 1 + kept as u64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_does_not_fork() {
    for hub in Ephemeral::on_each().await {
        write_at_once(&hub).await;
    }
}

/// Whatever an administrator has made of the server's defaults; and all writers on one thread, which none may block.
#[tokio::test]
async fn the_log_does_not_fork_where_the_server_has_other_defaults() {
    let Some(server) = Postgres::shared() else { return };
    let outer = Ephemeral::on(ephemeral::at(server, "")).await;
    for setting in [
        "CREATE DATABASE odd",
        "ALTER DATABASE odd SET default_transaction_isolation = 'repeatable read'",
        "ALTER DATABASE odd SET default_transaction_read_only = on",
        "ALTER DATABASE odd SET synchronous_commit = off",
        "ALTER DATABASE odd SET search_path = public",
    ] {
        statement(setting).execute(&outer.store.pool).await.unwrap();
    }
    let url = server.url().replace("/postgres?", "/odd?");
    let database = Database::Postgres(PostgresAddress::parse(&url, "odd").unwrap());
    let hub = Ephemeral::on(database).await;
    write_at_once(&hub).await;
    let row = statement("SELECT current_setting('synchronous_commit') AS s, current_schema()::text AS at")
        .fetch_one(&hub.store.pool)
        .await
        .unwrap();
    assert_eq!((row.try_get("s").unwrap(), row.try_get("at").unwrap()), ("on".to_owned(), "odd".to_owned()));
}

/// A writer waits for the one before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_for_its_turn() {
    for hub in Ephemeral::on_each().await {
        let mut first = hub.store.begin().await.unwrap();
        first.add_project(&project("p")).await.unwrap();
        let other = hub.again().await.unwrap();
        let second = tokio::spawn(async move {
            let mut tx = other.begin().await.unwrap();
            let added = tx.add_project(&project("p")).await.unwrap();
            tx.commit(vec![event("p")]).await.unwrap();
            added
        });
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert!(!second.is_finished(), "{:?}", hub.database);
        first.commit(vec![event("p")]).await.unwrap();
        assert!(!second.await.unwrap(), "the second saw what the first had done");
        assert_eq!(hub.store.verify_audit().await.unwrap().records, 3);
    }
}

/// A server that goes down in the middle of a change takes the change with it, and nothing else.
#[tokio::test]
async fn a_lost_connection_loses_what_was_not_committed() {
    let Some(database) = ephemeral::fresh() else { return };
    let hub = Ephemeral::on(database).await;
    let other = hub.again().await.unwrap();
    let mut tx = hub.store.begin().await.unwrap();
    tx.add_project(&project("p")).await.unwrap();
    let row = statement("SELECT pg_backend_pid()::bigint AS pid").fetch_one(tx.connection()).await.unwrap();
    let end = statement("SELECT pg_terminate_backend($1::int)").bind(row.try_get::<i64>("pid").unwrap());
    end.fetch_one(&other.pool).await.unwrap();
    assert_eq!(tx.commit(vec![event("p")]).await.unwrap_err().code(), "database");
    assert!(hub.store.projects().await.unwrap().is_empty());
    let mut tx = hub.store.begin().await.unwrap();
    assert!(tx.add_project(&project("p")).await.unwrap());
    tx.commit(vec![event("p")]).await.unwrap();
    assert_eq!(hub.store.verify_audit().await.unwrap().records, 2);
}
