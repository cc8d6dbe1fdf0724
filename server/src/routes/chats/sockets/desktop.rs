//! The desktop of a chat's workspace: RFB between the page and the workspace's agent, as it is.
//!
//! Who may look and whether the workspace runs is said before the upgrade, as an ordinary answer; what the agent says of the
//! desktop comes as the reason with which the socket closes.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, close_code};
use axum::response::Response;
use futures::StreamExt as _;
use futures::stream::{SplitSink, SplitStream};
use platform::Actor;
use platform::chats::desktop::{Desktop, DesktopError, DesktopView};
use sdk::desktop::{CLOSED_PROGRAMS_MISSING, CLOSED_REFUSED};
use sdk::ids::ChatId;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use utoipa_axum::routes;

use super::{
    Delivery, Goodbye, Life, PING_INTERVAL, TOO_SLOW, Upgrade, checked, say_goodbye, send,
};
use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::PathOf;
use crate::state::AppState;

/// What is put on the desktop's clipboard is the longest, and the screen takes no more of it.
const MAX_CLIENT_MESSAGE_BYTES: usize = 512 * 1024;
/// How exactly is noted when a workspace was last used.
const USE_INTERVAL: Duration = Duration::from_secs(30);
/// RFB's messages that a person causes: keys, the pointer, the clipboard, and keys as QEMU tells them.
const ACTS: [u8; 4] = [4, 5, 6, 255];
const LOST: &str = "The desktop has ended. Connect again to start another one.";
const ONLY_BINARY: &str = "A desktop speaks RFB in binary frames.";

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(open_desktop))
        .add(Access::SignedIn, routes!(open_desktop_alias))
}

/// The screen of a chat's workspace, for those who may use it with `application_connect` or `ssh`. Binary frames hold RFB.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/desktop", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 101), (status = 400), (status = 403), (status = 404), (status = 503))
)]
async fn open_desktop(
    State(state): State<AppState>,
    caller: Caller,
    chat: PathOf<ChatId>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(&state, caller, chat, upgrade).await
}

/// The same under its other name.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/stream/desktop", tag = "chats",
    params(("chat" = ChatId, Path)),
    responses((status = 101), (status = 400), (status = 403), (status = 404), (status = 503))
)]
async fn open_desktop_alias(
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
    let conversation = Conversation {
        desktop: state.platform.desktop(&actor, chat).await?,
        actor,
        check_interval: state.limits.socket_check_interval,
        deadline: state.limits.reader_deadline,
    };
    let life = Life::new(state, actor);
    let upgrade = checked(upgrade, MAX_CLIENT_MESSAGE_BYTES)?;
    Ok(upgrade.on_upgrade(move |socket| conversation.hold(socket, life)))
}

struct Conversation {
    desktop: Desktop,
    actor: Actor,
    check_interval: Duration,
    /// A reader that takes nothing for so long is let go.
    deadline: Duration,
}

type Sink = SplitSink<WebSocket, Message>;

/// What happens next.
enum Event {
    Goodbye(Goodbye),
    Incoming(Option<Result<Message, axum::Error>>),
    Ping,
    Output(Option<Result<Bytes, DesktopError>>),
}

impl Conversation {
    async fn hold(self, socket: WebSocket, life: Life) {
        let (mut sink, incoming) = socket.split();
        let goodbye = match self.desktop.open().await {
            Ok(view) => self.talk(&mut sink, incoming, view, life).await,
            Err(error) => Some(refusal(&error)),
        };
        if let Some(goodbye) = goodbye {
            say_goodbye(&mut sink, goodbye, self.deadline).await;
        }
    }

    /// Carries both directions; tells why they ended, unless the client knows. Neither side is read while the other one
    /// takes nothing.
    async fn talk(
        &self,
        sink: &mut Sink,
        mut incoming: SplitStream<WebSocket>,
        view: DesktopView,
        life: Life,
    ) -> Option<Goodbye> {
        let DesktopView { input, mut output } = view;
        let ended = life.ended();
        let forbidden = self.desktop.forbidden(&self.actor, self.check_interval);
        futures::pin_mut!(ended, forbidden);
        let mut ping = tokio::time::interval(PING_INTERVAL);
        ping.reset();
        let mut used_at = Instant::now();
        loop {
            let event = tokio::select! {
                // In this order, so that a busy screen cannot outrun the end, nor a click.
                biased;
                code = &mut ended => Event::Goodbye((code, String::new())),
                reason = &mut forbidden => Event::Goodbye((close_code::POLICY, reason)),
                message = incoming.next() => Event::Incoming(message),
                _ = ping.tick() => Event::Ping,
                output = output.next() => Event::Output(output),
            };
            let goodbye = match event {
                Event::Goodbye(goodbye) => Err(Some(goodbye)),
                Event::Incoming(message) => self.hear(message, &input, &mut used_at).await,
                Event::Ping => self.deliver(sink, Message::Ping(Bytes::new())).await,
                Event::Output(Some(Ok(bytes))) => self.deliver(sink, Message::Binary(bytes)).await,
                Event::Output(Some(Err(error))) => Err(Some(refusal(&error))),
                Event::Output(None) => Err(Some((close_code::AGAIN, LOST.to_owned()))),
            };
            if let Err(goodbye) = goodbye {
                return goodbye;
            }
        }
    }

    async fn hear(
        &self,
        message: Option<Result<Message, axum::Error>>,
        input: &mpsc::Sender<Bytes>,
        used_at: &mut Instant,
    ) -> Result<(), Option<Goodbye>> {
        let bytes = match message {
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Text(_))) => {
                return Err(Some((close_code::UNSUPPORTED, ONLY_BINARY.to_owned())));
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
        };
        // Looking alone is no use of a workspace, or a page that was forgotten would keep it running. Clients send one
        // message a frame.
        let is_act = bytes.first().is_some_and(|kind| ACTS.contains(kind));
        if is_act && used_at.elapsed() >= USE_INTERVAL {
            *used_at = Instant::now();
            self.desktop.note_use().await;
        }
        // Nobody listens any more once the desktop has ended; the output tells.
        match timeout(self.deadline, input.send(bytes)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Some(refusal(&DesktopError::Lost))),
        }
    }

    async fn deliver(&self, sink: &mut Sink, message: Message) -> Result<(), Option<Goodbye>> {
        match send(sink, message, self.deadline).await {
            Delivery::Taken => Ok(()),
            Delivery::Stuck => Err(Some((close_code::AGAIN, TOO_SLOW.to_owned()))),
            Delivery::Gone => Err(None),
        }
    }
}

fn refusal(error: &DesktopError) -> Goodbye {
    let code = match error {
        DesktopError::Lost => close_code::AGAIN,
        DesktopError::ProgramsMissing => CLOSED_PROGRAMS_MISSING,
        DesktopError::Refused(_) => CLOSED_REFUSED,
    };
    (code, error.to_string())
}
