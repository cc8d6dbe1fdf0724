-- Links that came by signing in at the host: their tokens may end, and are refreshed with another secret.
ALTER TABLE external_auth_links DROP CONSTRAINT external_auth_links_kind_check;
ALTER TABLE external_auth_links ADD CONSTRAINT external_auth_links_kind_check CHECK (kind IN ('token', 'oauth'));
-- By which configuration, by its short name: those of the environment have no row.
ALTER TABLE external_auth_links ADD COLUMN config TEXT;
-- Sealed too.
ALTER TABLE external_auth_links ADD COLUMN refresh_token_sealed BYTEA;
ALTER TABLE external_auth_links ADD COLUMN expires_at TIMESTAMPTZ;
-- Until then one process refreshes, and the others wait.
ALTER TABLE external_auth_links ADD COLUMN refresh_ends_at TIMESTAMPTZ;
-- Why it works no more.
ALTER TABLE external_auth_links ADD COLUMN problem TEXT;

-- As whom git hosts know this deployment, one for each host.
CREATE TABLE external_auth_configs (
    id UUID NOT NULL PRIMARY KEY,
    -- The short name, which stands in the callback URL.
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('github')),
    display_name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    -- Empty: where its kind has it.
    api_base_url TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- Sealed; empty: none.
    client_secret_sealed BYTEA NOT NULL,
    -- By spaces.
    scopes TEXT NOT NULL,
    device_flow BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX external_auth_configs_name ON external_auth_configs (name);

-- People who are on their way to a host and back.
CREATE TABLE external_auth_flows (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The session that began it; none for device codes.
    session_id UUID,
    config TEXT NOT NULL,
    host TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('code', 'device')),
    -- Of a code: the hash of what comes back with it.
    state_hash BYTEA,
    -- The PKCE verifier or the device code, sealed.
    secret_sealed BYTEA NOT NULL,
    -- Of a code: where the person comes back to.
    redirect_uri TEXT NOT NULL,
    -- Of a device code: what is asked no sooner.
    interval_seconds BIGINT NOT NULL,
    next_poll_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    -- Why there is no link; none while it goes on and when there is one.
    problem TEXT
);
CREATE UNIQUE INDEX external_auth_flows_state ON external_auth_flows (state_hash);
CREATE INDEX external_auth_flows_user ON external_auth_flows (user_id);
CREATE INDEX external_auth_flows_expires ON external_auth_flows (expires_at);
