//! Whether workspaces may have a desktop.

use sdk::chat_config::DesktopEnabled;
use sdk::permissions::Permission;
use serde_json::json;
use store::chat_config;

use super::ChatConfigError;
use crate::{Actor, Platform};

impl Platform {
    /// Whether workspaces may have a desktop. For everybody who may have one.
    pub async fn get_desktop_enabled(
        &self,
        _actor: &Actor,
    ) -> Result<DesktopEnabled, ChatConfigError> {
        Ok(DesktopEnabled {
            enable_desktop: chat_config::is_desktop_enabled(&self.0.db).await?,
        })
    }

    /// Sets whether workspaces may have a desktop. Whoever looks at one is shown out soon after it is switched off. Needs [`Permission::ManageSettings`].
    pub async fn update_desktop_enabled(
        &self,
        actor: &Actor,
        change: DesktopEnabled,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let mut tx = self.begin_settings().await?;
        let now = self.0.clock.now();
        let before = chat_config::is_desktop_enabled_in(&mut tx).await?;
        chat_config::put_desktop_enabled(&mut tx, change.enable_desktop, now).await?;
        let name = "enable_desktop";
        self.record_setting(
            &mut tx,
            actor,
            name,
            [json!(before), json!(change.enable_desktop)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
