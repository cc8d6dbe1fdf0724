//! What the caller signs in to git hosts with.

use reqwest::Method;

use super::{Client, ClientError, segment};
use crate::external_auth::{
    AskExternalAuth, CreateExternalAuthConfig, ExternalAuth, ExternalAuthConfig,
    ExternalAuthCredential, ExternalAuthDeleted, ExternalAuthDevice, ExternalAuthFlow,
    ExternalAuthLink, GitPush, NewWebhookSecret, PutExternalAuth, UpdateExternalAuthConfig,
};
use crate::ids::ExternalAuthFlowId;

const EXTERNAL_AUTH: &str = "/api/v2/external-auth";

impl Client {
    /// `GET /external-auth`.
    pub async fn list_external_auth(&self) -> Result<ExternalAuth, ClientError> {
        self.get(EXTERNAL_AUTH).await
    }

    /// `PUT /external-auth/{host}`.
    pub async fn put_external_auth(
        &self,
        host: &str,
        link: &PutExternalAuth,
    ) -> Result<ExternalAuthLink, ClientError> {
        self.call(
            Method::PUT,
            &format!("{EXTERNAL_AUTH}/{}", segment(host)),
            link,
        )
        .await
    }

    /// `DELETE /external-auth/{host}`.
    pub async fn delete_external_auth(
        &self,
        host: &str,
    ) -> Result<ExternalAuthDeleted, ClientError> {
        self.delete_for(&format!("{EXTERNAL_AUTH}/{}", segment(host)))
            .await
    }

    /// `GET /external-auth/configs`.
    pub async fn list_external_auth_configs(&self) -> Result<Vec<ExternalAuthConfig>, ClientError> {
        self.get(&format!("{EXTERNAL_AUTH}/configs")).await
    }

    /// `POST /external-auth/configs`.
    pub async fn create_external_auth_config(
        &self,
        config: &CreateExternalAuthConfig,
    ) -> Result<ExternalAuthConfig, ClientError> {
        self.call(Method::POST, &format!("{EXTERNAL_AUTH}/configs"), config)
            .await
    }

    /// `PATCH /external-auth/configs/{config}`.
    pub async fn update_external_auth_config(
        &self,
        id: &str,
        change: &UpdateExternalAuthConfig,
    ) -> Result<ExternalAuthConfig, ClientError> {
        let path = format!("{EXTERNAL_AUTH}/configs/{}", segment(id));
        self.call(Method::PATCH, &path, change).await
    }

    /// `DELETE /external-auth/configs/{config}`.
    pub async fn delete_external_auth_config(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&format!("{EXTERNAL_AUTH}/configs/{}", segment(id)))
            .await
    }

    /// `POST /external-auth/configs/{config}/webhook-secret`.
    pub async fn generate_webhook_secret(&self, id: &str) -> Result<NewWebhookSecret, ClientError> {
        let path = format!("{EXTERNAL_AUTH}/configs/{}/webhook-secret", segment(id));
        self.post_nothing(&path).await
    }

    /// `POST /external-auth/{config}/device`.
    pub async fn start_external_auth_device(
        &self,
        config: &str,
    ) -> Result<ExternalAuthDevice, ClientError> {
        self.post_nothing(&format!("{EXTERNAL_AUTH}/{}/device", segment(config)))
            .await
    }

    /// `GET /external-auth/flows/{flow}`.
    pub async fn get_external_auth_flow(
        &self,
        flow: ExternalAuthFlowId,
    ) -> Result<ExternalAuthFlow, ClientError> {
        self.get(&format!("{EXTERNAL_AUTH}/flows/{flow}")).await
    }

    /// `POST /external-auth/flows/{flow}/poll`.
    pub async fn poll_external_auth_flow(
        &self,
        flow: ExternalAuthFlowId,
    ) -> Result<ExternalAuthFlow, ClientError> {
        self.post_nothing(&format!("{EXTERNAL_AUTH}/flows/{flow}/poll"))
            .await
    }

    /// `POST /agents/external-auth`, with an agent's token.
    pub async fn ask_external_auth(
        &self,
        question: &AskExternalAuth,
    ) -> Result<ExternalAuthCredential, ClientError> {
        self.call(Method::POST, "/api/v2/agents/external-auth", question)
            .await
    }

    /// `POST /agents/git-pushes`, with the token of an agent.
    pub async fn note_git_push(&self, push: &GitPush) -> Result<(), ClientError> {
        self.call_for_nothing(Method::POST, "/api/v2/agents/git-pushes", push)
            .await
    }
}
