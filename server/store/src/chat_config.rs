//! What is configured about agents: rows of `settings` and `user_settings` under the keys named here, and what a turn
//! needs of them in one look.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sdk::chat_config::ModelPurpose;
use sdk::deployment::StoredSetting;
use sdk::ids::{ModelConfigId, TemplateId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;

use crate::{Db, StoreError, Tx, on_reader, settings, user_settings};

const SYSTEM_PROMPT: &str = "chat_system_prompt";
const PLAN_MODE_INSTRUCTIONS: &str = "chat_plan_mode_instructions";
const DEBUG_LOGGING_ALLOWED: &str = "chat_debug_logging_allowed";
const TEMPLATE_ALLOWLIST: &str = "chat_template_allowlist";
const PRIVATE_PROVIDER_HOSTS: &str = "private_provider_hosts";
const DESKTOP_ENABLED: &str = "chat_desktop_enabled";
const RETENTION_DAYS: &str = "chat_retention_days";
const DEBUG_RETENTION_DAYS: &str = "chat_debug_retention_days";
/// As long as nobody said otherwise.
const USUAL_DEBUG_RETENTION_DAYS: i32 = 30;
const WORKSPACE_TTL_MS: &str = "chat_workspace_ttl_ms";
const USER_PROMPT: &str = "chat_user_prompt";
const USER_DEBUG_LOGGING: &str = "chat_user_debug_logging";
/// Before the model's id.
const COMPACTION_THRESHOLD: &str = "chat_compaction_threshold:";

const LIST_STORED: &str = "SELECT key, updated_at FROM settings ORDER BY key";
const OF_TURN: &str = "SELECT key, value FROM settings WHERE key IN ($1, $2) \
     UNION ALL SELECT key, value FROM user_settings WHERE user_id = $3 AND key IN ($4, $5)";

/// The deployment's own instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemPromptSetting {
    /// The text; empty when there is none.
    pub system_prompt: String,
    /// Whether the built-in instructions stand before it.
    pub include_default_system_prompt: bool,
}

impl Default for SystemPromptSetting {
    fn default() -> Self {
        Self {
            system_prompt: String::new(),
            include_default_system_prompt: true,
        }
    }
}

/// The model that is kept for a purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptModelOverride {
    /// None: that of the chat.
    #[default]
    Unset,
    /// This one.
    Model(ModelConfigId),
    /// What is kept names no model; it counts as not set.
    Malformed,
}

/// What holds for a turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnConfig {
    /// The deployment's instructions.
    pub system_prompt: SystemPromptSetting,
    /// What the deployment asks of agents that plan; empty when there is nothing.
    pub plan_mode_instructions: String,
    /// Those of the chat's owner; empty when there are none.
    pub user_prompt: String,
    /// The owner's own threshold for the model.
    pub compaction_threshold: Option<i32>,
}

/// The settings that were ever changed, with when.
pub async fn list_stored(db: &Db) -> Result<BTreeMap<StoredSetting, DateTime<Utc>>, StoreError> {
    let rows: Vec<(String, DateTime<Utc>)> =
        on_reader!(db, pool => sqlx::query_as(LIST_STORED).fetch_all(pool).await?);
    let known = |(key, updated_at): (String, _)| Some((setting_of(&key)?, updated_at));
    Ok(rows.into_iter().filter_map(known).collect())
}

fn setting_of(key: &str) -> Option<StoredSetting> {
    let is_override = |purpose: &ModelPurpose| model_override_key(*purpose) == key;
    Some(match key {
        SYSTEM_PROMPT => StoredSetting::SystemPrompt,
        PLAN_MODE_INSTRUCTIONS => StoredSetting::PlanModeInstructions,
        TEMPLATE_ALLOWLIST => StoredSetting::TemplateAllowlist,
        WORKSPACE_TTL_MS => StoredSetting::WorkspaceTtl,
        DESKTOP_ENABLED => StoredSetting::DesktopEnabled,
        DEBUG_LOGGING_ALLOWED => StoredSetting::DebugLogging,
        RETENTION_DAYS => StoredSetting::RetentionDays,
        DEBUG_RETENTION_DAYS => StoredSetting::DebugRetentionDays,
        PRIVATE_PROVIDER_HOSTS => StoredSetting::PrivateProviderHosts,
        _ => match ModelPurpose::ALL.into_iter().find(is_override)? {
            ModelPurpose::Explore => StoredSetting::ExploreModelOverride,
            ModelPurpose::Title => StoredSetting::TitleModelOverride,
            ModelPurpose::Summary => StoredSetting::SummaryModelOverride,
        },
    })
}

