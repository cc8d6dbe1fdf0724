//! What commands of chats push, whichever way git signs in: by a key, by a helper of its own, or not at all.
//!
//! Git tells what it does at the socket that `GIT_TRACE2_EVENT` names (git's `api-trace2`): each process of git connects, and
//! begins with the id of the command that it runs in, which `GIT_TRACE2_PARENT_SID` puts before its own (`trace`). Of one that
//! pushed, the repository's log of its remotes' branches says what has come there (`log`), and the control plane is told for the
//! chat whose command it was. The log alone would not do: chats share workspaces, and a push concerns the chat that made it.

mod log;
mod trace;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use sdk::{external_auth::GitPush, ids::ChatId};
use tempfile::TempDir;
use tokio::{net::UnixListener, sync::mpsc, task::AbortHandle};
use uuid::Uuid;

use self::trace::Ended;
use super::{
    AgentOptions, AgentState,
    control_plane::ControlPlane,
    git::{Place, without_credentials},
};
use crate::git_command::{GitCommand, GitError};

const PUSH_PATH: &str = "/api/v2/agents/git-pushes";
/// Where git tells what it does.
const SOCKET_VARIABLE: &str = "GIT_TRACE2_EVENT";
/// What stands before the ids of git's processes.
const PARENT_VARIABLE: &str = "GIT_TRACE2_PARENT_SID";
/// The address of a socket may have 107 bytes.
const LONGEST_SOCKET_PATH_BYTES: usize = 107;
/// Pushes that wait to be told.
const MOST_WAITING: usize = 64;

/// Ends the listening with it.
pub struct Listening {
    tasks: [AbortHandle; 2],
    _folder: TempDir,
}

impl Drop for Listening {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Begins to listen. Without it only pushes that ask for a token are known, everything else works.
pub fn begin(options: &AgentOptions, state: &AgentState) -> std::io::Result<Listening> {
    let (folder, socket) = place()?;
    let listener = UnixListener::bind(&socket)?;
    let (sender, receiver) = mpsc::channel(MOST_WAITING);
    let listening = tokio::spawn(trace::serve(listener, sender));
    let telling = tokio::spawn(tell(ControlPlane::new(options), state.clone(), receiver));
    let _ = state.inner.trace_socket.set(socket);
    Ok(Listening {
        tasks: [listening.abort_handle(), telling.abort_handle()],
        _folder: folder,
    })
}

/// What git of a command finds so that it tells here what it does.
pub fn variables(socket: &Path, process_id: Uuid) -> [(&'static str, OsString); 2] {
    let mut target = OsString::from("af_unix:stream:");
    target.push(socket);
    [
        (SOCKET_VARIABLE, target),
        (PARENT_VARIABLE, trace::parent_id(process_id).into()),
    ]
}

/// A folder for the socket that nobody else may open; state folders may lie too deep for the address of one.
fn place() -> std::io::Result<(TempDir, PathBuf)> {
    let mut too_deep = PathBuf::new();
    for folder in [std::env::temp_dir(), PathBuf::from("/tmp")] {
        let folder = tempfile::Builder::new()
            .prefix("switchyard-git-")
            .tempdir_in(folder)?;
        let socket = folder.path().join("trace");
        if socket.as_os_str().len() <= LONGEST_SOCKET_PATH_BYTES {
            return Ok((folder, socket));
        }
        too_deep = socket;
    }
    Err(std::io::Error::other(format!(
        "{} is too long for the address of a socket",
        too_deep.display()
    )))
}

/// One after the other, so that the branch that was pushed last is the last one told.
async fn tell(control_plane: ControlPlane, state: AgentState, mut receiver: mpsc::Receiver<Ended>) {
    while let Some(ended) = receiver.recv().await {
        let Some(chat_id) = state.inner.processes.chat_of(ended.process_id) else {
            continue;
        };
        let pushed = match pushed(ended).await {
            Ok(Some(pushed)) => pushed,
            Ok(None) => continue,
            Err(error) => {
                tracing::debug!(%error, %chat_id, "what was pushed cannot be told");
                continue;
            }
        };
        let push = GitPush {
            chat_id: ChatId(chat_id),
            git_branch: pushed.branch,
            git_remote_origin: pushed.address,
        };
        if let Err(error) = control_plane.post(PUSH_PATH, &push).await {
            tracing::debug!(error, %chat_id, "the server does not take what was pushed");
        }
    }
}

struct Pushed {
    branch: String,
    address: String,
}

async fn pushed(ended: Ended) -> Result<Option<Pushed>, GitError> {
    let root = ended.repository;
    let remotes = GitCommand::in_workspace(&root)
        .args(["remote"])
        .text()
        .await?;
    let remotes: Vec<String> = remotes.lines().map(str::to_owned).collect();
    let logs = Place::of(&root).await?.common_folder.join("logs");
    let looking =
        tokio::task::spawn_blocking(move || log::last_pushed(&logs, &remotes, ended.began_at));
    let Ok(Some(newest)) = looking.await else {
        return Ok(None);
    };
    let address = GitCommand::in_workspace(&root)
        .args(["remote", "get-url", "--push", "--", &newest.remote])
        .text()
        .await?;
    Ok(Some(Pushed {
        branch: newest.branch,
        address: without_credentials(&address),
    }))
}
