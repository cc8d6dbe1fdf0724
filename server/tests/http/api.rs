//! Below `/api`.

mod agents;
mod allowed_folders;
mod audit_log;
mod build_info;
mod chat_config;
mod chats;
mod documents;
mod external_auth;
mod git_sign_in;
mod git_webhooks;
mod login;
mod models;
mod password_links;
mod preferences;
mod providers;
mod roles;
mod sessions;
mod templates;
mod terminals;
mod tokens;
mod users;
mod workspaces;