/// What holds for a turn of that person's chats on that model.
pub async fn of_turn(
    db: &Db,
    owner: UserId,
    model: ModelConfigId,
) -> Result<TurnConfig, StoreError> {
    let rows: Vec<(String, Json<Value>)> = on_reader!(db, pool => sqlx::query_as(OF_TURN)
        .bind(SYSTEM_PROMPT)
        .bind(PLAN_MODE_INSTRUCTIONS)
        .bind(owner.0)
        .bind(USER_PROMPT)
        .bind(threshold_key(model))
        .fetch_all(pool)
        .await?);
    let mut config = TurnConfig::default();
    for (key, value) in rows {
        match key.as_str() {
            SYSTEM_PROMPT => config.system_prompt = settings::read("settings", &key, value.0)?,
            PLAN_MODE_INSTRUCTIONS => {
                config.plan_mode_instructions = settings::read("settings", &key, value.0)?;
            }
            USER_PROMPT => config.user_prompt = settings::read("settings", &key, value.0)?,
            _ => config.compaction_threshold = threshold_of(&value.0),
        }
    }
    Ok(config)
}

/// The deployment's instructions.
pub async fn get_system_prompt(db: &Db) -> Result<SystemPromptSetting, StoreError> {
    Ok(settings::get(db, SYSTEM_PROMPT).await?.unwrap_or_default())
}

/// The deployment's instructions, as the transaction sees them.
pub async fn get_system_prompt_in(tx: &mut Tx) -> Result<SystemPromptSetting, StoreError> {
    let found = settings::get_in(tx, SYSTEM_PROMPT).await?;
    Ok(found.unwrap_or_default())
}

/// Sets the deployment's instructions.
pub async fn put_system_prompt(
    tx: &mut Tx,
    prompt: &SystemPromptSetting,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, SYSTEM_PROMPT, prompt, now).await
}

/// What the deployment asks of agents that plan; empty when there is nothing.
pub async fn get_plan_mode_instructions(db: &Db) -> Result<String, StoreError> {
    let found = settings::get(db, PLAN_MODE_INSTRUCTIONS).await?;
    Ok(found.unwrap_or_default())
}

/// [`get_plan_mode_instructions`], as the transaction sees it.
pub async fn get_plan_mode_instructions_in(tx: &mut Tx) -> Result<String, StoreError> {
    let found = settings::get_in(tx, PLAN_MODE_INSTRUCTIONS).await?;
    Ok(found.unwrap_or_default())
}

/// Sets what the deployment asks of agents that plan.
pub async fn put_plan_mode_instructions(
    tx: &mut Tx,
    instructions: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, PLAN_MODE_INSTRUCTIONS, &instructions, now).await
}

/// A person's instructions; empty when they have none.
pub async fn get_user_prompt(db: &Db, user: UserId) -> Result<String, StoreError> {
    let found = user_settings::get(db, user, USER_PROMPT).await?;
    Ok(found.unwrap_or_default())
}

/// Sets a person's instructions.
pub async fn put_user_prompt(
    tx: &mut Tx,
    user: UserId,
    prompt: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    user_settings::put(tx, user, USER_PROMPT, &prompt, now).await
}

