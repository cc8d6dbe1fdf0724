//! What of GitHub's answers is read.

use sdk::diff_statuses::PullRequestState;
use serde::Deserialize;

use crate::PullRequest;
use crate::text::{https_url, line};

const TITLE_CHARACTERS: usize = 300;
const NAME_CHARACTERS: usize = 255;

#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    #[serde(default)]
    pub default_branch: String,
}

/// A row of a list of pull requests.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub number: i32,
    pub head: Branch,
}

#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    #[serde(rename = "ref")]
    pub name: String,
    #[serde(default)]
    pub sha: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Person {
    #[serde(default)]
    pub id: i64,
    pub login: String,
    #[serde(default)]
    pub avatar_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub number: i32,
    #[serde(default)]
    pub html_url: String,
    pub title: String,
    state: String,
    #[serde(default)]
    draft: Option<bool>,
    #[serde(default)]
    merged: Option<bool>,
    #[serde(default)]
    merged_at: Option<String>,
    /// Gone when the account was deleted.
    #[serde(default)]
    user: Option<Person>,
    base: Branch,
    pub head: Branch,
    #[serde(default)]
    additions: i64,
    #[serde(default)]
    deletions: i64,
    #[serde(default)]
    changed_files: i64,
    #[serde(default)]
    commits: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Review {
    #[serde(default)]
    pub user: Option<Person>,
    pub state: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct CheckRuns {
    #[serde(default)]
    pub check_runs: Vec<CheckRun>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CheckRun {
    pub status: String,
    #[serde(default)]
    pub conclusion: Option<String>,
}

/// The statuses of a commit taken together.
#[derive(Debug, Deserialize)]
pub(super) struct CombinedStatus {
    pub state: String,
    #[serde(default)]
    pub total_count: i64,
}

impl Pull {
    pub(super) fn state(&self) -> PullRequestState {
        if self.merged == Some(true) || self.merged_at.is_some() {
            PullRequestState::Merged
        } else if self.state == "open" {
            PullRequestState::Open
        } else {
            PullRequestState::Closed
        }
    }

    /// What the answer says by itself, cleaned; what other answers say is still empty.
    pub(super) fn shown(self) -> PullRequest {
        let state = self.state();
        let author = self.user.as_ref();
        PullRequest {
            number: self.number,
            url: String::new(),
            title: line(&self.title, TITLE_CHARACTERS),
            state,
            is_draft: self.draft.unwrap_or_default(),
            author_login: author.map(|person| line(&person.login, NAME_CHARACTERS)),
            author_avatar_url: author.and_then(|person| https_url(person.avatar_url.as_deref()?)),
            base_branch: line(&self.base.name, NAME_CHARACTERS),
            head_branch: line(&self.head.name, NAME_CHARACTERS),
            additions: count(self.additions),
            deletions: count(self.deletions),
            changed_files: count(self.changed_files),
            commits: count(self.commits),
            reviewer_count: 0,
            is_approved: false,
            has_changes_requested: false,
            check_state: None,
        }
    }
}

pub(super) fn count(number: i64) -> i32 {
    i32::try_from(number.max(0)).unwrap_or(i32::MAX)
}
