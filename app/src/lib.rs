//! The isomorphic page: rendered by the server with real data, then brought to life in the browser.
//!
//! `shell` is the document, `routes` the map of pages, `pages` one folder per page, `components` what pages are
//! made of, `api` the server functions. The tree never depends on where it runs: browser-only work lives in
//! effects and event handlers.

#![recursion_limit = "512"]
#![allow(
    clippy::large_types_passed_by_value,
    clippy::needless_pass_by_value,
    reason = "contexts are `Copy` bundles of signal handles, and views own what they show"
)]

pub mod api;
pub mod components;
#[cfg(feature = "ssr")]
pub mod cookie;
pub mod diff;
mod erased;
pub mod error;
pub mod json;
pub mod live;
pub mod pages;
pub mod routes;
pub mod session;
pub mod shell;
pub mod site;
pub mod theme;

pub(crate) use erased::view;
pub use pages::parts::load_parts_of;
pub use routes::App;
pub use shell::shell;
