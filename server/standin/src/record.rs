//! Remembers the last requests, for tests that look at what a client sent.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::state::Standin;

/// Headers whose values are not kept.
const SECRET: &[&str] = &["authorization", "x-api-key"];

/// One request as it came.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// Its path.
    pub path: &'static str,
    /// Its headers; keys are replaced.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl RecordedRequest {
    /// The body as JSON, null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What has reached a server.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// All model calls since the start or the last reset.
    pub count: usize,
    /// Connections that were accepted since the start.
    pub connections: usize,
    /// Answers that are being streamed now.
    pub open_streams: usize,
    /// Streams whose client went away before the end.
    pub abandoned_streams: usize,
    /// The last requests, oldest first.
    pub requests: Vec<RecordedRequest>,
}

/// The memory.
#[derive(Debug)]
pub(crate) struct Record {
    kept: usize,
    count: AtomicUsize,
    connections: AtomicUsize,
    streams: Arc<Streams>,
    requests: Mutex<VecDeque<RecordedRequest>>,
}

#[derive(Debug, Default)]
struct Streams {
    open: AtomicUsize,
    abandoned: AtomicUsize,
}

impl Record {
    pub(crate) fn new(kept: usize) -> Self {
        Self {
            kept,
            count: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            streams: Arc::default(),
            requests: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, path: &'static str, headers: &HeaderMap, body: &Bytes) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if self.kept == 0 {
            return;
        }
        let mut headers = headers.clone();
        for (name, value) in &mut headers {
            if SECRET.contains(&name.as_str()) {
                *value = axum::http::HeaderValue::from_static("[REDACTED]");
            }
        }
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() >= self.kept {
            requests.pop_front();
        }
        requests.push_back(RecordedRequest {
            path,
            headers,
            body: body.clone(),
        });
    }

    pub(crate) fn add_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a stream as open until the guard is dropped.
    pub(crate) fn open_stream(&self) -> OpenStream {
        self.streams.open.fetch_add(1, Ordering::Relaxed);
        OpenStream {
            streams: Arc::clone(&self.streams),
            is_whole: false,
        }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        Traffic {
            count: self.count.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
            open_streams: self.streams.open.load(Ordering::Relaxed),
            abandoned_streams: self.streams.abandoned.load(Ordering::Relaxed),
            requests: requests.iter().cloned().collect(),
        }
    }

    fn clear(&self) {
        self.count.store(0, Ordering::Relaxed);
        self.streams.abandoned.store(0, Ordering::Relaxed);
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// A stream on its way.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: Arc<Streams>,
    is_whole: bool,
}

impl OpenStream {
    /// The server sent all it wanted to send.
    pub(crate) fn complete(&mut self) {
        self.is_whole = true;
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.open.fetch_sub(1, Ordering::Relaxed);
        if !self.is_whole {
            self.streams.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// `GET /__requests`.
pub(crate) async fn show(State(state): State<Arc<Standin>>) -> Json<Value> {
    let traffic = state.record.traffic();
    let requests: Vec<Value> = traffic.requests.iter().map(shown).collect();
    Json(json!({
        "count": traffic.count,
        "connections": traffic.connections,
        "open_streams": traffic.open_streams,
        "abandoned_streams": traffic.abandoned_streams,
        "requests": requests,
    }))
}

/// `DELETE /__requests`.
pub(crate) async fn clear(State(state): State<Arc<Standin>>) -> StatusCode {
    state.record.clear();
    StatusCode::NO_CONTENT
}

fn shown(request: &RecordedRequest) -> Value {
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                Value::from(String::from_utf8_lossy(value.as_bytes())),
            )
        })
        .collect();
    json!({"path": request.path, "headers": headers, "body": request.json()})
}
