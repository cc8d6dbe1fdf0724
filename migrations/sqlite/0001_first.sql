-- The same schema stands in the other dialect's folder; a test compares the two.

CREATE TABLE organizations (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    password_hash TEXT NOT NULL,
    preferences TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_email ON users (email);

-- Sign-in sessions of the page. The token itself is never stored.
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL,
    user_agent TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE UNIQUE INDEX sessions_token_hash ON sessions (token_hash);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    expires_at TEXT
);
CREATE UNIQUE INDEX tokens_user_name ON tokens (user_id, name);
CREATE UNIQUE INDEX tokens_key_hash ON tokens (key_hash);

-- Deployment-wide settings, one JSON value a key.
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE provider_configs (
    id BLOB NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    display_name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    -- Sealed with the deployment's key; empty = none.
    api_key_sealed BLOB NOT NULL,
    enabled BOOLEAN NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('database', 'env_preset', 'built_in')),
    deleted BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE model_configs (
    id BLOB NOT NULL PRIMARY KEY,
    provider_config_id BLOB NOT NULL REFERENCES provider_configs (id),
    model TEXT NOT NULL,
    display_name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    is_default BOOLEAN NOT NULL,
    context_limit INTEGER NOT NULL CHECK (context_limit > 0),
    compression_threshold INTEGER NOT NULL CHECK (compression_threshold BETWEEN 0 AND 100),
    options TEXT NOT NULL,
    deleted BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX model_configs_default ON model_configs (is_default) WHERE is_default AND NOT deleted;
CREATE INDEX model_configs_provider ON model_configs (provider_config_id, model);

CREATE TABLE allowed_folders (
    id BLOB NOT NULL PRIMARY KEY,
    path TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX allowed_folders_path ON allowed_folders (path);

CREATE TABLE workspaces (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('worktree', 'direct', 'empty')),
    -- The allowed folder it was made from; null for an empty one.
    folder TEXT,
    working_directory TEXT NOT NULL,
    branch TEXT,
    base_commit TEXT,
    status TEXT NOT NULL,
    status_reason TEXT,
    status_since TEXT NOT NULL,
    sandbox TEXT,
    deleted BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX workspaces_owner_name ON workspaces (owner_id, name) WHERE NOT deleted;

CREATE TABLE workspace_builds (
    id BLOB NOT NULL PRIMARY KEY,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    transition TEXT NOT NULL CHECK (transition IN ('start', 'stop', 'delete')),
    status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed')),
    reason TEXT,
    log TEXT NOT NULL,
    created_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX workspace_builds_workspace ON workspace_builds (workspace_id, created_at);

-- One agent for each start; the token is never stored.
CREATE TABLE workspace_agents (
    id BLOB NOT NULL PRIMARY KEY,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    build_id BLOB NOT NULL REFERENCES workspace_builds (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL,
    -- Leader of the agent's process group on the server's machine.
    process_group_id INTEGER,
    created_at TEXT NOT NULL,
    stopped_at TEXT
);
CREATE UNIQUE INDEX workspace_agents_token_hash ON workspace_agents (token_hash);
CREATE INDEX workspace_agents_workspace ON workspace_agents (workspace_id, created_at);

CREATE TABLE chats (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    workspace_id BLOB REFERENCES workspaces (id) ON DELETE SET NULL,
    build_id BLOB,
    agent_id BLOB,
    parent_chat_id BLOB REFERENCES chats (id) ON DELETE SET NULL,
    root_chat_id BLOB REFERENCES chats (id) ON DELETE SET NULL,
    title TEXT NOT NULL,
    -- The title without differences of case, for searching.
    title_search TEXT NOT NULL,
    -- Whether the title is still the first words of the first message.
    is_title_fallback BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'interrupting', 'requires_action', 'error')),
    status_since TEXT NOT NULL,
    last_error TEXT,
    last_model_config_id BLOB NOT NULL REFERENCES model_configs (id),
    labels TEXT NOT NULL,
    client_type TEXT NOT NULL CHECK (client_type IN ('ui', 'api')),
    archived BOOLEAN NOT NULL,
    -- The turn is being stopped so that the chat can be archived.
    archive_requested BOOLEAN NOT NULL,
    -- What the summary that a person asked for must keep; null = none is asked for.
    compaction_request TEXT,
    pin_order INTEGER NOT NULL CHECK (pin_order >= 0),
    last_read_message_id INTEGER NOT NULL,
    -- Ownership: null = no worker.
    worker_id BLOB,
    runner_id BLOB,
    -- Versions; see the state machine.
    snapshot_version INTEGER NOT NULL,
    history_version INTEGER NOT NULL,
    queue_version INTEGER NOT NULL,
    generation_attempt INTEGER NOT NULL,
    retry_state TEXT,
    retry_state_version INTEGER NOT NULL,
    requires_action_deadline_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (NOT (archived AND pin_order > 0))
);
CREATE INDEX chats_owner_updated ON chats (owner_id, updated_at DESC, id DESC);
-- The list in its order.
CREATE INDEX chats_list ON chats (
    owner_id, archived, (CASE WHEN pin_order > 0 THEN 0 ELSE 1 END), pin_order, updated_at DESC, id DESC
) WHERE parent_chat_id IS NULL;
CREATE INDEX chats_parent ON chats (parent_chat_id);
CREATE INDEX chats_root ON chats (root_chat_id);
CREATE INDEX chats_workspace ON chats (workspace_id);
CREATE INDEX chats_work ON chats (status, updated_at) WHERE status IN ('running', 'interrupting', 'requires_action');

-- Tools that the chat's client runs itself; apart from the chat because lists have no use for them.
CREATE TABLE chat_client_tools (
    chat_id BLOB NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    tools TEXT NOT NULL
);

-- Apart from the chat so that a heartbeat rewrites no wide row.
CREATE TABLE chat_heartbeats (
    chat_id BLOB NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    runner_id BLOB NOT NULL,
    beat_at TEXT NOT NULL
);

-- The processes that share the database, and where they reach each other.
CREATE TABLE replicas (
    id BLOB NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    beat_at TEXT NOT NULL
);

CREATE TABLE chat_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id BLOB NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    model_config_id BLOB,
    created_by BLOB,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    content TEXT NOT NULL,
    content_version INTEGER NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('user', 'model', 'both')),
    -- The chat's snapshot_version when the row was written or last changed.
    revision INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    total_tokens INTEGER,
    reasoning_tokens INTEGER,
    cache_creation_tokens INTEGER,
    cache_read_tokens INTEGER,
    context_limit INTEGER,
    total_cost_micros INTEGER,
    runtime_ms INTEGER,
    compressed BOOLEAN NOT NULL,
    deleted BOOLEAN NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX chat_messages_chat ON chat_messages (chat_id, id);
CREATE INDEX chat_messages_revision ON chat_messages (chat_id, revision, id);

-- The words of messages that people see, one row a message.
CREATE TABLE chat_search (
    message_id INTEGER NOT NULL PRIMARY KEY REFERENCES chat_messages (id) ON DELETE CASCADE,
    chat_id BLOB NOT NULL,
    words TEXT NOT NULL
);
CREATE INDEX chat_search_chat ON chat_search (chat_id, message_id);
CREATE VIRTUAL TABLE chat_search_index USING fts5 (
    words, content = 'chat_search', content_rowid = 'message_id', tokenize = 'ascii', detail = 'none', columnsize = 0
);
CREATE TRIGGER chat_search_inserted AFTER INSERT ON chat_search BEGIN
    INSERT INTO chat_search_index (rowid, words) VALUES (new.message_id, new.words);
END;
CREATE TRIGGER chat_search_deleted AFTER DELETE ON chat_search BEGIN
    INSERT INTO chat_search_index (chat_search_index, rowid, words) VALUES ('delete', old.message_id, old.words);
END;

CREATE TABLE chat_queued_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id BLOB NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    content TEXT NOT NULL,
    model_config_id BLOB,
    created_by BLOB,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX chat_queued_messages_position ON chat_queued_messages (chat_id, position);
