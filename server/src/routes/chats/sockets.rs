//! The sockets of chats: one chat's stream, the list's events, the changes in a chat's workspace, its desktop.
//!
//! Everything is checked and subscribed before the upgrade, so that a refusal is an ordinary HTTP answer. A reader
//! that takes nothing for too long is told to come again; it comes back with its cursor and misses nothing.

mod desktop;
mod git;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::stream::SplitSink;
use futures::{SinkExt as _, Stream, StreamExt as _};
use http::StatusCode;
use platform::{Actor, Platform, Subscription, Topic};
use sdk::ids::{ChatId, MessageId};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{PathOf, QueryOf};
use crate::state::AppState;

/// What a reader is told that takes nothing for too long.
pub(in crate::routes) const TOO_SLOW: &str = "You take too little. Come again: nothing is lost.";
/// Keeps proxies from closing a quiet connection.
pub(in crate::routes) const PING_INTERVAL: Duration = Duration::from_secs(15);
/// Pause before a check that failed is made again.
const PAUSE_BETWEEN_CHECKS: Duration = Duration::from_secs(1);
/// The protocol's limit for a reason.
const MAX_REASON_BYTES: usize = 123;
/// Clients send next to nothing.
const MAX_CLIENT_MESSAGE_BYTES: usize = 4 * 1024;
/// Each open socket has such a buffer; the library's own size is 128 KiB.
const READ_BUFFER_BYTES: usize = 4 * 1024;

pub(in crate::routes) type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(watch_chats))
        .add(Access::SignedIn, routes!(stream_chat))
        .merge(desktop::routes())
        .merge(git::routes())
}

#[derive(Debug, Default, Deserialize)]
struct StreamQuery {
    after_id: Option<i64>,
    render: Option<String>,
}

/// A chat's stream: frames are JSON arrays of events, the snapshot first.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/stream", tag = "chats",
    params(
        ("chat" = ChatId, Path), ("after_id" = Option<i64>, Query, description = "The newest message the reader has"),
        ("render" = Option<String>, Query, description = "`html` adds sanitized HTML to messages"),
    ),
    responses((status = 101), (status = 400), (status = 404))
)]
async fn stream_chat(
    State(state): State<AppState>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    QueryOf(query): QueryOf<StreamQuery>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let after_id = MessageId(query.after_id.unwrap_or(0));
    let frames = state
        .platform
        .stream_chat(&actor, chat, after_id, query.render.as_deref())
        .await?;
    let texts = frames.filter_map(async |frame| match frame {
        // The text itself is shared by all readers of the chat.
        Ok(frame) => Utf8Bytes::try_from(Bytes::from_owner(frame))
            .ok()
            .map(Frame::Text),
        Err(error) => {
            tracing::error!(%error, "a stream could not be read; its reader comes back");
            None
        }
    });
    let life = Life::new(&state, actor);
    let upgrade = checked(upgrade, MAX_CLIENT_MESSAGE_BYTES)?;
    Ok(upgrade.on_upgrade(move |socket| serve(socket, texts, ignore, life)))
}

#[derive(Debug, Default, Deserialize)]
struct WatchQuery {
    since: Option<DateTime<Utc>>,
}

/// What happens in the caller's list: one JSON object a frame, and `{"kind":"ping"}` every 15 seconds.
#[utoipa::path(
    get, path = "/api/experimental/chats/watch", tag = "chats",
    params(("since" = Option<String>, Query, description = "When the reader listed its chats, by the server's clock: \
        what changed after it is told first")),
    responses((status = 101), (status = 400))
)]
async fn watch_chats(
    State(state): State<AppState>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<WatchQuery>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let events = state.platform.watch_chats(&actor, query.since);
    let texts = with_pings(events.filter_map(async |event| text_of(&event))).map(Frame::Text);
    let life = Life::new(&state, actor);
    let upgrade = checked(upgrade, MAX_CLIENT_MESSAGE_BYTES)?;
    Ok(upgrade.on_upgrade(move |socket| serve(socket, texts, ignore, life)))
}

/// Adds pings that a page can see, so that it can tell a quiet list from a dead connection.
fn with_pings(texts: impl Stream<Item = Utf8Bytes> + Send) -> impl Stream<Item = Utf8Bytes> + Send {
    let mut ping = tokio::time::interval(PING_INTERVAL);
    ping.reset();
    futures::stream::unfold((Box::pin(texts), ping), async |(mut texts, mut ping)| {
        let text = tokio::select! {
            text = texts.next() => text?,
            _ = ping.tick() => Utf8Bytes::from_static(sdk::stream::WATCH_PING),
        };
        Some((text, (texts, ping)))
    })
}

