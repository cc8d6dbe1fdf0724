//! The control plane's face: command line, configuration, HTTP and the wiring between them.
//!
//! What the product can do lives in `platform`; here requests are parsed, handed on, and answered. No handler
//! decides who may do what, and nothing here writes SQL. Start at [`commands`] for the command line and at
//! [`http`] for how a request travels.

#![recursion_limit = "512"]

pub mod commands;
pub mod config;
pub mod connections;
pub mod http;
mod logging;
mod relay;
pub mod routes;
pub mod serve;
pub mod state;
