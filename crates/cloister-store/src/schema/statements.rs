//! The database's schema, as a list of steps that are taken once and forward only. STRICT tables; what must not change
//! cannot be changed.

use super::Step;

/// The first version of the schema.
pub(super) const FIRST: &[Step] = &[
    Step::Sql(
        "CREATE TABLE hub (
            \"only\" INTEGER PRIMARY KEY CHECK (\"only\" = 1),
            name TEXT NOT NULL,
            schema_version INTEGER NOT NULL
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE dataset_version (
            dataset TEXT NOT NULL,
            version INTEGER NOT NULL,
            digest TEXT NOT NULL,
            manifest TEXT NOT NULL,
            contract TEXT NOT NULL,
            source_digest TEXT NOT NULL,
            wrapped_key BLOB NOT NULL,
            rejects TEXT NOT NULL,
            landed_by TEXT NOT NULL,
            landed_at TEXT NOT NULL,
            PRIMARY KEY (dataset, version),
            UNIQUE (dataset, source_digest)
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE people_segment (
            number INTEGER PRIMARY KEY,
            first INTEGER NOT NULL UNIQUE,
            count INTEGER NOT NULL,
            sealed BLOB NOT NULL
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE project (
            name TEXT PRIMARY KEY,
            text TEXT NOT NULL,
            state TEXT NOT NULL,
            created_by TEXT NOT NULL,
            created_at TEXT NOT NULL
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE request (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            project TEXT NOT NULL,
            \"user\" TEXT NOT NULL,
            sql TEXT NOT NULL,
            state TEXT NOT NULL,
            policy_name TEXT NOT NULL,
            policy_digest TEXT NOT NULL,
            datasets TEXT NOT NULL,
            plan_digest TEXT,
            reasons TEXT NOT NULL,
            submitted_at TEXT NOT NULL,
            settled_at TEXT
        ) STRICT",
    ),
    Step::Sql("CREATE INDEX request_state ON request (state)"),
    Step::Sql(
        "CREATE TABLE release (
            request TEXT PRIMARY KEY REFERENCES request (id),
            digest TEXT NOT NULL,
            made_at TEXT NOT NULL
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE audit_record (
            seq INTEGER PRIMARY KEY,
            event BLOB NOT NULL,
            leaf TEXT NOT NULL
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE audit_checkpoint (
            size INTEGER PRIMARY KEY,
            line TEXT NOT NULL
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE audit_frontier (
            \"only\" INTEGER PRIMARY KEY CHECK (\"only\" = 1),
            state BLOB NOT NULL
        ) STRICT",
    ),
    Step::no_update("audit_record", "the audit log is append-only"),
    Step::no_delete("audit_record", "the audit log is append-only"),
    Step::no_update("audit_checkpoint", "the audit log is append-only"),
    Step::no_delete("audit_checkpoint", "the audit log is append-only"),
    Step::no_update("dataset_version", "a dataset version is immutable"),
    Step::no_update("release", "a release is final"),
];

/// Workspaces, saved queries, approvals, release requests and accounts. Databases of the first version were given them
/// as they came up, so that one may have some of them already: made where it is not there.
pub(super) const ADDED: &[Step] = &[
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS workspace_object (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            request TEXT NOT NULL UNIQUE REFERENCES request (id),
            project TEXT NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            sql TEXT NOT NULL,
            manifest TEXT NOT NULL,
            digest TEXT NOT NULL,
            lineage TEXT NOT NULL,
            wrapped_key BLOB,
            plan_digest TEXT NOT NULL,
            policy_digest TEXT NOT NULL,
            made_by TEXT NOT NULL,
            made_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            ended_at TEXT
        ) STRICT",
    ),
    Step::Sql(
        "CREATE UNIQUE INDEX IF NOT EXISTS workspace_live ON workspace_object (project, name) WHERE state = 'live'",
    ),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS saved_query (
            project TEXT NOT NULL,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            author TEXT NOT NULL,
            saved_at TEXT NOT NULL,
            PRIMARY KEY (project, name)
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS approval (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            project TEXT NOT NULL,
            plan_digest TEXT NOT NULL,
            policy_digest TEXT NOT NULL,
            datasets TEXT NOT NULL,
            sql TEXT NOT NULL,
            author TEXT NOT NULL,
            granted_by TEXT NOT NULL,
            granted_at TEXT NOT NULL,
            revoked_by TEXT,
            revoked_at TEXT,
            CHECK ((revoked_by IS NULL) = (revoked_at IS NULL)),
            CHECK (author <> granted_by)
        ) STRICT",
    ),
    Step::Sql("CREATE INDEX IF NOT EXISTS approval_plan ON approval (project, plan_digest)"),
    Step::no_update_when(
        "approval",
        "OLD.revoked_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.project <> OLD.project
            OR NEW.plan_digest <> OLD.plan_digest OR NEW.policy_digest <> OLD.policy_digest
            OR NEW.datasets <> OLD.datasets OR NEW.sql <> OLD.sql OR NEW.author <> OLD.author
            OR NEW.granted_by <> OLD.granted_by OR NEW.granted_at <> OLD.granted_at",
        "an approval can only be revoked",
    ),
    Step::no_delete("approval", "an approval can only be revoked"),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS release_request (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            project TEXT NOT NULL,
            state TEXT NOT NULL,
            revision INTEGER NOT NULL,
            body TEXT NOT NULL
        ) STRICT",
    ),
    Step::Sql("CREATE INDEX IF NOT EXISTS release_request_state ON release_request (state)"),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS release_query (
            query TEXT PRIMARY KEY REFERENCES request (id),
            release_request TEXT NOT NULL REFERENCES release_request (id)
        ) STRICT",
    ),
    Step::no_update_when(
        "release_request",
        "NEW.revision <= OLD.revision OR NEW.id <> OLD.id OR NEW.project <> OLD.project",
        "a release request only goes on",
    ),
    Step::no_delete("release_request", "a release request only goes on"),
    // Who may sign in. The body is JSON: what it says is `cloister-identity`'s.
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS account (
            name TEXT PRIMARY KEY,
            revision INTEGER NOT NULL,
            body TEXT NOT NULL,
            issuer TEXT,
            subject TEXT,
            CHECK ((issuer IS NULL) = (subject IS NULL)),
            UNIQUE (issuer, subject)
        ) STRICT",
    ),
    // Names are in the audit log for good: nobody else may get one.
    Step::no_delete("account", "an account can only be disabled"),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS session (
            hash TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES account (name),
            ends_at TEXT NOT NULL,
            body TEXT NOT NULL
        ) STRICT",
    ),
    Step::Sql("CREATE INDEX IF NOT EXISTS session_account ON session (account)"),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS access_token (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES account (name),
            body TEXT NOT NULL
        ) STRICT",
    ),
    Step::Sql("CREATE INDEX IF NOT EXISTS access_token_account ON access_token (account)"),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS dataset_owner (
            dataset TEXT NOT NULL,
            person TEXT NOT NULL,
            PRIMARY KEY (dataset, person)
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS egress (
            project TEXT NOT NULL REFERENCES project (name),
            person TEXT NOT NULL,
            ends_at TEXT NOT NULL,
            granted_by TEXT NOT NULL,
            granted_at TEXT NOT NULL,
            PRIMARY KEY (project, person)
        ) STRICT",
    ),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS conflict (
            project TEXT NOT NULL REFERENCES project (name),
            person TEXT NOT NULL,
            declared_at TEXT NOT NULL,
            PRIMARY KEY (project, person)
        ) STRICT",
    ),
];