/// A person's thresholds by model; rows that are none are left out.
pub async fn list_compaction_thresholds(
    db: &Db,
    user: UserId,
) -> Result<Vec<(ModelConfigId, i32)>, StoreError> {
    let rows = user_settings::list(db, user, COMPACTION_THRESHOLD).await?;
    let read = |(model, value): (String, Value)| {
        Some((
            model.parse().ok().map(ModelConfigId)?,
            threshold_of(&value)?,
        ))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Sets a person's threshold for a model.
pub async fn put_compaction_threshold(
    tx: &mut Tx,
    user: UserId,
    model: ModelConfigId,
    percent: i32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    user_settings::put(tx, user, &threshold_key(model), &percent, now).await
}

/// Forgets a person's threshold for a model.
pub async fn delete_compaction_threshold(
    tx: &mut Tx,
    user: UserId,
    model: ModelConfigId,
) -> Result<(), StoreError> {
    user_settings::delete(tx, user, &threshold_key(model)).await
}

/// Whether people may have the calls of their own chats recorded.
pub async fn is_debug_logging_allowed(db: &Db) -> Result<bool, StoreError> {
    let found = settings::get(db, DEBUG_LOGGING_ALLOWED).await?;
    Ok(found.unwrap_or(false))
}

/// [`is_debug_logging_allowed`], as the transaction sees it.
pub async fn is_debug_logging_allowed_in(tx: &mut Tx) -> Result<bool, StoreError> {
    let found = settings::get_in(tx, DEBUG_LOGGING_ALLOWED).await?;
    Ok(found.unwrap_or(false))
}

/// Sets whether people may have the calls of their own chats recorded.
pub async fn allow_debug_logging(
    tx: &mut Tx,
    is_allowed: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, DEBUG_LOGGING_ALLOWED, &is_allowed, now).await
}

/// Whether a person wants the calls of their chats recorded.
pub async fn wants_debug_logging(db: &Db, user: UserId) -> Result<bool, StoreError> {
    let found = user_settings::get(db, user, USER_DEBUG_LOGGING).await?;
    Ok(found.unwrap_or(false))
}

/// Sets whether a person wants the calls of their chats recorded.
pub async fn put_debug_logging_wish(
    tx: &mut Tx,
    user: UserId,
    is_wanted: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    user_settings::put(tx, user, USER_DEBUG_LOGGING, &is_wanted, now).await
}

/// The templates that agents may use; all when it is empty.
pub async fn get_template_allowlist(db: &Db) -> Result<Vec<TemplateId>, StoreError> {
    let found = settings::get(db, TEMPLATE_ALLOWLIST).await?;
    Ok(found.unwrap_or_default())
}

/// [`get_template_allowlist`], as the transaction sees it.
pub async fn get_template_allowlist_in(tx: &mut Tx) -> Result<Vec<TemplateId>, StoreError> {
    let found = settings::get_in(tx, TEMPLATE_ALLOWLIST).await?;
    Ok(found.unwrap_or_default())
}

/// Sets the templates that agents may use.
pub async fn put_template_allowlist(
    tx: &mut Tx,
    templates: &[TemplateId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, TEMPLATE_ALLOWLIST, &templates, now).await
}

/// After how many milliseconds without use workspaces are stopped whose template does not say; 0 = never.
pub async fn get_workspace_ttl_ms(db: &Db) -> Result<i64, StoreError> {
    let found = settings::get(db, WORKSPACE_TTL_MS).await?;
    Ok(found.unwrap_or(0))
}

/// [`get_workspace_ttl_ms`], as the transaction sees it.
pub async fn get_workspace_ttl_ms_in(tx: &mut Tx) -> Result<i64, StoreError> {
    let found = settings::get_in(tx, WORKSPACE_TTL_MS).await?;
    Ok(found.unwrap_or(0))
}

/// Sets after how many milliseconds without use workspaces are stopped whose template does not say.
pub async fn put_workspace_ttl_ms(
    tx: &mut Tx,
    workspace_ttl_ms: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, WORKSPACE_TTL_MS, &workspace_ttl_ms, now).await
}

/// Whether workspaces may have a desktop.
pub async fn is_desktop_enabled(db: &Db) -> Result<bool, StoreError> {
    let found = settings::get(db, DESKTOP_ENABLED).await?;
    Ok(found.unwrap_or(false))
}

/// [`is_desktop_enabled`], as the transaction sees it.
pub async fn is_desktop_enabled_in(tx: &mut Tx) -> Result<bool, StoreError> {
    let found = settings::get_in(tx, DESKTOP_ENABLED).await?;
    Ok(found.unwrap_or(false))
}

/// Sets whether workspaces may have a desktop.
pub async fn put_desktop_enabled(
    tx: &mut Tx,
    is_enabled: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, DESKTOP_ENABLED, &is_enabled, now).await
}

