//! What the log shows of each kind of thing. Rows are taken apart whole, so that a new column is decided upon here.

use sdk::audit_log::{AuditTarget, AuditTargetKind};
use sdk::external_auth::ExternalAuthLink;
use sdk::ids::{SessionId, TokenId};
use sdk::models::ModelConfig;
use serde_json::{Value, json};
use store::allowed_folders::AllowedFolderRow;
use store::external_auth::LinkRow;
use store::external_auth::configs::ConfigRow;
use store::provider_configs::ProviderRow;
use store::templates::TemplateRow;
use store::user_provider_keys::UserKeyRow;
use store::users::UserRow;

use super::{Fields, Logged, target};

impl Logged for UserRow {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::User, &self.id, &self.username)
    }

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            organization_id: _,
            username,
            name,
            email,
            role,
            status,
            agents_access,
            password_hash,
            created_at: _,
            updated_at: _,
        } = self;
        Fields::default()
            .show("username", json!(username))
            .show("name", json!(name))
            .show("email", json!(email))
            .show("role", json!(role))
            .show("status", json!(status))
            .show("agents_access", json!(agents_access))
            .hide("password", password_hash.as_bytes())
    }
}

/// Where somebody is signed in.
#[derive(Debug)]
pub(crate) struct SessionOf<'a> {
    pub(crate) id: SessionId,
    /// The browser, in words that are known here.
    pub(crate) browser: &'a str,
    /// User name of whose it is.
    pub(crate) username: &'a str,
}

impl Logged for SessionOf<'_> {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::Session, &self.id, self.browser)
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .show("browser", json!(self.browser))
            .show("user", json!(self.username))
    }
}

/// An API token, without its key.
pub(crate) struct TokenOf<'a> {
    pub(crate) id: TokenId,
    pub(crate) name: &'a str,
    /// User name of the person that it acts for.
    pub(crate) username: &'a str,
}

impl Logged for TokenOf<'_> {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::Token, &self.id, self.name)
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .show("name", json!(self.name))
            .show("user", json!(self.username))
    }
}

impl Logged for LinkRow {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::ExternalAuth, &self.id, &self.link.host)
    }

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            token_sealed,
            refresh_token_sealed,
            expires_at: _,
            refresh_ends_at: _,
            link,
        } = self;
        let ExternalAuthLink {
            host,
            username,
            config,
            ..
        } = link;
        Fields::default()
            .show("host", json!(host))
            .show("username", json!(username))
            .show("config", json!(config))
            .hide("token", token_sealed)
            .hide(
                "refresh_token",
                refresh_token_sealed.as_deref().unwrap_or_default(),
            )
    }
}

impl Logged for ConfigRow {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::ExternalAuthConfig, &self.id, &self.name)
    }

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            name,
            kind,
            display_name,
            base_url,
            api_base_url,
            client_id,
            client_secret_sealed,
            scopes,
            device_flow,
            created_at: _,
            updated_at: _,
            webhook_secret_sealed,
        } = self;
        Fields::default()
            .show("name", json!(name))
            .show("kind", json!(kind))
            .show("display_name", json!(display_name))
            .show("base_url", json!(base_url))
            .show("api_base_url", json!(api_base_url))
            .show("client_id", json!(client_id))
            .hide("client_secret", client_secret_sealed)
            .hide("webhook_secret", webhook_secret_sealed)
            .show("scopes", json!(scopes))
            .show("device_flow", json!(device_flow))
    }
}

impl Logged for ProviderRow {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::Provider, &self.id, &self.display_name)
    }

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            provider,
            display_name,
            base_url,
            api_key_sealed,
            enabled,
            key_policy,
            source,
            deleted: _,
            created_at: _,
            updated_at: _,
        } = self;
        // Some servers take their key in the address.
        let (base_url, query) = base_url.split_once('?').unwrap_or((base_url, ""));
        Fields::default()
            .show("provider", json!(provider))
            .show("display_name", json!(display_name))
            .show("base_url", json!(base_url))
            .hide("base_url.query", query.as_bytes())
            .hide("api_key", api_key_sealed)
            .show("enabled", json!(enabled))
            .show("key_policy", json!(key_policy))
            .show("source", json!(source))
    }
}

