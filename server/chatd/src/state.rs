//! The chat's state machine: every way in which a chat changes, by name.
//!
//! A transition runs inside a [`Change`] (one database transaction) on a [`Locked`] chat: it checks that the state
//! accepts it, raises `snapshot_version`, changes rows, and checks where it landed. Nothing else writes the chat
//! tables. [`table`] lists all of them; [`people`], [`queue`], [`context`] and [`archive`] hold those of the API,
//! [`work`] those of the worker, [`actions`] those of client tools.

pub mod actions;
pub mod archive;
pub mod change;
pub mod context;
pub mod details;
pub mod error;
pub mod open_calls;
pub mod people;
pub mod queue;
pub mod table;
mod text;
pub mod work;

pub use change::{Change, Committed, Locked};
pub use error::StateError;
pub use table::{Code, Transition};
