-- The sums of the ledger by chat, day of UTC and model, beside those by the hour and written together with them. A range is
-- read as its whole days from here, so the sums by the hour are asked for less than two days of it. As with the hours, whoever
-- books a call has the chat locked, so the row of a chat's day is nobody else's meanwhile.
CREATE TABLE cost_days (
    user_id UUID NOT NULL,
    -- When it begins.
    day_at TIMESTAMPTZ NOT NULL,
    chat_id UUID NOT NULL,
    model_config_id UUID NOT NULL,
    root_chat_id UUID NOT NULL,
    calls BIGINT NOT NULL,
    unpriced_calls BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_creation_tokens BIGINT NOT NULL,
    total_cost_micros BIGINT NOT NULL,
    runtime_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, day_at, chat_id, model_config_id)
);

INSERT INTO cost_days (user_id, day_at, chat_id, model_config_id, root_chat_id, calls, unpriced_calls, input_tokens,
    output_tokens, cache_read_tokens, cache_creation_tokens, total_cost_micros, runtime_ms)
SELECT user_id, date_trunc('day', hour_at, 'UTC'), chat_id, model_config_id, root_chat_id, SUM(calls),
    SUM(unpriced_calls), SUM(input_tokens), SUM(output_tokens), SUM(cache_read_tokens), SUM(cache_creation_tokens),
    SUM(total_cost_micros), SUM(runtime_ms)
FROM cost_hours
GROUP BY user_id, date_trunc('day', hour_at, 'UTC'), chat_id, model_config_id, root_chat_id;

CREATE INDEX cost_days_day ON cost_days (day_at);
CREATE INDEX cost_days_root ON cost_days (root_chat_id);

-- What a chat has cost is read from its days now; everybody's hours at the ends of a range are found by their time.
DROP INDEX cost_hours_root;
CREATE INDEX cost_hours_hour ON cost_hours (hour_at);
