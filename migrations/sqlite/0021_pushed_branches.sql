-- A chat that has pushed a branch keeps it, also when it fetches another one afterwards.
ALTER TABLE chat_diff_statuses ADD COLUMN is_pushed BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE chat_diff_statuses SET is_pushed = TRUE WHERE pr_number IS NOT NULL;
