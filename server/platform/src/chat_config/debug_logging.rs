//! Whether the calls of models are recorded: the deployment may force it for everybody, else owners may allow it and
//! each person choose for their own chats.

use async_trait::async_trait;
use chatd::DebugPolicy;
use sdk::chat_config::{
    DebugLogging, UpdateDebugLogging, UpdateUserDebugLogging, UserDebugLogging,
};
use sdk::ids::UserId;
use sdk::permissions::Permission;
use serde_json::json;
use store::{Db, StoreError, chat_config};

use super::ChatConfigError;
use crate::{Actor, Platform};

/// Decides whose calls are recorded. The settings are told from it and the recorder asks it, so that they always agree.
#[derive(Clone, Debug)]
pub(crate) struct DebugLoggingPolicy {
    db: Db,
    forced_by_deployment: bool,
}

impl DebugLoggingPolicy {
    pub(crate) const fn new(db: Db, forced_by_deployment: bool) -> Self {
        Self {
            db,
            forced_by_deployment,
        }
    }

    async fn of(&self, user: UserId) -> Result<UserDebugLogging, StoreError> {
        let (db, forced_by_deployment) = (&self.db, self.forced_by_deployment);
        let user_toggle_allowed =
            !forced_by_deployment && chat_config::is_debug_logging_allowed(db).await?;
        let is_wanted = user_toggle_allowed && chat_config::wants_debug_logging(db, user).await?;
        Ok(UserDebugLogging {
            debug_logging_enabled: forced_by_deployment || is_wanted,
            user_toggle_allowed,
            forced_by_deployment,
        })
    }
}

#[async_trait]
impl DebugPolicy for DebugLoggingPolicy {
    async fn is_recorded(&self, owner: UserId) -> bool {
        match self.of(owner).await {
            Ok(policy) => policy.debug_logging_enabled,
            Err(error) => {
                tracing::warn!(%error, user = %owner, "calls are not recorded: whether they should be is not known");
                false
            }
        }
    }
}

impl Platform {
    /// Whether calls of a person's chats are recorded: always when the deployment forces it, else when owners allow it
    /// and the person wants it.
    pub async fn is_debug_logging_enabled(&self, user: UserId) -> Result<bool, ChatConfigError> {
        Ok(self.user_debug_logging(user).await?.debug_logging_enabled)
    }

    async fn user_debug_logging(&self, user: UserId) -> Result<UserDebugLogging, ChatConfigError> {
        Ok(self.0.debug_logging.of(user).await?)
    }

    /// Whether people may choose, and whether the deployment did it for them. Needs [`Permission::ReadSettings`].
    pub async fn get_debug_logging(&self, actor: &Actor) -> Result<DebugLogging, ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        Ok(DebugLogging {
            allow_users: chat_config::is_debug_logging_allowed(&self.0.db).await?,
            forced_by_deployment: self.0.options.chat_debug_logging_enabled,
        })
    }

    /// Sets whether people may choose. Without effect as long as the deployment chooses for them. Needs [`Permission::ManageSettings`].
    pub async fn update_debug_logging(
        &self,
        actor: &Actor,
        change: UpdateDebugLogging,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let mut tx = self.begin_settings().await?;
        let now = self.0.clock.now();
        let before = chat_config::is_debug_logging_allowed_in(&mut tx).await?;
        chat_config::allow_debug_logging(&mut tx, change.allow_users, now).await?;
        let name = "debug_logging.allow_users";
        self.record_setting(
            &mut tx,
            actor,
            name,
            [json!(before), json!(change.allow_users)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether the caller's calls are recorded, and whether they may choose.
    pub async fn get_user_debug_logging(
        &self,
        actor: &Actor,
    ) -> Result<UserDebugLogging, ChatConfigError> {
        self.user_debug_logging(actor.user_id).await
    }

    /// Succeeds when the caller may choose. Asked before a choice is read, so that whoever may not choose learns that
    /// first.
    pub async fn require_debug_logging_choice(
        &self,
        _actor: &Actor,
    ) -> Result<(), ChatConfigError> {
        if self.0.options.chat_debug_logging_enabled {
            return Err(ChatConfigError::DebugLoggingForced);
        }
        if !chat_config::is_debug_logging_allowed(&self.0.db).await? {
            return Err(ChatConfigError::DebugLoggingNotAllowed);
        }
        Ok(())
    }

    /// Sets whether the caller's calls are recorded.
    pub async fn update_user_debug_logging(
        &self,
        actor: &Actor,
        change: UpdateUserDebugLogging,
    ) -> Result<(), ChatConfigError> {
        self.require_debug_logging_choice(actor).await?;
        let mut tx = self.0.db.begin().await?;
        let (is_wanted, now) = (change.debug_logging_enabled, self.0.clock.now());
        chat_config::put_debug_logging_wish(&mut tx, actor.user_id, is_wanted, now).await?;
        tx.commit().await?;
        Ok(())
    }
}
