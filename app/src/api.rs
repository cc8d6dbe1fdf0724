//! Server functions: the pages' reads and writes. Each is a thin call of the `platform` method of the same name,
//! lives under `/api/page/<endpoint>`, and fails with an `AppError`.

#![allow(
    missing_docs,
    reason = "the fields of the macro's argument types mirror the functions' arguments"
)]

pub mod allowed_folders;
pub mod audit_log;
pub mod chat_config;
pub mod chats;
pub mod codec;
pub mod costs;
pub mod debug;
pub mod deployment;
pub mod external_auth;
pub mod models;
pub mod preferences;
pub mod prompt_preview;
pub mod providers;
pub mod sessions;
pub mod templates;
pub mod tokens;
pub mod users;
pub mod workspaces;

#[cfg(feature = "ssr")]
mod context;

#[cfg(feature = "ssr")]
pub(crate) use context::{
    client, failed, misunderstood, platform, redirect, redirect_plain_form, refused, signed_in,
};
