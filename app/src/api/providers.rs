//! Model providers, for owners. Keys go in and never come out.

use leptos::prelude::*;
use sdk::chat_config::PrivateProviderHosts;
use sdk::deployment::SettingSource;
use sdk::ids::ProviderConfigId;
use sdk::providers::{KeyPolicy, ProviderConfig, ProviderKind, ProviderTest, UserProviderConfig};
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::api::models::{OptionField, PricedModel};
use crate::error::AppError;
#[cfg(feature = "ssr")]
use sdk::deployment::{StoredSetting, StoredSettingSource};

/// What the page of providers and models shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProvidersAndModels {
    /// All providers.
    pub providers: Vec<ProviderConfig>,
    /// All configured models.
    pub models: Vec<PricedModel>,
    /// The fields of the options that these models have.
    pub options: Vec<OptionField>,
}

/// Whose key a provider is asked with, as the page lets an owner choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyChoice {
    /// The deployment's.
    #[default]
    Central,
    /// A person's own, and the deployment's for who brought none.
    Both,
    /// A person's own.
    Own,
}

impl KeyChoice {
    /// All of them, as they stand in a form and in words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Central, "central", "The key stored here"),
        (
            Self::Both,
            "both",
            "People’s own keys, else the one stored here",
        ),
        (Self::Own, "own", "Only people’s own keys"),
    ];

    /// What a policy comes to.
    pub const fn of(policy: KeyPolicy) -> Self {
        match (policy.allow_user_api_key, policy.uses_central_key()) {
            (false, _) => Self::Central,
            (true, true) => Self::Both,
            (true, false) => Self::Own,
        }
    }

    /// How it stands in a form.
    pub fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(choice, ..)| *choice == self);
        known.map_or("central", |(_, name, _)| *name)
    }

    #[cfg(feature = "ssr")]
    fn policy(self) -> sdk::providers::UpdateKeyPolicy {
        sdk::providers::UpdateKeyPolicy {
            central_api_key_enabled: Some(self != Self::Own),
            allow_user_api_key: Some(self != Self::Central),
            allow_central_api_key_fallback: Some(self == Self::Both),
        }
    }
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
    let list_prices = platform.list_prices(&actor).map_err(super::failed)?;
    let kinds: Vec<_> = models.iter().map(|config| config.provider).collect();
    let models = models
        .into_iter()
        .map(|config| PricedModel::of(config, list_prices))
        .collect();
    Ok(ProvidersAndModels {
        providers,
        models,
        options: OptionField::all_of(&kinds),
    })
}

/// What the section about private hosts shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivateHosts {
    /// The hosts.
    pub listed: PrivateProviderHosts,
    /// Where those that were added come from.
    pub source: SettingSource,
    /// Where the option stands that the others come from.
    pub fixed_source: SettingSource,
}

/// The hosts at private addresses that providers may be at.
#[server(name = GetPrivateProviderHosts, prefix = "/api/page", endpoint = "get_private_provider_hosts", protocol = Page)]
pub async fn get_private_provider_hosts() -> Result<PrivateHosts, AppError> {
    let (platform, actor) = super::signed_in()?;
    let listed = platform.get_private_provider_hosts(&actor).await;
    let settings = platform.get_deployment_settings(&actor).await;
    let settings = settings.map_err(super::failed)?;
    let is_it =
        |stored: &&StoredSettingSource| stored.setting == StoredSetting::PrivateProviderHosts;
    let stored = settings.stored.iter().find(is_it);
    let mut options = settings.options.iter();
    let option = options.find(|option| option.name == "private_provider_hosts");
    Ok(PrivateHosts {
        listed: listed.map_err(super::failed)?,
        source: stored.map(|stored| stored.source).unwrap_or_default(),
        fixed_source: option.map(|option| option.source).unwrap_or_default(),
    })
}

/// Sets those that are added to the ones that the server was started with, one a line.
#[server(name = UpdatePrivateProviderHosts, prefix = "/api/page", endpoint = "update_private_provider_hosts", output = PageJson)]
pub async fn update_private_provider_hosts(
    #[server(default)] hosts: String,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let hosts = hosts.split(['\n', ',']).map(str::trim);
    let hosts = hosts.filter(|host| !host.is_empty()).map(str::to_owned);
    let change = sdk::chat_config::UpdatePrivateProviderHosts {
        hosts: hosts.collect(),
    };
    platform
        .update_private_provider_hosts(&actor, change)
        .await
        .map_err(super::failed)
}

/// Adds a provider. Empty fields take the protocol's defaults.
#[server(name = CreateProvider, prefix = "/api/page", endpoint = "create_provider", output = PageJson)]
pub async fn create_provider(
    provider: ProviderKind,
    display_name: String,
    base_url: String,
    api_key: String,
    #[server(default)] keys: KeyChoice,
) -> Result<ProviderConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let config = sdk::providers::CreateProviderConfig {
        provider,
        display_name: given(display_name),
        base_url: given(base_url),
        api_key: given(api_key),
        enabled: None,
        key_policy: keys.policy(),
    };
    platform
        .create_provider(&actor, config)
        .await
        .map_err(super::failed)
}

/// Changes a provider. What is empty or absent stays as it is.
#[server(name = UpdateProvider, prefix = "/api/page", endpoint = "update_provider", output = PageJson)]
pub async fn update_provider(
    id: ProviderConfigId,
    #[server(default)] display_name: String,
    #[server(default)] base_url: String,
    #[server(default)] api_key: String,
    #[server(default)] keys: Option<KeyChoice>,
) -> Result<ProviderConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let known = platform.list_providers(&actor).await;
    let known = known.map_err(super::failed)?;
    let policy = known.iter().find(|provider| provider.id == id);
    // The API knows more policies than the form: what was not chosen anew stays as it is.
    let keys = keys
        .filter(|keys| policy.is_none_or(|provider| KeyChoice::of(provider.key_policy) != *keys));
    let change = sdk::providers::UpdateProviderConfig {
        display_name: given(display_name),
        base_url: given(base_url),
        api_key: given(api_key),
        enabled: None,
        key_policy: keys.map(KeyChoice::policy).unwrap_or_default(),
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

/// Asks the provider for its models, with the stored key or, where people's own alone are used, with the reader's.
#[server(name = TestProvider, prefix = "/api/page", endpoint = "test_provider", output = PageJson)]
pub async fn test_provider(id: ProviderConfigId) -> Result<ProviderTest, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .test_provider(&actor, id)
        .await
        .map_err(super::failed)
}

/// Adds the reader's own key for a provider, or replaces it.
#[server(name = PutUserApiKey, prefix = "/api/page", endpoint = "put_user_api_key", output = PageJson)]
pub async fn put_user_api_key(
    id: ProviderConfigId,
    api_key: String,
) -> Result<UserProviderConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let key = sdk::providers::PutUserApiKey { api_key };
    platform
        .put_user_api_key(&actor, id, key)
        .await
        .map_err(super::failed)
}

/// Removes the reader's own key for a provider.
#[server(name = DeleteUserApiKey, prefix = "/api/page", endpoint = "delete_user_api_key", output = PageJson)]
pub async fn delete_user_api_key(id: ProviderConfigId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_user_api_key(&actor, id)
        .await
        .map_err(super::failed)
}
