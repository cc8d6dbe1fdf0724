-- Whose key a provider is asked with: the deployment's, a person's own, or the own one and else the deployment's.
ALTER TABLE provider_configs ADD COLUMN central_api_key_enabled BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE provider_configs ADD COLUMN allow_user_api_key BOOLEAN NOT NULL DEFAULT FALSE
    CHECK (central_api_key_enabled OR allow_user_api_key);
ALTER TABLE provider_configs ADD COLUMN allow_central_api_key_fallback BOOLEAN NOT NULL DEFAULT FALSE
    CHECK (NOT allow_central_api_key_fallback OR (central_api_key_enabled AND allow_user_api_key));

-- People's own keys, one for each person and provider.
CREATE TABLE user_provider_keys (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider_config_id UUID NOT NULL REFERENCES provider_configs (id),
    -- Sealed with the deployment's key.
    api_key_sealed BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX user_provider_keys_user_provider ON user_provider_keys (user_id, provider_config_id);
CREATE INDEX user_provider_keys_provider ON user_provider_keys (provider_config_id);
