-- When a row last changed in any way that lists show: also by a title, a pin or the read cursor, which leave
-- updated_at and with it the place in the list alone.
ALTER TABLE chats ADD COLUMN changed_at TEXT NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
UPDATE chats SET changed_at = updated_at;
CREATE INDEX chats_owner_changed ON chats (owner_id, changed_at);
