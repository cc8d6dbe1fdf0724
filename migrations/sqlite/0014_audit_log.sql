-- Who changed what, from where. Rows are only ever added and refer to nothing, so that they stay readable when those whom they
-- name are gone.
CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY,
    created_at TEXT NOT NULL,
    -- NULL where nobody was signed in: the command line, the server itself.
    actor_id BLOB,
    actor_name TEXT NOT NULL,
    via TEXT NOT NULL,
    -- Of the API token ('' = it came otherwise).
    token_name TEXT NOT NULL,
    -- The client's ('' = not known, or not over the network).
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    -- Changed fields alone, by name.
    before TEXT NOT NULL,
    after TEXT NOT NULL
);
CREATE INDEX audit_log_created_at ON audit_log (created_at);
CREATE INDEX audit_log_actor ON audit_log (actor_name, id);
