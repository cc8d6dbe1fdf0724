//! What tests say of pull requests and of what is to go wrong.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How much a person may ask before the host wants peace; `PUT /__github/rate-limit` begins it anew.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests that are answered.
    pub requests: u32,
    /// Seconds from now to its end.
    pub seconds: u64,
}

/// A pull request; what is left out has a usual value.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pull {
    /// Its title.
    pub title: String,
    /// `open` or `closed`.
    pub state: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it was merged; it is closed then.
    pub merged: bool,
    /// The branch that is to go in.
    pub branch: String,
    /// Where to.
    pub base: String,
    /// Who made it; null when the account is gone.
    pub author: Option<String>,
    /// Lines.
    pub additions: i64,
    /// Lines.
    pub deletions: i64,
    /// Files.
    pub changed_files: i64,
    /// Commits.
    pub commits: i64,
    /// In the order in which they were made.
    pub reviews: Vec<Review>,
    /// Checks of its newest commit.
    pub check_runs: Vec<CheckRun>,
    /// The combined commit status, when there is one.
    pub status: Option<String>,
    /// Its unified diff.
    pub diff: String,
    /// Orders lists; a larger one was made and changed later.
    pub age: i64,
}

impl Default for Pull {
    fn default() -> Self {
        Self {
            title: "Add a greeting".to_owned(),
            state: "open".to_owned(),
            draft: false,
            merged: false,
            branch: "topic".to_owned(),
            base: "main".to_owned(),
            author: Some("ada".to_owned()),
            additions: 12,
            deletions: 3,
            changed_files: 2,
            commits: 1,
            reviews: Vec::new(),
            check_runs: Vec::new(),
            status: None,
            diff: String::new(),
            age: 0,
        }
    }
}

/// What a reviewer said.
#[derive(Clone, Debug, Deserialize)]
pub struct Review {
    /// Who.
    pub login: String,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED` or `PENDING`.
    pub state: String,
}

/// A check.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckRun {
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// How it ended.
    #[serde(default)]
    pub conclusion: Option<String>,
}

/// An answer in place of the right one.
#[derive(Clone, Debug, Deserialize)]
pub struct Fault {
    /// Its status.
    pub status: u16,
    /// Its headers besides the usual ones.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body.
    #[serde(default)]
    pub body: String,
    /// How long it takes before it comes, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
}

impl Fault {
    /// A refusal in GitHub's form.
    pub fn refusal(status: u16, message: &str, headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            status,
            headers: headers.iter().map(owned).collect(),
            body: super::shapes::refusal(status, message).to_string(),
            delay_ms: 0,
        }
    }
}
