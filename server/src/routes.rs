//! All routes of the API, one module per feature, each naming its access when it registers a handler.
//!
//! A new feature adds a file with `pub fn routes() -> Routes` and a line in [`all`].

mod agents;
mod allowed_folders;
mod audit_log;
mod build_info;
mod chat_config;
mod chats;
mod costs;
mod debug;
mod deployment;
mod documents;
mod external_auth;
mod files;
mod first_user;
mod health;
mod login;
mod models;
mod organizations;
mod password_links;
mod preferences;
mod providers;
mod replicas;
mod sessions;
mod templates;
mod tokens;
mod users;
mod workspaces;

use crate::http::access::Routes;

pub use documents::documents;

/// Every route of the API.
pub fn all() -> Routes {
    Routes::new()
        .merge(build_info::routes())
        .merge(chats::routes())
        .merge(chat_config::routes())
        .merge(costs::routes())
        .merge(debug::routes())
        .merge(deployment::routes())
        .merge(documents::routes())
        .merge(files::routes())
        .merge(health::routes())
        .merge(first_user::routes())
        .merge(login::routes())
        .merge(users::routes())
        .merge(sessions::routes())
        .merge(tokens::routes())
        .merge(password_links::routes())
        .merge(organizations::routes())
        .merge(preferences::routes())
        .merge(providers::routes())
        .merge(models::routes())
        .merge(workspaces::routes())
        .merge(allowed_folders::routes())
        .merge(audit_log::routes())
        .merge(templates::routes())
        .merge(agents::routes())
        .merge(external_auth::routes())
        .merge(replicas::routes())
}
