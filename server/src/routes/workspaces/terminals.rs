//! `…/workspaces/{workspace}/pty`: a terminal in a workspace.
//!
//! Who may have one and whether the workspace runs is said before the upgrade, as an ordinary answer; what the agent says
//! of the terminal comes as the reason with which the socket closes.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, close_code};
use axum::response::Response;
use futures::StreamExt as _;
use futures::stream::{SplitSink, SplitStream};
use platform::Actor;
use platform::workspaces::terminals::{
    Terminal, TerminalError, TerminalInput, TerminalOutput, TerminalSize, Terminals,
};
use sdk::ids::WorkspaceId;
use sdk::terminals::{CLOSED_REFUSED, OpenTerminal, TerminalMessage, TerminalRequest};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{PathOf, QueryOf};
use crate::routes::chats::sockets::{
    Delivery, Goodbye, Life, PING_INTERVAL, TOO_SLOW, Upgrade, checked, say_goodbye, send,
};
use crate::state::AppState;

/// Keys and what is pasted, as JSON.
const MAX_CLIENT_MESSAGE_BYTES: usize = 64 * 1024;
/// How exactly is noted when a workspace was last used.
const USE_INTERVAL: Duration = Duration::from_secs(30);
/// Puts a client's terminal back to its beginnings.
const RESET: &[u8] = b"\x1bc";
const FORBIDDEN: &str = "You may no longer use the terminals of this workspace.";

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new().add(Access::SignedIn, routes!(open_terminal))
}

/// A terminal in a workspace, for those who may use it with `ssh`. Frames of output are binary; the client sends JSON.
#[utoipa::path(
    get, path = "/api/v2/workspaces/{workspace}/pty", tag = "workspaces",
    params(("workspace" = WorkspaceId, Path), OpenTerminal),
    responses((status = 101), (status = 403), (status = 404), (status = 409), (status = 503))
)]
async fn open_terminal(
    State(state): State<AppState>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
    QueryOf(request): QueryOf<OpenTerminal>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let terminals = state.platform.terminals(&actor, workspace).await?;
    let conversation = Conversation {
        terminals,
        request,
        actor,
        check_interval: state.limits.socket_check_interval,
        deadline: state.limits.reader_deadline,
    };
    let life = Life::new(&state, actor);
    let upgrade = checked(upgrade, MAX_CLIENT_MESSAGE_BYTES)?;
    Ok(upgrade.on_upgrade(move |socket| conversation.hold(socket, life)))
}

struct Conversation {
    terminals: Terminals,
    request: OpenTerminal,
    actor: Actor,
    check_interval: Duration,
    /// A reader that takes nothing for so long is let go.
    deadline: Duration,
}

type Sink = SplitSink<WebSocket, Message>;
type Keys = mpsc::Sender<TerminalInput>;

/// What happens next.
enum Event {
    Goodbye(Goodbye),
    Incoming(Option<Result<Message, axum::Error>>),
    Ping,
    Output(Option<Result<TerminalOutput, TerminalError>>),
}

/// What a client said.
enum Heard {
    /// Somebody typed.
    Typing,
    /// Nothing that somebody did in the terminal.
    Else,
}

impl Conversation {
    async fn hold(self, socket: WebSocket, life: Life) {
        let (mut sink, incoming) = socket.split();
        let goodbye = match self.terminals.open(&self.request).await {
            Ok(terminal) => self.talk(&mut sink, incoming, terminal, life).await,
            Err(error) => Some(refusal(error)),
        };
        if let Some(goodbye) = goodbye {
            say_goodbye(&mut sink, goodbye, self.deadline).await;
        }
    }

    /// Carries both directions; tells why they ended, unless the client knows.
    async fn talk(
        &self,
        sink: &mut Sink,
        mut incoming: SplitStream<WebSocket>,
        terminal: Terminal,
        life: Life,
    ) -> Option<Goodbye> {
        let Terminal {
            input: keys,
            mut output,
        } = terminal;
        let ended = life.ended();
        let forbidden = self.terminals.forbidden(&self.actor, self.check_interval);
        futures::pin_mut!(ended, forbidden);
        let mut ping = tokio::time::interval(PING_INTERVAL);
        ping.reset();
        let mut shown = Shown::default();
        let mut used_at = Instant::now();
        loop {
            let event = tokio::select! {
                // In this order, so that a busy terminal cannot outrun the end, nor Ctrl-C.
                biased;
                code = &mut ended => Event::Goodbye((code, String::new())),
                () = &mut forbidden => Event::Goodbye((close_code::POLICY, FORBIDDEN.to_owned())),
                message = incoming.next() => Event::Incoming(message),
                _ = ping.tick() => Event::Ping,
                output = output.next() => Event::Output(output),
            };
            let goodbye = match event {
                Event::Goodbye(goodbye) => Err(Some(goodbye)),
                Event::Incoming(message) => match self.hear(message, &keys).await {
                    // That output was taken or the window has another size is nobody's work.
                    Ok(Heard::Typing) if used_at.elapsed() >= USE_INTERVAL => {
                        used_at = Instant::now();
                        self.terminals.note_use().await;
                        Ok(())
                    }
                    heard => heard.map(drop),
                },
                Event::Ping => self.ping(sink).await,
                Event::Output(output) => self.show(sink, output, &keys, &mut shown).await,
            };
            if let Err(goodbye) = goodbye {
                return goodbye;
            }
        }
    }

