//! Adapter (being filled in).

use std::sync::Arc;

use async_trait::async_trait;

use crate::provider::{ConnectionReport, Model, ModelInfo, Provider, ProviderConfig, ProviderKind};
use crate::{Error, HttpClient};

/// The adapter.
#[derive(Clone, Debug)]
pub struct OpenAi {
    config: ProviderConfig,
}

impl OpenAi {
    /// Checks the configuration; sends nothing.
    pub fn new(_http: HttpClient, config: ProviderConfig) -> Result<Self, Error> {
        Ok(Self { config })
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn kind(&self) -> ProviderKind {
        self.config.kind
    }

    fn name(&self) -> &str {
        &self.config.name
    }

    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        Err(Error::missing_key(&self.config.name))
    }

    fn model(&self, id: &str) -> Arc<dyn Model> {
        crate::demo::Demo::new().model(id)
    }

    async fn test_connection(&self) -> Result<ConnectionReport, Error> {
        Err(Error::missing_key(&self.config.name))
    }
}
