//! What is configured about agents in general.

use reqwest::Method;

use super::{Client, ClientError};
use crate::chat_config::{
    CompactionThreshold, CompactionThresholds, DebugLogging, DebugRetentionDays, DesktopEnabled,
    ModelOverride, ModelPurpose, PlanModeInstructions, PrivateProviderHosts, RetentionDays,
    SystemPrompt, TemplateAllowlist, UpdateCompactionThreshold, UpdateDebugLogging,
    UpdateModelOverride, UpdatePrivateProviderHosts, UpdateSystemPrompt, UpdateUserDebugLogging,
    UserDebugLogging, UserPrompt, WorkspaceTtl,
};
use crate::ids::ModelConfigId;

const SYSTEM_PROMPT: &str = "/api/experimental/chats/config/system-prompt";
const PLAN_MODE_INSTRUCTIONS: &str = "/api/experimental/chats/config/plan-mode-instructions";
const USER_PROMPT: &str = "/api/experimental/chats/config/user-prompt";
const THRESHOLDS: &str = "/api/experimental/chats/config/user-compaction-thresholds";
const DEBUG_LOGGING: &str = "/api/experimental/chats/config/debug-logging";
const USER_DEBUG_LOGGING: &str = "/api/experimental/chats/config/user-debug-logging";
const TEMPLATE_ALLOWLIST: &str = "/api/experimental/chats/config/template-allowlist";
const DESKTOP_ENABLED: &str = "/api/experimental/chats/config/desktop-enabled";
const PRIVATE_PROVIDER_HOSTS: &str = "/api/experimental/chats/config/private-provider-hosts";
const DEBUG_RETENTION_DAYS: &str = "/api/experimental/chats/config/debug-retention-days";
const RETENTION_DAYS: &str = "/api/experimental/chats/config/retention-days";
const WORKSPACE_TTL: &str = "/api/experimental/chats/config/workspace-ttl";

impl Client {
    /// `GET /config/system-prompt`.
    pub async fn get_system_prompt(&self) -> Result<SystemPrompt, ClientError> {
        self.get(SYSTEM_PROMPT).await
    }

