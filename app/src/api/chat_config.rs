//! What is configured about agents: the reader's own part, and for owners the deployment's instructions.

use leptos::prelude::*;
use sdk::chat_config::{
    DebugLogging, MAX_WORKSPACE_TTL_MS, ModelOverride, ModelPurpose, PlanModeInstructions,
    SystemPrompt, UserDebugLogging, UserPrompt,
};
use sdk::deployment::StoredSettingSource;
use sdk::ids::ModelConfigId;
use sdk::providers::UserProviderConfig;
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// Most minutes without use after which workspaces may be stopped.
pub const MAX_IDLE_MINUTES: i64 = MAX_WORKSPACE_TTL_MS / 60_000;

/// What the page about agents shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatConfig {
    /// The reader's own instructions.
    pub user_prompt: UserPrompt,
    /// When histories are summarized, for each model that is offered.
    pub thresholds: Vec<ModelThreshold>,
    /// Whether what the reader's models are asked is recorded.
    pub debug_logging: UserDebugLogging,
    /// Providers that the reader may bring a key for.
    pub user_providers: Vec<UserProviderConfig>,
    /// What holds for everybody, for those who may see it.
    pub deployment: Option<DeploymentConfig>,
}

/// What is configured for everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentConfig {
    /// Instructions.
    pub system_prompt: SystemPrompt,
    /// What is asked of agents that plan.
    pub plan_mode: PlanModeInstructions,
    /// After how many days archived chats are deleted; 0 = never.
    pub retention_days: i32,
    /// What workspaces agents may make.
    pub workspaces: AgentWorkspaces,
    /// The chosen model for each purpose; that of the chat where there is none.
    pub models: Vec<(ModelPurpose, ModelOverride)>,
    /// Whether workspaces may have a desktop.
    pub enable_desktop: bool,
    /// Whether people may have what their models are asked recorded.
    pub debug_logging: DebugLogging,
    /// Where all of it comes from.
    pub sources: Vec<StoredSettingSource>,
}

/// What workspaces agents may make, and when they are stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentWorkspaces {
    /// Names of the templates that agents may use; all when there are none.
    pub template_names: Vec<String>,
    /// Minutes without use after which workspaces are stopped whose template does not say; 0 = never.
    pub idle_minutes: i64,
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
    let debug_logging = platform.get_user_debug_logging(&actor).await;
    let user_providers = platform.list_user_providers(&actor).await;
    let deployment = if actor.may(sdk::permissions::Permission::ReadSettings) {
        Some(deployment_config(&platform, &actor).await?)
    } else {
        None
    };
    Ok(ChatConfig {
        user_prompt: user_prompt.map_err(super::failed)?,
        thresholds: thresholds(&platform, &actor).await?,
        debug_logging: debug_logging.map_err(super::failed)?,
        user_providers: user_providers.map_err(super::failed)?,
        deployment,
    })
}

#[cfg(feature = "ssr")]
async fn deployment_config(
    platform: &platform::Platform,
    actor: &platform::Actor,
) -> Result<DeploymentConfig, AppError> {
    let system_prompt = platform.get_system_prompt(actor).await;
    let plan_mode = platform.get_plan_mode_instructions(actor).await;
    let retention = platform.get_retention_days(actor).await;
    let desktop = platform.get_desktop_enabled(actor).await;
    let debug_logging = platform.get_debug_logging(actor).await;
    let settings = platform.get_deployment_settings(actor).await;
    Ok(DeploymentConfig {
        system_prompt: system_prompt.map_err(super::failed)?,
        plan_mode: plan_mode.map_err(super::failed)?,
        retention_days: retention.map_err(super::failed)?.retention_days,
        workspaces: agent_workspaces(platform, actor).await?,
        models: model_overrides(platform, actor).await?,
        enable_desktop: desktop.map_err(super::failed)?.enable_desktop,
        debug_logging: debug_logging.map_err(super::failed)?,
        sources: settings.map_err(super::failed)?.stored,
    })
}

#[cfg(feature = "ssr")]
async fn model_overrides(
    platform: &platform::Platform,
    actor: &platform::Actor,
) -> Result<Vec<(ModelPurpose, ModelOverride)>, AppError> {
    let mut chosen = Vec::new();
    for purpose in ModelPurpose::ALL {
        let model = platform.get_model_override(actor, purpose).await;
        chosen.push((purpose, model.map_err(super::failed)?));
    }
    Ok(chosen)
}

#[cfg(feature = "ssr")]
async fn agent_workspaces(
    platform: &platform::Platform,
    actor: &platform::Actor,
) -> Result<AgentWorkspaces, AppError> {
    let allowlist = platform.get_template_allowlist(actor).await;
    let allowlist = allowlist.map_err(super::failed)?.template_ids;
    let templates = platform
        .list_templates(actor)
        .await
        .map_err(super::failed)?;
    let ttl = platform
        .get_workspace_ttl(actor)
        .await
        .map_err(super::failed)?;
    // A template that was deleted meanwhile cannot be used by anybody.
    let listed = templates
        .into_iter()
        .filter(|template| allowlist.contains(&template.id));
    Ok(AgentWorkspaces {
        template_names: listed.map(|template| template.name).collect(),
        idle_minutes: ttl.workspace_ttl_ms / 60_000,
    })
}

