//! What commands of chats push, whichever way git signs in: by a key, by a helper of its own, or not at all.
//!
//! Git tells what it does at the socket that `GIT_TRACE2_EVENT` names (git's `api-trace2`): each process of git connects, and
//! begins with the id of the command that it runs in, which `GIT_TRACE2_PARENT_SID` puts before its own (`trace`). The command line
//! of one that pushed (`arguments`) and the repository's configuration say which branch it went to, and the control plane is told
//! for the chat whose command it was: chats share workspaces, and a push concerns the chat that made it.

mod arguments;
mod trace;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use sdk::{external_auth::GitPush, ids::ChatId};
use tempfile::TempDir;
use tokio::{net::UnixListener, sync::mpsc, task::AbortHandle};
use uuid::Uuid;

use self::{arguments::Branch, trace::Ended};
use super::{
    AgentOptions, AgentState,
    control_plane::{AskError, ControlPlane},
    git::without_credentials,
};
use crate::git_command::{GitCommand, GitError};

/// What branches begin with.
const HEADS: &str = "refs/heads/";
const USUAL_REMOTE: &str = "origin";
const PUSH_PATH: &str = "/api/v2/agents/git-pushes";
/// Where git tells what it does.
const SOCKET_VARIABLE: &str = "GIT_TRACE2_EVENT";
const SOCKET_KIND: &str = "af_unix:stream:";
/// What stands before the ids of git's processes.
const PARENT_VARIABLE: &str = "GIT_TRACE2_PARENT_SID";
/// The address of a socket may have 107 bytes.
const LONGEST_SOCKET_PATH_BYTES: usize = 107;
/// Pushes that wait to be told.
const MOST_WAITING: usize = 64;
/// A server that starts again is asked anew after these pauses.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
    Duration::from_mins(1),
];

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
    let mut target = OsString::from(SOCKET_KIND);
    target.push(socket);
    [
        (SOCKET_VARIABLE, target),
        (PARENT_VARIABLE, trace::parent_id(process_id).into()),
    ]
}

/// Whether git, which started this program, tells of its pushes.
pub(crate) fn tells_of_pushes() -> bool {
    let target = std::env::var(SOCKET_VARIABLE);
    target.is_ok_and(|target| target.starts_with(SOCKET_KIND))
        && std::env::var(PARENT_VARIABLE).is_ok_and(|id| trace::command_of(&id).is_some())
}

/// A folder for the socket that nobody else may open; state folders may lie too deep for the address of one.
fn place() -> std::io::Result<(TempDir, PathBuf)> {
    let mut problem = std::io::Error::other("there is no folder for it");
    for folder in [std::env::temp_dir(), PathBuf::from("/tmp")] {
        let made = tempfile::Builder::new()
            .prefix("switchyard-git-")
            .tempdir_in(folder);
        let folder = match made {
            Ok(folder) => folder,
            Err(error) => {
                problem = error;
                continue;
            }
        };
        let socket = folder.path().join("trace");
        if socket.as_os_str().len() <= LONGEST_SOCKET_PATH_BYTES {
            return Ok((folder, socket));
        }
        let too_long = format!("{} is too long for a socket", socket.display());
        problem = std::io::Error::other(too_long);
    }
    Err(problem)
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
        if let Err(error) = post(&control_plane, &push).await {
            tracing::debug!(%error, %chat_id, "the server does not take what was pushed");
        }
    }
}

async fn post(control_plane: &ControlPlane, push: &GitPush) -> Result<(), AskError> {
    for pause in PAUSES {
        match control_plane.post(PUSH_PATH, push).await {
            Err(AskError::Away(_)) => tokio::time::sleep(pause).await,
            outcome => return outcome.map(drop),
        }
    }
    control_plane.post(PUSH_PATH, push).await.map(drop)
}

struct Pushed {
    branch: String,
    address: String,
}

async fn pushed(ended: Ended) -> Result<Option<Pushed>, GitError> {
    let Some(destination) = arguments::destination(&ended.arguments) else {
        return Ok(None);
    };
    let git = |arguments: &[&str]| GitCommand::in_workspace(&ended.repository).args(arguments);
    let head = git(&["symbolic-ref", "--quiet", "HEAD"])
        .optional_text()
        .await?;
    let head = head.unwrap_or_default();
    let checked_out = || head.strip_prefix(HEADS).map(str::to_owned);
    let mut remote = destination.remote;
    let branch = match destination.branch {
        Branch::There(name) => Some(name),
        Branch::Same(name) => {
            // It may be a tag.
            let reference = format!("{HEADS}{name}");
            let known = git(&["show-ref", "--verify", &reference]).optional_text();
            known.await?.map(|_| name)
        }
        Branch::CheckedOut => checked_out(),
        Branch::Configured => {
            let format = "--format=%(push:remotename) %(push:remoteref)";
            let told = git(&["for-each-ref", format, &head])
                .optional_text()
                .await?;
            let told = told.unwrap_or_default();
            let (name, reference) = told.split_once(' ').unwrap_or((&told, ""));
            if remote.is_none() && !name.is_empty() {
                remote = Some(name.to_owned());
            }
            let configured = reference.strip_prefix(HEADS).map(str::to_owned);
            configured.or_else(checked_out)
        }
    };
    let Some(branch) = branch else {
        return Ok(None);
    };
    let remote = remote.unwrap_or_else(|| USUAL_REMOTE.to_owned());
    let address = git(&["remote", "get-url", "--push", "--", &remote]);
    let address = address.optional_text().await?.unwrap_or(remote);
    Ok(Some(Pushed {
        branch,
        address: without_credentials(&address),
    }))
}
