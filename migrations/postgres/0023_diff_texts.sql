-- Texts of versions of files that comments on lines were made on, by which the lines are found again. Each is named as git names
-- its content, so it is kept once for a chat.
CREATE TABLE chat_diff_texts (
    chat_id UUID NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    blob TEXT NOT NULL,
    is_deflated BOOLEAN NOT NULL,
    data BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (chat_id, blob)
);
