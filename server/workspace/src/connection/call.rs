//! One HTTP call to an agent: wait for a connection, send, map the answer.
//!
//! A call that may be repeated is sent again when the connection breaks under it, within its deadline. A call
//! that may not be repeated reports [`AgentError::Disconnected`] and leaves the decision to the caller.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, timeout_at};

use super::{
    AgentError,
    hub::{Agent, ConnectionState, Sender},
};
use crate::protocol::{ChatScope, DESKTOP_PROGRAMS_MISSING, ErrorBody};

/// No answer of an agent is larger than this.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Between two attempts of a call, so that an agent whose connection breaks each time is not asked in a hot loop.
const REPEAT_PAUSE: Duration = Duration::from_millis(100);

/// What a request carries: all at once, or as it comes.
pub(super) type RequestBody = UnsyncBoxBody<Bytes, Infallible>;

/// One call, ready to be sent.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) body: Bytes,
    pub(super) is_repeatable: bool,
    /// What is waited for, in words for the page.
    pub(super) waiting_for: &'static str,
    pub(super) deadline: Duration,
}

impl Call {
    pub(super) fn get(
        path_and_query: String,
        waiting_for: &'static str,
        deadline: Duration,
    ) -> Self {
        Self {
            method: Method::GET,
            path_and_query,
            body: Bytes::new(),
            is_repeatable: true,
            waiting_for,
            deadline,
        }
    }

    pub(super) fn post(
        path_and_query: String,
        body: Bytes,
        waiting_for: &'static str,
        deadline: Duration,
    ) -> Self {
        Self {
            method: Method::POST,
            path_and_query,
            body,
            is_repeatable: false,
            waiting_for,
            deadline,
        }
    }

    pub(super) fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }
}

/// Sends a call and reads its whole answer.
pub(super) async fn fetch(
    agent: &Agent,
    scope: &ChatScope,
    grace: Duration,
    call: &Call,
) -> Result<Bytes, AgentError> {
    let deadline = Instant::now() + call.deadline;
    loop {
        match attempt(agent, scope, grace, call, deadline).await {
            Err(Broken { since, was_sent })
                if (call.is_repeatable || !was_sent) && Instant::now() < deadline =>
            {
                tracing::debug!(agent_id = %agent.id(), path = call.path_and_query, ?since, "repeating a call over a new connection");
                tokio::time::sleep(REPEAT_PAUSE).await;
            }
            Err(Broken { since, .. }) => return Err(AgentError::Disconnected { since }),
            Ok(outcome) => return outcome,
        }
    }
}

/// Sends a call whose answer is a stream and returns once its head is there. A connection that breaks before that is no
/// answer: such a call is made again, as it only begins to look.
pub(super) async fn open(
    agent: &Agent,
    scope: &ChatScope,
    grace: Duration,
    call: &Call,
) -> Result<Incoming, AgentError> {
    let body = || Full::new(call.body.clone()).boxed_unsync();
    open_with(agent, scope, grace, call, body).await
}

/// The same with a body that is a stream, too; one is made for each time that the call is made.
pub(super) async fn open_with(
    agent: &Agent,
    scope: &ChatScope,
    grace: Duration,
    call: &Call,
    mut body: impl FnMut() -> RequestBody,
) -> Result<Incoming, AgentError> {
    let deadline = Instant::now() + call.deadline;
    let response = loop {
        let mut sender = wait_for_sender(agent, grace.min(call.deadline)).await?;
        let request = request(scope, call, body())?;
        let response = timeout_at(deadline, sender.send_request(request)).await;
        match response.map_err(|_| timed_out(call))? {
            Ok(response) => break response,
            Err(_) if Instant::now() < deadline => tokio::time::sleep(REPEAT_PAUSE).await,
            Err(_) => {
                return Err(AgentError::Disconnected {
                    since: since(agent),
                });
            }
        }
    };
    if response.status().is_success() {
        return Ok(response.into_body());
    }
    let status = response.status();
    let body = timeout_at(deadline, read_body(response))
        .await
        .map_err(|_| timed_out(call))?;
    match body {
        Err(Unread::TooLarge) => Err(too_large()),
        body => Err(refusal(status, &body.unwrap_or_default())),
    }
}

/// The JSON of a body that is to be sent.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Bytes, AgentError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| AgentError::Protocol {
            message: error.to_string(),
        })
}

