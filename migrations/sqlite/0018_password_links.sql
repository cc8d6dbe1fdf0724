-- Links with which a person sets their own password, once: an invitation, or a way back in. One for each person.
CREATE TABLE password_links (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of what the link holds, which is never stored.
    token_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE UNIQUE INDEX password_links_token_hash ON password_links (token_hash);