    /// `PUT /config/system-prompt`.
    pub async fn update_system_prompt(
        &self,
        change: &UpdateSystemPrompt,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, SYSTEM_PROMPT, change)
            .await
    }

    /// `GET /config/plan-mode-instructions`.
    pub async fn get_plan_mode_instructions(&self) -> Result<PlanModeInstructions, ClientError> {
        self.get(PLAN_MODE_INSTRUCTIONS).await
    }

    /// `PUT /config/plan-mode-instructions`.
    pub async fn update_plan_mode_instructions(
        &self,
        change: &PlanModeInstructions,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, PLAN_MODE_INSTRUCTIONS, change)
            .await
    }

    /// `GET /config/retention-days`.
    pub async fn get_retention_days(&self) -> Result<RetentionDays, ClientError> {
        self.get(RETENTION_DAYS).await
    }

    /// `PUT /config/retention-days`.
    pub async fn update_retention_days(&self, change: &RetentionDays) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, RETENTION_DAYS, change)
            .await
    }

    /// `GET /config/debug-retention-days`.
    pub async fn get_debug_retention_days(&self) -> Result<DebugRetentionDays, ClientError> {
        self.get(DEBUG_RETENTION_DAYS).await
    }

    /// `PUT /config/debug-retention-days`.
    pub async fn update_debug_retention_days(
        &self,
        change: &DebugRetentionDays,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, DEBUG_RETENTION_DAYS, change)
            .await
    }

    /// `GET /config/user-prompt`.
    pub async fn get_user_prompt(&self) -> Result<UserPrompt, ClientError> {
        self.get(USER_PROMPT).await
    }

    /// `PUT /config/user-prompt`: the text as it was kept.
    pub async fn update_user_prompt(&self, prompt: &UserPrompt) -> Result<UserPrompt, ClientError> {
        self.call(Method::PUT, USER_PROMPT, prompt).await
    }

    /// `GET /config/user-compaction-thresholds`.
    pub async fn list_compaction_thresholds(&self) -> Result<CompactionThresholds, ClientError> {
        self.get(THRESHOLDS).await
    }

    /// `PUT /config/user-compaction-thresholds/{model_config}`.
    pub async fn update_compaction_threshold(
        &self,
        model: ModelConfigId,
        change: &UpdateCompactionThreshold,
    ) -> Result<CompactionThreshold, ClientError> {
        self.call(Method::PUT, &format!("{THRESHOLDS}/{model}"), change)
            .await
    }

    /// `DELETE /config/user-compaction-thresholds/{model_config}`.
    pub async fn delete_compaction_threshold(
        &self,
        model: ModelConfigId,
    ) -> Result<(), ClientError> {
        self.delete(&format!("{THRESHOLDS}/{model}")).await
    }

    /// `GET /config/debug-logging`.
    pub async fn get_debug_logging(&self) -> Result<DebugLogging, ClientError> {
        self.get(DEBUG_LOGGING).await
    }

    /// `PUT /config/debug-logging`.
    pub async fn update_debug_logging(
        &self,
        change: &UpdateDebugLogging,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, DEBUG_LOGGING, change)
            .await
    }

    /// `GET /config/user-debug-logging`.
    pub async fn get_user_debug_logging(&self) -> Result<UserDebugLogging, ClientError> {
        self.get(USER_DEBUG_LOGGING).await
    }

    /// `PUT /config/user-debug-logging`.
    pub async fn update_user_debug_logging(
        &self,
        change: &UpdateUserDebugLogging,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, USER_DEBUG_LOGGING, change)
            .await
    }

    /// `GET /config/template-allowlist`.
    pub async fn get_template_allowlist(&self) -> Result<TemplateAllowlist, ClientError> {
        self.get(TEMPLATE_ALLOWLIST).await
    }

    /// `PUT /config/template-allowlist`.
    pub async fn update_template_allowlist(
        &self,
        allowlist: &TemplateAllowlist,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, TEMPLATE_ALLOWLIST, allowlist)
            .await
    }

    /// `GET /config/private-provider-hosts`.
    pub async fn get_private_provider_hosts(&self) -> Result<PrivateProviderHosts, ClientError> {
        self.get(PRIVATE_PROVIDER_HOSTS).await
    }

    /// `PUT /config/private-provider-hosts`.
    pub async fn update_private_provider_hosts(
        &self,
        change: &UpdatePrivateProviderHosts,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, PRIVATE_PROVIDER_HOSTS, change)
            .await
    }

    /// `GET /config/desktop-enabled`.
    pub async fn get_desktop_enabled(&self) -> Result<DesktopEnabled, ClientError> {
        self.get(DESKTOP_ENABLED).await
    }

    /// `PUT /config/desktop-enabled`.
    pub async fn update_desktop_enabled(&self, change: &DesktopEnabled) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, DESKTOP_ENABLED, change)
            .await
    }

    /// `GET /config/{purpose}-model-override`.
    pub async fn get_model_override(
        &self,
        purpose: ModelPurpose,
    ) -> Result<ModelOverride, ClientError> {
        self.get(&model_override(purpose)).await
    }

    /// `PUT /config/{purpose}-model-override`.
    pub async fn update_model_override(
        &self,
        purpose: ModelPurpose,
        change: &UpdateModelOverride,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, &model_override(purpose), change)
            .await
    }

    /// `GET /config/workspace-ttl`.
    pub async fn get_workspace_ttl(&self) -> Result<WorkspaceTtl, ClientError> {
        self.get(WORKSPACE_TTL).await
    }

    /// `PUT /config/workspace-ttl`.
    pub async fn update_workspace_ttl(&self, ttl: &WorkspaceTtl) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PUT, WORKSPACE_TTL, ttl).await
    }
}

fn model_override(purpose: ModelPurpose) -> String {
    format!(
        "/api/experimental/chats/config/{}-model-override",
        purpose.as_str()
    )
}
