-- Chats for which a person has a title made, in whichever process; a lock whose process died expires.
CREATE TABLE chat_title_locks (
    chat_id BLOB NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
    holder BLOB NOT NULL,
    expires_at TEXT NOT NULL
);
