//! What the diff of a chat's workspace is made of: lines around its changes, and its pictures.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use platform::Platform;
use sdk::git::{GitLines, ReadGitImage, ReadGitLines};
use sdk::ids::ChatId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{PathOf, QueryOf};
use crate::http::private_content;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(read_git_lines))
        .add(Access::SignedIn, routes!(read_git_image))
}

/// Lines of a version of a file that git keeps in the chat's workspace: at most 2,048 and 1 MiB of them, of files up to
/// 10 MiB. For those who may use the workspace with `application_connect` or `ssh`. Starts no workspace.
#[utoipa::path(
    get, path = "/api/v2/chats/{chat}/git/lines", tag = "chats",
    params(("chat" = ChatId, Path), ReadGitLines),
    responses((status = 200, body = GitLines), (status = 400), (status = 403), (status = 404), (status = 413), (status = 503))
)]
async fn read_git_lines(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    QueryOf(query): QueryOf<ReadGitLines>,
) -> Result<Json<GitLines>, ApiError> {
    Ok(Json(platform.read_git_lines(&actor, chat, query).await?))
}

/// A picture of the chat's workspace, up to 10 MiB: a version that git keeps, or the file in the work tree. What its bytes say
/// is no PNG, JPEG, GIF or WebP is refused. For those who may use the workspace with `application_connect` or `ssh`.
#[utoipa::path(
    get, path = "/api/v2/chats/{chat}/git/image", tag = "chats",
    params(("chat" = ChatId, Path), ReadGitImage),
    responses((status = 200, body = Vec<u8>, content_type = "image/*"), (status = 400), (status = 403), (status = 404),
        (status = 413), (status = 503))
)]
async fn read_git_image(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    QueryOf(query): QueryOf<ReadGitImage>,
) -> Result<Response, ApiError> {
    // A version that git keeps never changes.
    let cached = match query.blob {
        Some(_) => private_content::KEPT,
        None => private_content::CHANGING,
    };
    let image = platform.read_git_image(&actor, chat, query).await?;
    let media_type = HeaderValue::from_static(image.media_type);
    Ok(private_content::answer(media_type, cached, image.data))
}
