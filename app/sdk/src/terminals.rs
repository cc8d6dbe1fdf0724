//! Terminals of a workspace: the messages of `GET /api/v2/workspaces/{workspace}/pty`.
//!
//! What the terminal shows comes in binary frames, as it is; what is typed goes out as JSON. A client that asks for
//! `control` is told in text frames what the binary ones are, and says how much it has worked off.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The socket closes with this when the terminal cannot be opened, for the reason it gives. Connecting again helps only
/// after something was done about it.
pub const CLOSED_REFUSED: u16 = 4000;

/// How a terminal is opened.
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenTerminal {
    /// The terminal's id, chosen by the client. One that is there is found again, with the last of its output; without
    /// an id nobody finds it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<Uuid>,
    /// Columns of the client's window.
    pub width: u16,
    /// Its rows.
    pub height: u16,
    /// Whether the client understands text frames and says what it has worked off.
    pub control: bool,
}

/// Client → server. Fields that are absent change nothing.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TerminalRequest {
    /// What is typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The window's columns; with `height`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u16>,
    /// The window's rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u16>,
    /// So many bytes of output were worked off; as many more may come. With `control` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<u32>,
    /// Closes the terminal: everything that runs in it ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
}

/// Server → client in text frames, with `control`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TerminalMessage {
    /// So many bytes of past output come now, for an empty screen. First, and again for a client that was too slow.
    ScrollBack {
        /// How many.
        bytes: u64,
    },
    /// The shell has ended; the socket closes.
    Ended {
        /// Its exit code.
        exit_code: i32,
    },
    /// Sent every 15 seconds, so that a client can tell a quiet terminal from a dead connection.
    Ping,
}
