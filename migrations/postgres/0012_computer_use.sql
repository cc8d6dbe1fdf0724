-- What a chat's agent is for ('' = whatever it is asked), and pictures of a desktop that its work left: they are not counted
-- among the files that were sent.
ALTER TABLE chats ADD COLUMN chat_mode TEXT NOT NULL DEFAULT '' CHECK (chat_mode IN ('', 'computer_use', 'explore'));
ALTER TABLE chat_file_links ADD COLUMN is_attachment BOOLEAN NOT NULL DEFAULT TRUE;
