//! Where a PostgreSQL server is, and how it may be spoken to.

use crate::StoreError;
use crate::key_file::refuse_exposed;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;
use zeroize::Zeroizing;

/// An address is short.
const ADDRESS_BYTES_MAX: u64 = 4_096;

/// The longest name that PostgreSQL keeps whole (`NAMEDATALEN` − 1).
const SCHEMA_CHARS_MAX: usize = 63;

/// How to connect to a PostgreSQL server, and which schema is the hub's. It may hold a password: it is never printed.
#[derive(Clone)]
pub struct PostgresAddress {
    options: Box<PgConnectOptions>,
    schema: String,
}

impl std::fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresAddress(schema {})", self.schema)
    }
}

impl PostgresAddress {
    /// Reads `postgres://user:password@host/database` from a file that only its owner may read.
    ///
    /// # Errors
    /// Others may read the file, or what it holds is refused as by [`PostgresAddress::parse`].
    pub fn from_file(path: &Path, schema: &str) -> Result<Self, StoreError> {
        let file = std::fs::File::open(path).map_err(StoreError::file(path))?;
        refuse_exposed(&file, path)?;
        let mut text = Zeroizing::new(String::new());
        file.take(ADDRESS_BYTES_MAX).read_to_string(&mut text).map_err(StoreError::file(path))?;
        Self::parse(text.trim(), schema)
    }

    /// Reads an address as libpq writes them. What it leaves open comes from libpq's environment variables and
    /// password file.
    ///
    /// # Errors
    /// It is no such address; the schema's name is not one of small letters, digits and `_`; or the server is on
    /// another machine and the address asks for less than TLS with the server's certificate verified.
    pub fn parse(url: &str, schema: &str) -> Result<Self, StoreError> {
        if !is_schema_name(schema) {
            return Err(StoreError::DatabaseAddress(
                "a schema's name begins with a small letter, and has small letters, digits and `_`, at most 63",
            ));
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(StoreError::DatabaseAddress(
                "it is not of the form `postgres://user:password@host/database`",
            ));
        }
        // The parser's error may quote the address, and with it a password.
        let options: PgConnectOptions =
            url.parse().map_err(|_| StoreError::DatabaseAddress("it cannot be read"))?;
        let mode = mode(&options)?;
        let options = options.ssl_mode(mode).application_name("cloister").options([
            // Whatever the address says: these come last, and the last counts.
            ("search_path", format!("{schema},pg_temp")),
            ("synchronous_commit", "on".to_owned()),
            // As long as the other database waits for a writer.
            ("lock_timeout", "30s".to_owned()),
            // A hub whose machine is gone does not keep others waiting for hours.
            ("tcp_keepalives_idle", "30".to_owned()),
            ("tcp_keepalives_interval", "10".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
        ]);
        Ok(Self { options: Box::new(options), schema: schema.to_owned() })
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        (*self.options).clone()
    }

    /// The schema's name, which needs no quotes and no escapes.
    pub fn schema(&self) -> &str {
        &self.schema
    }
}

fn is_schema_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(rest)
        && name.len() <= SCHEMA_CHARS_MAX
        // PostgreSQL keeps these names for itself.
        && !name.starts_with("pg_")
        && name != "information_schema"
}

