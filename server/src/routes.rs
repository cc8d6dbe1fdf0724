//! All routes of the API, one module per feature, each naming its access when it registers a handler.
//!
//! A new feature adds a file with `pub fn routes() -> Routes` and a line in [`all`].

mod build_info;

use crate::http::access::Routes;

/// Every route of the API.
pub fn all() -> Routes {
    Routes::new()
        .merge(build_info::routes())
}