/// The value in an answer's JSON.
pub(super) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, AgentError> {
    serde_json::from_slice(body).map_err(|error| AgentError::Protocol {
        message: error.to_string(),
    })
}

/// The connection broke under the call.
struct Broken {
    since: Option<chrono::DateTime<chrono::Utc>>,
    was_sent: bool,
}

async fn attempt(
    agent: &Agent,
    scope: &ChatScope,
    grace: Duration,
    call: &Call,
    deadline: Instant,
) -> Result<Result<Bytes, AgentError>, Broken> {
    let mut sender = match wait_for_sender(agent, grace.min(call.deadline)).await {
        Ok(sender) => sender,
        Err(error) => return Ok(Err(error)),
    };
    let body = Full::new(call.body.clone()).boxed_unsync();
    let request = match request(scope, call, body) {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    if sender.ready().await.is_err() {
        return Err(Broken {
            since: since(agent),
            was_sent: false,
        });
    }
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| !error.is_canceled())?;
        let status = response.status();
        match read_body(response).await {
            Ok(body) => Ok(Ok((status, body))),
            // The next answer to the same call would be as large.
            Err(Unread::TooLarge) => Ok(Err(too_large())),
            Err(Unread::Broken) => Err(true),
        }
    };
    match timeout_at(deadline, exchange).await {
        Err(_) => Ok(Err(timed_out(call))),
        Ok(Err(was_sent)) => Err(Broken {
            since: since(agent),
            was_sent,
        }),
        Ok(Ok(Err(error))) => Ok(Err(error)),
        Ok(Ok(Ok((status, body)))) if status.is_success() => Ok(Ok(body)),
        Ok(Ok(Ok((status, body)))) => Ok(Err(refusal(status, &body))),
    }
}

async fn wait_for_sender(agent: &Agent, grace: Duration) -> Result<Sender, AgentError> {
    let mut links = agent.subscribe();
    let connected = links.wait_for(|link| {
        link.connection
            .as_ref()
            .is_some_and(|connection| !connection.sender.is_closed())
    });
    let link = match tokio::time::timeout(grace, connected).await {
        Ok(Ok(link)) => link
            .connection
            .as_ref()
            .map(|connection| connection.sender.clone()),
        Ok(Err(_)) | Err(_) => None,
    };
    link.ok_or_else(|| AgentError::Disconnected {
        since: since(agent),
    })
}

fn since(agent: &Agent) -> Option<chrono::DateTime<chrono::Utc>> {
    match agent.subscribe().borrow().state {
        ConnectionState::NeverConnected => None,
        // The connection is just breaking; its departure is noted in a moment.
        ConnectionState::Connected { .. } => Some(chrono::Utc::now()),
        ConnectionState::Disconnected { since } => Some(since),
    }
}

fn request(
    scope: &ChatScope,
    call: &Call,
    body: RequestBody,
) -> Result<Request<RequestBody>, AgentError> {
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(format!("http://agent{}", call.path_and_query))
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in scope.headers() {
        request = request.header(name, value);
    }
    request.body(body).map_err(|error| AgentError::Protocol {
        message: error.to_string(),
    })
}

/// Why an answer's body could not be read.
enum Unread {
    TooLarge,
    Broken,
}

async fn read_body(response: Response<Incoming>) -> Result<Bytes, Unread> {
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Broken),
    }
}

fn too_large() -> AgentError {
    AgentError::TooLarge {
        limit_bytes: MAX_ANSWER_BYTES,
    }
}

fn timed_out(call: &Call) -> AgentError {
    AgentError::Timeout {
        waiting_for: call.waiting_for,
        after: call.deadline,
    }
}

fn refusal(status: StatusCode, body: &Bytes) -> AgentError {
    let message = serde_json::from_slice::<ErrorBody>(body).map_or_else(
        |_| {
            format!(
                "the agent answered {status}: {}",
                String::from_utf8_lossy(body.get(..200).unwrap_or(body))
            )
        },
        |body| body.message,
    );
    match status {
        StatusCode::NOT_FOUND => AgentError::NotFound { message },
        DESKTOP_PROGRAMS_MISSING => AgentError::ProgramsMissing { message },
        status if status.is_client_error() => AgentError::Refused { status, message },
        _ => AgentError::Failed { message },
    }
}
