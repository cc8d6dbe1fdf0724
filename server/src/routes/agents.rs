//! `/api/v2/agents`: where the agents of workspaces dial in, ask for git, and tell what it pushed.
//!
//! An agent shows its own token, which is no person's. 401 and 410 tell it to end; anything else to try again.

use axum::Json;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use platform::Platform;
use platform::workspaces::WorkspaceError;
use sdk::external_auth::{AskExternalAuth, ExternalAuthCredential, GitPush};
use sdk::ids::AgentId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::header_token;
use crate::http::extract::JsonBody;

/// Each workspace has such a buffer as long as it runs; the library's own size is 128 KiB.
const READ_BUFFER_BYTES: usize = 16 * 1024;

/// Routes of this feature.
pub fn routes() -> Routes {
    const SHOWS_TOKEN: Access = Access::Public {
        reason: "agents show the token of their start, which the handler checks",
    };
    Routes::new()
        .add(SHOWS_TOKEN, routes!(connect_agent))
        .add(SHOWS_TOKEN, routes!(ask_external_auth))
        .add(SHOWS_TOKEN, routes!(note_git_push))
}

/// Takes an agent's connection and keeps it until it ends.
#[utoipa::path(
    get, path = "/api/v2/agents/connect", tag = "workspaces",
    responses((status = 101), (status = 401), (status = 410))
)]
async fn connect_agent(
    State(platform): State<Platform>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let agent = authenticate(&platform, &headers).await?;
    let upgrade = upgrade
        .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?
        .read_buffer_size(READ_BUFFER_BYTES);
    let hub = platform.agent_hub().clone();
    let accepted = upgrade.on_upgrade(async move |socket| {
        if let Err(error) = hub.accept_websocket(agent.0, socket).await {
            tracing::warn!(agent_id = %agent, %error, "an agent's connection was not accepted");
        }
    });
    Ok(accepted.into_response())
}

/// What git of a chat's command signs in to a host with. For the agent of the workspace in which the chat works.
#[utoipa::path(
    post, path = "/api/v2/agents/external-auth", tag = "external auth", request_body = AskExternalAuth,
    responses((status = 200, body = ExternalAuthCredential), (status = 401), (status = 404), (status = 410))
)]
async fn ask_external_auth(
    State(platform): State<Platform>,
    headers: HeaderMap,
    JsonBody(question): JsonBody<AskExternalAuth>,
) -> Result<Response, ApiError> {
    let agent = authenticate(&platform, &headers).await?;
    let credential = platform.credential_for(agent, &question).await?;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((no_store, Json(credential)).into_response())
}

/// Git of a chat's command has pushed: the chat's pull request is looked for at once. For the agent of the workspace in which
/// the chat works.
#[utoipa::path(
    post, path = "/api/v2/agents/git-pushes", tag = "external auth", request_body = GitPush,
    responses((status = 204), (status = 401), (status = 404), (status = 410))
)]
async fn note_git_push(
    State(platform): State<Platform>,
    headers: HeaderMap,
    JsonBody(push): JsonBody<GitPush>,
) -> Result<StatusCode, ApiError> {
    let agent = authenticate(&platform, &headers).await?;
    platform.note_git_push(agent, &push).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn authenticate(platform: &Platform, headers: &HeaderMap) -> Result<AgentId, ApiError> {
    let token = header_token(headers).ok_or_else(ApiError::unauthenticated)?;
    match platform.authenticate_agent(&token).await {
        Err(error @ WorkspaceError::AgentGone) => {
            Err(ApiError::new(StatusCode::GONE, error.to_string()))
        }
        agent => agent?.ok_or_else(ApiError::unauthenticated),
    }
}
