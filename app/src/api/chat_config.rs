//! What is configured about agents: the reader's own part, and for owners the deployment's instructions.

use leptos::prelude::*;
use sdk::chat_config::{SystemPrompt, UserPrompt};
use sdk::ids::ModelConfigId;
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// What the page about agents shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatConfig {
    /// The reader's own instructions.
    pub user_prompt: UserPrompt,
    /// When histories are summarized, for each model that is offered.
    pub thresholds: Vec<ModelThreshold>,
    /// The deployment's instructions, for owners.
    pub system_prompt: Option<SystemPrompt>,
}

/// When histories that a model works on are summarized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelThreshold {
    /// The model.
    pub model_config_id: ModelConfigId,
    /// Its name.
    pub display_name: String,
    /// What holds for everybody, in percent of its context.
    pub usual_percent: i32,
    /// What the reader set for themselves.
    pub own_percent: Option<i32>,
}

/// Everything that the page about agents shows.
#[server(name = GetChatConfig, prefix = "/api/page", endpoint = "get_chat_config", protocol = Page)]
pub async fn get_chat_config() -> Result<ChatConfig, AppError> {
    let (platform, actor) = super::signed_in()?;
    let user_prompt = platform.get_user_prompt(&actor).await;
    let system_prompt = if actor.is_owner() {
        let prompt = platform.get_system_prompt(&actor).await;
        Some(prompt.map_err(super::failed)?)
    } else {
        None
    };
    Ok(ChatConfig {
        user_prompt: user_prompt.map_err(super::failed)?,
        thresholds: thresholds(&platform, &actor).await?,
        system_prompt,
    })
}

#[cfg(feature = "ssr")]
async fn thresholds(
    platform: &platform::Platform,
    actor: &platform::Actor,
) -> Result<Vec<ModelThreshold>, AppError> {
    let catalogue = platform.list_models(actor).await.map_err(super::failed)?;
    let configs = platform.list_model_configs(actor).await;
    let own = platform.list_compaction_thresholds(actor).await;
    let own = own.map_err(super::failed)?.thresholds;
    let providers = catalogue.providers.into_iter();
    let offered: Vec<_> = providers.flat_map(|provider| provider.models).collect();
    let is_offered = |id| offered.iter().any(|model| model.id == id);
    let threshold = |model: sdk::models::ModelConfig| ModelThreshold {
        model_config_id: model.id,
        own_percent: own
            .iter()
            .find(|threshold| threshold.model_config_id == model.id)
            .map(|threshold| threshold.threshold_percent),
        display_name: model.display_name,
        usual_percent: model.compression_threshold,
    };
    let configs = configs.map_err(super::failed)?.into_iter();
    Ok(configs
        .filter(|model| is_offered(model.id))
        .map(threshold)
        .collect())
}

/// Sets the reader's own instructions.
#[server(name = UpdateUserPrompt, prefix = "/api/page", endpoint = "update_user_prompt", output = PageJson)]
pub async fn update_user_prompt(
    #[server(default)] custom_prompt: String,
) -> Result<UserPrompt, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .update_user_prompt(&actor, UserPrompt { custom_prompt })
        .await
        .map_err(super::failed)
}

/// Sets the deployment's instructions.
#[server(name = UpdateSystemPrompt, prefix = "/api/page", endpoint = "update_system_prompt", output = PageJson)]
pub async fn update_system_prompt(
    #[server(default)] system_prompt: String,
    #[server(default)] include_default_system_prompt: bool,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::chat_config::UpdateSystemPrompt {
        system_prompt,
        include_default_system_prompt: Some(include_default_system_prompt),
    };
    platform
        .update_system_prompt(&actor, change)
        .await
        .map_err(super::failed)
}

/// Sets when the reader wants histories that a model works on summarized; nothing = as for everybody.
#[server(name = UpdateCompactionThreshold, prefix = "/api/page", endpoint = "update_compaction_threshold", output = PageJson)]
pub async fn update_compaction_threshold(
    model_config_id: ModelConfigId,
    #[server(default)] threshold_percent: String,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let text = threshold_percent.trim();
    if text.is_empty() {
        let forgotten = platform.delete_compaction_threshold(&actor, model_config_id);
        return forgotten.await.map_err(super::failed);
    }
    let threshold_percent = text.parse().map_err(|_| {
        AppError::invalid_field("threshold_percent", "Use a whole number from 0 to 100.")
    })?;
    let change = sdk::chat_config::UpdateCompactionThreshold { threshold_percent };
    platform
        .update_compaction_threshold(&actor, model_config_id, change)
        .await
        .map(drop)
        .map_err(super::failed)
}
