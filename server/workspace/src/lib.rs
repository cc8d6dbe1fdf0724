//! Workspaces: where the agents of a chat read files, run processes and change repositories.
//!
//! Five parts. [`agent`] is the program that runs inside a workspace and serves its files, processes and git
//! state. [`connection`] is the control plane's side of the tunnel that the agent dials: a [`connection::Hub`]
//! of connected agents and a typed [`connection::AgentClient`]. [`backend`] creates, starts, stops and deletes
//! workspaces. [`read_only`] runs commands that change nothing. [`git_askpass`] answers git's questions for a name and a token there. [`protocol`] holds the types
//! both ends speak. This crate never sees the database.

pub mod agent;
pub mod backend;
pub mod connection;
pub mod git_askpass;
mod git_command;
pub mod git_host;
mod limit_counters;
pub mod protocol;
pub mod read_only;
mod system_calls;
