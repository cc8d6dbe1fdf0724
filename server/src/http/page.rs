//! The page: rendered by Leptos with what is known about its reader, and its server functions.
//!
//! `prepare` asks `platform` for the reader once per page, so that the first paint has the right name, theme and
//! widths; [`context_of`] hands that to the tree. Files of the site and unknown paths end in `fallback`.

pub mod server_functions;

use app::cookie::SecureTransport;
use app::session::Session;
use app::{App, shell};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use leptos::context::{provide_context, use_context};
use leptos::nonce::Nonce;
use leptos_axum::{AxumRouteListing, LeptosRoutes as _, generate_route_list_with_exclusions};
use platform::Actor;

use super::authentication::Identity;
use super::error::ApiError;
use super::security_headers::CspNonce;
use crate::state::AppState;

/// The page's routes, its server functions and the fallback.
pub fn router(state: &AppState) -> Router<AppState> {
    Router::new()
        .leptos_routes_with_context(state, page_routes(), context_of(state), shell)
        .layer(from_fn_with_state(state.clone(), prepare))
        .merge(server_functions::router(state))
        .fallback(fallback)
}

/// Paths of the pages; the server functions are left to a router of their own.
pub fn page_routes() -> Vec<AxumRouteListing> {
    let functions = server_functions::registered()
        .map(|(path, _)| path.to_owned())
        .collect();
    generate_route_list_with_exclusions(App, Some(functions))
}

/// What the tree finds in its context, beside what Leptos puts there.
pub fn context_of(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
    let state = state.clone();
    move || {
        provide_context(state.platform.clone());
        provide_context(state.site.manifest());
        let parts = use_context::<Parts>();
        let extensions = parts.as_ref().map(|parts| &parts.extensions);
        let Identity(actor) = extensions
            .and_then(|all| all.get().copied())
            .unwrap_or_default();
        provide_context::<Option<Actor>>(actor);
        provide_context(SecureTransport(
            parts
                .as_ref()
                .is_some_and(|parts| state.network.is_secure(parts)),
        ));
        provide_context(
            parts
                .as_ref()
                .map(|parts| state.network.client_info(parts))
                .unwrap_or_default(),
        );
        if let Some(session) = extensions.and_then(|all| all.get::<Session>().cloned()) {
            provide_context(session);
        }
        if let Some(CspNonce(nonce)) = extensions.and_then(|all| all.get().cloned()) {
            provide_context(Nonce::from_value(nonce));
        }
    }
}

async fn prepare(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    match session_of(&state, identity_of(&request)).await {
        Ok(session) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

fn identity_of(request: &Request) -> Identity {
    request.extensions().get().copied().unwrap_or_default()
}

async fn session_of(state: &AppState, Identity(actor): Identity) -> Result<Session, ApiError> {
    let mut session = Session {
        has_first_user: has_first_user(state).await?,
        is_development: state.is_development,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Session::default()
    };
    if let Some(actor) = actor {
        session.user = Some(state.platform.get_user(&actor, "me").await?);
        session.preferences = state.platform.get_preferences(&actor).await?;
    }
    Ok(session)
}

async fn has_first_user(state: &AppState) -> Result<bool, ApiError> {
    if state.first_user.get() {
        return Ok(true);
    }
    let has_one = state.platform.has_first_user().await?;
    if has_one {
        state.first_user.set();
    }
    Ok(has_one)
}

/// Everything that is neither a route of the API nor a page: a file of the site, or nothing.
async fn fallback(State(state): State<AppState>, mut request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return ApiError::unknown_route().into_response();
    }
    let is_part_of_the_bundle = path.starts_with("/pkg/");
    if let Some(response) = state.site.respond(&request).await {
        return response;
    }
    if is_part_of_the_bundle {
        return StatusCode::NOT_FOUND.into_response();
    }
    match session_of(&state, identity_of(&request)).await {
        Ok(session) => request.extensions_mut().insert(session),
        Err(error) => return error.into_response(),
    };
    let render = leptos_axum::render_app_async_with_context(context_of(&state), shell);
    let mut response = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
