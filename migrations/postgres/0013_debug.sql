-- What was asked of models and what they answered, kept for chats whose owner has it recorded. A run is one thing that was
-- to be done, a step is one call of a model for it.
CREATE TABLE chat_debug_runs (
    id UUID PRIMARY KEY NOT NULL,
    chat_id UUID NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    root_chat_id UUID,
    parent_chat_id UUID,
    model_config_id UUID,
    -- The message of the person that it is for, and the newest message when it began.
    trigger_message_id BIGINT,
    history_tip_message_id BIGINT,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    provider TEXT,
    model TEXT,
    -- JSON, as in all columns of these tables that hold objects or lists.
    summary TEXT NOT NULL DEFAULT '{}',
    started_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX chat_debug_runs_id_chat ON chat_debug_runs (id, chat_id);
CREATE INDEX chat_debug_runs_chat ON chat_debug_runs (chat_id, started_at DESC);
CREATE INDEX chat_debug_runs_unfinished ON chat_debug_runs (updated_at) WHERE finished_at IS NULL;
CREATE INDEX chat_debug_runs_updated ON chat_debug_runs (updated_at);

CREATE TABLE chat_debug_steps (
    id UUID PRIMARY KEY NOT NULL,
    run_id UUID NOT NULL,
    chat_id UUID NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    step_number INTEGER NOT NULL,
    operation TEXT NOT NULL,
    status TEXT NOT NULL,
    history_tip_message_id BIGINT,
    assistant_message_id BIGINT,
    -- Names of chunks; so are the bodies within attempts.
    normalized_request TEXT NOT NULL,
    normalized_response TEXT,
    usage TEXT,
    error TEXT,
    attempts TEXT NOT NULL DEFAULT '[]',
    metadata TEXT NOT NULL DEFAULT '{}',
    started_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    FOREIGN KEY (run_id, chat_id) REFERENCES chat_debug_runs (id, chat_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX chat_debug_steps_number ON chat_debug_steps (run_id, step_number);
CREATE INDEX chat_debug_steps_tip ON chat_debug_steps (chat_id, history_tip_message_id);
CREATE INDEX chat_debug_steps_assistant ON chat_debug_steps (chat_id, assistant_message_id) WHERE assistant_message_id IS NOT NULL;
CREATE INDEX chat_debug_steps_unfinished ON chat_debug_steps (updated_at) WHERE finished_at IS NULL;

-- Pieces of requests and responses. Each is named after all that stands before it and itself, so that what two requests of
-- a chat begin with is kept once.
CREATE TABLE chat_debug_chunks (
    chat_id UUID NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    chunk_hash BYTEA NOT NULL,
    parent_hash BYTEA,
    is_deflated BOOLEAN NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (chat_id, chunk_hash)
);
