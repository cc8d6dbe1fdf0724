//! What the caller signs in to git hosts with.

use reqwest::Method;

use super::{Client, ClientError, segment};
use crate::external_auth::{
    AskExternalAuth, ExternalAuth, ExternalAuthCredential, ExternalAuthLink, PutExternalAuth,
};

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
    pub async fn delete_external_auth(&self, host: &str) -> Result<(), ClientError> {
        self.delete(&format!("{EXTERNAL_AUTH}/{}", segment(host)))
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
}
