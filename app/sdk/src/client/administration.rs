//! Model providers and models.

use reqwest::Method;

use super::{Client, ClientError};
use crate::ids::{ModelConfigId, ProviderConfigId};
use crate::models::{CreateModelConfig, ListPrice, ModelCatalogue, ModelConfig, UpdateModelConfig};
use crate::providers::{
    CreateProviderConfig, ProviderConfig, ProviderTest, PutUserApiKey, UpdateProviderConfig,
    UserProviderConfig,
};

const PROVIDERS: &str = "/api/experimental/chats/providers";
const USER_PROVIDERS: &str = "/api/experimental/chats/user-provider-configs";
const MODEL_CONFIGS: &str = "/api/experimental/chats/model-configs";

impl Client {
    /// `GET /providers`.
    pub async fn list_providers(&self) -> Result<Vec<ProviderConfig>, ClientError> {
        self.get(PROVIDERS).await
    }

    /// `POST /providers`.
    pub async fn create_provider(
        &self,
        provider: &CreateProviderConfig,
    ) -> Result<ProviderConfig, ClientError> {
        self.call(Method::POST, PROVIDERS, provider).await
    }

    /// `PATCH /providers/{provider}`.
    pub async fn update_provider(
        &self,
        provider: ProviderConfigId,
        change: &UpdateProviderConfig,
    ) -> Result<ProviderConfig, ClientError> {
        self.call(Method::PATCH, &format!("{PROVIDERS}/{provider}"), change)
            .await
    }

    /// `DELETE /providers/{provider}`.
    pub async fn delete_provider(&self, provider: ProviderConfigId) -> Result<(), ClientError> {
        self.delete(&format!("{PROVIDERS}/{provider}")).await
    }

    /// `POST /providers/{provider}/test`.
    pub async fn test_provider(
        &self,
        provider: ProviderConfigId,
    ) -> Result<ProviderTest, ClientError> {
        self.post_nothing(&format!("{PROVIDERS}/{provider}/test"))
            .await
    }

    /// `GET /user-provider-configs`.
    pub async fn list_user_providers(&self) -> Result<Vec<UserProviderConfig>, ClientError> {
        self.get(USER_PROVIDERS).await
    }

    /// `PUT /user-provider-configs/{provider}`.
    pub async fn put_user_api_key(
        &self,
        provider: ProviderConfigId,
        key: &PutUserApiKey,
    ) -> Result<UserProviderConfig, ClientError> {
        self.call(Method::PUT, &format!("{USER_PROVIDERS}/{provider}"), key)
            .await
    }

    /// `DELETE /user-provider-configs/{provider}`.
    pub async fn delete_user_api_key(&self, provider: ProviderConfigId) -> Result<(), ClientError> {
        self.delete(&format!("{USER_PROVIDERS}/{provider}")).await
    }

    /// `GET /model-configs`.
    pub async fn list_model_configs(&self) -> Result<Vec<ModelConfig>, ClientError> {
        self.get(MODEL_CONFIGS).await
    }

    /// `POST /model-configs`.
    pub async fn create_model_config(
        &self,
        model: &CreateModelConfig,
    ) -> Result<ModelConfig, ClientError> {
        self.call(Method::POST, MODEL_CONFIGS, model).await
    }

    /// `PATCH /model-configs/{model_config}`.
    pub async fn update_model_config(
        &self,
        model: ModelConfigId,
        change: &UpdateModelConfig,
    ) -> Result<ModelConfig, ClientError> {
        self.call(Method::PATCH, &format!("{MODEL_CONFIGS}/{model}"), change)
            .await
    }

    /// `DELETE /model-configs/{model_config}`.
    pub async fn delete_model_config(&self, model: ModelConfigId) -> Result<(), ClientError> {
        self.delete(&format!("{MODEL_CONFIGS}/{model}")).await
    }

    /// `GET /models`: what the caller can choose from.
    pub async fn list_models(&self) -> Result<ModelCatalogue, ClientError> {
        self.get("/api/experimental/chats/models").await
    }

    /// `GET /api/v2/list-prices`.
    pub async fn list_prices(&self) -> Result<Vec<ListPrice>, ClientError> {
        self.get("/api/v2/list-prices").await
    }
}
