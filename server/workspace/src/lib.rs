//! Workspaces: where the agents of a chat read files, run processes and change repositories.
//!
//! Three parts. [`agent`] is the program that runs inside a workspace and serves its files, processes and git
//! state. [`connection`] is the control plane's side of the tunnel that the agent dials: a [`connection::Hub`]
//! of connected agents and a typed [`connection::AgentClient`]. [`backend`] creates, starts, stops and deletes
//! workspaces. [`protocol`] holds the types both ends speak. This crate never sees the database.

pub mod agent;
pub mod backend;
pub mod connection;
mod git_command;
mod limit_counters;
pub mod protocol;
