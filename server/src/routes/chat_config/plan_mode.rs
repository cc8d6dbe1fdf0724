//! `…/config/plan-mode-instructions`: what the deployment asks of agents that plan.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::PlanModeInstructions;
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_plan_mode_instructions))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_plan_mode_instructions),
        )
}

/// What the deployment asks of agents that plan, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/plan-mode-instructions", tag = "chat config",
    responses((status = 200, body = PlanModeInstructions), (status = 404))
)]
async fn get_plan_mode_instructions(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<PlanModeInstructions>, ApiError> {
    Ok(Json(platform.get_plan_mode_instructions(&actor).await?))
}

/// Sets what the deployment asks of agents that plan; it holds from each chat's next turn on.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/plan-mode-instructions", tag = "chat config",
    request_body = PlanModeInstructions, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_plan_mode_instructions(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<PlanModeInstructions>,
) -> Result<StatusCode, ApiError> {
    platform
        .update_plan_mode_instructions(&actor, change)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
