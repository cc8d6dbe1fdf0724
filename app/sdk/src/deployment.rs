//! Where the deployment's settings come from: the options that the server was started with, and what was changed since in
//! its database.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a value comes from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// Nobody said anything.
    #[default]
    Default,
    /// The server's TOML file.
    File,
    /// A variable of the server's environment.
    Environment,
    /// A flag on the server's command line.
    CommandLine,
    /// The database: somebody changed it on the page or by the API.
    Database,
}

/// An option of `switchyard serve`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerOption {
    /// Its name in the TOML file, such as `data_dir`.
    pub name: String,
    /// Its flag, such as `--data-dir`.
    pub flag: String,
    /// Its variable, such as `SWITCHYARD_DATA_DIR`.
    pub variable: String,
    /// What it does.
    pub description: String,
    /// What holds without it, in words.
    pub default: String,
    /// What holds now; empty where nothing is set, and for a secret.
    pub value: String,
    /// Whether the value is never shown.
    pub is_secret: bool,
    /// Where the value comes from.
    pub source: SettingSource,
}

/// A setting that is kept in the database, by the name of its route.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredSetting {
    /// The deployment's instructions.
    SystemPrompt,
    /// What is asked of agents that plan.
    PlanModeInstructions,
    /// Which templates agents may use.
    TemplateAllowlist,
    /// After how long idle workspaces are stopped.
    WorkspaceTtl,
    /// The model of agents that explore.
    ExploreModelOverride,
    /// The model that writes titles.
    TitleModelOverride,
    /// The model that writes summaries.
    SummaryModelOverride,
    /// Whether workspaces may have a desktop.
    DesktopEnabled,
    /// Whether people may have the calls of their chats recorded.
    DebugLogging,
    /// After how many days archived chats are deleted.
    RetentionDays,
    /// After how many days records of calls are deleted.
    DebugRetentionDays,
    /// Which hosts at private addresses providers may be at.
    PrivateProviderHosts,
}

impl StoredSetting {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::SystemPrompt,
        Self::PlanModeInstructions,
        Self::TemplateAllowlist,
        Self::WorkspaceTtl,
        Self::ExploreModelOverride,
        Self::TitleModelOverride,
        Self::SummaryModelOverride,
        Self::DesktopEnabled,
        Self::DebugLogging,
        Self::RetentionDays,
        Self::DebugRetentionDays,
        Self::PrivateProviderHosts,
    ];
}

/// Where a setting that is kept in the database comes from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSettingSource {
    /// The setting.
    pub setting: StoredSetting,
    /// Where it comes from; an option of the server takes the place of what the database has.
    pub source: SettingSource,
    /// When it was last changed in the database.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Where the deployment's settings come from. Answer of `GET /deployment/settings`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentSettings {
    /// The options of the server, as `switchyard serve --help` lists them.
    pub options: Vec<ServerOption>,
    /// The settings in the database.
    pub stored: Vec<StoredSettingSource>,
}
