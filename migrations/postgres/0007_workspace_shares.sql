-- Workspaces that their owners share. Who has a row may see the workspace; the rest is said one by one.
CREATE TABLE workspace_shares (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    can_ssh BOOLEAN NOT NULL,
    can_application_connect BOOLEAN NOT NULL,
    can_update BOOLEAN NOT NULL,
    can_delete BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX workspace_shares_user ON workspace_shares (user_id);
