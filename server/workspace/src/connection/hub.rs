//! The registry of connected agents.
//!
//! One entry per agent id; a newer connection of the same agent replaces the older. The hub holds no durable
//! state: after a restart of the server the agents dial again. Whoever must know (the database's `connected_at`,
//! an open page) listens to [`Hub::events`].

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::WebSocket;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{broadcast, watch},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{AgentClient, AgentError, severable::Severable, socket};

/// Receive window of one HTTP/2 stream and of the whole connection: large enough for a diff in one go.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Times of the connections.
#[derive(Clone, Copy, Debug)]
pub struct HubOptions {
    /// A ping goes out this often.
    pub ping_interval: Duration,
    /// A connection that was silent this long is dead.
    pub silence_limit: Duration,
    /// A call waits this long for an agent that is not connected, in case it is about to come back.
    pub reconnect_grace: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            reconnect_grace: Duration::from_secs(10),
        }
    }
}

/// Whether an agent is connected to this server process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// It was not seen since this process started.
    NeverConnected,
    /// It is connected.
    Connected {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It was connected and is not any more.
    Disconnected {
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// An agent came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionEvent {
    /// Which agent.
    pub agent_id: Uuid,
    /// Its state now.
    pub state: ConnectionState,
}

/// The registry of connected agents; a cheap clone.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    options: HubOptions,
    agents: Mutex<HashMap<Uuid, Arc<Agent>>>,
    events: broadcast::Sender<ConnectionEvent>,
}

pub(super) type Sender = SendRequest<UnsyncBoxBody<Bytes, Infallible>>;

/// One agent's slot; clients keep it and see every later connection through it.
pub(super) struct Agent {
    id: Uuid,
    link: watch::Sender<Link>,
}

#[derive(Clone)]
pub(super) struct Link {
    pub(super) state: ConnectionState,
    pub(super) connection: Option<Connection>,
}

#[derive(Clone)]
pub(super) struct Connection {
    id: Uuid,
    pub(super) sender: Sender,
    close: CancellationToken,
}

impl Default for Hub {
    fn default() -> Self {
        Self::new(HubOptions::default())
    }
}

impl Hub {
    /// An empty registry.
    pub fn new(options: HubOptions) -> Self {
        let (events, _) = broadcast::channel(256);
        Self {
            shared: Arc::new(Shared {
                options,
                agents: Mutex::default(),
                events,
            }),
        }
    }

    /// Serves an agent's WebSocket until it ends. The caller has checked the agent's token.
    pub async fn accept_websocket(
        &self,
        agent_id: Uuid,
        websocket: WebSocket,
    ) -> Result<(), AgentError> {
        let keepalive = socket::Keepalive {
            ping_interval: self.shared.options.ping_interval,
            silence_limit: self.shared.options.silence_limit,
        };
        self.accept(agent_id, socket::from_axum(websocket, keepalive))
            .await
    }

    /// Serves an agent's connection over any byte stream until it ends.
    pub async fn accept<S>(&self, agent_id: Uuid, stream: S) -> Result<(), AgentError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let close = CancellationToken::new();
        let stream = Severable::new(stream, close.clone());
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| AgentError::Protocol {
                message: error.to_string(),
            })?;
        let agent = self.agent(agent_id);
        let connection_id = Uuid::now_v7();
        self.connected(
            &agent,
            Connection {
                id: connection_id,
                sender,
                close: close.clone(),
            },
        );
        // Dropped on every way out, also when the caller drops this future.
        let _guard = Departure {
            hub: self.clone(),
            agent,
            connection_id,
            close: close.clone(),
        };
        tokio::select! {
            () = close.cancelled() => {}
            outcome = connection => if let Err(error) = outcome {
                tracing::debug!(%agent_id, %error, "an agent's connection ended");
            },
        }
        Ok(())
    }

    /// A client that speaks to this agent through whatever connection it has when called.
    pub fn client(&self, agent_id: Uuid) -> AgentClient {
        AgentClient::new(self.agent(agent_id), self.shared.options.reconnect_grace)
    }

    /// Whether this agent is connected.
    pub fn state(&self, agent_id: Uuid) -> ConnectionState {
        self.agents()
            .get(&agent_id)
            .map_or(ConnectionState::NeverConnected, |agent| {
                agent.link.borrow().state
            })
    }

    /// How many agents have a place here, connected or not.
    pub fn agent_count(&self) -> usize {
        self.agents().len()
    }

    /// Closes this agent's connection and forgets it, for example because its token is revoked.
    pub fn forget(&self, agent_id: Uuid) {
        let agent = self.agents().remove(&agent_id);
        if let Some(connection) = agent.and_then(|agent| agent.link.borrow().connection.clone()) {
            connection.close.cancel();
        }
    }

    /// Closes every connection; the agents will dial again.
    pub fn disconnect_all(&self) {
        for agent in self.agents().values() {
            if let Some(connection) = agent.link.borrow().connection.as_ref() {
                connection.close.cancel();
            }
        }
    }

    /// Agents coming and going from now on.
    pub fn events(&self) -> broadcast::Receiver<ConnectionEvent> {
        self.shared.events.subscribe()
    }

    fn agents(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Agent>>> {
        self.shared
            .agents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn agent(&self, id: Uuid) -> Arc<Agent> {
        let fresh = || {
            let (link, _) = watch::channel(Link {
                state: ConnectionState::NeverConnected,
                connection: None,
            });
            Arc::new(Agent { id, link })
        };
        self.agents().entry(id).or_insert_with(fresh).clone()
    }

    fn connected(&self, agent: &Agent, connection: Connection) {
        let state = ConnectionState::Connected { since: Utc::now() };
        let before = agent.link.send_replace(Link {
            state,
            connection: Some(connection),
        });
        if let Some(older) = before.connection {
            older.close.cancel();
        }
        self.announce(agent.id, state);
    }

    fn departed(&self, agent: &Agent, connection_id: Uuid) {
        let state = ConnectionState::Disconnected { since: Utc::now() };
        let is_current = agent.link.send_if_modified(|link| {
            let is_current = link
                .connection
                .as_ref()
                .is_some_and(|connection| connection.id == connection_id);
            if is_current {
                *link = Link {
                    state,
                    connection: None,
                };
            }
            is_current
        });
        if is_current {
            self.announce(agent.id, state);
        }
    }

    fn announce(&self, agent_id: Uuid, state: ConnectionState) {
        // Nobody listening is fine.
        let _ = self.shared.events.send(ConnectionEvent { agent_id, state });
    }
}

impl Agent {
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }
}

struct Departure {
    hub: Hub,
    agent: Arc<Agent>,
    connection_id: Uuid,
    close: CancellationToken,
}

impl Drop for Departure {
    fn drop(&mut self) {
        self.close.cancel();
        self.hub.departed(&self.agent, self.connection_id);
    }
}
