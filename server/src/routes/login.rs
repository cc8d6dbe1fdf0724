//! Signing in and out. The session's token is answered and set as a cookie.

use app::cookie::{cleared_session_cookie, session_cookie};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{RequestExt as _, http::request::Parts};
use http::{HeaderValue, StatusCode, header};
use sdk::users::{LoggedIn, Login};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;
use crate::state::AppState;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(
            Access::Public {
                reason: "it is how one signs in",
            },
            routes!(login),
        )
        .add(Access::SignedIn, routes!(logout))
        .add(Access::SignedIn, routes!(sign_out_everywhere))
}

/// Signs in by e-mail address and password. Every wrong pair gets the same answer.
#[utoipa::path(
    post, path = "/api/v2/users/login", tag = "users",
    request_body = Login, responses((status = 201, body = LoggedIn), (status = 401), (status = 429))
)]
async fn login(State(state): State<AppState>, mut request: Request) -> Result<Response, ApiError> {
    let parts: Parts = request
        .extract_parts()
        .await
        .unwrap_or_else(|never| match never {});
    let JsonBody(login) = request.extract().await?;
    let logged_in = state
        .platform
        .login(login, &state.network.client_info(&parts))
        .await?;
    let cookie = session_cookie(&logged_in.session_token, state.network.is_secure(&parts));
    Ok(with_cookie(
        (StatusCode::CREATED, Json(logged_in)).into_response(),
        cookie,
    ))
}

/// Ends the session that the request came with.
#[utoipa::path(post, path = "/api/v2/users/logout", tag = "users", responses((status = 204)))]
async fn logout(
    State(state): State<AppState>,
    Caller(actor): Caller,
    parts: Parts,
) -> Result<Response, ApiError> {
    state.platform.logout(&actor).await?;
    Ok(signed_out(&state, &parts))
}

/// Ends all sessions of the caller.
#[utoipa::path(post, path = "/api/v2/users/me/sign-out-everywhere", tag = "users", responses((status = 204)))]
async fn sign_out_everywhere(
    State(state): State<AppState>,
    Caller(actor): Caller,
    parts: Parts,
) -> Result<Response, ApiError> {
    state.platform.sign_out_everywhere(&actor).await?;
    Ok(signed_out(&state, &parts))
}

fn signed_out(state: &AppState, parts: &Parts) -> Response {
    with_cookie(
        StatusCode::NO_CONTENT.into_response(),
        cleared_session_cookie(state.network.is_secure(parts)),
    )
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
