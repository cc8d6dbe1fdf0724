//! The branch that each chat works on, and what it has become at its git host.
//!
//! A row is due when its `stale_at` has passed. Whoever looks claims it first by moving that ahead, so no two replicas look
//! at once and nothing is lost with a process that dies. `marks` grows with each work on the branch, so that the outcome of
//! a look that began before does not pass for fresh.

pub(crate) mod changes;
pub(crate) mod hints;

use chrono::{DateTime, Utc};
use sdk::diff_statuses::{CheckState, PullRequestState};
use sdk::ids::{ChatId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::dialect::hex_ids;
use crate::{Db, StoreError, on_reader};

pub use self::changes::{
    Failed, Outcome, StaleReference, claim, claim_one, fail, hurry, mark_stale, record,
};
pub use self::hints::{Hint, Named, Reference, hint, list_named};

macro_rules! columns {
    () => {
        "chat_id, (SELECT c.owner_id FROM chats c WHERE c.id = chat_id) AS owner_id, git_branch, git_remote_origin, url, \
         pull_request_state, pull_request_title, pull_request_draft, changes_requested, additions, deletions, changed_files, \
         author_login, author_avatar_url, base_branch, head_branch, pr_number, commits, reviewer_count, approved, check_state, \
         problem, failures, marks, refreshed_at, stale_at, changed_at, created_at, updated_at"
    };
}
use columns;

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM chat_diff_statuses WHERE chat_id = $1"
);
const OF_CHATS_SQLITE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM chat_diff_statuses WHERE chat_id IN (SELECT unhex(value) FROM json_each($1))"
);
const OF_CHATS_POSTGRES: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM chat_diff_statuses WHERE chat_id = ANY($1)"
);
const CHANGED_SINCE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM chat_diff_statuses WHERE changed_at > $2 AND chat_id IN (SELECT id FROM chats WHERE owner_id = $1) \
     ORDER BY changed_at DESC LIMIT $3"
);

/// What is known of a chat's branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffStatusRow {
    /// The chat.
    pub chat_id: ChatId,
    /// Whose chat it is.
    pub owner_id: UserId,
    /// The branch.
    pub git_branch: String,
    /// The address of its remote.
    pub git_remote_origin: String,
    /// The page of the pull request, or of the branch.
    pub url: Option<String>,
    /// Its pull request, when it has one.
    pub pull_request: Option<PullRequestRow>,
    /// Why the last look failed, in one word.
    pub problem: Option<String>,
    /// How many looks failed one after the other.
    pub failures: i32,
    /// How often the chat worked on the branch.
    pub marks: i64,
    /// When the host told this.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// Since when it has to be asked for anew.
    pub stale_at: DateTime<Utc>,
    /// When anything that is shown changed last.
    pub changed_at: DateTime<Utc>,
    /// When it was first known.
    pub created_at: DateTime<Utc>,
    /// When somebody last worked on it.
    pub updated_at: DateTime<Utc>,
}

/// A pull request as it was known last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestRow {
    /// Its number.
    pub number: i32,
    /// What became of it.
    pub state: PullRequestState,
    /// Its title.
    pub title: String,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// Whether a reviewer asks for changes.
    pub has_changes_requested: bool,
    /// Whether somebody approved it and nobody asks for changes.
    pub is_approved: bool,
    /// Reviewers who decided something.
    pub reviewer_count: i32,
    /// Lines that it adds.
    pub additions: i32,
    /// Lines that it takes away.
    pub deletions: i32,
    /// Files that it changes.
    pub changed_files: i32,
    /// Commits of it.
    pub commits: i32,
    /// Who made it.
    pub author_login: Option<String>,
    /// Their picture.
    pub author_avatar_url: Option<String>,
    /// Where it is to go in.
    pub base_branch: String,
    /// What is to go in.
    pub head_branch: String,
    /// Its checks.
    pub check_state: Option<CheckState>,
}

