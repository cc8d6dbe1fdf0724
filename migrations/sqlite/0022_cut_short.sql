-- Why an answer has no end: stopped, length or content_filter. Of those there are, what took no time was stopped.
ALTER TABLE chat_messages ADD COLUMN cut_short TEXT;
UPDATE chat_messages SET cut_short = 'stopped' WHERE role = 'assistant' AND model_config_id IS NOT NULL AND runtime_ms IS NULL;
