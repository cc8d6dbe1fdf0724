//! Who is asking: from the session cookie, `Authorization: Bearer` or `Coder-Session-Token`.
//!
//! A header wins over the cookie. Requests without a header that change something, and sockets, must come from
//! the server's own pages: a cookie travels along with whatever a foreign page sends. What the actor may do is
//! decided in `platform`.

use app::cookie::SESSION_COOKIE;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use platform::Actor;

use super::access::Access;
use super::error::ApiError;
use crate::state::AppState;

/// The signed-in actor of a request, in its extensions once [`layer`] has run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity(pub Option<Actor>);

/// The signed-in actor, for handlers; 401 without one.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub Actor);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        identity(parts)
            .0
            .map(Self)
            .ok_or_else(ApiError::unauthenticated)
    }
}

fn identity(parts: &Parts) -> Identity {
    parts
        .extensions
        .get::<Identity>()
        .copied()
        .unwrap_or_default()
}

/// Finds out who asks and refuses what a foreign page sent.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // Files of the bundle are everybody's: nobody has to be looked up for them, with or without a database.
    if request.uri().path().starts_with("/pkg/") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let from_header = header_token(&parts.headers);
    if from_header.is_none()
        && let Err(error) = check_origin(&state, &parts)
    {
        return error.into_response();
    }
    let token = from_header.or_else(|| cookie_token(&parts.headers));
    let actor = match token {
        Some(token) => match state.platform.authenticate(&token).await {
            Ok(actor) => actor.map(|actor| Actor {
                address: state.network.client_address(&parts),
                ..actor
            }),
            Err(failure) => return ApiError::from(failure).into_response(),
        },
        None => None,
    };
    parts.extensions.insert(Identity(actor));
    next.run(Request::from_parts(parts, body)).await
}

/// Refuses a request that the route's access does not allow.
pub fn check(access: Access, request: &Request) -> Result<(), ApiError> {
    let Identity(actor) = request
        .extensions()
        .get::<Identity>()
        .copied()
        .unwrap_or_default();
    match (access, actor) {
        (Access::Public { .. }, _) | (Access::SignedIn, Some(_)) => Ok(()),
        (Access::May(permission), Some(actor)) if actor.may(permission) => Ok(()),
        (Access::May(permission), Some(_)) => Err(ApiError::not_permitted(permission)),
        (Access::SignedIn | Access::May(_), None) => Err(ApiError::unauthenticated()),
    }
}

/// The token of a header, whoever's it is.
pub fn header_token(headers: &HeaderMap) -> Option<String> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then(|| token.trim().to_owned())
        });
    bearer.or_else(|| {
        headers
            .get("coder-session-token")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    })
}

/// The session token of the cookie.
pub fn cookie_token(headers: &HeaderMap) -> Option<String> {
    CookieJar::from_headers(headers)
        .get(SESSION_COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

/// Browsers name the page that sends a changing request in `Origin`, and its relation in `Sec-Fetch-Site`. A
/// request with neither is not from a browser, and nobody can make a person's other programs send their cookie.
fn check_origin(state: &AppState, parts: &Parts) -> Result<(), ApiError> {
    let is_socket = parts.headers.contains_key(header::UPGRADE);
    let is_safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe && !is_socket {
        return Ok(());
    }
    let is_own = match (
        parts.headers.get(header::ORIGIN),
        parts.headers.get("sec-fetch-site"),
    ) {
        (Some(origin), _) => origin
            .to_str()
            .is_ok_and(|origin| state.network.is_own_origin(origin, parts)),
        (None, Some(site)) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        (None, None) => true,
    };
    if is_own {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "The request comes from a page of another site. If this server stands behind a proxy, set its public URL with --access-url.",
    ))
}
