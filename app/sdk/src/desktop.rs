//! The desktop of a chat's workspace: `GET /api/experimental/chats/{chat}/desktop`.
//!
//! Binary frames both ways, RFB as it is and without a password. What goes wrong after the socket was accepted comes as the
//! code and the reason with which it closes.

/// The socket closes with this when there can be no desktop, for the reason it gives. Connecting again helps only after
/// something was done about it.
pub const CLOSED_REFUSED: u16 = 4000;

/// The socket closes with this when the workspace has no programs for a desktop: [`INSTALL_COMMAND`] installs them.
pub const CLOSED_PROGRAMS_MISSING: u16 = 4001;

/// Installs what a desktop is made with, where the workspace runs.
pub const INSTALL_COMMAND: &str = "apt-get install tigervnc-standalone-server openbox";
