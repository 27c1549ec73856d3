use crate::database::statement;
use crate::ephemeral::{self, Ephemeral, create};
use crate::postgres::Postgres;
use crate::{Database, Home, PostgresAddress, Store};

fn same(database: &Database) -> PostgresAddress {
    match database {
        Database::Postgres(address) => address.clone(),
        Database::Embedded => panic!("not a server"),
    }
}

#[tokio::test]
async fn a_hub_is_opened_again_as_it_was() {
    for hub in Ephemeral::on_each().await {
        let store = hub.again().await.unwrap();
        assert_eq!(store.hub().as_str(), "north");
        store.ping().await.unwrap();
        assert_eq!(store.verify_audit().await.unwrap().records, 1);
        let Err(error) = create_over(&hub).await else { panic!("made twice") };
        assert_eq!(error.code(), "hub-exists");
        store.close().await;
    }
}

async fn create_over(hub: &Ephemeral) -> Result<Store, crate::StoreError> {
    Store::create(&hub.home(), &"other".parse().unwrap(), &hub.database, ephemeral::event("other")).await
}

#[tokio::test]
async fn where_there_is_no_hub_none_is_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().to_owned());
    let mut databases = vec![Database::Embedded];
    databases.extend(ephemeral::fresh());
    for database in databases {
        assert_eq!(Store::open(&home, &database).await.err().unwrap().code(), "no-hub");
    }
    // Settings that name the wrong place do not begin an empty database there.
    for hub in Ephemeral::on_each().await {
        let wrong = match &hub.database {
            Database::Embedded => ephemeral::fresh(),
            Database::Postgres(_) => Some(Database::Embedded),
        };
        let Some(wrong) = wrong else { continue };
        assert_eq!(Store::open(&hub.home(), &wrong).await.err().unwrap().code(), "no-hub");
        assert!(hub.again().await.is_ok());
    }
}

/// An attempt that failed in the home is begun anew; in a schema that has tables nothing is ever begun.
#[tokio::test]
async fn a_schema_that_is_not_empty_is_left_alone() {
    let Some(database) = ephemeral::fresh() else { return };
    let hub = Ephemeral::on(database).await;
    let folder = tempfile::tempdir().unwrap();
    let error = create(&folder, &hub.database).await.err().unwrap();
    assert_eq!(error.code(), "schema-taken");
    assert!(error.to_string().contains(same(&hub.database).schema()), "{error}");
    // The home of the failed attempt is no hub, and may be tried with another schema.
    let other = ephemeral::fresh().unwrap();
    create(&folder, &other).await.unwrap();
    assert_eq!(hub.again().await.unwrap().verify_audit().await.unwrap().records, 1);
    // One that an administrator made for the hub will do.
    let made = ephemeral::fresh().unwrap();
    let make = format!("CREATE SCHEMA {}", same(&made).schema());
    statement(sqlx::AssertSqlSafe(make)).execute(&hub.store.pool).await.unwrap();
    create(&tempfile::tempdir().unwrap(), &made).await.unwrap();
}

#[tokio::test]
async fn a_home_does_not_take_another_hubs_schema_for_its_own() {
    let Some(server) = Postgres::shared() else { return };
    let (one, two) =
        (Ephemeral::on(ephemeral::at(server, "")).await, Ephemeral::on(ephemeral::at(server, "")).await);
    // They have the same name and the same number of records.
    assert_eq!(Store::open(&one.home(), &two.database).await.err().unwrap().code(), "other-hub");
    assert_eq!(Store::open(&two.home(), &one.database).await.err().unwrap().code(), "other-hub");
    assert!(one.again().await.is_ok() && two.again().await.is_ok());
}

/// TLS with the server's certificate verified: by the right authority, for the right name, or not at all.
#[tokio::test]
async fn a_server_is_spoken_to_by_tls_that_is_verified() {
    let Some((server, port)) = Postgres::start_with_tls() else { return };
    let own = server.authority();
    let connect = async |host: &str, authority: &str| {
        let url =
            format!("postgres://postgres@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={authority}");
        let address = PostgresAddress::parse(&url, &Postgres::fresh_schema()).unwrap();
        create(&tempfile::tempdir().unwrap(), &Database::Postgres(address)).await
    };
    let store = connect("localhost", own.to_str().unwrap()).await.unwrap();
    let row = statement("SELECT ssl::text AS ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    let row = row.fetch_one(&store.pool).await.unwrap();
    assert_eq!(
        (row.try_get("ssl").unwrap(), row.try_get("version").unwrap()),
        ("true".to_owned(), "TLSv1.3".to_owned())
    );
    // The certificate is for another name, or of an authority that nobody trusts here.
    let other = Postgres::start_with_tls().unwrap().0;
    for (host, authority) in [("127.0.0.1", &own), ("localhost", &other.authority())] {
        let error = connect(host, authority.to_str().unwrap()).await.err().unwrap();
        assert!(error.to_string().contains("certificate"), "{host}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_fit_is_refused() {
    let Some(server) = Postgres::shared() else { return };
    let hub = Ephemeral::on(ephemeral::at(server, "")).await;
    let ascii =
        "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0";
    statement(ascii).execute(&hub.store.pool).await.unwrap();
    let url = server.url().replace("/postgres?", "/ascii?");
    let database = Database::Postgres(PostgresAddress::parse(&url, "hub").unwrap());
    let error = create(&tempfile::tempdir().unwrap(), &database).await.err().unwrap();
    assert!(error.code() == "database-server" && error.to_string().contains("UTF8"), "{error}");
    // A server that may lose what it has said is on the disk.
    let Some(careless) = Postgres::start_with("-c fsync=off") else { return };
    let error = create(&tempfile::tempdir().unwrap(), &ephemeral::at(&careless, "")).await.err().unwrap();
    assert!(error.code() == "database-server" && error.to_string().contains("fsync"), "{error}");
    // And one that is not there.
    drop(careless);
    let gone = PostgresAddress::parse("postgres:///d?user=u&password=hunter2&host=/nowhere", "hub").unwrap();
    let error = create(&tempfile::tempdir().unwrap(), &Database::Postgres(gone)).await.err().unwrap();
    assert!(error.code() == "database" && !error.to_string().contains("hunter2"), "{error}");
}
