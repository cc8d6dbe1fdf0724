//! What is configured about agents in general: the deployment's instructions and people's own, when histories are
//! summarized, whether calls of models are recorded, what workspaces agents may make for how long, whether workspaces
//! may have a desktop, and how long archived chats are kept.

use serde::{Deserialize, Serialize};

use crate::ids::{ModelConfigId, TemplateId};

/// Longest instructions in bytes, after invisible characters were taken out.
pub const MAX_PROMPT_BYTES: usize = 131_072;
/// What is said of a longer one.
pub const PROMPT_TOO_LONG: &str = "Use at most 131,072 bytes.";

/// Shortest time without use after which workspaces may be stopped: a minute.
pub const MIN_WORKSPACE_TTL_MS: i64 = 60 * 1000;
/// Longest: 30 days.
pub const MAX_WORKSPACE_TTL_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Most entries of the list of private hosts.
pub const MAX_PRIVATE_PROVIDER_HOSTS: usize = 100;

/// Longest time for which archived chats are kept when it is limited: ten years.
pub const MAX_RETENTION_DAYS: i32 = 3650;

/// Answer of `GET /config/system-prompt`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemPrompt {
    /// The deployment's own instructions; empty when there are none, and then agents get the built-in ones.
    pub system_prompt: String,
    /// Whether the built-in instructions stand before the deployment's own.
    pub include_default_system_prompt: bool,
    /// The built-in instructions.
    pub default_system_prompt: String,
}

/// Body of `PUT /config/system-prompt`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateSystemPrompt {
    /// At most 131,072 bytes; empty = the built-in instructions alone.
    pub system_prompt: String,
    /// Stays as it is when absent; `true` as long as nobody said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_default_system_prompt: Option<bool>,
}

/// What the deployment asks of agents that plan. Body and answer of `/config/plan-mode-instructions`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanModeInstructions {
    /// At most 131,072 bytes; empty = the built-in ones alone.
    pub plan_mode_instructions: String,
}

/// A person's own instructions, which hold in all of their chats. Body and answer of `/config/user-prompt`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPrompt {
    /// At most 131,072 bytes; empty = none.
    pub custom_prompt: String,
}

/// A person's own thresholds. Answer of `GET /config/user-compaction-thresholds`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionThresholds {
    /// One for each model that they set one for.
    pub thresholds: Vec<CompactionThreshold>,
}

/// When histories that a model works on are summarized, in place of what the model's configuration says.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionThreshold {
    /// The model.
    pub model_config_id: ModelConfigId,
    /// Percent of its context: 0 = after every step, 100 = never.
    pub threshold_percent: i32,
}

/// Body of `PUT /config/user-compaction-thresholds/{model_config}`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct UpdateCompactionThreshold {
    /// 0 to 100.
    pub threshold_percent: i32,
}

/// Answer of `GET /config/debug-logging`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugLogging {
    /// Whether people may have the calls of their own chats recorded.
    pub allow_users: bool,
    /// Whether the deployment records everybody's, whatever is allowed and chosen.
    pub forced_by_deployment: bool,
}

/// Body of `PUT /config/debug-logging`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct UpdateDebugLogging {
    /// Whether people may have the calls of their own chats recorded.
    pub allow_users: bool,
}

/// Answer of `GET /config/user-debug-logging`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDebugLogging {
    /// Whether calls of the person's chats are recorded.
    pub debug_logging_enabled: bool,
    /// Whether they may choose.
    pub user_toggle_allowed: bool,
    /// Whether the deployment chose for them.
    pub forced_by_deployment: bool,
}

/// Body of `PUT /config/user-debug-logging`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct UpdateUserDebugLogging {
    /// Whether to record calls of one's own chats.
    pub debug_logging_enabled: bool,
}

/// Which templates agents may use. Body and answer of `/config/template-allowlist`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateAllowlist {
    /// Their ids; all templates when there are none.
    pub template_ids: Vec<TemplateId>,
}

/// When workspaces are stopped whose template does not say. Body and answer of `/config/workspace-ttl`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceTtl {
    /// Milliseconds without use, from a minute to 30 days; 0 = never.
    pub workspace_ttl_ms: i64,
}

/// Which hosts at private addresses providers may be at. Answer of `GET /config/private-provider-hosts`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateProviderHosts {
    /// Names, addresses and blocks of addresses that were added here, in their order.
    pub hosts: Vec<String>,
    /// Those that hold besides, because the server was started so. They cannot be changed here.
    pub fixed_hosts: Vec<String>,
}

/// Body of `PUT /config/private-provider-hosts`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdatePrivateProviderHosts {
    /// At most 100 names (`models.corp`), addresses (`10.0.0.7`) and blocks of addresses (`10.0.0.0/8`), without scheme,
    /// port and path. A name stands for itself alone; a block stands for addresses that a base URL is written with, not for
    /// names that lead there.
    pub hosts: Vec<String>,
}

/// Whether workspaces may have a desktop. Body and answer of `/config/desktop-enabled`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesktopEnabled {
    /// Whether people may open the desktops of workspaces; not, as long as nobody said otherwise.
    pub enable_desktop: bool,
}

/// Work beside a chat's own that another model may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelPurpose {
    /// Agents that only explore.
    Explore,
    /// Titles of chats.
    Title,
    /// Summaries of histories that are too long.
    Summary,
}

impl ModelPurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Explore, Self::Title, Self::Summary];

    /// Its name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Title => "title",
            Self::Summary => "summary",
        }
    }

    /// Name of its setting: in the audit log, and of its field in forms.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Explore => "explore_model_override",
            Self::Title => "title_model_override",
            Self::Summary => "summary_model_override",
        }
    }
}

/// The model for a purpose. Answer of `GET /config/explore-model-override` and those of the other purposes.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelOverride {
    /// The model; that of the chat when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
    /// Whether what is kept names no model, so that it does not hold. Setting it anew mends it.
    pub has_malformed_override: bool,
}

/// Body of `PUT /config/explore-model-override` and those of the other purposes.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct UpdateModelOverride {
    /// A model that is offered; absent or null = that of the chat.
    #[serde(default)]
    pub model_config_id: Option<ModelConfigId>,
}

/// How long what models were asked is kept. Body and answer of `/config/debug-retention-days`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugRetentionDays {
    /// Days after the last change of a run, at most 3,650; 0 = as long as its chat. 30, as long as nobody said otherwise.
    pub debug_retention_days: i32,
}

/// How long archived chats are kept. Body and answer of `/config/retention-days`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionDays {
    /// Days after the last change, at most 3,650; 0 = for good, as long as nobody said otherwise.
    pub retention_days: i32,
}
