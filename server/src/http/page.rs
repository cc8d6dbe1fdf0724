//! The page: server-rendered by Leptos, its server functions, and the fallback.

use app::{App, shell};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use leptos::context::provide_context;
use leptos_axum::{LeptosRoutes as _, generate_route_list};

use super::error::ApiError;
use crate::state::AppState;

/// Adds the page's routes and the fallback.
pub fn add_to(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    let routes = generate_route_list(App);
    let manifest = state.manifest.clone();
    let options = state.leptos_options.clone();
    router
        .leptos_routes_with_context(
            state,
            routes,
            move || provide_context(manifest.clone()),
            move || shell(options.clone()),
        )
        .fallback(fallback)
}

async fn fallback(State(state): State<AppState>, request: Request) -> Response {
    if request.uri().path() == "/api" || request.uri().path().starts_with("/api/") {
        return ApiError::unknown_route().into_response();
    }
    if let Some(response) = state.site.respond(&request).await {
        return response;
    }
    not_found_page(state, request).await
}

async fn not_found_page(state: AppState, request: Request) -> Response {
    let options = state.leptos_options.clone();
    let manifest = state.manifest.clone();
    let render = leptos_axum::render_app_to_stream_with_context(
        move || provide_context(manifest.clone()),
        move || shell(options.clone()),
    );
    let mut response = render(request).await;
    *response.status_mut() = http::StatusCode::NOT_FOUND;
    response
}
