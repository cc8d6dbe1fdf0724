-- What workspaces are made from.
CREATE TABLE templates (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    icon TEXT NOT NULL,
    backend TEXT NOT NULL CHECK (backend IN ('local')),
    -- A repository on the server's machine.
    folder TEXT,
    -- A repository that each workspace clones.
    repository_url TEXT,
    branch TEXT,
    setup_script TEXT NOT NULL,
    environment TEXT NOT NULL,
    parameters TEXT NOT NULL,
    idle_stop_seconds INTEGER,
    deprecated BOOLEAN NOT NULL,
    -- The row stays for the workspaces that were made from it.
    deleted BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX templates_organization_name ON templates (organization_id, name) WHERE NOT deleted;

ALTER TABLE workspaces ADD COLUMN template_id BLOB REFERENCES templates (id) ON DELETE SET NULL;
-- The values of the template's parameters, by name.
ALTER TABLE workspaces ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
-- When a chat, a terminal or a person last used it.
ALTER TABLE workspaces ADD COLUMN last_used_at TEXT;
CREATE INDEX workspaces_template ON workspaces (template_id) WHERE NOT deleted;
