//! Wire types of Switchyard, shared by the browser, the server and any client.
//!
//! No I/O and no clock: everything here builds for wasm. One module per feature, named as the feature is
//! named in every other room. The typed HTTP client lives behind the feature `client`.

pub mod allowed_folders;
pub mod audit_log;
pub mod build_info;
pub mod chat_config;
pub mod chat_context;
pub mod chats;
#[cfg(feature = "client")]
pub mod client;
pub mod costs;
pub mod debug;
pub mod deployment;
pub mod desktop;
pub mod diff_statuses;
pub mod errors;
pub mod external_auth;
pub mod files;
mod flat;
pub mod git;
pub mod ids;
pub mod live;
pub mod messages;
pub mod models;
pub mod organizations;
pub mod parts;
pub mod password_links;
pub mod permissions;
pub mod preferences;
pub mod prompt_preview;
pub mod providers;
pub mod replicas;
mod secrets;
pub mod sessions;
pub mod stream;
pub mod templates;
pub mod terminals;
pub mod tokens;
pub mod users;
pub mod workspace_files;
pub mod workspace_shares;
pub mod workspaces;
