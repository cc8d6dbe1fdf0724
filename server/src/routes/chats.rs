//! `/api/experimental/chats`: chats, their messages and queues. Sockets are in [`sockets`].

mod context;
mod diff;
mod git;
mod messages;
pub(super) mod sockets;
mod titles;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State};
use http::StatusCode;
use platform::Platform;
use sdk::chats::{Chat, ChatsByWorkspace, CreateChat, ListChats, UpdateChat};
use sdk::ids::{ChatId, WorkspaceId};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf, QueryOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_chats, create_chat))
        .add(Access::SignedIn, routes!(list_chats_by_workspace))
        .add(Access::SignedIn, routes!(get_chat, update_chat))
        .add(Access::SignedIn, routes!(archive_chat))
        .add(Access::SignedIn, routes!(unarchive_chat))
        .add(Access::SignedIn, routes!(interrupt_chat))
        .add(Access::SignedIn, routes!(retry_chat))
        .merge(context::routes())
        .merge(diff::routes())
        .merge(git::routes())
        .merge(titles::routes())
        .merge(messages::routes())
        .merge(sockets::routes())
}

/// The caller's chats: pinned first, then the newest change.
#[utoipa::path(
    get, path = "/api/experimental/chats", tag = "chats",
    params(
        ("q" = Option<String>, Query, description = "Words to find in titles and messages, and conditions: `archived:true`, \
            `pinned:true`, `has_unread:true`, `status:error`, `title:\"two words\"`, `model:name`, `label:key=value`. \
            `pr:`, `pr_title:`, `diff_url:` and `repo:` are understood and find nothing yet"),
        ("label" = Option<Vec<String>>, Query, description = "`key:value`; may be repeated, all must hold"),
        ("limit" = Option<i64>, Query), ("offset" = Option<i64>, Query), ("after_id" = Option<ChatId>, Query),
    ),
    responses((status = 200, body = Vec<Chat>))
)]
async fn list_chats(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    QueryOf(mut query): QueryOf<ListChats>,
    RawQuery(text): RawQuery,
) -> Result<Json<Vec<Chat>>, ApiError> {
    query.labels = labels_of(text.as_deref().unwrap_or_default());
    Ok(Json(platform.list_chats(&actor, query).await?))
}

/// The caller's chat of the newest change in each workspace that has one; archived chats are left out.
#[utoipa::path(
    get, path = "/api/experimental/chats/by-workspace", tag = "chats",
    params(("workspace_ids" = String, Query, description = "1 to 100 ids, separated by commas")),
    responses((status = 200, body = BTreeMap<String, ChatId>), (status = 400))
)]
async fn list_chats_by_workspace(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ChatsByWorkspace>,
) -> Result<Json<BTreeMap<WorkspaceId, ChatId>>, ApiError> {
    Ok(Json(platform.list_chats_by_workspace(&actor, query).await?))
}

/// Makes a chat from its first message; its turn begins.
#[utoipa::path(
    post, path = "/api/experimental/chats", tag = "chats",
    request_body = CreateChat, responses((status = 201, body = Chat), (status = 400), (status = 403))
)]
async fn create_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(chat): JsonBody<CreateChat>,
) -> Result<(StatusCode, Json<Chat>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_chat(&actor, chat).await?),
    ))
}

/// A chat with the chats it spawned.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}", tag = "chats",
    params(("chat" = ChatId, Path)), responses((status = 200, body = Chat), (status = 404))
)]
async fn get_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.get_chat(&actor, chat).await?))
}

/// Changes a chat: all fields of the request or none.
#[utoipa::path(
    patch, path = "/api/experimental/chats/{chat}", tag = "chats",
    params(("chat" = ChatId, Path)), request_body = UpdateChat,
    responses((status = 204), (status = 400), (status = 404))
)]
async fn update_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    JsonBody(change): JsonBody<UpdateChat>,
) -> Result<StatusCode, ApiError> {
    platform.update_chat(&actor, chat, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a chat and everything it spawned away. What runs is stopped first and keeps its work.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/archive", tag = "chats",
    params(("chat" = ChatId, Path)), responses((status = 200, body = Chat), (status = 404))
)]
async fn archive_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.archive_chat(&actor, chat).await?))
}

/// Takes a chat and everything it spawned out again.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/unarchive", tag = "chats",
    params(("chat" = ChatId, Path)), responses((status = 200, body = Chat), (status = 404))
)]
async fn unarchive_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.unarchive_chat(&actor, chat).await?))
}

/// Stops the turn; what was done so far stays.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/interrupt", tag = "chats",
    params(("chat" = ChatId, Path)), responses((status = 200, body = Chat), (status = 404))
)]
async fn interrupt_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.interrupt_chat(&actor, chat).await?))
}

/// Runs a failed turn again.
#[utoipa::path(
    post, path = "/api/experimental/chats/{chat}/retry", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = Chat), (status = 404), (status = 409))
)]
async fn retry_chat(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Chat>, ApiError> {
    Ok(Json(platform.retry_chat(&actor, chat).await?))
}

/// The values of all `label=`; the decoder of queries takes a name only once.
fn labels_of(query: &str) -> Vec<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "label")
        .map(|(_, value)| value.into_owned())
        .collect()
}
