//! What git hosts sign their webhooks with, for owners. A secret is told once, when it was made here.

use leptos::prelude::*;
use sdk::external_auth::NewWebhookSecret;

use crate::api::codec::PageJson;
use crate::error::AppError;

/// Makes a webhook secret, in place of the one that there was.
#[server(name = NewSecret, prefix = "/api/page", endpoint = "generate_webhook_secret", output = PageJson)]
pub async fn generate_webhook_secret(config: String) -> Result<NewWebhookSecret, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    platform
        .generate_webhook_secret(&actor, &config)
        .await
        .map_err(crate::api::failed)
}

/// Removes the webhook secret; webhooks are not taken any more.
#[server(name = RemoveSecret, prefix = "/api/page", endpoint = "remove_webhook_secret", output = PageJson)]
pub async fn remove_webhook_secret(config: String) -> Result<(), AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    platform
        .remove_webhook_secret(&actor, &config)
        .await
        .map_err(crate::api::failed)
}
