-- Links with which a person sets their own password, once: an invitation, or a way back in. One for each person.
CREATE TABLE password_links (
    user_id UUID NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of what the link holds, which is never stored.
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX password_links_token_hash ON password_links (token_hash);
