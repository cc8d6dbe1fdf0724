//! Rows, queries and transactions on SQLite and PostgreSQL, and the notices that follow commits.
//!
//! One module per feature, named as in every other room. SQL stands in named constants at the top of each file
//! and runs on both databases; what differs between them lives in [`dialect`]. Nothing here knows HTTP or who may
//! do what. Tests run on both databases through `testing`.

pub mod allowed_folders;
pub mod audit_log;
pub mod chat_config;
pub mod chats;
pub mod clock;
pub mod costs;
pub mod db;
pub mod debug;
pub mod dialect;
pub mod diff_statuses;
pub mod diff_texts;
pub mod error;
pub mod external_auth;
pub mod files;
pub mod heartbeats;
pub mod messages;
pub mod model_configs;
pub mod notices;
pub mod organizations;
mod packing;
pub mod password_links;
pub mod provider_configs;
pub mod queue;
pub mod replicas;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod statements;
pub mod templates;
#[cfg(any(test, feature = "test-support"))]
pub mod testing;
pub mod tokens;
pub mod user_provider_keys;
pub mod user_settings;
pub mod users;
pub mod workspaces;

pub use clock::Clock;
pub use db::{Db, OpenOptions, Tx};
pub use error::StoreError;
pub use notices::{Notice, Notices};