/// What a person asked is looked up when they ask it again; and the ledger of what was released, which files in the vault
/// hold: each entry has the number after the last, so that of two that were compared with the same ledger one fails.
pub(super) const LEDGER: &[Step] = &[
    Step::Sql("CREATE INDEX IF NOT EXISTS request_asked ON request (project, \"user\")"),
    Step::Sql(
        "CREATE TABLE IF NOT EXISTS ledger (
            number INTEGER PRIMARY KEY,
            request TEXT NOT NULL UNIQUE REFERENCES request (id),
            project TEXT NOT NULL,
            numbers INTEGER NOT NULL,
            digest TEXT NOT NULL,
            made_at TEXT NOT NULL
        ) STRICT",
    ),
    Step::no_update("ledger", "what has left has left"),
    Step::no_delete("ledger", "what has left has left"),
];

/// How many numbers of an entry its project had before, and the digests of entries that were lost and made again.
pub(super) const REPEATED: &[Step] = &[
    Step::Sql("ALTER TABLE ledger ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0"),
    Step::Sql(
        "CREATE TABLE ledger_rebuilt (
            number INTEGER NOT NULL REFERENCES ledger (number),
            digest TEXT NOT NULL,
            made_at TEXT NOT NULL,
            PRIMARY KEY (number, made_at)
        ) STRICT",
    ),
    Step::no_update("ledger_rebuilt", "what was made again was"),
    Step::no_delete("ledger_rebuilt", "what was made again was"),
];

/// What was kept from being changed is kept from being removed too, and an account's name is for good.
pub(super) const KEPT: &[Step] = &[
    Step::no_delete("dataset_version", "a dataset version is immutable"),
    Step::no_delete("release", "a release is final"),
    Step::no_update_when(
        "account",
        "NEW.name <> OLD.name OR NEW.revision <= OLD.revision",
        "an account keeps its name, and only goes on",
    ),
];
