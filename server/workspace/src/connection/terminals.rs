//! A terminal of a workspace: what is typed goes out and what is shown comes in over one call.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream::BoxStream};
use http_body_util::{BodyDataStream, BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::{codec::FramedRead, io::StreamReader};
use uuid::Uuid;

use super::{
    AgentClient, AgentError,
    call::{self, Call},
    client::with_query,
};
use crate::protocol::{TerminalInput, TerminalOutput, TerminalSize, terminal_frames};

/// A shell may start slowly on a busy machine.
const OPEN_DEADLINE: Duration = Duration::from_secs(30);
/// Frames that wait for the connection.
const MAX_WAITING: usize = 64;

/// An open terminal. Dropping it leaves the terminal running.
pub struct TerminalCall {
    /// What is typed.
    pub input: mpsc::Sender<TerminalInput>,
    /// What is shown; ends with an error when the connection ends, and after [`TerminalOutput::Ended`].
    pub output: BoxStream<'static, Result<TerminalOutput, AgentError>>,
}

impl AgentClient {
    /// Opens the terminal with this id, or finds it again.
    pub async fn open_terminal(
        &self,
        id: Uuid,
        size: TerminalSize,
    ) -> Result<TerminalCall, AgentError> {
        let path = with_query(&format!("/api/v0/terminals/{id}"), &size)?;
        let call = Call::post(path, Bytes::new(), "the terminal to open", OPEN_DEADLINE);
        let (mut input, _) = mpsc::channel(MAX_WAITING);
        let body = || {
            let (sender, frames) = mpsc::channel(MAX_WAITING);
            input = sender;
            let frames = ReceiverStream::new(frames)
                .map(|input: TerminalInput| Ok::<_, Infallible>(Frame::data(input.encode())));
            StreamBody::new(frames).boxed_unsync()
        };
        let answer =
            call::open_with(&self.agent, &self.scope, self.reconnect_grace, &call, body).await?;
        Ok(TerminalCall {
            input,
            output: outputs(answer).boxed(),
        })
    }
}

fn outputs(body: Incoming) -> impl Stream<Item = Result<TerminalOutput, AgentError>> + Send {
    let bytes = BodyDataStream::new(body).map(|piece| piece.map_err(std::io::Error::other));
    FramedRead::new(StreamReader::new(bytes), terminal_frames()).map(|frame| {
        let frame = frame.map_err(|_| AgentError::Disconnected {
            since: Some(chrono::Utc::now()),
        })?;
        TerminalOutput::decode(frame).map_err(|error| AgentError::Protocol {
            message: error.to_string(),
        })
    })
}
