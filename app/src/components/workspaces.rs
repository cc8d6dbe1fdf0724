//! What the pages of workspaces and the chat share: a workspace's state in words, what can be done with it, a build's log,
//! the fields of a template's parameters.

pub mod actions;
pub mod build_log;
pub mod delete;
pub mod parameters;
pub mod sharing;
pub mod state;
