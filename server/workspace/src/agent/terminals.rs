//! Terminals: shells for people, found again by the id that the person's window chose.
//!
//! A terminal lives on when its window is gone, for [`terminal::UNUSED_LIMIT`], and several windows may look at one. Like
//! processes they survive reconnects of the agent and end with it.

mod history;
mod readers;
mod sequences;
mod shell;
mod terminal;

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::header::CONTENT_TYPE;
use tokio_util::{codec::FramedRead, io::StreamReader, sync::CancellationToken};
use uuid::Uuid;

use self::terminal::{Reader, Terminal};
use super::{AgentState, error::ApiError};
use crate::protocol::{TerminalInput, TerminalSize, terminal_frames};

/// Terminals that may run at once.
const MAX_RUNNING: usize = 20;
/// The end of a terminal is kept this long for a window that is away.
const END_KEPT: Duration = Duration::from_mins(5);

/// `POST /terminals/{id}`: opens a terminal or finds it again. The request's body is what is typed, the answer's what is
/// shown; see [`crate::protocol::TerminalInput`]. The reader is gone with either of them.
pub async fn open(
    State(state): State<AgentState>,
    id: Result<Path<Uuid>, PathRejection>,
    size: Result<Query<TerminalSize>, QueryRejection>,
    body: Body,
) -> Result<Response, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::bad_request("a terminal's id is a UUID"))?;
    let Query(size) = size?;
    let reader = state.inner.terminals.open(&state, id, size)?;
    let terminal = Arc::clone(reader.terminal());
    let gone = CancellationToken::new();
    let (reader_id, input_gone) = (reader.id(), gone.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = take(&terminal, reader_id, body) => input_gone.cancel(),
            () = input_gone.cancelled() => {}
        }
    });
    let frames = frames(reader, gone);
    Ok((
        [(CONTENT_TYPE, "application/octet-stream")],
        Body::from_stream(frames),
    )
        .into_response())
}

/// Does what a reader's frames say, until there are no more.
async fn take(terminal: &Arc<Terminal>, reader: Uuid, body: Body) {
    let bytes = body
        .into_data_stream()
        .map(|piece| piece.map_err(std::io::Error::other));
    let mut frames = FramedRead::new(StreamReader::new(bytes), terminal_frames());
    while let Some(Ok(frame)) = frames.next().await {
        match TerminalInput::decode(frame) {
            Ok(TerminalInput::Data(keys)) => terminal.type_in(keys),
            Ok(TerminalInput::Resize(size)) => terminal.resize(size),
            Ok(TerminalInput::Taken(bytes)) => {
                terminal.taken(reader, usize::try_from(bytes).unwrap_or(usize::MAX));
            }
            Ok(TerminalInput::End) => terminal.close(),
            Ok(TerminalInput::EndReceived) => terminal.end_received(),
            Err(_) => return,
        }
    }
}

fn frames(
    reader: Reader,
    gone: CancellationToken,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let guard = gone.clone().drop_guard();
    futures::stream::unfold((reader, gone, guard), async |(mut reader, gone, guard)| {
        let output = tokio::select! {
            biased;
            () = gone.cancelled() => return None,
            output = reader.next() => output?,
        };
        Some((Ok(output.encode()), (reader, gone, guard)))
    })
}

/// All terminals of this agent.
#[derive(Default)]
pub struct Terminals {
    known: Mutex<HashMap<Uuid, Arc<Terminal>>>,
}

impl Terminals {
    /// The terminal with this id, started when there is none.
    fn open(&self, state: &AgentState, id: Uuid, size: TerminalSize) -> Result<Reader, ApiError> {
        let mut known = self.lock();
        if let Some(terminal) = known.get(&id).filter(|terminal| !terminal.is_over()) {
            terminal.resize(size);
            return Ok(terminal.attach());
        }
        let running = known.values().filter(|terminal| !terminal.has_ended());
        if running.count() >= MAX_RUNNING {
            return Err(ApiError::conflict(format!(
                "{MAX_RUNNING} terminals are open in this workspace; close one of them first"
            )));
        }
        let desktop = state.inner.desktop.environment();
        let started =
            shell::start(&state.inner.working_directory, size, desktop).map_err(|error| {
                ApiError::failed(format!("the terminal could not be opened: {error}"))
            })?;
        let (terminal, shell) = Terminal::new(started);
        known.insert(id, Arc::clone(&terminal));
        let reader = terminal.attach();
        let state = state.clone();
        tokio::spawn(async move {
            terminal.attend(shell).await;
            // What ran in it may have changed files.
            state.notice_process_end();
            tokio::time::sleep(END_KEPT).await;
            state.inner.terminals.forget(id, &terminal);
        });
        Ok(reader)
    }

    /// Ends everything at once.
    pub fn kill_all(&self) {
        for terminal in self.lock().values() {
            terminal.kill();
        }
    }

    /// Another terminal may have the id by now.
    fn forget(&self, id: Uuid, terminal: &Arc<Terminal>) {
        let mut known = self.lock();
        if known
            .get(&id)
            .is_some_and(|other| Arc::ptr_eq(other, terminal))
        {
            known.remove(&id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Terminal>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
