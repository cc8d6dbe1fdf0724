//! Model providers, for owners. Keys go in and never come out.

use leptos::prelude::*;
use sdk::ids::ProviderConfigId;
use sdk::models::ModelConfig;
use sdk::providers::{ProviderConfig, ProviderKind, ProviderTest};
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// What the page of providers and models shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProvidersAndModels {
    /// All providers.
    pub providers: Vec<ProviderConfig>,
    /// All configured models.
    pub models: Vec<ModelConfig>,
}

/// All providers and models.
#[server(name = ListProviders, prefix = "/api/page", endpoint = "list_providers", protocol = Page)]
pub async fn list_providers() -> Result<ProvidersAndModels, AppError> {
    let (platform, actor) = super::signed_in()?;
    let providers = platform
        .list_providers(&actor)
        .await
        .map_err(super::failed)?;
    let models = platform
        .list_model_configs(&actor)
        .await
        .map_err(super::failed)?;
    Ok(ProvidersAndModels { providers, models })
}

/// Adds a provider. Empty fields take the protocol's defaults.
#[server(name = CreateProvider, prefix = "/api/page", endpoint = "create_provider", output = PageJson)]
pub async fn create_provider(
    provider: ProviderKind,
    display_name: String,
    base_url: String,
    api_key: String,
) -> Result<ProviderConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let config = sdk::providers::CreateProviderConfig {
        provider,
        display_name: given(display_name),
        base_url: given(base_url),
        api_key: given(api_key),
        enabled: None,
    };
    platform
        .create_provider(&actor, config)
        .await
        .map_err(super::failed)
}

/// Changes a provider. An empty key leaves the stored one.
#[server(name = UpdateProvider, prefix = "/api/page", endpoint = "update_provider", output = PageJson)]
pub async fn update_provider(
    id: ProviderConfigId,
    display_name: String,
    base_url: String,
    api_key: String,
) -> Result<ProviderConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let change = sdk::providers::UpdateProviderConfig {
        display_name: given(display_name),
        base_url: given(base_url),
        api_key: given(api_key),
        enabled: None,
    };
    platform
        .update_provider(&actor, id, change)
        .await
        .map_err(super::failed)
}

/// Offers a provider's models, or not.
#[server(name = EnableProvider, prefix = "/api/page", endpoint = "enable_provider", output = PageJson)]
pub async fn enable_provider(
    id: ProviderConfigId,
    enabled: bool,
) -> Result<ProviderConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::providers::UpdateProviderConfig {
        enabled: Some(enabled),
        ..sdk::providers::UpdateProviderConfig::default()
    };
    platform
        .update_provider(&actor, id, change)
        .await
        .map_err(super::failed)
}

/// Removes a provider with its models and its key.
#[server(name = DeleteProvider, prefix = "/api/page", endpoint = "delete_provider", output = PageJson)]
pub async fn delete_provider(id: ProviderConfigId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_provider(&actor, id)
        .await
        .map_err(super::failed)
}

/// Asks the provider for its models, with the stored key.
#[server(name = TestProvider, prefix = "/api/page", endpoint = "test_provider", output = PageJson)]
pub async fn test_provider(id: ProviderConfigId) -> Result<ProviderTest, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .test_provider(&actor, id)
        .await
        .map_err(super::failed)
}
