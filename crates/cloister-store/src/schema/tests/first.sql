-- The first release, as it made an empty database.
CREATE TABLE hub (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    name TEXT NOT NULL,
    schema_version INTEGER NOT NULL
) STRICT;
CREATE TABLE dataset_version (
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
) STRICT;
CREATE TABLE people_segment (
    number INTEGER PRIMARY KEY,
    first INTEGER NOT NULL UNIQUE,
    count INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE TABLE project (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE TABLE request (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    user TEXT NOT NULL,
    sql TEXT NOT NULL,
    state TEXT NOT NULL,
    policy_name TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    datasets TEXT NOT NULL,
    plan_digest TEXT,
    reasons TEXT NOT NULL,
    submitted_at TEXT NOT NULL,
    settled_at TEXT
) STRICT;
CREATE INDEX request_state ON request (state);
CREATE TABLE release (
    request TEXT PRIMARY KEY REFERENCES request (id),
    digest TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT;
CREATE TABLE audit_record (
    seq INTEGER PRIMARY KEY,
    event BLOB NOT NULL,
    leaf TEXT NOT NULL
) STRICT;
CREATE TABLE audit_checkpoint (
    size INTEGER PRIMARY KEY,
    line TEXT NOT NULL
) STRICT;
CREATE TABLE audit_frontier (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    state BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_record_update BEFORE UPDATE ON audit_record
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_record_delete BEFORE DELETE ON audit_record
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_checkpoint_update BEFORE UPDATE ON audit_checkpoint
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_checkpoint_delete BEFORE DELETE ON audit_checkpoint
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER dataset_version_update BEFORE UPDATE ON dataset_version
    BEGIN SELECT RAISE(ABORT, 'a dataset version is immutable'); END;
CREATE TRIGGER release_update BEFORE UPDATE ON release
    BEGIN SELECT RAISE(ABORT, 'a release is final'); END;
