//! The browser's side of the sockets: the list's watch, one stream per open chat, one git watch.
//!
//! `socket` keeps a connection up and hands over its frames; the others turn frames into signals. Everything is
//! started in effects, so nothing of it runs on the server, and ends with the component that started it.

pub mod chat;
pub mod git;
pub mod pace;
pub mod socket;
pub mod watch;
