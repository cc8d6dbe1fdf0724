//! Terminals of workspaces.

use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::socket::failed;
use super::{Client, ClientError};
use crate::ids::WorkspaceId;
use crate::terminals::{OpenTerminal, TerminalMessage, TerminalRequest};

/// What comes out of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalFrame {
    /// Output, as it is.
    Output(Vec<u8>),
    /// What is told about it.
    Message(TerminalMessage),
    /// The server has closed the socket.
    Closed {
        /// With which code.
        code: u16,
        /// Why.
        reason: String,
    },
}

/// An open terminal. Dropping it leaves the terminal running.
pub struct Terminal {
    socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
}

impl Client {
    /// `GET /workspaces/{workspace}/pty`: opens a terminal, or finds one again.
    pub async fn open_terminal(
        &self,
        id: WorkspaceId,
        terminal: &OpenTerminal,
    ) -> Result<Terminal, ClientError> {
        let query = serde_urlencoded::to_string(terminal)
            .map_err(|error| ClientError::Address(error.to_string()))?;
        let path = format!("/api/v2/workspaces/{id}/pty?{query}");
        Ok(Terminal {
            socket: self.open_socket(&path).await?,
        })
    }
}

impl Terminal {
    /// The next frame; `None` when the connection broke.
    pub async fn next(&mut self) -> Option<TerminalFrame> {
        loop {
            return Some(match self.socket.next().await?.ok()? {
                Message::Binary(output) => TerminalFrame::Output(output.to_vec()),
                Message::Text(text) => TerminalFrame::Message(serde_json::from_str(&text).ok()?),
                Message::Close(frame) => {
                    let frame = frame?;
                    TerminalFrame::Closed {
                        code: frame.code.into(),
                        reason: frame.reason.to_string(),
                    }
                }
                _ => continue,
            });
        }
    }

    /// Types, resizes, or says what was worked off.
    pub async fn send(&mut self, request: &TerminalRequest) -> Result<(), ClientError> {
        let text = serde_json::to_string(request).map_err(ClientError::Decode)?;
        self.send_text(&text).await
    }

    /// Sends a text frame as it is.
    pub async fn send_text(&mut self, text: &str) -> Result<(), ClientError> {
        self.socket.send(Message::text(text)).await.map_err(failed)
    }
}
