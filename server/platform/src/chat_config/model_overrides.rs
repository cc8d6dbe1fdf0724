//! Models for work beside a chat's own: agents that only explore, titles, summaries.

use sdk::chat_config::{ModelOverride, ModelPurpose, UpdateModelOverride};
use sdk::permissions::Permission;
use serde_json::json;
use store::chat_config::{self, KeptModelOverride};
use store::{Tx, model_configs};

use super::ChatConfigError;
use crate::{Actor, Platform};

impl Platform {
    /// The model for a purpose. Needs [`Permission::ReadSettings`].
    pub async fn get_model_override(
        &self,
        actor: &Actor,
        purpose: ModelPurpose,
    ) -> Result<ModelOverride, ChatConfigError> {
        actor.require(Permission::ReadSettings, ChatConfigError::NotFound)?;
        let kept = chat_config::get_model_override(&self.0.db, purpose).await?;
        Ok(ModelOverride {
            model_config_id: match kept {
                KeptModelOverride::Model(id) => Some(id),
                KeptModelOverride::Unset | KeptModelOverride::Malformed => None,
            },
            has_malformed_override: kept == KeptModelOverride::Malformed,
        })
    }

    /// Sets the models for purposes, all or none, from the next time on. Needs [`Permission::ManageSettings`]. What is wrong
    /// is told at the field `model_config_id`, or at that of the purpose when there are several.
    pub async fn update_model_overrides(
        &self,
        actor: &Actor,
        changes: &[(ModelPurpose, UpdateModelOverride)],
    ) -> Result<(), ChatConfigError> {
        actor.require(Permission::ManageSettings, ChatConfigError::Forbidden)?;
        let mut tx = self.begin_settings().await?;
        for (purpose, change) in changes {
            let field = match changes {
                [_] => "model_config_id",
                _ => purpose.setting(),
            };
            self.update_model_override(&mut tx, actor, *purpose, *change, field)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn update_model_override(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        purpose: ModelPurpose,
        change: UpdateModelOverride,
        field: &'static str,
    ) -> Result<(), ChatConfigError> {
        let kept = chat_config::get_model_override_in(tx, purpose).await?;
        let is_known = match (kept, change.model_config_id) {
            (KeptModelOverride::Model(kept), Some(id)) => kept == id,
            (KeptModelOverride::Unset, None) => true,
            _ => false,
        };
        if is_known {
            return Ok(());
        }
        if let Some(id) = change.model_config_id {
            let row = model_configs::get_in(tx, id).await?;
            if !row.is_some_and(|row| row.is_offered && !row.is_deleted) {
                return Err(ChatConfigError::field(
                    field,
                    "This model cannot be used: there is none with this id, or it is switched off. Choose another one.",
                ));
            }
        }
        let before = match kept {
            KeptModelOverride::Model(id) => Some(id.to_string()),
            KeptModelOverride::Malformed => Some("malformed".to_owned()),
            KeptModelOverride::Unset => None,
        };
        let now = self.0.clock.now();
        chat_config::put_model_override(tx, purpose, change.model_config_id, now).await?;
        let after = change.model_config_id.map(|id| id.to_string());
        let values = [json!(before), json!(after)];
        self.record_setting(tx, actor, purpose.setting(), values)
            .await
            .map_err(Into::into)
    }
}