#[cfg(feature = "ssr")]
pub(super) async fn thresholds(
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

/// Sets what the deployment asks of agents that plan.
#[server(name = UpdatePlanModeInstructions, prefix = "/api/page", endpoint = "update_plan_mode_instructions", output = PageJson)]
pub async fn update_plan_mode_instructions(
    #[server(default)] plan_mode_instructions: String,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = PlanModeInstructions {
        plan_mode_instructions,
    };
    platform
        .update_plan_mode_instructions(&actor, change)
        .await
        .map_err(super::failed)
}

/// Sets the models for work beside a chat's own; nothing = that of the chat.
#[server(name = UpdateModelOverrides, prefix = "/api/page", endpoint = "update_model_overrides", output = PageJson)]
pub async fn update_model_overrides(
    #[server(default)] explore_model_override: String,
    #[server(default)] title_model_override: String,
    #[server(default)] summary_model_override: String,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let mut changes = Vec::new();
    for (purpose, id) in [
        (ModelPurpose::Explore, explore_model_override),
        (ModelPurpose::Title, title_model_override),
        (ModelPurpose::Summary, summary_model_override),
    ] {
        let model_config_id = match id.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| {
                let words = "There is no such model. Choose another one.";
                AppError::invalid_field(purpose.setting(), words)
            })?),
        };
        let change = sdk::chat_config::UpdateModelOverride { model_config_id };
        changes.push((purpose, change));
    }
    platform
        .update_model_overrides(&actor, &changes)
        .await
        .map_err(super::failed)
}

/// Sets after how many days archived chats are deleted; nothing = never.
#[server(name = UpdateRetentionDays, prefix = "/api/page", endpoint = "update_retention_days", output = PageJson)]
pub async fn update_retention_days(
    #[server(default)] retention_days: String,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let retention_days = match retention_days.trim() {
        "" => 0,
        text => text.parse().map_err(|_| {
            AppError::invalid_field("retention_days", "Use a whole number from 0 to 3,650.")
        })?,
    };
    platform
        .update_retention_days(&actor, sdk::chat_config::RetentionDays { retention_days })
        .await
        .map_err(super::failed)
}

/// Sets whether workspaces may have a desktop.
#[server(name = UpdateDesktopEnabled, prefix = "/api/page", endpoint = "update_desktop_enabled", output = PageJson)]
pub async fn update_desktop_enabled(
    #[server(default)] enable_desktop: bool,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::chat_config::DesktopEnabled { enable_desktop };
    platform
        .update_desktop_enabled(&actor, change)
        .await
        .map_err(super::failed)
}

/// Sets when the reader wants histories that a model works on summarized; nothing = as for everybody. Answers whether they chose
/// for themselves.
#[server(name = UpdateCompactionThreshold, prefix = "/api/page", endpoint = "update_compaction_threshold", output = PageJson)]
pub async fn update_compaction_threshold(
    model_config_id: ModelConfigId,
    #[server(default)] threshold_percent: String,
) -> Result<bool, AppError> {
    let (platform, actor) = super::signed_in()?;
    let text = threshold_percent.trim();
    if text.is_empty() {
        let forgotten = platform.delete_compaction_threshold(&actor, model_config_id);
        return forgotten.await.map(|()| false).map_err(super::failed);
    }
    let threshold_percent = text.parse().map_err(|_| {
        AppError::invalid_field("threshold_percent", "Use a whole number from 0 to 100.")
    })?;
    let change = sdk::chat_config::UpdateCompactionThreshold { threshold_percent };
    platform
        .update_compaction_threshold(&actor, model_config_id, change)
        .await
        .map(|_| true)
        .map_err(super::failed)
}

/// Sets which templates agents may use, by their names, one a line; none = all.
#[server(name = UpdateTemplateAllowlist, prefix = "/api/page", endpoint = "update_template_allowlist", output = PageJson)]
pub async fn update_template_allowlist(
    #[server(default)] template_names: String,
) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let templates = platform
        .list_templates(&actor)
        .await
        .map_err(super::failed)?;
    let mut template_ids = Vec::new();
    let names = template_names.split(['\n', ',']).map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        let known = templates.iter().find(|template| template.name == name);
        let usable = known
            .filter(|template| !template.deprecated)
            .ok_or_else(|| {
                let detail =
                    format!("There is no template {name:?}, or it is not to be used any more.");
                AppError::invalid_field("template_names", &detail)
            })?;
        template_ids.push(usable.id);
    }
    let change = sdk::chat_config::TemplateAllowlist { template_ids };
    platform
        .update_template_allowlist(&actor, change)
        .await
        .map_err(super::failed)
}

/// Sets after how many minutes without use workspaces are stopped whose template does not say; nothing = never.
#[server(name = UpdateWorkspaceTtl, prefix = "/api/page", endpoint = "update_workspace_ttl", output = PageJson)]
pub async fn update_workspace_ttl(#[server(default)] idle_minutes: String) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    let text = idle_minutes.trim();
    let minutes: i64 = if text.is_empty() {
        0
    } else {
        let minutes = text.parse().ok();
        let minutes = minutes.filter(|minutes| (0..=MAX_IDLE_MINUTES).contains(minutes));
        minutes.ok_or_else(|| {
            AppError::invalid_field(
                "idle_minutes",
                "Use a whole number from 0 to 43,200 (30 days).",
            )
        })?
    };
    let change = sdk::chat_config::WorkspaceTtl {
        workspace_ttl_ms: minutes * 60_000,
    };
    platform
        .update_workspace_ttl(&actor, change)
        .await
        .map_err(super::failed)
}
