//! How a request travels: layers, the API's routes, the page, static files.
//!
//! [`router`] is the whole server; the tests drive exactly it. Routes are registered in [`crate::routes`] through
//! [`access::Routes`] and nowhere else.

pub mod access;
pub mod authentication;
pub mod error;
pub mod page;
pub mod site;

use axum::Router;

use crate::state::AppState;

pub use error::ApiError;

/// The whole server as a service.
pub fn router(state: AppState) -> Router {
    let (routes, _) = crate::routes::all().into_parts();
    page::add_to(routes, &state).with_state(state)
}
