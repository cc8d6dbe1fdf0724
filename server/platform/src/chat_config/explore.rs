//! The model of agents that only explore.

use sdk::chat_config::{ExploreModelOverride, UpdateExploreModelOverride};
use sdk::permissions::Permission;
use serde_json::json;
use store::chat_config::{self, ModelOverride};
use store::model_configs;

use super::ChatConfigError;
use crate::{Actor, Platform};

impl Platform {
    /// The model of agents that only explore. Needs [`Permission::ReadSettings`].
    pub async fn get_explore_model_override(
        &self,
        actor: &Actor,
    ) -> Result<ExploreModelOverride, ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        let kept = chat_config::get_explore_model_override(&self.0.db).await?;
        Ok(ExploreModelOverride {
            model_config_id: match kept {
                ModelOverride::Model(id) => Some(id),
                ModelOverride::Unset | ModelOverride::Malformed => None,
            },
            has_malformed_override: kept == ModelOverride::Malformed,
        })
    }

    /// Sets the model of agents that only explore, from the next one on. Needs [`Permission::ManageSettings`].
    pub async fn update_explore_model_override(
        &self,
        actor: &Actor,
        change: UpdateExploreModelOverride,
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let mut tx = self.begin_settings().await?;
        if let Some(id) = change.model_config_id {
            let row = model_configs::get_in(&mut tx, id).await?;
            if !row.is_some_and(|row| row.is_offered && !row.is_deleted) {
                return Err(ChatConfigError::field(
                    "model_config_id",
                    "This model cannot be used: there is none with this id, or it is switched off. Choose another one.",
                ));
            }
        }
        let now = self.0.clock.now();
        let before = match chat_config::get_explore_model_override_in(&mut tx).await? {
            ModelOverride::Model(id) => Some(id.to_string()),
            ModelOverride::Malformed => Some("malformed".to_owned()),
            ModelOverride::Unset => None,
        };
        chat_config::put_explore_model_override(&mut tx, change.model_config_id, now).await?;
        let after = change.model_config_id.map(|id| id.to_string());
        self.record_setting(
            &mut tx,
            actor,
            "explore_model_override",
            [json!(before), json!(after)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
