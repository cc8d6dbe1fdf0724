//! The desktop of a workspace: actions, and the screen's bytes both ways over one call.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use http_body_util::{BodyDataStream, BodyExt as _, StreamBody};
use hyper::body::Frame;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    AgentClient, AgentError,
    call::{self, Call},
};
use crate::protocol::{DesktopAction, DesktopActionResult};

/// The first one starts the desktop.
const OPEN_DEADLINE: Duration = Duration::from_secs(30);
/// Longer than the agent's own, with the start of a desktop before it.
const ACTION_DEADLINE: Duration = Duration::from_mins(2);
/// Pieces that wait for the connection.
const MAX_WAITING: usize = 64;

/// An open view of the screen. Dropping it leaves the desktop running.
pub struct DesktopCall {
    /// RFB to the screen.
    pub input: mpsc::Sender<Bytes>,
    /// RFB from it; ends with the desktop, and with an error when the connection ends.
    pub output: BoxStream<'static, Result<Bytes, AgentError>>,
}

impl AgentClient {
    /// Opens a view of the desktop, which is started when there is none.
    pub async fn open_desktop(&self) -> Result<DesktopCall, AgentError> {
        let path = "/api/v0/desktop/vnc".to_owned();
        let call = Call::post(path, Bytes::new(), "the desktop to start", OPEN_DEADLINE);
        let (mut input, _) = mpsc::channel(MAX_WAITING);
        let body = || {
            let (sender, pieces) = mpsc::channel(MAX_WAITING);
            input = sender;
            let pieces =
                ReceiverStream::new(pieces).map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
            StreamBody::new(pieces).boxed_unsync()
        };
        let answer =
            call::open_with(&self.agent, &self.scope, self.reconnect_grace, &call, body).await?;
        let output = BodyDataStream::new(answer).map(|piece| {
            piece.map_err(|_| AgentError::Disconnected {
                since: Some(chrono::Utc::now()),
            })
        });
        Ok(DesktopCall {
            input,
            output: output.boxed(),
        })
    }

    /// Does something on the desktop, which is started when there is none. Never repeated by itself: what was clicked may
    /// have been clicked.
    pub async fn desktop_action(
        &self,
        action: &DesktopAction,
    ) -> Result<DesktopActionResult, AgentError> {
        let call = Call::post(
            "/api/v0/desktop/action".into(),
            call::json(action)?,
            "the desktop",
            ACTION_DEADLINE,
        );
        let answer = call::fetch(&self.agent, &self.scope, self.reconnect_grace, &call).await?;
        call::parse(&answer)
    }
}
