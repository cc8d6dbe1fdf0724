//! The changes in a chat's workspace. The agent there looks; this passes its messages on.

use axum::extract::State;
use axum::extract::ws::{Utf8Bytes, close_code};
use axum::response::Response;
use futures::{Stream, StreamExt as _};
use sdk::git::{GitWatchMessage, GitWatchProblem, GitWatchRequest};
use sdk::ids::ChatId;
use tokio::sync::mpsc;
use utoipa_axum::routes;

use super::{Frame, Life, MAX_CLIENT_MESSAGE_BYTES, Upgrade, checked, serve, text_of};
use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::PathOf;
use crate::state::AppState;

const UNKNOWN_REQUEST: &str =
    "This message is not known. Send {\"type\":\"refresh\"} to have the repositories looked at.";

/// Most ends are no more than a reason to begin anew.
const AGAIN: (u16, &str) = (close_code::AGAIN, "watch anew");

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(watch_git))
        .add(Access::SignedIn, routes!(watch_git_alias))
}

/// What changes in the repositories of a chat's workspace.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/git/watch", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 101), (status = 400), (status = 403), (status = 404), (status = 503))
)]
async fn watch_git(
    State(state): State<AppState>,
    caller: Caller,
    chat: PathOf<ChatId>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(&state, caller, chat, upgrade).await
}

/// The same under its other name.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/stream/git", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 101), (status = 400), (status = 403), (status = 404), (status = 503))
)]
async fn watch_git_alias(
    State(state): State<AppState>,
    caller: Caller,
    chat: PathOf<ChatId>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(&state, caller, chat, upgrade).await
}

async fn open(
    state: &AppState,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let watch = state.platform.watch_git(&actor, chat).await?;
    let frames = frames(watch.messages);
    let refresh = watch.refresh;
    let life = Life::new(state, actor);
    let upgrade = checked(upgrade, MAX_CLIENT_MESSAGE_BYTES)?;
    let answer = move |text: &str| ask_for_scan(&refresh, text);
    Ok(upgrade.on_upgrade(move |socket| serve(socket, frames, answer, life)))
}

/// The messages, and a goodbye that tells a client whether to come again.
fn frames(
    messages: impl Stream<Item = GitWatchMessage> + Send + Unpin,
) -> impl Stream<Item = Frame> + Send {
    futures::stream::unfold((messages, Some(AGAIN)), async |(mut messages, goodbye)| {
        let goodbye = goodbye?;
        let Some(message) = messages.next().await else {
            return Some((Frame::End(goodbye.0, goodbye.1), (messages, None)));
        };
        let goodbye = match &message {
            GitWatchMessage::Error {
                reason: Some(GitWatchProblem::Stopped),
                ..
            } => (close_code::NORMAL, "the workspace does not run"),
            GitWatchMessage::Error {
                reason: Some(GitWatchProblem::Refused),
                ..
            } => (close_code::POLICY, "the workspace is not yours to see"),
            _ => AGAIN,
        };
        let frame = text_of(&message).map(Frame::Text);
        let frame = frame.unwrap_or(Frame::End(
            close_code::ERROR,
            "a message could not be written",
        ));
        Some((frame, (messages, Some(goodbye))))
    })
}

fn ask_for_scan(refresh: &mpsc::Sender<()>, text: &str) -> Option<Utf8Bytes> {
    if let Ok(GitWatchRequest::Refresh) = serde_json::from_str(text) {
        // One request at a time is enough; more would scan the same.
        let _ = refresh.try_send(());
        return None;
    }
    text_of(&GitWatchMessage::Error {
        message: UNKNOWN_REQUEST.to_owned(),
        reason: None,
        since: None,
    })
}
