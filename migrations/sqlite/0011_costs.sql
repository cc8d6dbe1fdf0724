-- The ledger: what each call to a model used and cost. It refers to no chat and no person, because what was spent
-- stays spent when they are deleted. An absent cost is unknown, zero is free.
CREATE TABLE costs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BLOB NOT NULL,
    chat_id BLOB NOT NULL,
    -- The chat itself, or the one at the top of its tree.
    root_chat_id BLOB NOT NULL,
    -- The model that ran the call.
    model_config_id BLOB NOT NULL,
    -- The whole hour in which it was booked.
    hour_at TEXT NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_creation_tokens INTEGER,
    total_cost_micros INTEGER,
    runtime_ms INTEGER,
    created_at TEXT NOT NULL
);
CREATE INDEX costs_created ON costs (created_at);
CREATE INDEX costs_user_created ON costs (user_id, created_at);
CREATE INDEX costs_unpriced ON costs (model_config_id, chat_id, hour_at) WHERE total_cost_micros IS NULL;

-- The sums of the ledger by chat, hour and model, written in the same transaction as its rows. Whoever books a call has
-- the chat locked, so the row of a chat's hour is nobody else's meanwhile.
CREATE TABLE cost_hours (
    user_id BLOB NOT NULL,
    hour_at TEXT NOT NULL,
    chat_id BLOB NOT NULL,
    model_config_id BLOB NOT NULL,
    root_chat_id BLOB NOT NULL,
    calls INTEGER NOT NULL,
    unpriced_calls INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_creation_tokens INTEGER NOT NULL,
    total_cost_micros INTEGER NOT NULL,
    runtime_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, hour_at, chat_id, model_config_id)
) WITHOUT ROWID;
CREATE INDEX cost_hours_root ON cost_hours (root_chat_id);
CREATE INDEX cost_hours_unpriced ON cost_hours (model_config_id, chat_id, hour_at) WHERE unpriced_calls > 0;

INSERT INTO costs (user_id, chat_id, root_chat_id, model_config_id, hour_at, input_tokens, output_tokens,
    cache_read_tokens, cache_creation_tokens, total_cost_micros, runtime_ms, created_at)
SELECT c.owner_id, c.id, COALESCE(c.root_chat_id, c.id), m.model_config_id,
    substr(m.created_at, 1, 13) || ':00:00+00:00', m.input_tokens,
    m.output_tokens, m.cache_read_tokens,
    m.cache_creation_tokens, m.total_cost_micros, m.runtime_ms, m.created_at
FROM chat_messages m JOIN chats c ON c.id = m.chat_id
WHERE m.role = 'assistant' AND m.model_config_id IS NOT NULL
    AND COALESCE(m.input_tokens, m.output_tokens, m.total_tokens, m.reasoning_tokens, m.cache_creation_tokens,
        m.cache_read_tokens) IS NOT NULL
ORDER BY m.id;

INSERT INTO cost_hours (chat_id, hour_at, model_config_id, user_id, root_chat_id, calls, unpriced_calls, input_tokens,
    output_tokens, cache_read_tokens, cache_creation_tokens, total_cost_micros, runtime_ms)
SELECT chat_id, hour_at, model_config_id, user_id, root_chat_id, COUNT(*), COUNT(*) - COUNT(total_cost_micros),
    COALESCE(SUM(input_tokens), 0), COALESCE(SUM(output_tokens), 0), COALESCE(SUM(cache_read_tokens), 0),
    COALESCE(SUM(cache_creation_tokens), 0), COALESCE(SUM(total_cost_micros), 0), COALESCE(SUM(runtime_ms), 0)
FROM costs
GROUP BY chat_id, hour_at, model_config_id, user_id, root_chat_id;

-- What a call cost stands in the ledger alone.
ALTER TABLE chat_messages DROP COLUMN total_cost_micros;
