//! What goes into a backend and what comes out.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use url::Url;
use uuid::Uuid;

use crate::{git_askpass::GitCredential, git_host::GitHost};

/// What a workspace is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "lowercase")]
pub enum Source {
    /// A git worktree of its own, on a branch of its own, of the repository at `folder`.
    Worktree {
        /// The repository's folder, absolute; an admin allowed it.
        folder: PathBuf,
        /// What the branch is called after, usually the chat's title.
        title: String,
    },
    /// The folder itself; chats on the same folder see each other's changes.
    Direct {
        /// The folder, absolute; an admin allowed it.
        folder: PathBuf,
    },
    /// A clone of its own of a repository that is somewhere else.
    Clone {
        /// `https://…`, `ssh://…`, `git@host:path`, or an absolute path that an admin allowed.
        url: String,
        /// The branch or tag; the repository's default without one.
        branch: Option<String>,
    },
    /// A new folder with an empty repository.
    Empty,
}

/// Everything a start needs.
#[derive(Clone)]
pub struct StartSpec {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The agent of this start.
    pub agent_id: Uuid,
    /// The agent's token.
    pub agent_token: String,
    /// Where the agent finds the control plane.
    pub server_url: Url,
    /// What the workspace is made from; only looked at by the first start.
    pub source: Source,
    /// Shell script that runs in the workspace once, before its first agent; empty for none.
    pub setup_script: String,
    /// Further environment variables of the processes in the workspace.
    pub environment: BTreeMap<String, String>,
    /// Name and e-mail address for commits made in the workspace.
    pub git_identity: Option<(String, String)>,
    /// What a clone signs in with, at this host and at no other.
    pub git_credential: Option<(GitHost, GitCredential)>,
}

/// A workspace whose agent was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The folder that commands start in.
    pub folder: PathBuf,
    /// The branch that was made for a worktree.
    pub branch: Option<String>,
    /// The commit that changes are shown against.
    pub base_commit: Option<String>,
    /// What stands around the agent.
    pub sandbox: Sandbox,
    /// What a person should know.
    pub notices: Vec<String>,
}

/// What stands between the commands of a workspace and the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Sandbox {
    /// Namespaces of their own, made by bubblewrap.
    Bubblewrap,
    /// Nothing: commands can do what the server's user can do. The page and the log must say so.
    None {
        /// Why, and what to do about it.
        reason: String,
    },
}

/// Whether a workspace exists and runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There are no files of it.
    Absent,
    /// Its files are there, no agent runs.
    Stopped,
    /// An agent's process runs.
    Running {
        /// Which agent.
        agent_id: Uuid,
    },
    /// The workspace exists but the folder it works in is gone.
    FolderGone,
}

/// What a deletion would lose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedWork {
    /// Files with changes that are not committed, at most a hundred of them.
    pub uncommitted_files: Vec<String>,
    /// How many such files there are.
    pub uncommitted_count: u64,
    /// Commits on the workspace's branch that no other branch or remote has, newest first, at most a hundred, each
    /// as short hash and subject.
    pub unmerged_commits: Vec<String>,
    /// How many such commits there are.
    pub unmerged_count: u64,
    /// Why it could not be found out; deleting then needs force as well.
    pub unknown_because: Option<String>,
}

impl UnsavedWork {
    /// Whether deleting loses nothing.
    pub fn is_empty(&self) -> bool {
        self.uncommitted_count == 0 && self.unmerged_count == 0 && self.unknown_because.is_none()
    }
}

/// What a start is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The repository is cloned.
    Cloning,
    /// The setup script runs.
    SettingUp,
    /// The agent is started.
    Starting,
}

/// What a build tells while it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildEvent {
    /// A line of its log.
    Line(String),
    /// Something else begins.
    Phase(Phase),
}

/// Where a build tells what it does.
pub type BuildLog = mpsc::UnboundedSender<BuildEvent>;
