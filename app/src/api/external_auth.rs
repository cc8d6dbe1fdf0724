//! What the reader signs in to git hosts with, and how they sign in there.

mod configs;
mod webhooks;

use leptos::prelude::*;
use sdk::external_auth::{
    ExternalAuth, ExternalAuthDeleted, ExternalAuthDevice, ExternalAuthFlow, ExternalAuthLink,
};
use sdk::ids::ExternalAuthFlowId;

pub use configs::{
    AddAuthConfig, AuthConfigForm, ChangeAuthConfig, RemoveAuthConfig, list_external_auth_configs,
};
pub use webhooks::{NewSecret, RemoveSecret, generate_webhook_secret, remove_webhook_secret};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// The reader's links, never their tokens.
#[server(name = ListExternalAuth, prefix = "/api/page", endpoint = "list_external_auth", protocol = Page)]
pub async fn list_external_auth() -> Result<ExternalAuth, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .list_external_auth(&actor)
        .await
        .map_err(super::failed)
}

/// Adds the reader's token for a host, or replaces it.
#[server(name = PutToken, prefix = "/api/page", endpoint = "put_external_auth", output = PageJson)]
pub async fn put_external_auth(
    host: String,
    token: String,
    #[server(default)] username: String,
) -> Result<ExternalAuthLink, AppError> {
    let (platform, actor) = super::signed_in()?;
    let link = sdk::external_auth::PutExternalAuth {
        token,
        username: Some(username),
    };
    platform
        .put_external_auth(&actor, &host, link)
        .await
        .map_err(super::failed)
}

/// Forgets the reader's token for a host; the host is asked to take back what it gave.
#[server(name = RemoveToken, prefix = "/api/page", endpoint = "delete_external_auth", output = PageJson)]
pub async fn delete_external_auth(host: String) -> Result<ExternalAuthDeleted, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_external_auth(&actor, &host)
        .await
        .map_err(super::failed)
}

/// What became of one of the reader's sign-ins at a git host.
#[server(name = GetAuthFlow, prefix = "/api/page", endpoint = "get_external_auth_flow", protocol = Page)]
pub async fn get_external_auth_flow(
    flow: ExternalAuthFlowId,
) -> Result<ExternalAuthFlow, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .get_external_auth_flow(&actor, flow)
        .await
        .map_err(super::failed)
}

/// Gets a code for the reader to enter at a git host.
#[server(name = StartDevice, prefix = "/api/page", endpoint = "start_external_auth_device", protocol = Page)]
pub async fn start_external_auth_device(config: String) -> Result<ExternalAuthDevice, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .start_external_auth_device(&actor, &config)
        .await
        .map_err(super::failed)
}

/// Looks whether the reader has entered their code; the host is asked as often as it allows.
#[server(name = PollDevice, prefix = "/api/page", endpoint = "poll_external_auth_flow", protocol = Page)]
pub async fn poll_external_auth_flow(
    flow: ExternalAuthFlowId,
) -> Result<ExternalAuthFlow, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .poll_external_auth_flow(&actor, flow)
        .await
        .map_err(super::failed)
}
