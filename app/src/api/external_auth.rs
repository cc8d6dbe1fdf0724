//! What the reader signs in to git hosts with.

use leptos::prelude::*;
use sdk::external_auth::{ExternalAuth, ExternalAuthLink};

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

/// Forgets the reader's token for a host.
#[server(name = RemoveToken, prefix = "/api/page", endpoint = "delete_external_auth", output = PageJson)]
pub async fn delete_external_auth(host: String) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_external_auth(&actor, &host)
        .await
        .map_err(super::failed)
}
