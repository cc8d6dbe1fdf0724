//! Models for the chat daemon: from a model configuration to something that can be called.

use std::sync::Arc;

use async_trait::async_trait;
use chatd::{ModelSource, ResolvedModel};
use sdk::chats::ChatError;
use sdk::ids::{ModelConfigId, UserId};
use store::{Db, StoreError, model_configs, provider_configs, user_provider_keys};

use crate::providers::registry::{OwnKey, Registry};

/// Reads the rows at every call, so that a change holds from the next step on.
#[derive(Clone, Debug)]
pub(crate) struct PlatformModels {
    db: Db,
    registry: Arc<Registry>,
}

impl PlatformModels {
    pub(crate) fn new(db: Db, registry: Arc<Registry>) -> Self {
        Self { db, registry }
    }
}

#[async_trait]
impl ModelSource for PlatformModels {
    async fn resolve(&self, id: ModelConfigId, owner: UserId) -> Result<ResolvedModel, ChatError> {
        let (row, provider) = tokio::try_join!(
            model_configs::get(&self.db, id),
            provider_configs::get_of_model(&self.db, id),
        )
        .map_err(|error| from_store(&error))?;
        let Some(row) = row.filter(|row| !row.is_deleted) else {
            return Err(gone(
                "The model of this chat was removed. Choose another model.",
            ));
        };
        if !row.is_offered {
            let message = format!(
                "{} is switched off. Choose another model.",
                row.config.display_name
            );
            return Err(gone(&message));
        }
        let Some(provider) = provider else {
            return Err(gone(
                "The provider of this chat's model was removed. Choose another model.",
            ));
        };
        let own_key = if provider.key_policy.allow_user_api_key {
            let found = user_provider_keys::get(&self.db, owner, provider.id).await;
            found.map_err(|error| from_store(&error))?
        } else {
            None
        };
        let own = own_key.as_ref().map(|key| OwnKey {
            user_id: owner,
            key,
        });
        let adapter = self.registry.provider_for(&provider, own);
        let adapter = adapter.map_err(from_provider)?;
        Ok(ResolvedModel {
            model: adapter.model(&row.config.model),
            model_config_id: id,
            context_limit: row.config.context_limit,
            compression_threshold: row.config.compression_threshold,
            options: row.config.model_config,
        })
    }
}

fn gone(message: &str) -> ChatError {
    ChatError {
        message: message.to_owned(),
        kind: llm::ErrorKind::ProviderDisabled.as_str().to_owned(),
        ..ChatError::default()
    }
}

fn from_provider(error: llm::Error) -> ChatError {
    ChatError {
        message: error.message,
        detail: error.detail,
        kind: error.kind.as_str().to_owned(),
        provider: error.provider,
        retryable: error.is_retryable,
        status_code: error.status_code,
    }
}

/// The database may answer again; its words are for the log.
fn from_store(error: &StoreError) -> ChatError {
    tracing::error!(%error, "a model could not be looked up");
    ChatError {
        message: "The server could not look the model up. Try again.".to_owned(),
        kind: "generic".to_owned(),
        retryable: true,
        ..ChatError::default()
    }
}
