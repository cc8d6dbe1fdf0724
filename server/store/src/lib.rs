//! Rows, queries and transactions on SQLite and PostgreSQL, and the notices that follow commits.
//!
//! One module per feature, named as in every other room. SQL stands in named constants at the top of each file
//! and runs on both databases; what differs between them lives in [`dialect`]. Nothing here knows HTTP or who may
//! do what.

pub mod db;
pub mod dialect;
pub mod error;

pub use db::{Db, OpenOptions, Tx};
pub use error::StoreError;
