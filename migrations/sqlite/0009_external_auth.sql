-- What people gave Switchyard to sign in to git hosts with, one for each person and host.
CREATE TABLE external_auth_links (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Lower case, with the port where it is not 443.
    host TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('token')),
    username TEXT NOT NULL,
    -- Sealed with the deployment's key.
    token_sealed BLOB NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    last_used_at TEXT
);
CREATE UNIQUE INDEX external_auth_links_user_host ON external_auth_links (user_id, host);

-- The branch that a chat works on, and since when what is known of it at its git host is out of date.
CREATE TABLE chat_diff_statuses (
    chat_id BLOB NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    git_branch TEXT NOT NULL,
    git_remote_origin TEXT NOT NULL,
    stale_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX chat_diff_statuses_stale ON chat_diff_statuses (stale_at);
