-- What was asked of models and what they answered, kept for chats whose owner has it recorded. A run is one thing that was
-- to be done, a step is one call of a model for it.
CREATE TABLE chat_debug_runs (
    id BLOB PRIMARY KEY NOT NULL,
    chat_id BLOB NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    root_chat_id BLOB,
    parent_chat_id BLOB,
    model_config_id BLOB,
    -- The message of the person that it is for, and the newest message when it began.
    trigger_message_id INTEGER,
    history_tip_message_id INTEGER,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    provider TEXT,
    model TEXT,
    -- JSON, as in all columns of these tables that hold objects or lists.
    summary TEXT NOT NULL DEFAULT '{}',
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE UNIQUE INDEX chat_debug_runs_id_chat ON chat_debug_runs (id, chat_id);
CREATE INDEX chat_debug_runs_chat ON chat_debug_runs (chat_id, started_at DESC);
CREATE INDEX chat_debug_runs_unfinished ON chat_debug_runs (updated_at) WHERE finished_at IS NULL;
CREATE INDEX chat_debug_runs_updated ON chat_debug_runs (updated_at);

CREATE TABLE chat_debug_steps (
    id BLOB PRIMARY KEY NOT NULL,
    run_id BLOB NOT NULL,
    chat_id BLOB NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    step_number INTEGER NOT NULL,
    operation TEXT NOT NULL,
    status TEXT NOT NULL,
    history_tip_message_id INTEGER,
    assistant_message_id INTEGER,
    -- Names of chunks; so are the bodies within attempts.
    normalized_request TEXT NOT NULL,
    normalized_response TEXT,
    usage TEXT,
    error TEXT,
    attempts TEXT NOT NULL DEFAULT '[]',
    metadata TEXT NOT NULL DEFAULT '{}',
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    finished_at TEXT,
    FOREIGN KEY (run_id, chat_id) REFERENCES chat_debug_runs (id, chat_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX chat_debug_steps_number ON chat_debug_steps (run_id, step_number);
CREATE INDEX chat_debug_steps_tip ON chat_debug_steps (chat_id, history_tip_message_id);
CREATE INDEX chat_debug_steps_assistant ON chat_debug_steps (chat_id, assistant_message_id) WHERE assistant_message_id IS NOT NULL;
CREATE INDEX chat_debug_steps_unfinished ON chat_debug_steps (updated_at) WHERE finished_at IS NULL;

-- Pieces of requests and responses. Each is named after all that stands before it and itself, so that what two requests of
-- a chat begin with is kept once.
CREATE TABLE chat_debug_chunks (
    chat_id BLOB NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    chunk_hash BLOB NOT NULL,
    parent_hash BLOB,
    is_deflated BOOLEAN NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (chat_id, chunk_hash)
);