/// How the connection is protected: not at all over a socket of this machine, as the address says over its loopback,
/// and otherwise by TLS with certificate and name verified.
fn mode(options: &PgConnectOptions) -> Result<PgSslMode, StoreError> {
    let host = options.get_host();
    if options.get_socket().is_some() || host.starts_with('/') {
        return Ok(PgSslMode::Disable);
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
        return Ok(options.get_ssl_mode());
    }
    match options.get_ssl_mode() {
        // `prefer` is what an address that says nothing means.
        PgSslMode::Prefer | PgSslMode::VerifyFull => Ok(PgSslMode::VerifyFull),
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Require | PgSslMode::VerifyCa => {
            Err(StoreError::DatabaseAddress(
                "the server is on another machine: only `sslmode=verify-full` is allowed (`sslrootcert` names a certificate authority of your own)",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(url: &str) -> Option<String> {
        let address = PostgresAddress::parse(url, "hub").ok()?;
        Some(format!("{:?}", address.options.get_ssl_mode()))
    }

    #[test]
    fn nothing_goes_to_another_machine_in_plain_or_to_a_server_that_is_not_verified() {
        for host in
            ["db.example.org", "10.1.2.3", "[2001:db8::1]", "localhost.example.org", "127.0.0.1.example.org"]
        {
            for unsaid in
                ["", "?sslmode=verify-full", "?sslmode=prefer", "?sslmode=verify-full&sslrootcert=/ca.pem"]
            {
                let url = format!("postgres://u:p@{host}/d{unsaid}");
                assert_eq!(mode_of(&url).as_deref(), Some("VerifyFull"), "{url}");
            }
            for weak in ["disable", "allow", "require", "verify-ca"] {
                let url = format!("postgres://u:p@{host}/d?sslmode={weak}");
                let error = PostgresAddress::parse(&url, "hub").unwrap_err();
                assert_eq!(error.code(), "database-address");
                assert!(error.to_string().contains("verify-full"), "{error}");
            }
        }
        // Whatever the part before the question mark says, the host is the one that is connected to.
        assert_eq!(mode_of("postgres://localhost/d?host=db.example.org&sslmode=disable"), None);
        assert_eq!(mode_of("postgres://localhost/d?hostaddr=10.0.0.1&sslmode=disable"), None);
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(
                mode_of(&format!("postgres://u@{host}/d?sslmode=verify-full")).as_deref(),
                Some("VerifyFull")
            );
            assert_eq!(
                mode_of(&format!("postgres://u@{host}/d?sslmode=disable")).as_deref(),
                Some("Disable")
            );
        }
        assert_eq!(mode_of("postgres:///d?user=u&host=/run/postgresql").as_deref(), Some("Disable"));
        assert_eq!(mode_of("postgres://u@%2Frun%2Fpostgresql/d").as_deref(), Some("Disable"));
    }

    #[test]
    fn a_password_is_never_shown() {
        let address = PostgresAddress::parse("postgres://u:hunter2@localhost/d", "hub").unwrap();
        assert!(!format!("{address:?} {:?}", crate::Database::Postgres(address.clone())).contains("hunter2"));
        for wrong in ["postgres://u:hunter2@local host/d", "mysql://u:hunter2@localhost/d", "u:hunter2", ""] {
            let error = PostgresAddress::parse(wrong, "hub").unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn what_protects_the_data_cannot_be_turned_off_by_the_address() {
        let url =
            "postgres://u@localhost/d?options=-c%20synchronous_commit%3Doff%20-c%20search_path%3Dpublic";
        let address = PostgresAddress::parse(url, "hub").unwrap();
        let options = address.options.get_options().unwrap();
        let last =
            |name: &str| options.rsplit_once(&format!("-c {name}=")).unwrap().1.split(' ').next().unwrap();
        assert_eq!((last("synchronous_commit"), last("search_path")), ("on", "hub,pg_temp"));
    }

    #[test]
    fn schema_names_need_no_quotes() {
        for name in ["cloister", "hub_2", "a"] {
            assert!(PostgresAddress::parse("postgres://localhost/d", name).is_ok(), "{name}");
        }
        let long = "a".repeat(64);
        for name in [
            "",
            "Hub",
            "2hub",
            "_hub",
            "a-b",
            "a b",
            "a\"b",
            "a,b",
            "é",
            "pg_hub",
            "information_schema",
            &long,
        ] {
            let error = PostgresAddress::parse("postgres://localhost/d", name).unwrap_err();
            assert_eq!(error.code(), "database-address", "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, "postgres://u:p@localhost/d\n").unwrap();
        for (mode, code) in
            [(0o600, None), (0o400, None), (0o640, Some("key-exposed")), (0o604, Some("key-exposed"))]
        {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let found = PostgresAddress::from_file(&path, "hub").err().map(|e| e.code());
            assert_eq!(found, code, "{mode:o}");
        }
        assert_eq!(
            PostgresAddress::from_file(&folder.path().join("none"), "hub").unwrap_err().code(),
            "file"
        );
    }
}
