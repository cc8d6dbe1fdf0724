//! The control plane's end of the tunnel.
//!
//! An agent dials in over a WebSocket and serves HTTP/2 on that byte stream; here is the HTTP client. [`Hub`]
//! knows which agents are connected and since when, [`AgentClient`] speaks to one of them through whatever
//! connection it has at the moment, and [`socket`] turns WebSockets into byte streams for both ends.

mod call;
mod client;
mod desktop;
mod error;
mod hub;
pub mod local_socket;
mod severable;
pub mod socket;
mod terminals;

pub use client::{AgentClient, GitWatch};
pub use desktop::DesktopCall;
pub use error::AgentError;
pub use hub::{ConnectionEvent, ConnectionState, Hub, HubOptions};
pub use terminals::TerminalCall;
