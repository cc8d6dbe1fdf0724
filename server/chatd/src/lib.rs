//! The chat daemon: state machine, worker, turn loop, tools, prompt and streams.
pub mod state;
