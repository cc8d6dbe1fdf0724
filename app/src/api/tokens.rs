//! The reader's own API tokens.

use leptos::prelude::*;
use sdk::ids::TokenId;
use sdk::tokens::{CreatedToken, Token};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// The reader's tokens, never their keys.
#[server(name = ListTokens, prefix = "/api/page", endpoint = "list_tokens", protocol = Page)]
pub async fn list_tokens() -> Result<Vec<Token>, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .list_tokens(&actor, "me")
        .await
        .map_err(super::failed)
}

/// Creates a token. `lifetime_days` is a number, or empty for one that does not expire.
#[server(name = CreateApiToken, prefix = "/api/page", endpoint = "create_token", output = PageJson)]
pub async fn create_token(
    token_name: String,
    #[server(default)] lifetime_days: String,
) -> Result<CreatedToken, AppError> {
    const SECONDS_PER_DAY: i64 = 86_400;

    let (platform, actor) = super::signed_in()?;
    let lifetime_seconds = match lifetime_days.trim() {
        "" => None,
        days => {
            let days: i64 = days.parse().map_err(|_| {
                AppError::invalid_field("lifetime_days", "Give a whole number of days.")
            })?;
            Some(days.saturating_mul(SECONDS_PER_DAY))
        }
    };
    let token = sdk::tokens::CreateToken {
        token_name,
        lifetime_seconds,
    };
    platform
        .create_token(&actor, "me", token)
        .await
        .map_err(super::failed)
}

/// Revokes a token at once.
#[server(name = DeleteToken, prefix = "/api/page", endpoint = "delete_token", output = PageJson)]
pub async fn delete_token(id: TokenId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_token(&actor, "me", id)
        .await
        .map_err(super::failed)
}
