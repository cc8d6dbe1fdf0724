//! Keeping a connection to the control plane: dial, serve, dial again.
//!
//! The state of the agent is outside the connection, so a lost connection loses no process and no output.
//! Back-off grows from a quarter of a second to fifteen, with jitter, and starts anew after a connection that held.

use std::{os::unix::fs::MetadataExt, path::Path, time::Duration};

use http::{HeaderValue, StatusCode, header::AUTHORIZATION};
use hyper::server::conn::http2;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rand::Rng;
use tokio::{io::DuplexStream, net::UnixStream, time::Instant};
use tokio_tungstenite::{
    client_async_with_config, connect_async_with_config,
    tungstenite::{self, client::IntoClientRequest, protocol::WebSocketConfig},
};
use url::Url;

use super::{AgentOptions, AgentState, RunError, credentials, processes, pushes, router};
use crate::connection::socket::{self, Keepalive};

/// The library's own size is 128 KiB.
const READ_BUFFER_BYTES: usize = 16 * 1024;
const DIAL_DEADLINE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A connection that held this long resets the back-off.
const STABLE_AFTER: Duration = Duration::from_secs(5);
const CONNECT_PATH: &str = "/api/v2/agents/connect";

/// Runs the agent until its token is refused or the control plane is away for too long. Processes that are still
/// running then are killed.
pub async fn run(options: AgentOptions) -> Result<(), RunError> {
    processes::harden(options.own_process_limit);
    let state = AgentState::new(&options).map_err(|error| RunError::Setup {
        what: format!("cannot use {}", options.state_directory.display()),
        error,
    })?;
    let answering = credentials::begin(&options, &state);
    if let Err(error) = &answering {
        tracing::warn!(%error, "git in this workspace cannot ask for credentials");
    }
    let listening = pushes::begin(&options, &state);
    if let Err(error) = &listening {
        tracing::warn!(%error, "pushes with other credentials than ours are not noticed in this workspace");
    }
    let outcome = tokio::select! {
        outcome = keep_connected(&options, &state) => outcome,
        () = asked_to_end() => Ok(()),
    };
    drop((answering, listening));
    state.shut_down().await;
    outcome
}

async fn keep_connected(options: &AgentOptions, state: &AgentState) -> Result<(), RunError> {
    let mut pause = FIRST_PAUSE;
    let mut last_reached = Instant::now();
    loop {
        match dial(options).await {
            Ok(stream) => {
                tracing::info!(server = %options.server_url, "connected");
                let since = Instant::now();
                serve(state, stream).await;
                last_reached = Instant::now();
                if since.elapsed() >= STABLE_AFTER {
                    pause = FIRST_PAUSE;
                }
            }
            Err(DialError::TokenRefused(status)) => return Err(RunError::TokenRefused { status }),
            Err(DialError::Other(message)) => {
                tracing::warn!(server = %options.server_url, message, "cannot connect");
            }
        }
        if is_gone(&options.state_directory) {
            return Err(RunError::WorkspaceGone);
        }
        if let Some(after) = options.give_up_after
            && last_reached.elapsed() >= after
        {
            return Err(RunError::Unreachable { after });
        }
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether the folder was removed. Inside a sandbox it can still be entered then, but no folder names it any more.
fn is_gone(folder: &Path) -> bool {
    std::fs::metadata(folder).map_or(true, |metadata| metadata.nlink() == 0)
}

enum DialError {
    TokenRefused(StatusCode),
    Other(String),
}

/// By the server's socket where it is there, else by its address.
async fn dial(options: &AgentOptions) -> Result<DuplexStream, DialError> {
    let address = connect_address(&options.server_url).map_err(DialError::Other)?;
    let mut request = address
        .as_str()
        .into_client_request()
        .map_err(|error| DialError::Other(error.to_string()))?;
    let mut authorization = HeaderValue::from_str(&format!("Bearer {}", options.token))
        .map_err(|_| DialError::Other("the token cannot be sent in a header".into()))?;
    authorization.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, authorization);
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    let connect = async {
        if let Some(stream) = server_socket(options).await {
            let (websocket, _) = client_async_with_config(request, stream, Some(config)).await?;
            return Ok(socket::from_tungstenite(websocket, Keepalive::default()));
        }
        // Small frames go out at once: held back for the other side's acknowledgement, each answer would take 40 ms longer.
        let (websocket, _) = connect_async_with_config(request, Some(config), true).await?;
        Ok(socket::from_tungstenite(websocket, Keepalive::default()))
    };
    match tokio::time::timeout(DIAL_DEADLINE, connect).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(tungstenite::Error::Http(response)))
            if matches!(
                response.status(),
                StatusCode::UNAUTHORIZED | StatusCode::GONE
            ) =>
        {
            Err(DialError::TokenRefused(response.status()))
        }
        Ok(Err(error)) => Err(DialError::Other(error.to_string())),
        Err(_) => Err(DialError::Other(format!(
            "no answer within {} s",
            DIAL_DEADLINE.as_secs()
        ))),
    }
}

async fn server_socket(options: &AgentOptions) -> Option<UnixStream> {
    let path = options.server_socket.as_ref()?;
    let connected = UnixStream::connect(path).await;
    connected
        .inspect_err(|error| tracing::debug!(path = %path.display(), %error, "the server's socket is not there"))
        .ok()
}

async fn serve(state: &AgentState, stream: DuplexStream) {
    let service = TowerToHyperService::new(router::router(state.clone()));
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
        .max_concurrent_streams(512)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    tracing::info!(outcome = ?served.err(), "the connection ended");
}

fn connect_address(server: &Url) -> Result<Url, String> {
    let mut address = server.clone();
    let scheme = match server.scheme() {
        "http" | "ws" => "ws",
        other => {
            return Err(format!(
                "the scheme {other}:// is not supported; use the server's http:// address"
            ));
        }
    };
    address
        .set_scheme(scheme)
        .map_err(|()| "the server's address cannot be used".to_owned())?;
    let prefix = server.path().trim_end_matches('/').to_owned();
    address.set_path(&format!("{prefix}{CONNECT_PATH}"));
    Ok(address)
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.5))
}

async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use super::*;

    #[test]
    fn dials_the_agents_route_below_the_servers_path() {
        let address =
            |text: &str| connect_address(&text.parse().unwrap()).map(|url| url.to_string());
        assert_eq!(
            address("http://127.0.0.1:3000").unwrap(),
            "ws://127.0.0.1:3000/api/v2/agents/connect"
        );
        assert_eq!(
            address("http://host/base/").unwrap(),
            "ws://host/base/api/v2/agents/connect"
        );
        assert!(address("ftp://host").is_err());
    }
}
