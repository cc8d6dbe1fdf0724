//! What a chat's branch changes at its git host.

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::diff_statuses::ChatDiff;
use sdk::ids::ChatId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::PathOf;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new().add(Access::SignedIn, routes!(get_chat_diff))
}

/// The diff of the branch's pull request, or of the branch against the repository's default branch. Asks the git host with
/// the caller's token, also whether there is a pull request by now. Without a token, or when the host is none that is asked,
/// the diff is absent.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/diff", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = ChatDiff), (status = 404), (status = 429), (status = 503))
)]
async fn get_chat_diff(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<ChatDiff>, ApiError> {
    Ok(Json(platform.get_chat_diff(&actor, chat).await?))
}
