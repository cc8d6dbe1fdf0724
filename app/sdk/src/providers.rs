//! Model providers as an admin configures them. Keys are write-only.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ProviderConfigId;

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
    /// Where it comes from.
    pub source: ProviderSource,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Body of `POST /providers`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
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
}

/// Body of `PATCH /providers/{provider}`; an absent field is left as it is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateProviderConfig {
    /// New name; blank = unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// New base URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// New key; empty clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Offer its models or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
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
