//! How long archived chats are kept, and how long what models were asked.

use sdk::chat_config::{DebugRetentionDays, MAX_RETENTION_DAYS, RetentionDays};
use sdk::permissions::Permission;
use serde_json::json;
use store::chat_config;

use super::ChatConfigError;
use crate::{Actor, Platform};

impl Platform {
    /// How long archived chats are kept. For everybody whose chats they are.
    pub async fn get_retention_days(
        &self,
        _actor: &Actor,
    ) -> Result<RetentionDays, ChatConfigError> {
        Ok(RetentionDays {
            retention_days: chat_config::get_retention_days(&self.0.db).await?,
        })
    }

    /// Sets how long archived chats are kept. Needs [`Permission::ManageSettings`].
    pub async fn update_retention_days(
        &self,
        actor: &Actor,
        change: RetentionDays,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let days = change.retention_days;
        if !(0..=MAX_RETENTION_DAYS).contains(&days) {
            let detail = "Use 1 to 3,650 days, or 0 to keep them.";
            return Err(ChatConfigError::field("retention_days", detail));
        }
        let mut tx = self.begin_settings().await?;
        let before = chat_config::get_retention_days_in(&mut tx).await?;
        chat_config::put_retention_days(&mut tx, days, self.0.clock.now()).await?;
        self.record_setting(
            &mut tx,
            actor,
            "retention_days",
            [json!(before), json!(days)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// How long what models were asked is kept. For everybody whose chats they are.
    pub async fn get_debug_retention_days(
        &self,
        _actor: &Actor,
    ) -> Result<DebugRetentionDays, ChatConfigError> {
        Ok(DebugRetentionDays {
            debug_retention_days: chat_config::get_debug_retention_days(&self.0.db).await?,
        })
    }

    /// Sets how long what models were asked is kept. Needs [`Permission::ManageSettings`].
    pub async fn update_debug_retention_days(
        &self,
        actor: &Actor,
        change: DebugRetentionDays,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let days = change.debug_retention_days;
        if !(0..=MAX_RETENTION_DAYS).contains(&days) {
            let detail = "Use 1 to 3,650 days, or 0 to keep them as long as their chats.";
            return Err(ChatConfigError::field("debug_retention_days", detail));
        }
        let mut tx = self.begin_settings().await?;
        let before = chat_config::get_debug_retention_days_in(&mut tx).await?;
        chat_config::put_debug_retention_days(&mut tx, days, self.0.clock.now()).await?;
        self.record_setting(
            &mut tx,
            actor,
            "debug_retention_days",
            [json!(before), json!(days)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
