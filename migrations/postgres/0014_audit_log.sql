-- Who changed what, from where. Rows are only ever added and refer to nothing, so that they stay readable when those whom they
-- name are gone.
CREATE TABLE audit_log (
    id UUID NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL,
    -- NULL where nobody was signed in: the command line, the server itself.
    actor_id UUID,
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
    before JSONB NOT NULL,
    after JSONB NOT NULL
);
CREATE INDEX audit_log_created_at ON audit_log (created_at);
CREATE INDEX audit_log_actor ON audit_log (actor_name, id);
