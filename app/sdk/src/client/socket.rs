//! Sockets as streams of typed messages.

use std::marker::PhantomData;

use futures::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::error::body_of;
use super::{Client, ClientError};

/// An open socket whose text frames are `T` as JSON.
pub struct Subscription<T> {
    socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    message: PhantomData<fn() -> T>,
}

impl Client {
    /// Opens the socket at a path such as `/api/experimental/chats/watch`.
    pub async fn subscribe<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Subscription<T>, ClientError> {
        Ok(Subscription {
            socket: self.open_socket(path).await?,
            message: PhantomData,
        })
    }

    pub(super) async fn open_socket(
        &self,
        path: &str,
    ) -> Result<WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>, ClientError> {
        let mut url = self.url(path)?;
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme)
            .map_err(|()| ClientError::Address(format!("{url} is not an http address")))?;
        let mut request = url.as_str().into_client_request().map_err(failed)?;
        if let Some(token) = &self.token {
            let value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| ClientError::Address("the token cannot stand in a header".into()))?;
            request.headers_mut().insert("authorization", value);
        }
        let (socket, _) = connect_async_with_config(request, None, true)
            .await
            .map_err(failed)?;
        Ok(socket)
    }
}

impl<T: DeserializeOwned> Subscription<T> {
    /// The next message; `None` once the server has closed the socket.
    pub async fn next(&mut self) -> Option<Result<T, ClientError>> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) if text.as_str() == crate::stream::WATCH_PING => {}
                Ok(Message::Text(text)) => {
                    return Some(serde_json::from_str(&text).map_err(ClientError::Decode));
                }
                Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    return None;
                }
                Ok(_) => {}
                Err(error) => return Some(Err(failed(error))),
            }
        }
    }

    /// Sends a message to the server.
    pub async fn send<M: Serialize + Sync>(&mut self, message: &M) -> Result<(), ClientError> {
        let text = serde_json::to_string(message).map_err(ClientError::Decode)?;
        self.socket.send(Message::text(text)).await.map_err(failed)
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        // A connection that is already broken cannot be closed any better.
        let _ = self.socket.close(None).await;
    }
}

pub(super) fn failed(error: Error) -> ClientError {
    match error {
        Error::Http(response) => ClientError::Api {
            status: response.status().as_u16(),
            body: body_of(
                &response
                    .body()
                    .as_deref()
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default(),
            ),
            retry_after_s: None,
        },
        other => ClientError::Socket(other.to_string()),
    }
}
