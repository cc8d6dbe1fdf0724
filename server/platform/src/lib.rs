//! What Switchyard can do: one method per thing a person can ask for, each taking the [`Actor`] and asking whether
//! they may before it touches a row.
//!
//! REST handlers, server functions and the command line are thin faces on [`Platform`]. Methods stand in one file
//! per feature. What a person may not read does not exist for them. Failures implement [`Failure`]; the server maps
//! [`FailureKind`] to a status in one table.

mod actor;
pub mod allowed_folders;
pub mod audit_log;
mod background;
mod backup;
pub mod chat_config;
pub mod chats;
pub mod costs;
mod credentials;
pub mod debug;
pub mod deployment;
pub mod diff_statuses;
pub mod external_auth;
mod failure;
pub mod files;
pub mod messages;
pub mod models;
mod open;
mod options;
pub mod organizations;
mod passwords;
pub mod preferences;
pub mod providers;
pub mod render;
pub mod replicas;
pub mod secrets;
pub mod sessions;
pub mod templates;
#[cfg(test)]
mod testing;
pub mod tokens;
pub mod users;
pub mod workspaces;

pub use actor::{Actor, Via};
pub use chatd::LiveSource;
pub use chatd::live::Batch;
pub use chatd::seed::Plan as ChatPlan;
pub use failure::{Failure, FailureKind, Fault};
pub use forge::{
    ForgeKind as GitHostKind, HostConfig as GitHostConfig, HostConfigError as GitHostConfigError,
};
pub use llm::http::{NameLookup, PrivateHost as PrivateProviderHost};
pub use open::{OpenError, Platform};
pub use options::{EnvironmentPresets, GitHostApp, PlatformOptions};
pub use sessions::ClientInfo;
pub use store::notices::{Heard, Subscription, Topic};
pub use store::{Clock, Notice};
pub use workspace::backend::{NetworkOptions, WorkspaceLimits};
