-- Whether the agent only plans ('' = no), and which MCP servers it may use.
ALTER TABLE chats ADD COLUMN plan_mode TEXT NOT NULL DEFAULT '' CHECK (plan_mode IN ('', 'plan'));
ALTER TABLE chats ADD COLUMN mcp_server_ids JSONB NOT NULL DEFAULT '[]';
