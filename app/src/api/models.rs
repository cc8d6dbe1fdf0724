//! Model configurations, for owners.

mod options;
mod prices;

use std::collections::BTreeMap;

use leptos::prelude::*;
use sdk::costs::BackfilledCosts;
use sdk::ids::{ModelConfigId, ProviderConfigId};
use sdk::models::ModelConfig;
use sdk::providers::ReportedModel;
use serde::{Deserialize, Serialize};

pub use options::{OptionField, OptionPlace};
pub use prices::{KnownListPrice, PriceFields, PricedModel};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// A model after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatedModel {
    /// Whether it has a price and calls that were booked without one.
    pub can_price_earlier_calls: bool,
}

/// The box for the search of the web. A form sends nothing for a box that is not ticked, so it says that it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebSearchField {
    /// Always true.
    pub is_asked: bool,
    /// Whether it is ticked.
    pub is_on: bool,
}

/// Assumed where neither the provider nor the owner names a context window.
#[cfg(feature = "ssr")]
const USUAL_CONTEXT_LIMIT: i64 = 128_000;

/// Adds models that a provider reports: all of them or none.
#[server(name = CreateModels, prefix = "/api/page", endpoint = "create_model_configs", protocol = Page)]
pub async fn create_model_configs(
    provider_config_id: ProviderConfigId,
    models: Vec<ReportedModel>,
) -> Result<Vec<ModelConfig>, AppError> {
    let (platform, actor) = super::signed_in()?;
    let configs = models
        .into_iter()
        .map(|model| sdk::models::CreateModelConfig {
            provider_config_id,
            model: model.model,
            display_name: Some(model.display_name),
            enabled: None,
            is_default: None,
            context_limit: model.context_limit.unwrap_or(USUAL_CONTEXT_LIMIT),
            compression_threshold: None,
            model_config: None,
        });
    platform
        .create_model_configs(&actor, configs.collect())
        .await
        .map_err(super::failed)
}

/// Adds a model by its identifier, for providers that do not report theirs.
#[server(name = CreateModel, prefix = "/api/page", endpoint = "create_model_config", output = PageJson)]
pub async fn create_model_config(
    provider_config_id: ProviderConfigId,
    model: String,
    display_name: String,
    context_limit: String,
) -> Result<ModelConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let config = sdk::models::CreateModelConfig {
        provider_config_id,
        model,
        display_name: Some(display_name.trim().to_owned()).filter(|name| !name.is_empty()),
        enabled: None,
        is_default: None,
        context_limit: parse_context_limit(&context_limit)?,
        compression_threshold: None,
        model_config: None,
    };
    platform
        .create_model_config(&actor, config)
        .await
        .map_err(super::failed)
}

/// Changes a model's name, context window, prices, whether its provider searches the web for it and its other options. Without
/// prices only the first two change. Of the options those change whose texts differ from what the form was filled with.
#[server(name = UpdateModel, prefix = "/api/page", endpoint = "update_model_config", output = PageJson)]
pub async fn update_model_config(
    id: ModelConfigId,
    display_name: String,
    context_limit: String,
    #[server(default)] prices: Option<PriceFields>,
    #[server(default)] web_search: Option<WebSearchField>,
    #[server(default)] options: BTreeMap<String, String>,
    #[server(default)] options_before: BTreeMap<String, String>,
) -> Result<UpdatedModel, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::models::UpdateModelConfig {
        display_name: Some(display_name.trim().to_owned()).filter(|name| !name.is_empty()),
        context_limit: Some(parse_context_limit(&context_limit)?),
        ..sdk::models::UpdateModelConfig::default()
    };
    let Some(fields) = prices else {
        let updated = platform.update_model_config(&actor, id, change).await;
        return updated
            .map(|_| UpdatedModel::default())
            .map_err(super::failed);
    };
    let form = platform::models::ModelForm {
        prices: fields.parse().map_err(super::refused)?,
        web_search: web_search.map(|field| field.is_on),
        options: platform::models::options::form::OptionTexts {
            now: options,
            before: options_before,
        },
    };
    let updated = platform
        .update_priced_model(&actor, id, change, form)
        .await
        .map_err(|failure| prices::at_their_fields(super::failed(failure)))?;
    // What cannot be looked up now is only not offered.
    let can_price_earlier_calls = updated.model_config.cost.is_some()
        && platform
            .has_unpriced_calls(&actor, id)
            .await
            .unwrap_or(false);
    Ok(UpdatedModel {
        can_price_earlier_calls,
    })
}

/// Gives calls that a model answered without a price what they cost by its price now.
#[server(name = BackfillCosts, prefix = "/api/page", endpoint = "backfill_costs", protocol = Page)]
pub async fn backfill_costs(id: ModelConfigId) -> Result<BackfilledCosts, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .backfill_costs(&actor, id)
        .await
        .map_err(super::failed)
}

/// Offers a model, or not.
#[server(name = EnableModel, prefix = "/api/page", endpoint = "enable_model_config", output = PageJson)]
pub async fn enable_model_config(
    id: ModelConfigId,
    enabled: bool,
) -> Result<ModelConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::models::UpdateModelConfig {
        enabled: Some(enabled),
        ..sdk::models::UpdateModelConfig::default()
    };
    platform
        .update_model_config(&actor, id, change)
        .await
        .map_err(super::failed)
}

/// Makes a model the one that new chats use.
#[server(name = ChooseDefaultModel, prefix = "/api/page", endpoint = "choose_default_model", output = PageJson)]
pub async fn choose_default_model(id: ModelConfigId) -> Result<ModelConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::models::UpdateModelConfig {
        is_default: Some(true),
        ..sdk::models::UpdateModelConfig::default()
    };
    platform
        .update_model_config(&actor, id, change)
        .await
        .map_err(super::failed)
}

/// Removes a model. Chats that used it stay readable.
#[server(name = DeleteModel, prefix = "/api/page", endpoint = "delete_model_config", output = PageJson)]
pub async fn delete_model_config(id: ModelConfigId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_model_config(&actor, id)
        .await
        .map_err(super::failed)
}

#[cfg(feature = "ssr")]
fn parse_context_limit(text: &str) -> Result<i64, AppError> {
    match text.trim() {
        "" => Ok(USUAL_CONTEXT_LIMIT),
        number => number.parse().map_err(|_| {
            AppError::invalid_field(
                "context_limit",
                "Give a whole number of tokens, such as 200000.",
            )
        }),
    }
}
