//! `/api/v2/users`: accounts. `{user}` is an id, a user name or `me`.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::UserId;
use sdk::permissions::Permission;
use sdk::users::{CreateUser, ListUsers, UpdateUser, User};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf, QueryOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::May(Permission::ReadUsers), routes!(list_users))
        .add(Access::May(Permission::ManageUsers), routes!(create_user))
        .add(
            Access::SignedIn,
            routes!(get_user, update_user, delete_user),
        )
}

/// All users of the deployment, oldest first.
#[utoipa::path(
    get, path = "/api/v2/users", tag = "users",
    params(
        ("after_id" = Option<UserId>, Query, description = "Only users made after this one"),
        ("limit" = Option<i64>, Query, description = "1 to 1,000"),
    ),
    responses((status = 200, body = Vec<User>))
)]
async fn list_users(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ListUsers>,
) -> Result<Json<Vec<User>>, ApiError> {
    Ok(Json(platform.list_users(&actor, query).await?))
}

/// Creates a user.
#[utoipa::path(
    post, path = "/api/v2/users", tag = "users",
    request_body = CreateUser, responses((status = 201, body = User), (status = 400), (status = 403), (status = 409))
)]
async fn create_user(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(user): JsonBody<CreateUser>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_user(&actor, user).await?),
    ))
}

/// A user. Members see only themselves.
#[utoipa::path(
    get, path = "/api/v2/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Id, user name or `me`")),
    responses((status = 200, body = User), (status = 404))
)]
async fn get_user(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(platform.get_user(&actor, &user).await?))
}

/// Changes a user; absent fields stay as they are. Only owners change owners and make somebody one.
#[utoipa::path(
    patch, path = "/api/v2/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Id, user name or `me`")),
    request_body = UpdateUser, responses((status = 200, body = User), (status = 400), (status = 403), (status = 404), (status = 409))
)]
async fn update_user(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
    JsonBody(change): JsonBody<UpdateUser>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(platform.update_user(&actor, &user, change).await?))
}

/// Deletes a user and ends their sessions and tokens.
#[utoipa::path(
    delete, path = "/api/v2/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Id or user name")),
    responses((status = 204), (status = 403), (status = 404), (status = 409))
)]
async fn delete_user(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
) -> Result<StatusCode, ApiError> {
    platform.delete_user(&actor, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
