-- What the release of commit 91a3f6c added whenever a hub was opened.
CREATE TABLE IF NOT EXISTS workspace_object (
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
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS workspace_live ON workspace_object (project, name) WHERE state = 'live';
CREATE TABLE IF NOT EXISTS saved_query (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    author TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    PRIMARY KEY (project, name)
) STRICT;
CREATE TABLE IF NOT EXISTS approval (
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
) STRICT;
CREATE INDEX IF NOT EXISTS approval_plan ON approval (project, plan_digest);
CREATE TRIGGER IF NOT EXISTS approval_update BEFORE UPDATE ON approval
    WHEN OLD.revoked_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.project <> OLD.project
        OR NEW.plan_digest <> OLD.plan_digest OR NEW.policy_digest <> OLD.policy_digest
        OR NEW.datasets <> OLD.datasets OR NEW.sql <> OLD.sql OR NEW.author <> OLD.author
        OR NEW.granted_by <> OLD.granted_by OR NEW.granted_at <> OLD.granted_at
    BEGIN SELECT RAISE(ABORT, 'an approval can only be revoked'); END;
CREATE TRIGGER IF NOT EXISTS approval_delete BEFORE DELETE ON approval
    BEGIN SELECT RAISE(ABORT, 'an approval can only be revoked'); END;
CREATE TABLE IF NOT EXISTS release_request (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS release_request_state ON release_request (state);
CREATE TABLE IF NOT EXISTS release_query (
    query TEXT PRIMARY KEY REFERENCES request (id),
    release_request TEXT NOT NULL REFERENCES release_request (id)
) STRICT;
CREATE TRIGGER IF NOT EXISTS release_request_update BEFORE UPDATE ON release_request
    WHEN NEW.revision <= OLD.revision OR NEW.id <> OLD.id OR NEW.project <> OLD.project
    BEGIN SELECT RAISE(ABORT, 'a release request only goes on'); END;
CREATE TRIGGER IF NOT EXISTS release_request_delete BEFORE DELETE ON release_request
    BEGIN SELECT RAISE(ABORT, 'a release request only goes on'); END;
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    issuer TEXT,
    subject TEXT,
    CHECK ((issuer IS NULL) = (subject IS NULL)),
    UNIQUE (issuer, subject)
) STRICT;
CREATE TRIGGER IF NOT EXISTS account_delete BEFORE DELETE ON account
    BEGIN SELECT RAISE(ABORT, 'an account can only be disabled'); END;
CREATE TABLE IF NOT EXISTS session (
    hash TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (name),
    ends_at TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS session_account ON session (account);
CREATE TABLE IF NOT EXISTS access_token (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (name),
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS access_token_account ON access_token (account);
CREATE TABLE IF NOT EXISTS dataset_owner (
    dataset TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (dataset, person)
) STRICT;
CREATE TABLE IF NOT EXISTS egress (
    project TEXT NOT NULL REFERENCES project (name),
    person TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (project, person)
) STRICT;
CREATE TABLE IF NOT EXISTS conflict (
    project TEXT NOT NULL REFERENCES project (name),
    person TEXT NOT NULL,
    declared_at TEXT NOT NULL,
    PRIMARY KEY (project, person)
) STRICT;
