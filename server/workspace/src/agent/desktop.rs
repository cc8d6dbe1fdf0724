//! The desktop: one screen for people and models to look at and to work on, started when it is first wanted.
//!
//! Programs come from the workspace: TigerVNC draws the screen and speaks RFB, Openbox gives windows their frames. A desktop
//! that nobody used for [`IDLE_LIMIT`] ends with all that is open on it, and the next one begins empty.

mod actions;
mod display;
mod keys;
mod picture;
mod programs;
mod session;

use std::{
    convert::Infallible,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    body::Body,
    extract::{State, rejection::JsonRejection},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use http::header::CONTENT_TYPE;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::{
    actions::{Action, ActionError},
    programs::Programs,
    session::{Reader, Session},
};
use super::{AgentState, error::ApiError};
use crate::protocol::{DesktopAction, DesktopActionResult, MAX_ACTION_DURATION};

/// A desktop that nobody uses ends after this time.
pub const IDLE_LIMIT: Duration = Duration::from_mins(10);
/// Until a screen is there on a busy machine.
const START_DEADLINE: Duration = Duration::from_secs(20);
/// For an action beside what it waits, with those before it.
const ACTION_DEADLINE: Duration = Duration::from_mins(1);
/// As much of the screen's bytes goes out in one piece.
const PIECE_BYTES: usize = 64 * 1024;

/// The desktop of this agent.
pub struct Desktop {
    folder: PathBuf,
    idle_limit: Duration,
    /// Held while one is started; there is never a second one.
    starting: tokio::sync::Mutex<()>,
    current: Mutex<Option<Arc<Session>>>,
}

impl Desktop {
    /// None yet; its files will lie in this folder.
    pub fn new(folder: PathBuf, idle_limit: Duration) -> Self {
        Self {
            folder,
            idle_limit,
            starting: tokio::sync::Mutex::default(),
            current: Mutex::default(),
        }
    }

    /// What programs need to find the screen; nothing while there is none.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.running()
            .map(|session| session.environment().into())
            .unwrap_or_default()
    }

    /// The desktop that runs, started when there is none.
    async fn session(&self) -> Result<Arc<Session>, ApiError> {
        let session = timeout(START_DEADLINE, self.start()).await.map_err(|_| {
            ApiError::failed(format!(
                "the desktop was not ready after {} s; try again. Its programs said last: {}",
                START_DEADLINE.as_secs(),
                session::last_words(&self.folder)
            ))
        })??;
        session.note_use();
        Ok(session)
    }

    async fn start(&self) -> Result<Arc<Session>, ApiError> {
        let _turn = self.starting.lock().await;
        if let Some(session) = self.running() {
            return Ok(session);
        }
        let programs = Programs::find()?;
        let session = Session::start(&self.folder, programs, self.idle_limit)
            .await
            .map_err(|error| {
                ApiError::failed(format!("the desktop could not be started: {error}"))
            })?;
        *self.lock() = Some(Arc::clone(&session));
        Ok(session)
    }

    fn running(&self) -> Option<Arc<Session>> {
        let mut current = self.lock();
        let has_ended = current
            .as_ref()
            .is_some_and(|session| session.ended.is_cancelled());
        if has_ended {
            *current = None;
        }
        current.clone()
    }

    /// Ends it, and waits until it has ended.
    pub async fn shut_down(&self) {
        if let Some(session) = self.running() {
            session.end();
            session.ended.cancelled().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /desktop/action`: does something on the desktop and answers with what it shows then.
pub async fn action(
    State(state): State<AgentState>,
    body: Result<Json<DesktopAction>, JsonRejection>,
) -> Result<Json<DesktopActionResult>, ApiError> {
    let action = Action::read(&body?.0).map_err(ApiError::bad_request)?;
    let session = state.inner.desktop.session().await?;
    // An action is use from its beginning to its end.
    let reader = session.reader();
    let at_work = Arc::clone(&session);
    let work = tokio::task::spawn_blocking(move || {
        let _reader = reader;
        let mut borrowed = at_work.input.lock().unwrap_or_else(PoisonError::into_inner);
        let display = at_work.connect().map_err(ActionError::from)?;
        action.carry_out(&display, &mut borrowed)
    });
    match timeout(ACTION_DEADLINE + MAX_ACTION_DURATION, work).await {
        Ok(Ok(Ok(result))) => Ok(Json(result)),
        Ok(Ok(Err(error))) => Err(ApiError::failed(format!(
            "the desktop did not do it: {error}"
        ))),
        Ok(Err(error)) => Err(ApiError::failed(format!(
            "the action was not carried out: {error}"
        ))),
        Err(_) => {
            // What hangs is let go when the screen is gone.
            session.end();
            Err(ApiError::failed(
                "the desktop did not answer and is ended; the next action starts another one",
            ))
        }
    }
}

/// `POST /desktop/vnc`: the request's body goes to the screen and the answer's comes from it, as RFB. Everything ends with
/// either of them.
pub async fn vnc(State(state): State<AgentState>, body: Body) -> Result<Response, ApiError> {
    let session = state.inner.desktop.session().await?;
    let reader = session.reader();
    let socket = session.dial().await.map_err(|error| {
        ApiError::failed(format!("the desktop's screen cannot be reached: {error}"))
    })?;
    let (from_screen, to_screen) = socket.into_split();
    let gone = CancellationToken::new();
    let input_gone = gone.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = pass_on(body, to_screen) => input_gone.cancel(),
            () = input_gone.cancelled() => {}
        }
    });
    Ok((
        [(CONTENT_TYPE, "application/octet-stream")],
        Body::from_stream(pieces(from_screen, reader, gone)),
    )
        .into_response())
}

async fn pass_on(body: Body, mut to_screen: OwnedWriteHalf) {
    let mut pieces = body.into_data_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        if to_screen.write_all(&piece).await.is_err() {
            return;
        }
    }
}

fn pieces(
    from_screen: OwnedReadHalf,
    reader: Reader,
    gone: CancellationToken,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let guard = gone.clone().drop_guard();
    let state = (from_screen, gone, (reader, guard));
    futures::stream::unfold(state, async |(mut from_screen, gone, kept)| {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let read = tokio::select! {
            biased;
            () = gone.cancelled() => return None,
            read = from_screen.read_buf(&mut piece) => read,
        };
        matches!(read, Ok(1..)).then(|| (Ok(piece.freeze()), (from_screen, gone, kept)))
    })
}
