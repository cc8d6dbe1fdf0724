//! The daemon on real databases: state machine, turns, streams, recovery.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::match_same_arms,
    clippy::format_push_string,
    clippy::duration_suboptimal_units,
    clippy::items_after_statements,
    clippy::float_cmp,
    reason = "tests"
)]

mod broken_answers;
mod chat_config;
mod client_tools;
mod clocks;
mod compaction;
mod constant_cost;
mod costs;
mod debug;
mod debug_turns;
mod defects;
mod diff_statuses;
mod diff_texts;
mod faults;
mod harness;
mod interrupts;
mod lifecycle;
mod lists;
mod model_based;
mod modes;
mod outage;
mod prefixes;
mod protocols;
mod recovery;
mod searches;
mod shared_reads;
mod state_documentation;
mod state_table;
mod store_contract;
mod streams;
mod titles;
mod trees;
mod turns;
mod workspace_tools;
