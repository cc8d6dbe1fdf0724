//! `/api/experimental/chats/config`: what is configured about agents. Here the instructions; the rest is below.

mod compaction_thresholds;
mod debug_logging;
mod desktop;
mod model_overrides;
mod plan_mode;
mod private_provider_hosts;
mod retention;
mod workspaces;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{SystemPrompt, UpdateSystemPrompt, UserPrompt};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this feature. What only some roles may read does not exist for others, so `platform` turns them away there.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_system_prompt))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_system_prompt),
        )
        .add(
            Access::SignedIn,
            routes!(get_user_prompt, update_user_prompt),
        )
        .merge(compaction_thresholds::routes())
        .merge(debug_logging::routes())
        .merge(desktop::routes())
        .merge(model_overrides::routes())
        .merge(plan_mode::routes())
        .merge(private_provider_hosts::routes())
        .merge(retention::routes())
        .merge(workspaces::routes())
}

/// The deployment's instructions for agents, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/system-prompt", tag = "chat config",
    responses((status = 200, body = SystemPrompt), (status = 404))
)]
async fn get_system_prompt(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<SystemPrompt>, ApiError> {
    Ok(Json(platform.get_system_prompt(&actor).await?))
}

/// Sets the deployment's instructions; they hold from each chat's next turn on.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/system-prompt", tag = "chat config",
    request_body = UpdateSystemPrompt, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_system_prompt(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<UpdateSystemPrompt>,
) -> Result<StatusCode, ApiError> {
    platform.update_system_prompt(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's own instructions for agents.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/user-prompt", tag = "chat config",
    responses((status = 200, body = UserPrompt))
)]
async fn get_user_prompt(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<UserPrompt>, ApiError> {
    Ok(Json(platform.get_user_prompt(&actor).await?))
}

/// Sets the caller's own instructions; they hold from the next turn of their chats on. Answers with what was kept.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/user-prompt", tag = "chat config",
    request_body = UserPrompt, responses((status = 200, body = UserPrompt), (status = 400))
)]
async fn update_user_prompt(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(prompt): JsonBody<UserPrompt>,
) -> Result<Json<UserPrompt>, ApiError> {
    Ok(Json(platform.update_user_prompt(&actor, prompt).await?))
}
