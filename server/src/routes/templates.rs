//! `/api/v2/templates`: what workspaces are made from.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::TemplateId;
use sdk::permissions::Permission;
use sdk::templates::{CreateTemplate, Template, UpdateTemplate};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_templates))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(create_template),
        )
        .add(Access::SignedIn, routes!(get_template))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_template),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(delete_template),
        )
}

/// The templates; whoever makes a workspace chooses from them.
#[utoipa::path(
    get, path = "/api/v2/templates", tag = "templates",
    responses((status = 200, body = Vec<Template>))
)]
async fn list_templates(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<Template>>, ApiError> {
    Ok(Json(platform.list_templates(&actor).await?))
}

/// Makes a template.
#[utoipa::path(
    post, path = "/api/v2/templates", tag = "templates",
    request_body = CreateTemplate,
    responses((status = 201, body = Template), (status = 400), (status = 409))
)]
async fn create_template(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(template): JsonBody<CreateTemplate>,
) -> Result<(StatusCode, Json<Template>), ApiError> {
    let made = platform.create_template(&actor, template).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// One template.
#[utoipa::path(
    get, path = "/api/v2/templates/{template}", tag = "templates",
    params(("template" = TemplateId, Path)),
    responses((status = 200, body = Template), (status = 404))
)]
async fn get_template(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(template): PathOf<TemplateId>,
) -> Result<Json<Template>, ApiError> {
    Ok(Json(platform.get_template(&actor, template).await?))
}

/// Changes a template; workspaces that exist find it changed when they start next.
#[utoipa::path(
    patch, path = "/api/v2/templates/{template}", tag = "templates",
    params(("template" = TemplateId, Path)),
    request_body = UpdateTemplate,
    responses((status = 200, body = Template), (status = 400), (status = 404), (status = 409))
)]
async fn update_template(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(template): PathOf<TemplateId>,
    JsonBody(change): JsonBody<UpdateTemplate>,
) -> Result<Json<Template>, ApiError> {
    Ok(Json(
        platform.update_template(&actor, template, change).await?,
    ))
}

/// Deletes a template; its workspaces stay.
#[utoipa::path(
    delete, path = "/api/v2/templates/{template}", tag = "templates",
    params(("template" = TemplateId, Path)),
    responses((status = 204), (status = 404))
)]
async fn delete_template(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(template): PathOf<TemplateId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_template(&actor, template).await?;
    Ok(StatusCode::NO_CONTENT)
}
