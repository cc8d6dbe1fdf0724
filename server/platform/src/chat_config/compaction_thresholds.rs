//! At which part of a model's context a person wants the histories of their chats summarized.

use sdk::chat_config::{CompactionThreshold, CompactionThresholds, UpdateCompactionThreshold};
use sdk::ids::ModelConfigId;
use store::{chat_config, model_configs};

use super::ChatConfigError;
use crate::{Actor, Platform};

impl Platform {
    /// The caller's own thresholds.
    pub async fn list_compaction_thresholds(
        &self,
        actor: &Actor,
    ) -> Result<CompactionThresholds, ChatConfigError> {
        let rows = chat_config::list_compaction_thresholds(&self.0.db, actor.user_id).await?;
        let threshold = |(model_config_id, threshold_percent)| CompactionThreshold {
            model_config_id,
            threshold_percent,
        };
        Ok(CompactionThresholds {
            thresholds: rows.into_iter().map(threshold).collect(),
        })
    }

    /// Sets the caller's own threshold for a model that is offered.
    pub async fn update_compaction_threshold(
        &self,
        actor: &Actor,
        model: ModelConfigId,
        change: UpdateCompactionThreshold,
    ) -> Result<CompactionThreshold, ChatConfigError> {
        let percent = change.threshold_percent;
        if !(0..=100).contains(&percent) {
            return Err(ChatConfigError::field(
                "threshold_percent",
                "Use a number between 0 and 100.",
            ));
        }
        let mut tx = self.0.db.begin().await?;
        let row = model_configs::get_in(&mut tx, model).await?;
        let row = row.filter(|row| !row.is_deleted);
        if !row.ok_or(ChatConfigError::ModelNotFound)?.is_offered {
            return Err(ChatConfigError::field(
                "model_config",
                "This model is switched off. Choose another one.",
            ));
        }
        let now = self.0.clock.now();
        chat_config::put_compaction_threshold(&mut tx, actor.user_id, model, percent, now).await?;
        tx.commit().await?;
        Ok(CompactionThreshold {
            model_config_id: model,
            threshold_percent: percent,
        })
    }

    /// Lets what the model's configuration says hold again; fine when it does already.
    pub async fn delete_compaction_threshold(
        &self,
        actor: &Actor,
        model: ModelConfigId,
    ) -> Result<(), ChatConfigError> {
        let mut tx = self.0.db.begin().await?;
        chat_config::delete_compaction_threshold(&mut tx, actor.user_id, model).await?;
        tx.commit().await?;
        Ok(())
    }
}
