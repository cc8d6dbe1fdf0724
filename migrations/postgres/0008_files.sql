-- Files that people attach to messages, and that agents hand over. Messages name them; their bytes are read when a model
-- or a person wants them.
CREATE TABLE chat_files (
    id UUID NOT NULL PRIMARY KEY,
    owner_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mimetype TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    data BYTEA NOT NULL
);
CREATE INDEX chat_files_owner ON chat_files (owner_id);
CREATE INDEX chat_files_created_at ON chat_files (created_at);

-- Smaller pictures of a picture, for people and for models.
CREATE TABLE chat_file_variants (
    file_id UUID NOT NULL REFERENCES chat_files (id) ON DELETE CASCADE,
    variant TEXT NOT NULL CHECK (variant IN ('thumbnail', 'model')),
    mimetype TEXT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (file_id, variant)
);

-- The chats that a file was sent in.
CREATE TABLE chat_file_links (
    chat_id UUID NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    file_id UUID NOT NULL REFERENCES chat_files (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (chat_id, file_id)
);
CREATE INDEX chat_file_links_file ON chat_file_links (file_id);
