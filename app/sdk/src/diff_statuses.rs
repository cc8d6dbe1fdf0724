//! What a chat's branch has become at its git host: its pull request, and the diff of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ChatId;

/// What became of a pull request.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullRequestState {
    /// It waits, be it a draft.
    Open,
    /// It was given up.
    Closed,
    /// It went in.
    Merged,
}

impl PullRequestState {
    /// Name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }

    /// Parses a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Open, Self::Closed, Self::Merged]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// What automatic checks say of a pull request's newest commit, all taken together.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// Some are still running, none has failed.
    Pending,
    /// At least one has failed.
    Failure,
    /// All are through.
    Success,
}

impl CheckState {
    /// Name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failure => "failure",
            Self::Success => "success",
        }
    }

    /// Parses a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Failure, Self::Success]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// The state of a chat's branch at its git host, as it was known last. The page reads only what it shows.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffStatus {
    /// The chat.
    pub chat_id: ChatId,
    /// The pull request's page; that of the branch when there is no pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What became of the pull request; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request_state: Option<PullRequestState>,
    /// Its title; empty when there is none.
    #[serde(default)]
    pub pull_request_title: String,
    /// Whether it is a draft.
    #[serde(default)]
    pub pull_request_draft: bool,
    /// Whether a reviewer asks for changes.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default)]
    pub changes_requested: bool,
    /// Lines that it adds.
    #[serde(default)]
    pub additions: u32,
    /// Lines that it takes away.
    #[serde(default)]
    pub deletions: u32,
    /// Files that it changes.
    #[serde(default)]
    pub changed_files: u32,
    /// Who made it.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_login: Option<String>,
    /// Their picture.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_avatar_url: Option<String>,
    /// Where it is to go in.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_branch: Option<String>,
    /// What is to go in.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_branch: Option<String>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr_number: Option<u32>,
    /// Commits of it.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<u32>,
    /// Whether somebody approved it and nobody asks for changes.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// People who approved it, asked for changes or had that dismissed.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer_count: Option<u32>,
    /// Its checks; absent where there are none, or the token may not see them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_state: Option<CheckState>,
    /// The chat's branch.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default)]
    pub git_branch: String,
    /// The address of its remote, without a secret in it.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default)]
    pub git_remote_origin: String,
    /// When the branch was first known.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When the chat last worked on it.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Why the last look failed, in one word: `no_token`, `bad_credentials`, `forbidden`, `not_found`, `rate_limited`,
    /// `unreachable`, `not_understood`, `unknown_host`, `suspended`. What was known before stays.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When the host told this.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshed_at: Option<DateTime<Utc>>,
    /// When it is asked again.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_at: Option<DateTime<Utc>>,
}

impl DiffStatus {
    /// Of a chat of whose branch nothing is known.
    pub const fn new(chat_id: ChatId) -> Self {
        Self {
            chat_id,
            url: None,
            pull_request_state: None,
            pull_request_title: String::new(),
            pull_request_draft: false,
            changes_requested: false,
            additions: 0,
            deletions: 0,
            changed_files: 0,
            author_login: None,
            author_avatar_url: None,
            base_branch: None,
            head_branch: None,
            pr_number: None,
            commits: None,
            approved: None,
            reviewer_count: None,
            check_state: None,
            git_branch: String::new(),
            git_remote_origin: String::new(),
            created_at: None,
            updated_at: None,
            problem: None,
            refreshed_at: None,
            stale_at: None,
        }
    }
}

/// Answer of `GET /{chat}/diff`: what a chat's branch changes at its git host.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatDiff {
    /// The chat.
    pub chat_id: ChatId,
    /// The kind of the host: `github`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The address of the branch's remote, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_origin: Option<String>,
    /// The branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The pull request's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request_url: Option<String>,
    /// The unified diff of the pull request, or of the branch against the repository's default branch; at most 4 MiB. Absent
    /// where there is nothing to ask with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}
