//! What the model sees of a chat, the answers of its client's tools, and the way out of a state that must not be.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chats::{Chat, CompactChat};
use sdk::ids::ChatId;
use sdk::messages::SubmitToolResults;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(compact_chat))
        .add(Access::SignedIn, routes!(clear_chat))
        .add(Access::SignedIn, routes!(reconcile_chat))
        .add(Access::SignedIn, routes!(submit_tool_results))
}

/// Has the history replaced by a summary for the model; people keep all of it.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/compact", tag = "chats",
    params(("chat" = ChatId, Path)), request_body = CompactChat,
    responses((status = 200, body = Chat), (status = 404), (status = 409))
)]
async fn compact_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    JsonBody(request): JsonBody<CompactChat>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.compact_chat(&actor, chat, request).await?))
}

/// Lets the model forget what was said so far; people keep all of it.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/clear", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = Chat), (status = 404), (status = 409))
)]
async fn clear_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.clear_chat(&actor, chat).await?))
}

/// Turns a state that must not be into an error that says what to do. A chat in order stays as it is.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/reconcile-invalid", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = Chat), (status = 404))
)]
async fn reconcile_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.reconcile_chat(&actor, chat).await?))
}

/// Takes the client's answers to the tool calls that the chat waits for: each call exactly once.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/tool-results", tag = "chats",
    params(("chat" = ChatId, Path)), request_body = SubmitToolResults,
    responses((status = 204), (status = 400), (status = 404), (status = 409))
)]
async fn submit_tool_results(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    JsonBody(request): JsonBody<SubmitToolResults>,
) -> Result<StatusCode, ApiError> {
    platform.submit_tool_results(&actor, chat, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
