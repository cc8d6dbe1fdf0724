//! What every kind of host can be asked.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sdk::diff_statuses::{CheckState, PullRequestState};
use secrecy::SecretString;

use crate::{ForgeError, OauthEndpoints, Remote};

/// Kinds of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForgeKind {
    /// GitHub and GitHub Enterprise.
    Github,
}

impl ForgeKind {
    /// Its name in configuration and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        (name == Self::Github.as_str()).then_some(Self::Github)
    }
}

/// Who asks, and when.
#[derive(Clone, Debug)]
pub struct Access {
    /// The person's token for this host.
    pub token: SecretString,
    /// Now: rate limits end by it.
    pub now: DateTime<Utc>,
}

/// A repository at a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryName {
    /// Whose.
    pub owner: String,
    /// Its name.
    pub name: String,
}

/// A pull request as far as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in its repository.
    pub number: i32,
    /// Its page, at the host's own web address.
    pub url: String,
    /// One line.
    pub title: String,
    /// What became of it.
    pub state: PullRequestState,
    /// Whether it is not meant to be merged yet.
    pub is_draft: bool,
    /// Who made it.
    pub author_login: Option<String>,
    /// Their picture, an `https` address.
    pub author_avatar_url: Option<String>,
    /// Where it is to go in.
    pub base_branch: String,
    /// What is to go in.
    pub head_branch: String,
    /// Lines that it adds.
    pub additions: i32,
    /// Lines that it takes away.
    pub deletions: i32,
    /// Files that it changes.
    pub changed_files: i32,
    /// Commits of it.
    pub commits: i32,
    /// People who approved it, asked for changes or had that dismissed.
    pub reviewer_count: i32,
    /// Somebody approved it and nobody asks for changes.
    pub is_approved: bool,
    /// Somebody asks for changes.
    pub has_changes_requested: bool,
    /// Its checks; nothing where there are none, or the token may not see them.
    pub check_state: Option<CheckState>,
}

/// A git host. Every call ends within its deadline.
#[async_trait]
pub trait Forge: Debug + Send + Sync {
    /// Its kind.
    fn kind(&self) -> ForgeKind;

    /// The name that tokens for it are kept under: the host, with the port where it is not 443.
    fn host(&self) -> &str;

    /// Where people sign in to it for this deployment.
    fn oauth_endpoints(&self) -> OauthEndpoints;

    /// The name of the account that a token is of, as git may sign in with it.
    async fn account(&self, access: &Access) -> Result<String, ForgeError>;

    /// The repository of a remote, when it is at this host.
    fn repository(&self, remote: &Remote) -> Option<RepositoryName>;

    /// The number in the address of a pull request of this host, whatever follows in it.
    fn parse_pull_request_url(&self, url: &str) -> Option<(RepositoryName, i32)>;

    /// The page of a branch.
    fn branch_url(&self, repository: &RepositoryName, branch: &str) -> Option<String>;

    /// The pull request of a branch: the open one that changed last, else the newest one. Nothing when there is none.
    async fn find_pull_request(
        &self,
        access: &Access,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<Option<PullRequest>, ForgeError>;

    /// The unified diff of a pull request, at most [`crate::LARGEST_DIFF_BYTES`].
    async fn pull_request_diff(
        &self,
        access: &Access,
        repository: &RepositoryName,
        number: i32,
    ) -> Result<String, ForgeError>;

    /// The unified diff between the repository's default branch and a branch, with the same limit.
    async fn branch_diff(
        &self,
        access: &Access,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<String, ForgeError>;
}
