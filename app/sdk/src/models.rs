//! Model configurations and the catalogue that the model picker shows.

mod prices;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ModelConfigId, ProviderConfigId};
use crate::providers::ProviderKind;

pub use prices::{ListPrice, ModelPrices, PriceError, parse_price, price_text};

/// A configured model.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Its id.
    pub id: ModelConfigId,
    /// The provider it is reached through.
    pub provider_config_id: ProviderConfigId,
    /// That provider's wire protocol.
    pub provider: ProviderKind,
    /// The provider's identifier of the model.
    pub model: String,
    /// Name shown to people.
    pub display_name: String,
    /// Whether members may choose it.
    pub enabled: bool,
    /// Whether new chats use it. Exactly one enabled model is the default.
    pub is_default: bool,
    /// Context window in tokens.
    pub context_limit: i64,
    /// Percent of the context at which the history is compacted: 0 = after every step, 100 = never.
    pub compression_threshold: i32,
    /// Call options.
    pub model_config: ModelCallConfig,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Options of each call to a model.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelCallConfig {
    /// Longest answer in tokens; when absent 32,000, or less where the model cannot give that much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling: the share of the probability that is chosen from, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// How many of the likeliest tokens are chosen from, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// How much tokens that were used already are avoided, -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f32>,
    /// How much tokens are avoided by how often they were used, -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f32>,
    /// Settings of single providers by their name, such as `{"openai": {"service_tier": "flex"}}`. Only those of the model's
    /// own provider are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub provider_options: Option<serde_json::Map<String, serde_json::Value>>,
    /// How much the model thinks before it answers: `low`, `medium` or `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// Prices per million tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<ModelPrices>,
}

/// Body of `POST /model-configs`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateModelConfig {
    /// The provider it is reached through.
    pub provider_config_id: ProviderConfigId,
    /// The provider's identifier of the model.
    pub model: String,
    /// Name shown to people; the identifier when absent.
    #[serde(default)]
    pub display_name: Option<String>,
    /// True when absent.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Make it the default.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// Context window in tokens, above zero.
    pub context_limit: i64,
    /// 0 to 100; 70 when absent.
    #[serde(default)]
    pub compression_threshold: Option<i32>,
    /// Call options.
    #[serde(default)]
    pub model_config: Option<ModelCallConfig>,
}

/// Body of `PATCH /model-configs/{model_config}`; an absent field is left as it is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateModelConfig {
    /// New identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Offer it or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Make it the default; `false` elects another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// New context window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_limit: Option<i64>,
    /// New compaction threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression_threshold: Option<i32>,
    /// New call options, replacing the old ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config: Option<ModelCallConfig>,
}

/// Answer of `GET /models`: what the caller can choose from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCatalogue {
    /// One entry per enabled provider.
    pub providers: Vec<CatalogueProvider>,
}

/// A provider in the catalogue.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueProvider {
    /// Its id.
    pub id: ProviderConfigId,
    /// Wire protocol.
    pub provider: ProviderKind,
    /// Name shown to people.
    pub display_name: String,
    /// Whether its models can be used now.
    pub available: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable_reason: Option<UnavailableReason>,
    /// Its enabled models.
    pub models: Vec<CatalogueModel>,
}

/// Why a provider's models cannot be used.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnavailableReason {
    /// No key is stored.
    MissingApiKey,
    /// The provider did not answer.
    FetchFailed,
    /// The caller must bring their own key.
    UserApiKeyRequired,
}

/// A model in the catalogue.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueModel {
    /// The model configuration's id.
    pub id: ModelConfigId,
    /// Wire protocol of its provider.
    pub provider: ProviderKind,
    /// The provider's identifier.
    pub model: String,
    /// Name shown to people.
    pub display_name: String,
    /// Whether new chats use it.
    pub is_default: bool,
    /// Context window in tokens.
    pub context_limit: i64,
}
