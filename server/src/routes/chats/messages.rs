//! Messages of a chat: paging, sending, editing, the queue.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::Platform;
use sdk::ids::{ChatId, MessageId, QueuedMessageId};
use sdk::messages::{
    CreateMessage, CreatedMessage, EditMessage, EditQueuedMessage, ListMessages, ListPrompts,
    Message, MessagePage, PromptPage, QueuedMessage,
};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf, QueryOf};

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_messages, send_message))
        .add(Access::SignedIn, routes!(list_prompts))
        .add(Access::SignedIn, routes!(edit_message))
        .add(
            Access::SignedIn,
            routes!(edit_queued_message, delete_queued_message),
        )
        .add(Access::SignedIn, routes!(promote_queued_message))
}

/// A page of messages, newest first.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/messages", tag = "chats",
    params(
        ("chat" = ChatId, Path), ("before_id" = Option<i64>, Query), ("after_id" = Option<i64>, Query),
        ("limit" = Option<i64>, Query, description = "1 to 200; 50 when absent"),
        ("render" = Option<String>, Query, description = "`html` adds sanitized HTML of each part"),
    ),
    responses((status = 200, body = MessagePage), (status = 404))
)]
async fn list_messages(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    QueryOf(query): QueryOf<ListMessages>,
) -> Result<Json<MessagePage>, ApiError> {
    Ok(Json(platform.list_messages(&actor, chat, query).await?))
}

/// What the caller wrote in the chat, newest first.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/prompts", tag = "chats",
    params(
        ("chat" = ChatId, Path), ("before_id" = Option<i64>, Query),
        ("limit" = Option<i64>, Query, description = "1 to 2,000; 500 when absent or 0"),
    ),
    responses((status = 200, body = PromptPage), (status = 404))
)]
async fn list_prompts(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    QueryOf(query): QueryOf<ListPrompts>,
) -> Result<Json<PromptPage>, ApiError> {
    Ok(Json(platform.list_prompts(&actor, chat, query).await?))
}

/// Sends a message, or queues it while the chat is busy. `/compact` and `/clear` as its first word are commands.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/messages", tag = "chats",
    params(("chat" = ChatId, Path)), request_body = CreateMessage,
    responses((status = 200, body = CreatedMessage), (status = 404), (status = 409), (status = 429))
)]
async fn send_message(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    JsonBody(message): JsonBody<CreateMessage>,
) -> Result<Json<CreatedMessage>, ApiError> {
    Ok(Json(platform.send_message(&actor, chat, message).await?))
}

/// Replaces a message of the person's and everything after it.
#[utoipa::path(
    patch, path = "/api/experimental/chats/{chat}/messages/{message}", tag = "chats",
    params(("chat" = ChatId, Path), ("message" = i64, Path)), request_body = EditMessage,
    responses((status = 200, body = CreatedMessage), (status = 400), (status = 404))
)]
async fn edit_message(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((chat, message)): PathOf<(ChatId, i64)>,
    JsonBody(edit): JsonBody<EditMessage>,
) -> Result<Json<CreatedMessage>, ApiError> {
    if message <= 0 {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "The message's id must be a positive number.",
        ));
    }
    Ok(Json(
        platform
            .edit_message(&actor, chat, MessageId(message), edit)
            .await?,
    ))
}

/// Changes a queued message or its place. The whole queue as it is then.
#[utoipa::path(
    patch, path = "/api/experimental/chats/{chat}/queue/{queued_message}", tag = "chats",
    params(("chat" = ChatId, Path), ("queued_message" = i64, Path)), request_body = EditQueuedMessage,
    responses((status = 200, body = Vec<QueuedMessage>), (status = 400), (status = 404))
)]
async fn edit_queued_message(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((chat, queued)): PathOf<(ChatId, i64)>,
    JsonBody(edit): JsonBody<EditQueuedMessage>,
) -> Result<Json<Vec<QueuedMessage>>, ApiError> {
    Ok(Json(
        platform
            .edit_queued_message(&actor, chat, QueuedMessageId(queued), edit)
            .await?,
    ))
}

/// Takes a message out of the queue; one that is not there any more is fine.
#[utoipa::path(
    delete, path = "/api/experimental/chats/{chat}/queue/{queued_message}", tag = "chats",
    params(("chat" = ChatId, Path), ("queued_message" = i64, Path)),
    responses((status = 204), (status = 404))
)]
async fn delete_queued_message(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((chat, queued)): PathOf<(ChatId, i64)>,
) -> Result<StatusCode, ApiError> {
    platform
        .delete_queued_message(&actor, chat, QueuedMessageId(queued))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a queued message now. 200 with the message when it was sent at once, 202 when the running turn is stopped
/// for it first.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/queue/{queued_message}/promote", tag = "chats",
    params(("chat" = ChatId, Path), ("queued_message" = i64, Path)),
    responses((status = 200, body = Message), (status = 202), (status = 404))
)]
async fn promote_queued_message(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((chat, queued)): PathOf<(ChatId, i64)>,
) -> Result<Response, ApiError> {
    let message = platform
        .promote_queued_message(&actor, chat, QueuedMessageId(queued))
        .await?;
    Ok(match message {
        Some(message) => Json(message).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    })
}
