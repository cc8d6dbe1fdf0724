//! `/api/v2/allowed-folders`: folders of the server's machine that local workspaces may use.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::allowed_folders::{AllowedFolder, CreateAllowedFolder};
use sdk::ids::AllowedFolderId;
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_allowed_folders))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(create_allowed_folder),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(delete_allowed_folder),
        )
}

/// The allowed folders; whoever makes a workspace chooses from them.
#[utoipa::path(
    get, path = "/api/v2/allowed-folders", tag = "workspaces",
    responses((status = 200, body = Vec<AllowedFolder>))
)]
async fn list_allowed_folders(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<AllowedFolder>>, ApiError> {
    Ok(Json(platform.list_allowed_folders(&actor).await?))
}

/// Allows a folder.
#[utoipa::path(
    post, path = "/api/v2/allowed-folders", tag = "workspaces",
    request_body = CreateAllowedFolder,
    responses((status = 201, body = AllowedFolder), (status = 400), (status = 409))
)]
async fn create_allowed_folder(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(folder): JsonBody<CreateAllowedFolder>,
) -> Result<(StatusCode, Json<AllowedFolder>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_allowed_folder(&actor, folder).await?),
    ))
}

/// Allows a folder no longer; workspaces that use it go on.
#[utoipa::path(
    delete, path = "/api/v2/allowed-folders/{folder}", tag = "workspaces",
    params(("folder" = AllowedFolderId, Path)),
    responses((status = 204), (status = 404))
)]
async fn delete_allowed_folder(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(folder): PathOf<AllowedFolderId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_allowed_folder(&actor, folder).await?;
    Ok(StatusCode::NO_CONTENT)
}
