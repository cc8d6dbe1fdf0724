//! Where the deployment's settings come from.

#[cfg(test)]
mod tests;

use sdk::deployment::{
    DeploymentSettings, ServerOption, SettingSource, StoredSetting, StoredSettingSource,
};
use sdk::permissions::Permission;
use store::{StoreError, chat_config};

use crate::{Actor, Failure, FailureKind, Platform};

/// The option that switches debug logging on for everybody.
const DEBUG_LOGGING_FORCED: &str = "chat_debug_logging_enabled";

/// Why the settings could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// There is no such thing for whoever may not see it.
    #[error("There is nothing here.")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for DeploymentError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::NotFound => FailureKind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }
}

impl Platform {
    /// The server's options and the settings of its database, each with where its value comes from. Needs
    /// [`Permission::ReadSettings`].
    pub async fn get_deployment_settings(
        &self,
        actor: &Actor,
    ) -> Result<DeploymentSettings, DeploymentError> {
        actor.require(Permission::ReadSettings, DeploymentError::NotFound)?;
        let kept = chat_config::list_stored(&self.0.db).await?;
        let stored = StoredSetting::ALL.map(|setting| {
            let updated_at = kept.get(&setting).copied();
            let kept = if updated_at.is_some() {
                SettingSource::Database
            } else {
                SettingSource::Default
            };
            StoredSettingSource {
                setting,
                source: self.forced_by(setting).unwrap_or(kept),
                updated_at,
            }
        });
        Ok(DeploymentSettings {
            options: self.0.options.server_options.clone(),
            stored: stored.to_vec(),
        })
    }

    /// Where the option stands that takes the place of what the database has.
    fn forced_by(&self, setting: StoredSetting) -> Option<SettingSource> {
        let is_forced =
            setting == StoredSetting::DebugLogging && self.0.options.chat_debug_logging_enabled;
        let mut options = self.0.options.server_options.iter();
        let named = |option: &&ServerOption| option.name == DEBUG_LOGGING_FORCED;
        is_forced.then(|| {
            options
                .find(named)
                .map_or(SettingSource::Default, |option| option.source)
        })
    }
}
