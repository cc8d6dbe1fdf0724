-- Chats for which a person has a title made, in whichever process; a lock whose process died expires.
CREATE TABLE chat_title_locks (
    chat_id UUID NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    holder UUID NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