#[derive(FromRow)]
struct Raw {
    chat_id: Uuid,
    owner_id: Uuid,
    git_branch: String,
    git_remote_origin: String,
    url: Option<String>,
    pull_request_state: Option<String>,
    pull_request_title: String,
    pull_request_draft: bool,
    changes_requested: bool,
    additions: i32,
    deletions: i32,
    changed_files: i32,
    author_login: Option<String>,
    author_avatar_url: Option<String>,
    base_branch: Option<String>,
    head_branch: Option<String>,
    pr_number: Option<i32>,
    commits: Option<i32>,
    reviewer_count: Option<i32>,
    approved: Option<bool>,
    check_state: Option<String>,
    problem: Option<String>,
    failures: i32,
    marks: i64,
    refreshed_at: Option<DateTime<Utc>>,
    stale_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Raw> for DiffStatusRow {
    type Error = StoreError;

    fn try_from(mut raw: Raw) -> Result<Self, StoreError> {
        let pull_request = raw
            .pr_number
            .map(|number| pull_request(number, &mut raw))
            .transpose()?;
        Ok(Self {
            chat_id: ChatId(raw.chat_id),
            owner_id: UserId(raw.owner_id),
            git_branch: raw.git_branch,
            git_remote_origin: raw.git_remote_origin,
            url: raw.url,
            pull_request,
            problem: raw.problem,
            failures: raw.failures,
            marks: raw.marks,
            refreshed_at: raw.refreshed_at,
            stale_at: raw.stale_at,
            changed_at: raw.changed_at,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        })
    }
}

fn pull_request(number: i32, raw: &mut Raw) -> Result<PullRequestRow, StoreError> {
    let corrupt = |name: &str, value: &str| StoreError::Corrupt {
        table: "chat_diff_statuses",
        detail: format!("{name} {value:?}"),
    };
    let state = raw.pull_request_state.take().unwrap_or_default();
    let check_state = raw
        .check_state
        .take()
        .map(|name| CheckState::parse(&name).ok_or_else(|| corrupt("check state", &name)));
    Ok(PullRequestRow {
        number,
        state: PullRequestState::parse(&state).ok_or_else(|| corrupt("state", &state))?,
        title: std::mem::take(&mut raw.pull_request_title),
        is_draft: raw.pull_request_draft,
        has_changes_requested: raw.changes_requested,
        is_approved: raw.approved.unwrap_or_default(),
        reviewer_count: raw.reviewer_count.unwrap_or_default(),
        additions: raw.additions,
        deletions: raw.deletions,
        changed_files: raw.changed_files,
        commits: raw.commits.unwrap_or_default(),
        author_login: raw.author_login.take(),
        author_avatar_url: raw.author_avatar_url.take(),
        base_branch: raw.base_branch.take().unwrap_or_default(),
        head_branch: raw.head_branch.take().unwrap_or_default(),
        check_state: check_state.transpose()?,
    })
}

/// What is known of a chat's branch, if anything.
pub async fn get(db: &Db, chat: ChatId) -> Result<Option<DiffStatusRow>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool =>
        sqlx::query_as(GET).bind(chat.0).fetch_optional(pool).await?);
    raw.map(DiffStatusRow::try_from).transpose()
}

/// What is known of the branches of these chats, in no order.
pub async fn of_chats(db: &Db, chats: &[ChatId]) -> Result<Vec<DiffStatusRow>, StoreError> {
    let ids = chats.iter().map(|id| id.0);
    let rows: Vec<Raw> = match db {
        _ if chats.is_empty() => Vec::new(),
        Db::Sqlite { reader, .. } => {
            let query = sqlx::query_as(OF_CHATS_SQLITE).bind(hex_ids(ids));
            query.fetch_all(reader).await?
        }
        Db::Postgres(pool) => {
            let query = sqlx::query_as(OF_CHATS_POSTGRES).bind(ids.collect::<Vec<_>>());
            query.fetch_all(pool).await?
        }
    };
    rows.into_iter().map(DiffStatusRow::try_from).collect()
}

/// Branches of a person's chats of which something that is shown changed after a time, the newest change first.
pub async fn changed_since(
    db: &Db,
    owner: UserId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DiffStatusRow>, StoreError> {
    let rows: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(CHANGED_SINCE)
        .bind(owner.0)
        .bind(since)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    rows.into_iter().map(DiffStatusRow::try_from).collect()
}

crate::statements![GET, CHANGED_SINCE; OF_CHATS_SQLITE => OF_CHATS_POSTGRES];
