//! A model server that is no model: it speaks the true wire formats of OpenAI Chat Completions, Anthropic Messages and
//! Ollama's model list, and answers what the script in the last message says (see [`llm::demo::script`]).
//!
//! It checks keys and refuses what the real ones refuse, in their words, so a client that works with it works with them.
//! Beside it stands a GitHub that is none (`github`), which has the repositories and pull requests that a test gives it.
//!
//! Tests use [`start`]; benchmarks run the program `switchyard-standin`. It never waits unless a script says so.

mod anthropic;
mod auth;
mod beats;
mod convert;
pub mod github;
mod ollama;
mod openai;
mod record;
mod refusal;
mod state;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use record::{RecordedRequest, Traffic};
use state::Standin;

/// A key that is always refused.
pub const WRONG_KEY: &str = "wrong";

/// A model that is always unknown.
pub const MISSING_MODEL: &str = "no-such-model";

/// A model of the OpenAI side that refuses `max_tokens` and `temperature`, as OpenAI's reasoning models do.
pub const STRICT_MODEL: &str = "standin-strict";

/// Models that are listed.
pub const MODELS: &[&str] = &["standin-large", "standin-small", STRICT_MODEL];

/// Largest request body, in bytes.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Pause between deltas where a message sets none.
    pub pace: Duration,
    /// Whether a request without a key is refused.
    pub requires_key: bool,
    /// How many requests are kept for `GET /__requests`.
    pub kept_requests: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pace: Duration::ZERO,
            requires_key: true,
            kept_requests: 64,
        }
    }
}

/// Serves on a listener until the future is dropped or the socket fails.
pub async fn serve(listener: TcpListener, options: Options) -> io::Result<()> {
    serve_state(
        listener,
        Arc::new(Standin::new(&options, CancellationToken::new())),
    )
    .await
}

/// A server on a free port of 127.0.0.1 with the usual behaviour.
pub async fn start() -> io::Result<Handle> {
    start_with(Options::default()).await
}

/// A server on a free port of 127.0.0.1.
pub async fn start_with(options: Options) -> io::Result<Handle> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let state = Arc::new(Standin::new(&options, stop.clone()));
    tokio::spawn(serve_state(listener, Arc::clone(&state)));
    Ok(Handle {
        address,
        state,
        _stop: stop.drop_guard(),
    })
}

/// A running server. Dropping it stops it, with all of its streams.
#[derive(Debug)]
pub struct Handle {
    address: SocketAddr,
    state: Arc<Standin>,
    _stop: DropGuard,
}

impl Handle {
    /// Where it listens, without a path: `http://127.0.0.1:1234`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has reached it.
    pub fn traffic(&self) -> Traffic {
        self.state.record.traffic()
    }

    /// The GitHub beside it; its API is at `/api/v3`.
    pub fn github(&self) -> &github::Github {
        &self.state.github
    }
}

/// What a request to a model says, without the marks that move on with the conversation: what was said before stays as it was,
/// byte for byte, and this tells whether it did. `None` where the body is no such request.
pub fn conversation(body: &Value) -> Option<Vec<Value>> {
    fn unmark(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("cache_control");
                fields.values_mut().for_each(unmark);
            }
            Value::Array(items) => items.iter_mut().for_each(unmark),
            _ => {}
        }
    }
    let said = body.get("messages").or(body.get("input"))?;
    let mut said = said.as_array()?.clone();
    said.iter_mut().for_each(unmark);
    Some(said)
}

async fn serve_state(listener: TcpListener, state: Arc<Standin>) -> io::Result<()> {
    let stop = state.stop.clone();
    let counted = Arc::clone(&state);
    let listener = listener.tap_io(move |connection| {
        counted.record.add_connection();
        // A delta is a small packet; without this it would wait for the next one.
        connection.set_nodelay(true).ok();
    });
    axum::serve(listener, router(state))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

fn router(state: Arc<Standin>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(openai::chat_completions))
        .route("/v1/responses", post(openai::responses::create))
        .route("/v1/messages", post(anthropic::messages))
        .route("/v1/models", get(list_models))
        .route("/api/tags", get(ollama::tags))
        .route("/api/version", get(ollama::version))
        .route("/__requests", get(record::show).delete(record::clear))
        .merge(github::routes())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(state)
}

/// Both protocols list their models at the same path; Anthropic's clients always say their version.
async fn list_models(
    state: axum::extract::State<Arc<Standin>>,
    headers: axum::http::HeaderMap,
) -> axum::response::Response {
    if headers.contains_key(anthropic::VERSION_HEADER) {
        anthropic::list_models(&state, &headers)
    } else {
        openai::list_models(&state, &headers)
    }
}
