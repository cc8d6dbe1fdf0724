//! Desktops of workspaces.

use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::socket::failed;
use super::{Client, ClientError};
use crate::ids::ChatId;

/// What comes from a desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesktopFrame {
    /// RFB, cut anywhere.
    Bytes(Vec<u8>),
    /// The server has closed the socket.
    Closed {
        /// With which code.
        code: u16,
        /// Why.
        reason: String,
    },
}

/// An open view of a desktop. Dropping it leaves the desktop running.
pub struct Desktop {
    socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
}

impl Client {
    /// `GET /chats/{chat}/desktop`: the screen of the chat's workspace.
    pub async fn open_desktop(&self, chat: ChatId) -> Result<Desktop, ClientError> {
        let path = format!("/api/experimental/chats/{chat}/desktop");
        Ok(Desktop {
            socket: self.open_socket(&path).await?,
        })
    }
}

impl Desktop {
    /// The next frame; `None` when the connection broke.
    pub async fn next(&mut self) -> Option<DesktopFrame> {
        loop {
            return Some(match self.socket.next().await?.ok()? {
                Message::Binary(bytes) => DesktopFrame::Bytes(bytes.to_vec()),
                Message::Close(frame) => {
                    let frame = frame?;
                    DesktopFrame::Closed {
                        code: frame.code.into(),
                        reason: frame.reason.to_string(),
                    }
                }
                _ => continue,
            });
        }
    }

    /// Sends RFB.
    pub async fn send(&mut self, bytes: Vec<u8>) -> Result<(), ClientError> {
        self.socket
            .send(Message::binary(bytes))
            .await
            .map_err(failed)
    }

    /// Sends a text frame as it is.
    pub async fn send_text(&mut self, text: &str) -> Result<(), ClientError> {
        self.socket.send(Message::text(text)).await.map_err(failed)
    }
}
