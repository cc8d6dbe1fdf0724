//! `/api/experimental/replicas`: what the processes of one deployment ask each other.
//!
//! They show a secret that all of them derive from the deployment's key. Nothing else here is believed or answered.

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures::{Stream, StreamExt as _};
use http::HeaderMap;
use platform::Batch;
use sdk::ids::ChatId;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::header_token;
use crate::http::extract::PathOf;
use crate::relay::wire_batch;
use crate::state::AppState;

/// A process that takes nothing for this long is gone.
const SEND_DEADLINE: Duration = Duration::from_secs(30);
/// Each followed chat has such a buffer; the other process sends nothing.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(
        Access::Public {
            reason: "other processes of the deployment show its own secret, which the handler checks",
        },
        routes!(follow_replica),
    )
}

/// What this process streams of a chat, for readers of another one. For processes of the same deployment only.
#[utoipa::path(
    get, path = "/api/experimental/replicas/chats/{chat}/live", tag = "server",
    params(("chat" = ChatId, Path)), responses((status = 101), (status = 401))
)]
async fn follow_replica(
    State(state): State<AppState>,
    headers: HeaderMap,
    PathOf(chat): PathOf<ChatId>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let token = header_token(&headers).ok_or_else(ApiError::unauthenticated)?;
    if !state.platform.is_replica(&token) {
        return Err(ApiError::unauthenticated());
    }
    let upgrade = upgrade
        .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?
        .read_buffer_size(READ_BUFFER_BYTES);
    let batches = state.platform.live_batches(chat);
    let stopping = state.shutting_down.clone();
    Ok(upgrade.on_upgrade(move |socket| serve(socket, batches, stopping)))
}

async fn serve(
    mut socket: WebSocket,
    batches: impl Stream<Item = Batch> + Send,
    stopping: CancellationToken,
) {
    futures::pin_mut!(batches);
    loop {
        let message = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            incoming = socket.recv() => match incoming {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            batch = batches.next() => match batch {
                Some(batch) => serde_json::to_string(&wire_batch(&batch)).unwrap_or_default(),
                None => break,
            },
        };
        let sent = timeout(SEND_DEADLINE, socket.send(Message::Text(message.into()))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
    let goodbye = CloseFrame {
        code: close_code::RESTART,
        reason: "".into(),
    };
    let _ = timeout(SEND_DEADLINE, socket.send(Message::Close(Some(goodbye)))).await;
}
