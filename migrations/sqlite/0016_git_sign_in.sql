-- Links that came by signing in at the host: their tokens may end, and are refreshed with another secret.
CREATE TABLE external_auth_links_with_oauth (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Lower case, with the port where it is not 443.
    host TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('token', 'oauth')),
    username TEXT NOT NULL,
    -- Sealed with the deployment's key.
    token_sealed BLOB NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    last_used_at TEXT,
    -- By which configuration, by its short name: those of the environment have no row.
    config TEXT,
    -- Sealed too.
    refresh_token_sealed BLOB,
    expires_at TEXT,
    -- Until then one process refreshes, and the others wait.
    refresh_ends_at TEXT,
    -- Why it works no more.
    problem TEXT
);
INSERT INTO external_auth_links_with_oauth (id, user_id, host, kind, username, token_sealed, created_at, updated_at, last_used_at)
    SELECT id, user_id, host, kind, username, token_sealed, created_at, updated_at, last_used_at FROM external_auth_links;
DROP TABLE external_auth_links;
ALTER TABLE external_auth_links_with_oauth RENAME TO external_auth_links;
CREATE UNIQUE INDEX external_auth_links_user_host ON external_auth_links (user_id, host);

-- As whom git hosts know this deployment, one for each host.
CREATE TABLE external_auth_configs (
    id BLOB NOT NULL PRIMARY KEY,
    -- The short name, which stands in the callback URL.
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('github')),
    display_name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    -- Empty: where its kind has it.
    api_base_url TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- Sealed; empty: none.
    client_secret_sealed BLOB NOT NULL,
    -- By spaces.
    scopes TEXT NOT NULL,
    device_flow BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX external_auth_configs_name ON external_auth_configs (name);

-- People who are on their way to a host and back.
CREATE TABLE external_auth_flows (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The session that began it; none for device codes.
    session_id BLOB,
    config TEXT NOT NULL,
    host TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('code', 'device')),
    -- Of a code: the hash of what comes back with it.
    state_hash BLOB,
    -- The PKCE verifier or the device code, sealed.
    secret_sealed BLOB NOT NULL,
    -- Of a code: where the person comes back to.
    redirect_uri TEXT NOT NULL,
    -- Of a device code: what is asked no sooner.
    interval_seconds INTEGER NOT NULL,
    next_poll_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    finished_at TEXT,
    -- Why there is no link; none while it goes on and when there is one.
    problem TEXT
);
CREATE UNIQUE INDEX external_auth_flows_state ON external_auth_flows (state_hash);
CREATE INDEX external_auth_flows_user ON external_auth_flows (user_id);
CREATE INDEX external_auth_flows_expires ON external_auth_flows (expires_at);
