//! How git in a workspace gets a name and a token: `GIT_ASKPASS`.
//!
//! Git starts the program that `GIT_ASKPASS` names with its question (`prompt`). The program is this one under another
//! name ([`is_called_as`]); it asks over a Unix socket ([`ask`]) whoever may answer (`answer`): the agent, which asks the
//! control plane, or for a clone the server itself. Neither the token of the agent nor that of a person is ever in an
//! environment or on a command line; a person's token is on the program's standard output, which git reads, alone.

mod above;
mod answer;
mod ask;
mod place;
mod prompt;

use std::{ffi::OsStr, fmt, path::Path};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use answer::{Answerer, serve};
pub use ask::{AskError, ask};
pub(crate) use place::Place;

/// What the program is called when git starts it.
const PROGRAM_NAME: &str = "git-askpass";
/// Names the socket for the program.
const SOCKET_VARIABLE: &str = "SWITCHYARD_GIT_ASKPASS_SOCKET";

/// Whether a program that was started under this name is git's.
pub fn is_called_as(name: &OsStr) -> bool {
    Path::new(name).file_name() == Some(OsStr::new(PROGRAM_NAME))
}

/// What git signs in to a host with.
#[derive(Clone, PartialEq, Eq)]
pub struct GitCredential {
    /// The name.
    pub username: String,
    /// The token.
    pub token: String,
}

impl fmt::Debug for GitCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GitCredential")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// What git wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    Username,
    Password,
}

/// What the program asks: one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) wanted: Wanted,
    /// The host's address, as [`crate::git_host::GitHost::address`] writes it.
    pub(crate) url: String,
    /// The chat whose command runs git, as its environment says.
    pub(crate) chat_id: Option<Uuid>,
    pub(crate) git_branch: String,
    pub(crate) git_remote_origin: String,
    /// Whether git only fetches, as far as can be told.
    #[serde(default)]
    pub(crate) is_fetch: bool,
}

/// What it is answered: one line of JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// For git.
    Text(String),
    /// For people: why there is none, and what to do.
    Refused(String),
}
