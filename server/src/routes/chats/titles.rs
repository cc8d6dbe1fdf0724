//! Titles that the chat's model makes when a person asks.

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::chats::{Chat, ProposedTitle};
use sdk::ids::ChatId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::PathOf;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(regenerate_title))
        .add(Access::SignedIn, routes!(propose_title))
}

/// Has a new title made and writes it.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/title/regenerate", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = Chat), (status = 404), (status = 409), (status = 503))
)]
async fn regenerate_title(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.regenerate_title(&actor, chat).await?))
}

/// Has a title made that is not written.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/title/propose", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = ProposedTitle), (status = 404), (status = 409), (status = 503))
)]
async fn propose_title(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<ProposedTitle>, ApiError> {
    Ok(Json(platform.propose_title(&actor, chat).await?))
}
