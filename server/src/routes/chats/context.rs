//! What the model sees of a chat, the files that can be named to it, the answers of its client's tools, and the way out of a state that must not be.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_context::ChatContext;
use sdk::chats::{Chat, CompactChat};
use sdk::ids::ChatId;
use sdk::messages::SubmitToolResults;
use sdk::permissions::Permission;
use sdk::prompt_preview::PromptPreview;
use sdk::workspace_files::{FindFiles, FoundFiles};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf, QueryOf};

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_chat_context))
        .add(
            Access::May(Permission::ReadSettings),
            routes!(preview_prompt),
        )
        .add(Access::SignedIn, routes!(find_files))
        .add(Access::SignedIn, routes!(compact_chat))
        .add(Access::SignedIn, routes!(clear_chat))
        .add(Access::SignedIn, routes!(reconcile_chat))
        .add(Access::SignedIn, routes!(submit_tool_results))
}

/// The instruction files and skills that the model is told of. Starts no workspace: of a stopped one nothing is known.
#[utoipa::path(
    get, path = "/api/v2/chats/{chat}/context", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = ChatContext), (status = 400), (status = 403), (status = 404), (status = 503))
)]
async fn get_chat_context(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<ChatContext>, ApiError> {
    Ok(Json(platform.get_chat_context(&actor, chat).await?))
}

/// What the next call of the chat would send to its model, block by block, with an estimate of the tokens. Starts no workspace
/// and calls no model.
#[utoipa::path(
    get, path = "/api/v2/chats/{chat}/prompt", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = PromptPreview), (status = 404), (status = 503))
)]
async fn preview_prompt(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<PromptPreview>, ApiError> {
    Ok(Json(platform.preview_prompt(&actor, chat).await?))
}

/// Files of the chat's workspace by a few letters of their path, the best match first. Starts no workspace.
#[utoipa::path(
    get, path = "/api/v2/chats/{chat}/files", tag = "chats",
    params(
        ("chat" = ChatId, Path),
        ("q" = Option<String>, Query, description = "letters of the path in their order; none finds what lies at the top"),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 when absent"),
    ),
    responses((status = 200, body = FoundFiles), (status = 400), (status = 403), (status = 404), (status = 503))
)]
async fn find_files(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    QueryOf(query): QueryOf<FindFiles>,
) -> Result<Json<FoundFiles>, ApiError> {
    Ok(Json(platform.find_files(&actor, chat, query).await?))
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