/// A person's own key for a provider, which is named.
pub(crate) struct OwnKey<'a>(pub(crate) &'a UserKeyRow, pub(crate) &'a str);

impl Logged for OwnKey<'_> {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::ProviderKey, &self.0.id, self.1)
    }

    fn fields(&self) -> Fields {
        let UserKeyRow {
            id: _,
            provider_config_id,
            api_key_sealed,
        } = self.0;
        Fields::default()
            .show("provider_config_id", json!(provider_config_id))
            .hide("api_key", api_key_sealed)
    }
}

impl Logged for ModelConfig {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::Model, &self.id, &self.display_name)
    }

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            provider_config_id,
            provider: _,
            model,
            display_name,
            enabled,
            is_default,
            context_limit,
            compression_threshold,
            model_config,
            created_at: _,
            updated_at: _,
        } = self;
        Fields::default()
            .show("provider_config_id", json!(provider_config_id))
            .show("model", json!(model))
            .show("display_name", json!(display_name))
            .show("enabled", json!(enabled))
            .show("is_default", json!(is_default))
            .show("context_limit", json!(context_limit))
            .show("compression_threshold", json!(compression_threshold))
            .show("model_config", json!(model_config))
    }
}

impl Logged for TemplateRow {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::Template, &self.id, &self.name)
    }

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            organization_id: _,
            name,
            display_name,
            description,
            icon,
            backend,
            folder,
            repository_url,
            branch,
            setup_script,
            environment,
            parameters,
            idle_stop_seconds,
            deprecated,
            deleted: _,
            created_at: _,
            updated_at: _,
        } = self;
        // Some hosts take a token in the address.
        let address = repository_url.as_deref();
        let (repository_url, query) = match address.and_then(|address| address.split_once('?')) {
            Some((address, query)) => (Some(address), query),
            None => (address, ""),
        };
        let fields = Fields::default()
            .show("name", json!(name))
            .show("display_name", json!(display_name))
            .show("description", json!(description))
            .show("icon", json!(icon))
            .show("backend", json!(backend))
            .show("folder", json!(folder))
            .show("repository_url", json!(repository_url))
            .hide("repository_url.query", query.as_bytes())
            .show("branch", json!(branch))
            .show("setup_script", json!(setup_script))
            .show("parameters", json!(parameters))
            .show("idle_stop_seconds", json!(idle_stop_seconds))
            .show("deprecated", json!(deprecated));
        // People keep keys in variables.
        environment.iter().fold(fields, |fields, (name, value)| {
            let value = format!("={value}");
            fields.hide(&format!("environment.{name}"), value.as_bytes())
        })
    }
}

impl Logged for AllowedFolderRow {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::AllowedFolder, &self.id, &self.path)
    }

    fn fields(&self) -> Fields {
        Fields::default().show("path", json!(self.path))
    }
}

/// A setting of the deployment with its value.
pub(crate) struct Setting(pub(crate) &'static str, pub(crate) Value);

impl Logged for Setting {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::Setting, &self.0, self.0)
    }

    fn fields(&self) -> Fields {
        Fields::default().show(self.0, self.1.clone())
    }
}

/// Instructions for agents: their name, and what they are made of.
pub(crate) struct Prompt<'a>(
    pub(crate) &'static str,
    pub(crate) &'a str,
    pub(crate) Option<bool>,
);

impl Logged for Prompt<'_> {
    fn target(&self) -> AuditTarget {
        target(AuditTargetKind::Prompt, &self.0, self.0)
    }

    fn fields(&self) -> Fields {
        let Self(name, text, includes_default) = self;
        Fields::default()
            .show(name, json!(text))
            .show("include_default_system_prompt", json!(includes_default))
    }
}