/// Hosts at private addresses that providers may be at.
pub async fn get_private_provider_hosts(db: &Db) -> Result<Vec<String>, StoreError> {
    let found = settings::get(db, PRIVATE_PROVIDER_HOSTS).await?;
    Ok(found.unwrap_or_default())
}

/// [`get_private_provider_hosts`], as the transaction sees it.
pub async fn get_private_provider_hosts_in(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let found = settings::get_in(tx, PRIVATE_PROVIDER_HOSTS).await?;
    Ok(found.unwrap_or_default())
}

/// Sets the hosts at private addresses that providers may be at.
pub async fn put_private_provider_hosts(
    tx: &mut Tx,
    hosts: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, PRIVATE_PROVIDER_HOSTS, &hosts, now).await
}

fn model_override_key(purpose: ModelPurpose) -> String {
    format!("chat_{}", purpose.setting())
}

/// The model for a purpose.
pub async fn get_model_override(
    db: &Db,
    purpose: ModelPurpose,
) -> Result<KeptModelOverride, StoreError> {
    let found = settings::get(db, &model_override_key(purpose)).await?;
    Ok(read_override(found))
}

/// [`get_model_override`], as the transaction sees it.
pub async fn get_model_override_in(
    tx: &mut Tx,
    purpose: ModelPurpose,
) -> Result<KeptModelOverride, StoreError> {
    let found = settings::get_in(tx, &model_override_key(purpose)).await?;
    Ok(read_override(found))
}

fn read_override(found: Option<Value>) -> KeptModelOverride {
    match found {
        None | Some(Value::Null) => KeptModelOverride::Unset,
        Some(kept) => {
            let model = kept.as_str().and_then(|text| text.parse().ok());
            model.map_or(KeptModelOverride::Malformed, |id| {
                KeptModelOverride::Model(ModelConfigId(id))
            })
        }
    }
}

/// Sets the model for a purpose; `None` leaves it to that of the chat.
pub async fn put_model_override(
    tx: &mut Tx,
    purpose: ModelPurpose,
    model: Option<ModelConfigId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let key = model_override_key(purpose);
    match model {
        Some(model) => settings::put(tx, &key, &model, now).await,
        None => settings::delete(tx, &key).await,
    }
}

/// After how many days archived chats are deleted; 0 = never.
pub async fn get_retention_days(db: &Db) -> Result<i32, StoreError> {
    let found = settings::get(db, RETENTION_DAYS).await?;
    Ok(found.unwrap_or(0))
}

/// [`get_retention_days`], as the transaction sees it.
pub async fn get_retention_days_in(tx: &mut Tx) -> Result<i32, StoreError> {
    let found = settings::get_in(tx, RETENTION_DAYS).await?;
    Ok(found.unwrap_or(0))
}

/// After how many days what models were asked is deleted; 0 = never.
pub async fn get_debug_retention_days(db: &Db) -> Result<i32, StoreError> {
    let found = settings::get(db, DEBUG_RETENTION_DAYS).await?;
    Ok(found.unwrap_or(USUAL_DEBUG_RETENTION_DAYS))
}

/// [`get_debug_retention_days`], as the transaction sees it.
pub async fn get_debug_retention_days_in(tx: &mut Tx) -> Result<i32, StoreError> {
    let found = settings::get_in(tx, DEBUG_RETENTION_DAYS).await?;
    Ok(found.unwrap_or(USUAL_DEBUG_RETENTION_DAYS))
}

/// Sets after how many days what models were asked is deleted.
pub async fn put_debug_retention_days(
    tx: &mut Tx,
    retention_days: i32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, DEBUG_RETENTION_DAYS, &retention_days, now).await
}

/// Sets after how many days archived chats are deleted.
pub async fn put_retention_days(
    tx: &mut Tx,
    retention_days: i32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    settings::put(tx, RETENTION_DAYS, &retention_days, now).await
}

fn threshold_key(model: ModelConfigId) -> String {
    format!("{COMPACTION_THRESHOLD}{model}")
}

fn threshold_of(value: &Value) -> Option<i32> {
    let percent = i32::try_from(value.as_i64()?).ok()?;
    (0..=100).contains(&percent).then_some(percent)
}

crate::statements![LIST_STORED, OF_TURN];
