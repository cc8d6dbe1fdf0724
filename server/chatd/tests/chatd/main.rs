//! The daemon on real databases: state machine, turns, streams, recovery.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::future_not_send,
    reason = "tests"
)]

mod harness;
mod interrupts;
mod model_based;
mod recovery;
mod state_table;
mod streams;
mod turns;
mod workspace_tools;