    async fn hear(
        &self,
        message: Option<Result<Message, axum::Error>>,
        keys: &Keys,
    ) -> Result<Heard, Option<Goodbye>> {
        let request = match message {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text),
            // Clients of other servers send their JSON so.
            Some(Ok(Message::Binary(bytes))) => serde_json::from_slice(&bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(Heard::Else),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
        };
        let request: TerminalRequest = request.map_err(|error| {
            let reason = format!("A message that is not understood: {error}");
            Some((close_code::INVALID, reason))
        })?;
        let is_typing = request.data.as_ref().is_some_and(|data| !data.is_empty());
        for input in self.inputs(request) {
            self.pass_on(keys, input).await?;
        }
        Ok(if is_typing {
            Heard::Typing
        } else {
            Heard::Else
        })
    }

    fn inputs(&self, request: TerminalRequest) -> Vec<TerminalInput> {
        let mut inputs = Vec::new();
        if let (Some(width), Some(height)) = (request.width, request.height) {
            inputs.push(TerminalInput::Resize(TerminalSize { width, height }));
        }
        if let Some(data) = request.data.filter(|data| !data.is_empty()) {
            inputs.push(TerminalInput::Data(Bytes::from(data)));
        }
        if let Some(bytes) = request.taken.filter(|_| self.request.control) {
            inputs.push(TerminalInput::Taken(bytes));
        }
        if request.end {
            inputs.push(TerminalInput::End);
        }
        inputs
    }

    async fn pass_on(&self, keys: &Keys, input: TerminalInput) -> Result<(), Option<Goodbye>> {
        // Nobody listens any more once the terminal has ended or its connection is lost; the output tells which.
        match timeout(self.deadline, keys.send(input)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Some(refusal(TerminalError::Lost))),
        }
    }

    async fn ping(&self, sink: &mut Sink) -> Result<(), Option<Goodbye>> {
        let ping = if self.request.control {
            text(&TerminalMessage::Ping)
        } else {
            Message::Ping(Bytes::new())
        };
        self.deliver(sink, ping).await
    }

    async fn show(
        &self,
        sink: &mut Sink,
        output: Option<Result<TerminalOutput, TerminalError>>,
        keys: &Keys,
        shown: &mut Shown,
    ) -> Result<(), Option<Goodbye>> {
        let data = match output {
            Some(Ok(TerminalOutput::Data(data))) => data,
            Some(Ok(TerminalOutput::ScrollBack(data))) => {
                self.begin(sink, data.len(), shown).await?;
                data
            }
            Some(Ok(TerminalOutput::Ended { exit_code })) => {
                if self.request.control {
                    let ended = text(&TerminalMessage::Ended { exit_code });
                    self.deliver(sink, ended).await?;
                }
                shown.exit_code = Some(exit_code);
                // The output ends when the agent has heard it.
                return self.pass_on(keys, TerminalInput::EndReceived).await;
            }
            Some(Err(error)) => return Err(Some(shown.goodbye(error))),
            None => return Err(Some(shown.goodbye(TerminalError::Lost))),
        };
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        if !data.is_empty() {
            self.deliver(sink, Message::Binary(data)).await?;
        }
        if self.request.control {
            return Ok(());
        }
        self.pass_on(keys, TerminalInput::Taken(length)).await
    }

    /// Says that the past comes, for an empty screen.
    async fn begin(
        &self,
        sink: &mut Sink,
        bytes: usize,
        shown: &mut Shown,
    ) -> Result<(), Option<Goodbye>> {
        if self.request.control {
            let bytes = bytes as u64;
            self.deliver(sink, text(&TerminalMessage::ScrollBack { bytes }))
                .await?;
        } else if shown.has_begun {
            self.deliver(sink, Message::Binary(Bytes::from_static(RESET)))
                .await?;
        }
        shown.has_begun = true;
        Ok(())
    }

    async fn deliver(&self, sink: &mut Sink, message: Message) -> Result<(), Option<Goodbye>> {
        match send(sink, message, self.deadline).await {
            Delivery::Taken => Ok(()),
            Delivery::Stuck => Err(Some((close_code::AGAIN, TOO_SLOW.to_owned()))),
            Delivery::Gone => Err(None),
        }
    }
}

#[derive(Default)]
struct Shown {
    has_begun: bool,
    /// Set once the client was told the end.
    exit_code: Option<i32>,
}

impl Shown {
    /// Why the socket closes when the output ends with this.
    fn goodbye(&self, error: TerminalError) -> Goodbye {
        self.exit_code.map_or_else(
            || refusal(error),
            |code| {
                let reason = format!("The shell ended with exit code {code}.");
                (close_code::NORMAL, reason)
            },
        )
    }
}

fn refusal(error: TerminalError) -> Goodbye {
    match error {
        TerminalError::Lost => (close_code::AGAIN, error.to_string()),
        TerminalError::Refused(reason) => (CLOSED_REFUSED, reason),
    }
}

fn text(message: &TerminalMessage) -> Message {
    Message::Text(
        serde_json::to_string(message)
            .map(Utf8Bytes::from)
            .unwrap_or_default(),
    )
}
