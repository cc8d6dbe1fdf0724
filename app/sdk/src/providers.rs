//! Model providers as an admin configures them. Keys are write-only.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ProviderConfigId;
use crate::secrets::shows_only;

/// Which wire protocol a provider speaks.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Chat Completions at OpenAI.
    #[serde(rename = "openai")]
    OpenAi,
    /// Any server that speaks OpenAI Chat Completions (Ollama, vLLM, llama.cpp, OpenRouter, LM Studio).
    #[serde(rename = "openai-compat")]
    OpenAiCompatible,
    /// The scripted model inside the server.
    Demo,
}

impl ProviderKind {
    /// Name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::OpenAiCompatible => "openai-compat",
            Self::Demo => "demo",
        }
    }

    /// Parses a name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Anthropic,
            Self::OpenAi,
            Self::OpenAiCompatible,
            Self::Demo,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// Where a provider's configuration comes from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderSource {
    /// Added by an admin, kept in the database.
    Database,
    /// From an environment variable or found at start; it cannot be edited on the page.
    EnvPreset,
    /// Built into the server.
    BuiltIn,
}

/// Whose key a provider is asked with. A person's own key, where it is allowed and there, comes first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPolicy {
    /// The deployment's key may be used.
    pub central_api_key_enabled: bool,
    /// People may bring keys of their own; without the next field they must.
    pub allow_user_api_key: bool,
    /// Who brought no key uses the deployment's. Needs both of the above.
    pub allow_central_api_key_fallback: bool,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            central_api_key_enabled: true,
            allow_user_api_key: false,
            allow_central_api_key_fallback: false,
        }
    }
}

impl KeyPolicy {
    /// Whether the deployment's key is used for somebody who brought none.
    pub const fn uses_central_key(self) -> bool {
        self.central_api_key_enabled
            && (!self.allow_user_api_key || self.allow_central_api_key_fallback)
    }
}

/// What changes about whose key is used; absent fields stay as they are.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateKeyPolicy {
    /// The deployment's key may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub central_api_key_enabled: Option<bool>,
    /// People may bring keys of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_user_api_key: Option<bool>,
    /// Who brought no key uses the deployment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_central_api_key_fallback: Option<bool>,
}

impl UpdateKeyPolicy {
    /// The policy after the change.
    pub fn applied_to(self, policy: KeyPolicy) -> KeyPolicy {
        KeyPolicy {
            central_api_key_enabled: self
                .central_api_key_enabled
                .unwrap_or(policy.central_api_key_enabled),
            allow_user_api_key: self.allow_user_api_key.unwrap_or(policy.allow_user_api_key),
            allow_central_api_key_fallback: self
                .allow_central_api_key_fallback
                .unwrap_or(policy.allow_central_api_key_fallback),
        }
    }
}

/// A provider for which a person may bring a key of their own, as that person sees it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProviderConfig {
    /// The provider's id.
    pub id: ProviderConfigId,
    /// Wire protocol.
    pub provider: ProviderKind,
    /// Name shown to people.
    pub display_name: String,
    /// Whether it takes a key of theirs. When not, the one they brought is not used and can only be removed.
    pub allows_user_api_key: bool,
    /// Whether the person brought a key.
    pub has_user_api_key: bool,
    /// Whether the deployment's key is used while there is none.
    pub has_central_api_key_fallback: bool,
}

/// Body of `PUT /user-provider-configs/{providerConfig}`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Serialize, Deserialize)]
pub struct PutUserApiKey {
    /// Key, at most 10,240 bytes.
    pub api_key: String,
}

/// A provider as admins see it; never its key.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderConfig {
    /// Its id.
    pub id: ProviderConfigId,
    /// Wire protocol.
    pub provider: ProviderKind,
    /// Name shown to people.
    pub display_name: String,
    /// Base URL in force.
    pub base_url: String,
    /// Whether a key is stored.
    pub has_api_key: bool,
    /// Whether its models are offered.
    pub enabled: bool,
    /// Whose key it is asked with.
    #[serde(flatten)]
    pub key_policy: KeyPolicy,
    /// Where it comes from.
    pub source: ProviderSource,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Body of `POST /providers`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Serialize, Deserialize)]
pub struct CreateProviderConfig {
    /// Wire protocol.
    pub provider: ProviderKind,
    /// Name shown to people; the protocol's name when absent.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Absolute http or https URL; the provider's public one when absent.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Key, at most 10,240 bytes.
    #[serde(default)]
    pub api_key: Option<String>,
    /// True when absent.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Whose key it is asked with; the deployment's when absent.
    #[serde(flatten)]
    pub key_policy: UpdateKeyPolicy,
}

/// Body of `PATCH /providers/{provider}`; an absent field is left as it is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct UpdateProviderConfig {
    /// New name; blank = unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// New base URL. With another scheme, host or port the key must be given again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// New key; empty clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Offer its models or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whose key it is asked with.
    #[serde(flatten)]
    pub key_policy: UpdateKeyPolicy,
}

/// Answer of `POST /providers/{provider}/test`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTest {
    /// Whether the provider answered as it should.
    pub ok: bool,
    /// What happened and what to do next, as a sentence.
    pub message: String,
    /// The provider's own words when it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Status of the provider's answer when it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// Models the provider reports.
    pub models: Vec<ReportedModel>,
}

/// A model that a provider reports.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedModel {
    /// The provider's identifier.
    pub model: String,
    /// A name for people.
    pub display_name: String,
    /// Context window in tokens, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_limit: Option<i64>,
}

shows_only! {
    PutUserApiKey {}
    CreateProviderConfig { provider, display_name, base_url, enabled, key_policy }
    UpdateProviderConfig { display_name, base_url, enabled, key_policy }
}
