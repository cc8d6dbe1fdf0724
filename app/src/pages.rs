//! One module per page.

pub mod agents;
pub mod analytics;
pub mod audit_log;
pub mod door;
pub mod gallery;
pub mod login;
pub mod not_found;
pub mod parts;
pub mod prompt_preview;
pub mod set_password;
pub mod settings;
pub mod setup;
pub mod workspaces;
