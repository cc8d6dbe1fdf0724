-- The same schema stands in the other dialect's folder; a test compares the two.

CREATE TABLE organizations (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    password_hash TEXT NOT NULL,
    preferences JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_email ON users (email);

-- Sign-in sessions of the page. The token itself is never stored.
CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL,
    user_agent TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX sessions_token_hash ON sessions (token_hash);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE tokens (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX tokens_user_name ON tokens (user_id, name);
CREATE UNIQUE INDEX tokens_key_hash ON tokens (key_hash);

-- Deployment-wide settings, one JSON value a key.
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value JSONB NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE provider_configs (
    id UUID NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    display_name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    -- Sealed with the deployment's key; empty = none.
    api_key_sealed BYTEA NOT NULL,
    enabled BOOLEAN NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('database', 'env_preset', 'built_in')),
    deleted BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE model_configs (
    id UUID NOT NULL PRIMARY KEY,
    provider_config_id UUID NOT NULL REFERENCES provider_configs (id),
    model TEXT NOT NULL,
    display_name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    is_default BOOLEAN NOT NULL,
    context_limit BIGINT NOT NULL CHECK (context_limit > 0),
    compression_threshold INTEGER NOT NULL CHECK (compression_threshold BETWEEN 0 AND 100),
    options JSONB NOT NULL,
    deleted BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX model_configs_default ON model_configs (is_default) WHERE is_default AND NOT deleted;
CREATE INDEX model_configs_provider ON model_configs (provider_config_id, model);

CREATE TABLE allowed_folders (
    id UUID NOT NULL PRIMARY KEY,
    path TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX allowed_folders_path ON allowed_folders (path);

CREATE TABLE workspaces (
    id UUID NOT NULL PRIMARY KEY,
    owner_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('worktree', 'direct', 'empty')),
    -- The allowed folder it was made from; null for an empty one.
    folder TEXT,
    working_directory TEXT NOT NULL,
    branch TEXT,
    base_commit TEXT,
    status TEXT NOT NULL,
    status_reason TEXT,
    status_since TIMESTAMPTZ NOT NULL,
    sandbox JSONB,
    deleted BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX workspaces_owner_name ON workspaces (owner_id, name) WHERE NOT deleted;

CREATE TABLE workspace_builds (
    id UUID NOT NULL PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    transition TEXT NOT NULL CHECK (transition IN ('start', 'stop', 'delete')),
    status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed')),
    reason TEXT,
    log TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ
);
CREATE INDEX workspace_builds_workspace ON workspace_builds (workspace_id, created_at);

-- One agent for each start; the token is never stored.
CREATE TABLE workspace_agents (
    id UUID NOT NULL PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    build_id UUID NOT NULL REFERENCES workspace_builds (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL,
    -- Leader of the agent's process group on the server's machine.
    process_group_id INTEGER,
    created_at TIMESTAMPTZ NOT NULL,
    stopped_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX workspace_agents_token_hash ON workspace_agents (token_hash);
CREATE INDEX workspace_agents_workspace ON workspace_agents (workspace_id, created_at);

CREATE TABLE chats (
    id UUID NOT NULL PRIMARY KEY,
    owner_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    workspace_id UUID REFERENCES workspaces (id) ON DELETE SET NULL,
    build_id UUID,
    agent_id UUID,
    parent_chat_id UUID REFERENCES chats (id) ON DELETE SET NULL,
    root_chat_id UUID REFERENCES chats (id) ON DELETE SET NULL,
    title TEXT NOT NULL,
    -- The title without differences of case, for searching.
    title_search TEXT NOT NULL,
    -- Whether the title is still the first words of the first message.
    is_title_fallback BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'interrupting', 'requires_action', 'error')),
    status_since TIMESTAMPTZ NOT NULL,
    last_error JSONB,
    last_model_config_id UUID NOT NULL REFERENCES model_configs (id),
    labels JSONB NOT NULL,
    client_type TEXT NOT NULL CHECK (client_type IN ('ui', 'api')),
    archived BOOLEAN NOT NULL,
    -- The turn is being stopped so that the chat can be archived.
    archive_requested BOOLEAN NOT NULL,
    -- What the summary that a person asked for must keep; null = none is asked for.
    compaction_request TEXT,
    pin_order INTEGER NOT NULL CHECK (pin_order >= 0),
    last_read_message_id BIGINT NOT NULL,
    -- Ownership: null = no worker.
    worker_id UUID,
    runner_id UUID,
    -- Versions; see the state machine.
    snapshot_version BIGINT NOT NULL,
    history_version BIGINT NOT NULL,
    queue_version BIGINT NOT NULL,
    generation_attempt BIGINT NOT NULL,
    retry_state JSONB,
    retry_state_version BIGINT NOT NULL,
    requires_action_deadline_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
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
    chat_id UUID NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    tools JSONB NOT NULL
);

-- Apart from the chat so that a heartbeat rewrites no wide row.
CREATE TABLE chat_heartbeats (
    chat_id UUID NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    runner_id UUID NOT NULL,
    beat_at TIMESTAMPTZ NOT NULL
);

-- The processes that share the database, and where they reach each other.
CREATE TABLE replicas (
    id UUID NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    beat_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE chat_messages (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    chat_id UUID NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    model_config_id UUID,
    created_by UUID,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    content JSONB NOT NULL,
    content_version INTEGER NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('user', 'model', 'both')),
    -- The chat's snapshot_version when the row was written or last changed.
    revision BIGINT NOT NULL,
    input_tokens BIGINT,
    output_tokens BIGINT,
    total_tokens BIGINT,
    reasoning_tokens BIGINT,
    cache_creation_tokens BIGINT,
    cache_read_tokens BIGINT,
    context_limit BIGINT,
    total_cost_micros BIGINT,
    runtime_ms BIGINT,
    compressed BOOLEAN NOT NULL,
    deleted BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX chat_messages_chat ON chat_messages (chat_id, id);
CREATE INDEX chat_messages_revision ON chat_messages (chat_id, revision, id);

-- The words of messages that people see, one row a message.
CREATE TABLE chat_search (
    message_id BIGINT NOT NULL PRIMARY KEY REFERENCES chat_messages (id) ON DELETE CASCADE,
    chat_id UUID NOT NULL,
    words TEXT NOT NULL
);
CREATE INDEX chat_search_chat ON chat_search (chat_id, message_id);
CREATE INDEX chat_search_index ON chat_search USING gin (array_to_tsvector(string_to_array(words, ' ')));

CREATE TABLE chat_queued_messages (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    chat_id UUID NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    content JSONB NOT NULL,
    model_config_id UUID,
    created_by UUID,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX chat_queued_messages_position ON chat_queued_messages (chat_id, position);
