//! The HTTP face, spoken to as others do: the real router on a real port, through the typed client where it has a
//! method and through plain requests where a client would not send such a thing.
//!
//! Modules mirror the URL tree; `support` starts servers and people.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod access;
mod api;
mod command_line;
mod connections;
mod crash;
mod documentation;
mod origin;
mod pages;
mod replicas;
mod support;
mod wrong_input;