/// What goes to a reader.
enum Frame {
    Text(Utf8Bytes),
    /// The last one: a close code, and why in a few words.
    End(u16, &'static str),
}

/// Most sockets only speak.
fn ignore(_: &str) -> Option<Utf8Bytes> {
    None
}

fn text_of(message: &impl Serialize) -> Option<Utf8Bytes> {
    serde_json::to_string(message).ok().map(Utf8Bytes::from)
}

/// How long a socket may live: until the server stops or its person may not read any more.
pub(in crate::routes) struct Life {
    platform: Platform,
    actor: Actor,
    /// Of the person's sessions, status and role.
    changes: Subscription,
    stopping: CancellationToken,
    check_interval: Duration,
    reader_deadline: Duration,
}

impl Life {
    pub(in crate::routes) fn new(state: &AppState, actor: Actor) -> Self {
        Self {
            platform: state.platform.clone(),
            changes: state
                .platform
                .notices()
                .subscribe_to(Topic::Access(actor.user_id)),
            actor,
            stopping: state.shutting_down.clone(),
            check_interval: state.limits.socket_check_interval,
            reader_deadline: state.limits.reader_deadline,
        }
    }

    /// Waits for the end; the code says why. Must be polled to its end: a check that is dropped is lost.
    pub(in crate::routes) async fn ended(self) -> u16 {
        let Self {
            platform,
            actor,
            mut changes,
            stopping,
            check_interval,
            ..
        } = self;
        let checks = async {
            let mut due = tokio::time::interval(check_interval);
            loop {
                // Notices tell of changes at once; expiry tells nobody.
                tokio::select! {
                    heard = changes.next() => {
                        if heard.is_none() {
                            return close_code::RESTART;
                        }
                    }
                    _ = due.tick() => {}
                }
                if !may_go_on(&platform, &actor).await {
                    return close_code::POLICY;
                }
            }
        };
        tokio::select! {
            code = checks => code,
            () = stopping.cancelled() => close_code::RESTART,
        }
    }
}

/// Asks until there is an answer: a database that is away for a moment neither ends a socket nor lets one live on.
async fn may_go_on(platform: &Platform, actor: &Actor) -> bool {
    loop {
        match platform.is_still_valid(actor).await {
            Ok(is_valid) => return is_valid,
            Err(error) => {
                tracing::warn!(%error, "a socket's reader could not be checked; asked again");
                tokio::time::sleep(PAUSE_BETWEEN_CHECKS).await;
            }
        }
    }
}

pub(in crate::routes) fn checked(
    upgrade: Upgrade,
    max_message_bytes: usize,
) -> Result<WebSocketUpgrade, ApiError> {
    match upgrade {
        Ok(upgrade) => Ok(upgrade
            .max_message_size(max_message_bytes)
            .read_buffer_size(READ_BUFFER_BYTES)),
        Err(rejection) => {
            let refused = ApiError::new(
                StatusCode::UPGRADE_REQUIRED,
                "This address speaks WebSocket only.",
            );
            Err(refused.with_detail(rejection.body_text()))
        }
    }
}

async fn serve(
    socket: WebSocket,
    frames: impl Stream<Item = Frame> + Send,
    mut answer: impl FnMut(&str) -> Option<Utf8Bytes> + Send,
    life: Life,
) {
    let (mut sink, mut incoming) = socket.split();
    let mut ping = tokio::time::interval(PING_INTERVAL);
    ping.reset();
    let deadline = life.reader_deadline;
    let ended = life.ended();
    futures::pin_mut!(frames, ended);
    let (code, reason) = loop {
        let outgoing = tokio::select! {
            // In this order, so that a busy stream cannot outrun the end.
            biased;
            code = &mut ended => break (code, ""),
            message = incoming.next() => match message {
                Some(Ok(Message::Text(text))) => match answer(text.as_str()) {
                    Some(answer) => Message::Text(answer),
                    None => continue,
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            _ = ping.tick() => Message::Ping(Bytes::new()),
            frame = frames.next() => match frame {
                Some(Frame::Text(text)) => Message::Text(text),
                Some(Frame::End(code, reason)) => break (code, reason),
                None => break (close_code::AGAIN, ""),
            },
        };
        match send(&mut sink, outgoing, deadline).await {
            Delivery::Taken => {}
            // It may begin to read again while the goodbye waits behind what it did not take.
            Delivery::Stuck => break (close_code::AGAIN, TOO_SLOW),
            Delivery::Gone => return,
        }
    };
    let goodbye = CloseFrame {
        code,
        reason: reason.into(),
    };
    send(&mut sink, Message::Close(Some(goodbye)), deadline).await;
}

/// What became of a message.
pub(in crate::routes) enum Delivery {
    Taken,
    /// The reader takes nothing.
    Stuck,
    /// The connection is broken.
    Gone,
}

/// Why a socket closes.
pub(in crate::routes) type Goodbye = (u16, String);

/// Tells why a socket closes, as much of it as the protocol takes.
pub(in crate::routes) async fn say_goodbye(
    sink: &mut SplitSink<WebSocket, Message>,
    (code, mut reason): Goodbye,
    deadline: Duration,
) {
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
    let goodbye = CloseFrame {
        code,
        reason: reason.into(),
    };
    send(sink, Message::Close(Some(goodbye)), deadline).await;
}

pub(in crate::routes) async fn send(
    sink: &mut SplitSink<WebSocket, Message>,
    message: Message,
    deadline: Duration,
) -> Delivery {
    match timeout(deadline, sink.send(message)).await {
        Ok(Ok(())) => Delivery::Taken,
        Ok(Err(_)) => Delivery::Gone,
        Err(_) => Delivery::Stuck,
    }
}
