-- What a git host signs its webhooks with: those of the environment have no row. Sealed; empty: none.
ALTER TABLE external_auth_configs ADD COLUMN webhook_secret_sealed BYTEA NOT NULL DEFAULT '';
-- For when a look was last asked for by the host itself, so that many deliveries ask for few.
ALTER TABLE chat_diff_statuses ADD COLUMN hinted_at TIMESTAMPTZ;
CREATE INDEX chat_diff_statuses_branch ON chat_diff_statuses (git_branch, chat_id);
CREATE INDEX chat_diff_statuses_pull_request ON chat_diff_statuses (pr_number, chat_id);
