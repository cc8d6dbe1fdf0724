-- What a chat's branch has become at its git host. Without a pull request pr_number is null, and url is the branch's page.
ALTER TABLE chat_diff_statuses ADD COLUMN url TEXT;
ALTER TABLE chat_diff_statuses ADD COLUMN pull_request_state TEXT CHECK (pull_request_state IN ('open', 'closed', 'merged'));
ALTER TABLE chat_diff_statuses ADD COLUMN pull_request_title TEXT NOT NULL DEFAULT '';
ALTER TABLE chat_diff_statuses ADD COLUMN pull_request_draft BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE chat_diff_statuses ADD COLUMN changes_requested BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE chat_diff_statuses ADD COLUMN additions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat_diff_statuses ADD COLUMN deletions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat_diff_statuses ADD COLUMN changed_files INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat_diff_statuses ADD COLUMN author_login TEXT;
ALTER TABLE chat_diff_statuses ADD COLUMN author_avatar_url TEXT;
ALTER TABLE chat_diff_statuses ADD COLUMN base_branch TEXT;
ALTER TABLE chat_diff_statuses ADD COLUMN head_branch TEXT;
ALTER TABLE chat_diff_statuses ADD COLUMN pr_number INTEGER;
ALTER TABLE chat_diff_statuses ADD COLUMN commits INTEGER;
ALTER TABLE chat_diff_statuses ADD COLUMN reviewer_count INTEGER;
ALTER TABLE chat_diff_statuses ADD COLUMN approved BOOLEAN;
ALTER TABLE chat_diff_statuses ADD COLUMN check_state TEXT CHECK (check_state IN ('pending', 'failure', 'success'));
-- Why the last look failed, in one word, and how many did one after the other.
ALTER TABLE chat_diff_statuses ADD COLUMN problem TEXT;
ALTER TABLE chat_diff_statuses ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
-- Grows when the chat works on the branch: a look that began before does not say that the row is fresh.
ALTER TABLE chat_diff_statuses ADD COLUMN marks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat_diff_statuses ADD COLUMN refreshed_at TIMESTAMPTZ;
-- When anything that is shown changed last.
ALTER TABLE chat_diff_statuses ADD COLUMN changed_at TIMESTAMPTZ NOT NULL DEFAULT 'epoch';
