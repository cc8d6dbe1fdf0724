//! A WebSocket that comes back: exponential pauses with jitter, a deadline for the handshake and one for silence.
//!
//! A connection belongs to the task that opened it; once the task is stopped none of its frames is delivered, so
//! a stale socket can never speak into a newer view.

use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, FutureExt as _, LocalBoxFuture, Shared, poll_fn, select};
use futures::{Sink as _, future::Future};
use futures::{SinkExt as _, StreamExt as _};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, WebSocketError};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The longest silence on a socket whose server pings every 15 seconds.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(40);

const HANDSHAKE_TIMEOUT_MS: u32 = 10_000;
const FIRST_PAUSE_MS: u32 = 1_000;
const LONGEST_PAUSE_MS: u32 = 10_000;
const WAKE_CHECK_MS: u32 = 200;
/// A connection that held this long was a good one: the pauses begin anew.
const STEADY_MS: f64 = 10_000.0;
/// The server closes with this when the reader may not read any more.
const CLOSED_BY_POLICY: u16 = 1008;
/// The server closes with this when it stops, mostly to come back at once.
const CLOSED_FOR_RESTART: u16 = 1012;

/// How the connection stands, for the reader.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Connection {
    /// Before the first handshake is over.
    #[default]
    Connecting,
    /// Frames can come.
    Open,
    /// Lost; another attempt comes at this time of the browser's clock, in milliseconds.
    Waiting {
        /// When the next attempt begins.
        retry_at_ms: f64,
        /// Whether the server said that it restarts.
        is_restart: bool,
    },
    /// The server lets this reader read no more: the session has ended.
    Refused,
}

/// What a reader wants after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Something is missing: connect again.
    Reconnect,
}

/// What to connect to, and when to give a silent connection up.
pub struct Plan {
    /// Path and query on this server, asked anew for each attempt.
    pub path: Box<dyn Fn() -> String>,
    /// Called after each handshake; true on every one but the first.
    pub on_open: Box<dyn Fn(bool)>,
    /// Called with each text frame.
    pub on_frame: Box<dyn Fn(&str) -> Verdict>,
    /// The longest silence that the server's pings allow; absent when it sends none.
    pub silence: Option<Duration>,
}

/// A running connection.
#[derive(Clone, Copy)]
pub struct Socket {
    /// How it stands.
    pub connection: RwSignal<Connection>,
    wake: StoredValue<bool>,
    outbox: StoredValue<Option<futures::channel::mpsc::UnboundedSender<String>>>,
}

impl Socket {
    /// A socket that is not connected yet.
    pub fn new() -> Self {
        Self {
            connection: RwSignal::new(Connection::Connecting),
            wake: StoredValue::new(false),
            outbox: StoredValue::new(None),
        }
    }

    /// Starts to connect, until the current owner is cleaned up. Browser only.
    pub fn start(self, plan: Plan) {
        let (stop, stopped) = oneshot::channel::<()>();
        on_cleanup(move || drop(stop));
        let stopped: Stopped = stopped.map(|_| ()).boxed_local().shared();
        spawn_local(self.run(plan, stopped));
    }

    /// Ends a pause before the next attempt.
    pub fn retry_now(self) {
        self.wake.try_set_value(true);
    }

    /// Sends a text frame when the connection is open.
    pub fn send(self, text: String) {
        self.outbox.try_update_value(|outbox| {
            if let Some(outbox) = outbox {
                let _ = outbox.unbounded_send(text);
            }
        });
    }

    async fn run(self, plan: Plan, stopped: Stopped) {
        let mut failures = 0;
        let mut was_open = false;
        while !is_stopped(&stopped) {
            let mut end = ReadEnd::Lost;
            if let Some(socket) = open(&(plan.path)()).await {
                if is_stopped(&stopped) {
                    return;
                }
                let _ = self.connection.try_set(Connection::Open);
                let opened_at_ms = js_sys::Date::now();
                (plan.on_open)(was_open);
                was_open = true;
                end = self.read(socket, &plan, &stopped).await;
                if js_sys::Date::now() - opened_at_ms >= STEADY_MS {
                    failures = 0;
                }
            }
            if is_stopped(&stopped) {
                return;
            }
            if end == ReadEnd::Refused {
                let _ = self.connection.try_set(Connection::Refused);
                return;
            }
            // What is missing comes with a new connection at once; when that did not help either, not for ever.
            if end != ReadEnd::Resync || failures > 0 {
                let is_restart = end == ReadEnd::Restart;
                self.pause(pause_ms(failures), is_restart, &stopped).await;
            }
            failures += 1;
        }
    }

