//! Git's questions in this workspace: answered by asking the control plane, with the agent's own token.
//!
//! Commands cannot read that token, and any of them can ask here, for any chat that works in this workspace: the control
//! plane decides what it answers. What was handed out is remembered, so that it stays out of the output of commands.

use std::{collections::BTreeMap, ffi::OsString, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{
    HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sdk::{
    errors::ErrorBody,
    external_auth::{AskExternalAuth, ExternalAuthCredential},
    ids::ChatId,
};
use tokio::{net::TcpStream, task::AbortHandle, time::timeout};
use url::Url;

use super::{AgentOptions, AgentState, redaction::HandedOut};
use crate::git_askpass::{Answerer, GitCredential, Place, Question, serve};

const ASK_PATH: &str = "/api/v2/agents/external-auth";
const DEADLINE: Duration = Duration::from_secs(30);
const LONGEST_ANSWER_BYTES: usize = 64 * 1024;

/// What commands find in their environment so that git asks here.
pub type Variables = BTreeMap<&'static str, OsString>;

/// Ends the answering with it.
pub struct Answering(AbortHandle);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Begins to answer. Without it git says that it may not ask; everything else works.
pub fn begin(options: &AgentOptions, state: &AgentState) -> std::io::Result<Answering> {
    let place = Place::at(options.state_directory.join("askpass"));
    let listener = place.open(&std::env::current_exe()?)?;
    let control_plane = ControlPlane {
        server: options.server_url.clone(),
        token: options.token.clone(),
        handed_out: state.inner.handed_out.clone(),
    };
    let task = tokio::spawn(serve(listener, Arc::new(control_plane)));
    let _ = state
        .inner
        .askpass_variables
        .set(place.variables().into_iter().collect());
    Ok(Answering(task.abort_handle()))
}

struct ControlPlane {
    server: Url,
    token: String,
    handed_out: HandedOut,
}

#[async_trait]
impl Answerer for ControlPlane {
    async fn credential(&self, question: &Question) -> Result<GitCredential, String> {
        let chat_id = question.chat_id.ok_or_else(|| {
            "Git asks outside of a chat: SWITCHYARD_CHAT_ID is not set, so it is not known for whom. Run git as a \
             command of a chat."
                .to_owned()
        })?;
        let question = AskExternalAuth {
            chat_id: ChatId(chat_id),
            url: question.url.clone(),
            git_branch: question.git_branch.clone(),
            git_remote_origin: question.git_remote_origin.clone(),
            is_fetch: question.is_fetch,
        };
        let answer = timeout(DEADLINE, self.ask(&question)).await;
        let answer = answer.map_err(|_| {
            format!(
                "The server did not answer within {} s. Try again.",
                DEADLINE.as_secs()
            )
        })?;
        let credential = answer?;
        self.handed_out.add(&credential);
        Ok(credential)
    }
}

impl ControlPlane {
    async fn ask(&self, question: &AskExternalAuth) -> Result<GitCredential, String> {
        let (status, body) = self.post(question).await.map_err(|error| {
            tracing::warn!(%error, "the server cannot be asked for a credential");
            "The server cannot be reached. Try again in a moment.".to_owned()
        })?;
        if status == StatusCode::OK {
            let unreadable = |_| "The server's answer cannot be read.".to_owned();
            let credential: ExternalAuthCredential =
                serde_json::from_slice(&body).map_err(unreadable)?;
            return Ok(GitCredential {
                username: credential.username,
                token: credential.access_token,
            });
        }
        let error: Result<ErrorBody, _> = serde_json::from_slice(&body);
        Err(error.map_or_else(
            |_| format!("The server refuses with {status}."),
            |error| error.message,
        ))
    }

    async fn post(&self, question: &AskExternalAuth) -> Result<(StatusCode, Bytes), BoxError> {
        let server = &self.server;
        let host = server
            .host_str()
            .ok_or("the server's address has no host")?;
        let port = server
            .port_or_known_default()
            .ok_or("the server's address has no port")?;
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends when the sender is dropped.
        tokio::spawn(connection);
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.token))?;
        authorization.set_sensitive(true);
        let prefix = server.path().trim_end_matches('/');
        let request = Request::post(format!("{prefix}{ASK_PATH}"))
            .header(HOST, format!("{host}:{port}"))
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(serde_json::to_vec(question)?)))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER_BYTES);
        Ok((status, body.collect().await?.to_bytes()))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
