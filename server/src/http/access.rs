//! How a route is registered: with its access, or not at all.
//!
//! [`Routes::add`] is the only way into the router. It guards the handler, notes the entry for the coverage test
//! and collects the API description. The guard is the outer wall; what a signed-in person may do with which
//! object is decided in `platform`.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use sdk::permissions::Permission;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::state::AppState;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, for the reason given.
    Public {
        /// Why no sign-in is needed.
        reason: &'static str,
    },
    /// Whoever is signed in; `platform` decides about objects.
    SignedIn,
    /// Whoever holds this permission.
    May(Permission),
}

/// A registered route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteEntry {
    /// HTTP method in capitals.
    pub method: &'static str,
    /// Path with `{parameters}`.
    pub path: String,
    /// Who may call it.
    pub access: Access,
}

/// Routes with their access entries and descriptions.
#[derive(Default)]
pub struct Routes {
    router: Router<AppState>,
    entries: Vec<RouteEntry>,
    document: OpenApi,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers handlers collected with `routes!(…)`; all of them get the same access.
    pub fn add(
        mut self,
        access: Access,
        (schemas, paths, methods): UtoipaMethodRouter<AppState>,
    ) -> Self {
        let methods =
            methods.route_layer(from_fn(move |request, next| guard(access, request, next)));
        for (path, item) in paths.paths {
            for method in methods_of(&item) {
                self.entries.push(RouteEntry {
                    method,
                    path: path.clone(),
                    access,
                });
            }
            self.router = self.router.route(&path, methods.clone());
            match self.document.paths.paths.get_mut(&path) {
                Some(known) => known.merge_operations(item),
                None => {
                    self.document.paths.paths.insert(path, item);
                }
            }
        }
        self.document
            .components
            .get_or_insert_default()
            .schemas
            .extend(schemas);
        self
    }

    /// Adds another feature's routes.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.entries.extend(other.entries);
        self.document.merge(other.document);
        self
    }

    /// The entries alone, for the coverage test.
    pub fn entries(&self) -> &[RouteEntry] {
        &self.entries
    }

    /// The router and the description of all its routes.
    pub fn into_parts(self) -> (Router<AppState>, OpenApi) {
        (self.router, self.document)
    }
}

fn methods_of(item: &utoipa::openapi::PathItem) -> Vec<&'static str> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter(|(_, operation)| operation.is_some())
    .map(|(method, _)| method)
    .collect()
}

async fn guard(access: Access, request: Request, next: Next) -> Response {
    match super::authentication::check(access, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}