    async fn read(self, mut socket: WebSocket, plan: &Plan, stopped: &Stopped) -> ReadEnd {
        let (sender, mut outgoing) = futures::channel::mpsc::unbounded::<String>();
        self.outbox.try_set_value(Some(sender));
        loop {
            let silence = sleep(plan.silence);
            let next = {
                let frame = select(socket.next(), outgoing.next());
                // The stop is looked at first: a frame that came at the same time is for nobody.
                match select(stopped.clone(), select(frame, silence)).await {
                    Either::Left(_) => Next::Stop,
                    Either::Right((Either::Left((Either::Left((frame, _)), _)), _)) => {
                        Next::Frame(frame)
                    }
                    Either::Right((Either::Left((Either::Right((text, _)), _)), _)) => {
                        Next::Send(text)
                    }
                    Either::Right((Either::Right(_), _)) => Next::Silence,
                }
            };
            match next {
                Next::Frame(Some(Ok(Message::Text(text)))) => {
                    if (plan.on_frame)(&text) == Verdict::Reconnect {
                        return ReadEnd::Resync;
                    }
                }
                Next::Frame(Some(Ok(Message::Bytes(_)))) => {}
                Next::Send(Some(text)) => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        return ReadEnd::Lost;
                    }
                }
                Next::Frame(Some(Err(WebSocketError::ConnectionClose(close)))) => {
                    return match close.code {
                        CLOSED_BY_POLICY => ReadEnd::Refused,
                        CLOSED_FOR_RESTART => ReadEnd::Restart,
                        _ => ReadEnd::Lost,
                    };
                }
                // The outbox is gone with its owner: it would be ready for ever.
                Next::Frame(None | Some(Err(_)))
                | Next::Send(None)
                | Next::Silence
                | Next::Stop => {
                    return ReadEnd::Lost;
                }
            }
        }
    }

    async fn pause(self, milliseconds: u32, is_restart: bool, stopped: &Stopped) {
        let retry_at_ms = js_sys::Date::now() + f64::from(milliseconds);
        let _ = self.connection.try_set(Connection::Waiting {
            retry_at_ms,
            is_restart,
        });
        let _ = self.wake.try_set_value(false);
        while js_sys::Date::now() < retry_at_ms && !is_stopped(stopped) {
            if self.wake.try_get_value().unwrap_or(true) {
                return;
            }
            TimeoutFuture::new(WAKE_CHECK_MS).await;
        }
    }
}

impl Default for Socket {
    fn default() -> Self {
        Self::new()
    }
}

type Stopped = Shared<LocalBoxFuture<'static, ()>>;

/// Asks the future itself: what nobody polled does not know yet that it has ended.
fn is_stopped(stopped: &Stopped) -> bool {
    stopped.clone().now_or_never().is_some()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadEnd {
    Lost,
    Resync,
    Restart,
    Refused,
}

enum Next<Frame> {
    Frame(Option<Frame>),
    Send(Option<String>),
    Silence,
    Stop,
}

/// A connection whose handshake is over, or nothing when it failed or took too long. A socket that is still
/// connecting is never dropped early: browsers write a warning to the console when it is.
async fn open(path: &str) -> Option<WebSocket> {
    let mut socket = WebSocket::open(&url(path)?).ok()?;
    let handshake = poll_fn(|context| std::pin::Pin::new(&mut socket).poll_ready(context));
    let timeout = TimeoutFuture::new(HANDSHAKE_TIMEOUT_MS);
    let is_over = matches!(select(handshake, timeout).await, Either::Left((Ok(()), _)));
    let is_open = matches!(socket.state(), gloo_net::websocket::State::Open);
    (is_over && is_open).then_some(socket)
}

fn url(path: &str) -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" {
        "wss"
    } else {
        "ws"
    };
    Some(format!("{scheme}://{}{path}", location.host().ok()?))
}

fn sleep(duration: Option<Duration>) -> impl Future<Output = ()> + Unpin {
    match duration.and_then(|duration| u32::try_from(duration.as_millis()).ok()) {
        Some(milliseconds) => Either::Left(TimeoutFuture::new(milliseconds)),
        None => Either::Right(futures::future::pending()),
    }
}

/// 1, 2, 4, 8, 10, 10 … seconds, each up to 30 % longer or shorter, so that a restarted server is not stormed.
fn pause_ms(failures: u32) -> u32 {
    let base = FIRST_PAUSE_MS
        .saturating_mul(2_u32.saturating_pow(failures))
        .min(LONGEST_PAUSE_MS);
    let factor = 0.7 + 0.6 * js_sys::Math::random();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 700 and 13,000"
    )]
    let jittered = (f64::from(base) * factor) as u32;
    jittered
}
