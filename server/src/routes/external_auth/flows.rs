//! Signing in at a git host: going there and coming back, and entering a code there.
//!
//! Going and coming back are links that a browser follows, not calls of a script. Where they lead is made of the configuration,
//! the deployment's own address and the page's path, never of what a request says.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Json};
use http::request::Parts;
use http::{StatusCode, header};
use platform::Platform;
use platform::external_auth::{ExternalAuthError, Returned};
use sdk::external_auth::{ExternalAuthDevice, ExternalAuthFlow};
use sdk::ids::ExternalAuthFlowId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::{Caller, Identity};
use crate::http::extract::{PathOf, QueryOf};
use crate::http::network::NetworkOptions;
use crate::state::AppState;

/// Where people are told what became of it.
const PAGE: &str = "/settings/git-hosts";

pub(super) fn routes() -> Routes {
    const COMES_BACK: Access = Access::Public {
        reason: "a host sends people here; who is not signed in is led to the sign-in, and the state says whose it is",
    };
    Routes::new()
        .add(Access::SignedIn, routes!(start_external_auth))
        .add(COMES_BACK, routes!(finish_external_auth))
        .add(Access::SignedIn, routes!(start_external_auth_device))
        .add(Access::SignedIn, routes!(get_external_auth_flow))
        .add(Access::SignedIn, routes!(poll_external_auth_flow))
}

/// Sends the caller's browser to the host, to sign in there and agree.
#[utoipa::path(
    get, path = "/api/v2/external-auth/{config}/start", tag = "external auth",
    params(("config" = String, Path, description = "The configuration's short name")),
    responses((status = 303), (status = 400), (status = 403), (status = 404), (status = 409), (status = 429))
)]
async fn start_external_auth(
    State(AppState {
        platform, network, ..
    }): State<AppState>,
    Caller(actor): Caller,
    PathOf(config): PathOf<String>,
    parts: Parts,
) -> Result<Response, ApiError> {
    if !begins_here(&network, &parts) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "This begins with the button on the page of git hosts in the settings, not on a page of another site. A browser that \
             names no page it comes from, as some add-ons have it, has to be allowed to do so here.",
        ));
    }
    let address = platform.start_external_auth(&actor, &config).await?;
    Ok(led_to(address.as_str()))
}

/// Where the host sends the caller's browser back to; leads to the page that tells what became of it.
#[utoipa::path(
    get, path = "/api/v2/external-auth/{config}/callback", tag = "external auth",
    params(
        ("config" = String, Path, description = "The configuration's short name"),
        ("state" = Option<String>, Query, description = "What was sent along"),
        ("code" = Option<String>, Query, description = "What tokens are given for"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
        ("error_description" = Option<String>, Query, description = "The same in words"),
    ),
    responses((status = 303))
)]
async fn finish_external_auth(
    State(platform): State<Platform>,
    Extension(Identity(actor)): Extension<Identity>,
    PathOf(config): PathOf<String>,
    QueryOf(returned): QueryOf<Returned>,
) -> Result<Response, ApiError> {
    let Some(actor) = actor else {
        return Ok(led_to(&format!("/login?next={PAGE}")));
    };
    let flow = platform
        .finish_external_auth(&actor, &config, returned)
        .await;
    match flow {
        Ok(flow) => {
            // As after every change: who is told that there is a link can rely on it.
            platform.durable().await?;
            Ok(led_to(&format!("{PAGE}?flow={flow}")))
        }
        Err(ExternalAuthError::NoFlow) => Ok(led_to(&format!("{PAGE}?flow=unknown"))),
        Err(error) => Err(error.into()),
    }
}

/// Gets a code for the caller to enter at the host.
#[utoipa::path(
    post, path = "/api/v2/external-auth/{config}/device", tag = "external auth",
    params(("config" = String, Path, description = "The configuration's short name")),
    responses((status = 201, body = ExternalAuthDevice), (status = 404), (status = 409), (status = 429), (status = 503))
)]
async fn start_external_auth_device(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(config): PathOf<String>,
) -> Result<(StatusCode, Json<ExternalAuthDevice>), ApiError> {
    let started = platform.start_external_auth_device(&actor, &config).await?;
    Ok((StatusCode::CREATED, Json(started)))
}

/// What became of one of the caller's sign-ins; kept for an hour.
#[utoipa::path(
    get, path = "/api/v2/external-auth/flows/{flow}", tag = "external auth",
    params(("flow" = ExternalAuthFlowId, Path)),
    responses((status = 200, body = ExternalAuthFlow), (status = 404))
)]
async fn get_external_auth_flow(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(flow): PathOf<ExternalAuthFlowId>,
) -> Result<Json<ExternalAuthFlow>, ApiError> {
    Ok(Json(platform.get_external_auth_flow(&actor, flow).await?))
}

/// Asks the host whether the code was entered; no sooner than its interval allows, whoever calls how often.
#[utoipa::path(
    post, path = "/api/v2/external-auth/flows/{flow}/poll", tag = "external auth",
    params(("flow" = ExternalAuthFlowId, Path)),
    responses((status = 200, body = ExternalAuthFlow), (status = 404))
)]
async fn poll_external_auth_flow(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(flow): PathOf<ExternalAuthFlowId>,
) -> Result<Json<ExternalAuthFlow>, ApiError> {
    Ok(Json(platform.poll_external_auth_flow(&actor, flow).await?))
}

/// Whether it is a page of this server, or the person, that sends a browser on the way. A page of somebody else's could have the
/// host agree once more by itself, in place of what the person has linked, or use up the ways that they may begin.
///
/// Browsers tell it in `Sec-Fetch-Site`, but not over plain HTTP, where `Referer` names the page; another page can hide that it is
/// the one, so a request that tells neither is nobody's.
fn begins_here(network: &NetworkOptions, parts: &Parts) -> bool {
    let named = |name: &str| parts.headers.get(name);
    match (named("sec-fetch-site"), named("referer")) {
        (Some(site), _) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        (None, Some(page)) => page
            .to_str()
            .is_ok_and(|page| network.is_own_origin(page, parts)),
        (None, None) => false,
    }
}

/// Addresses with a state in them are kept by nobody.
fn led_to(address: &str) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(address)).into_response()
}
