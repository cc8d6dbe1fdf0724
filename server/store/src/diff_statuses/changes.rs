//! Marks, claims, and what looks at git hosts came to.

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, UserId};

use super::{DiffStatusRow, PullRequestRow, Raw, columns};
use crate::{Db, StoreError, on_tx, on_writer};

/// A pull request of another branch must not stay. Only `$5`, a fetch, leaves a branch that was pushed.
const RESET: &str = "UPDATE chat_diff_statuses SET url = NULL, pull_request_state = NULL, pull_request_title = '', \
     pull_request_draft = FALSE, changes_requested = FALSE, additions = 0, deletions = 0, changed_files = 0, \
     author_login = NULL, author_avatar_url = NULL, base_branch = NULL, head_branch = NULL, pr_number = NULL, \
     commits = NULL, reviewer_count = NULL, approved = NULL, check_state = NULL, problem = NULL, refreshed_at = NULL, \
     changed_at = $4 WHERE chat_id = $1 \
     AND NOT ($5 AND is_pushed) \
     AND (($2 <> '' AND git_branch <> $2) OR ($3 <> '' AND git_remote_origin <> $3))";
const MARK_STALE: &str = "INSERT INTO chat_diff_statuses (chat_id, git_branch, git_remote_origin, stale_at, created_at, \
     updated_at, changed_at, marks, is_pushed) VALUES ($1, $2, $3, $4, $5, $5, $5, 1, NOT $6) \
     ON CONFLICT (chat_id) DO UPDATE SET \
     git_branch = CASE WHEN excluded.git_branch = '' OR ($6 AND chat_diff_statuses.is_pushed) \
     THEN chat_diff_statuses.git_branch ELSE excluded.git_branch END, \
     git_remote_origin = CASE WHEN excluded.git_remote_origin = '' OR ($6 AND chat_diff_statuses.is_pushed) \
     THEN chat_diff_statuses.git_remote_origin ELSE excluded.git_remote_origin END, \
     is_pushed = chat_diff_statuses.is_pushed OR NOT $6, failures = 0, marks = chat_diff_statuses.marks + 1, \
     stale_at = excluded.stale_at, updated_at = excluded.updated_at RETURNING marks";

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE chat_diff_statuses SET stale_at = $2 WHERE chat_id IN (SELECT d.chat_id FROM chat_diff_statuses d \
             JOIN chats t ON t.id = d.chat_id WHERE d.stale_at <= $1 AND d.git_branch <> '' AND d.git_remote_origin <> '' \
             AND NOT t.archived ORDER BY d.stale_at LIMIT $3",
            $lock,
            ") RETURNING ",
            columns!()
        )
    };
}

const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!(" FOR UPDATE OF d SKIP LOCKED");
const CLAIM_ONE: &str = concat!(
    "UPDATE chat_diff_statuses SET stale_at = $2 WHERE chat_id = $1 AND git_branch <> '' AND git_remote_origin <> '' \
     RETURNING ",
    columns!()
);
/// Only of the branch that was looked at, and without hiding a mark that was made meanwhile.
const RECORD: &str = "UPDATE chat_diff_statuses SET url = $5, pull_request_state = $6, pull_request_title = $7, \
     pull_request_draft = $8, changes_requested = $9, additions = $10, deletions = $11, changed_files = $12, \
     author_login = $13, author_avatar_url = $14, base_branch = $15, head_branch = $16, pr_number = $17, commits = $18, \
     reviewer_count = $19, approved = $20, check_state = $21, refreshed_at = $22, problem = NULL, failures = 0, \
     changed_at = CASE WHEN $24 THEN $22 ELSE changed_at END, \
     stale_at = CASE WHEN marks = $4 THEN $23 ELSE stale_at END \
     WHERE chat_id = $1 AND git_branch = $2 AND git_remote_origin = $3";
const FAIL: &str = "UPDATE chat_diff_statuses SET problem = $5, failures = failures + 1, \
     changed_at = CASE WHEN problem = $5 THEN changed_at ELSE $6 END, \
     stale_at = CASE WHEN marks = $4 THEN $7 ELSE stale_at END \
     WHERE chat_id = $1 AND git_branch = $2 AND git_remote_origin = $3";
const HURRY: &str = "UPDATE chat_diff_statuses SET stale_at = $2 WHERE stale_at > $2 \
     AND problem IN ('no_token', 'bad_credentials', 'forbidden', 'not_found') \
     AND chat_id IN (SELECT id FROM chats WHERE owner_id = $1 AND NOT archived)";

/// A branch of a chat that was just worked on.
#[derive(Clone, Copy, Debug)]
pub struct StaleReference<'a> {
    /// The chat.
    pub chat_id: ChatId,
    /// The branch; empty keeps what is known.
    pub git_branch: &'a str,
    /// The address of its remote; empty keeps what is known.
    pub git_remote_origin: &'a str,
    /// Whether git only fetched: what a chat pushed to stays its branch, whatever it reads afterwards.
    pub is_fetch: bool,
    /// Since when it has to be asked for anew.
    pub stale_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What a host told of a claimed row.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The row as it was claimed.
    pub claimed: &'a DiffStatusRow,
    /// The page of the pull request, or of the branch.
    pub url: Option<&'a str>,
    /// The pull request, when there is one.
    pub pull_request: Option<&'a PullRequestRow>,
    /// When it is to be asked again.
    pub stale_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A look at a claimed row that failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The row as it was claimed.
    pub claimed: &'a DiffStatusRow,
    /// Why, in one word.
    pub problem: &'a str,
    /// When it is to be asked again.
    pub stale_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Outcome<'_> {
    /// Whether it says anything that was not shown already.
    pub fn is_news(&self) -> bool {
        let known = self.claimed;
        known.url.as_deref() != self.url
            || known.pull_request.as_ref() != self.pull_request
            || known.problem.is_some()
            || known.refreshed_at.is_none()
    }
}

/// Notes that a chat's branch changed at its git host, or may have. What is known of another branch is forgotten. Whether
/// anything changed that is shown.
pub async fn mark_stale(db: &Db, reference: StaleReference<'_>) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let has_changed = on_tx!(&mut tx, connection => sqlx::query(RESET)
        .bind(reference.chat_id.0)
        .bind(reference.git_branch)
        .bind(reference.git_remote_origin)
        .bind(reference.now)
        .bind(reference.is_fetch)
        .execute(connection)
        .await?
        .rows_affected())
        > 0;
    let marks: i64 = on_tx!(&mut tx, connection => sqlx::query_scalar(MARK_STALE)
        .bind(reference.chat_id.0)
        .bind(reference.git_branch)
        .bind(reference.git_remote_origin)
        .bind(reference.stale_at)
        .bind(reference.now)
        .bind(reference.is_fetch)
        .fetch_one(connection)
        .await?);
    tx.commit().await?;
    Ok(has_changed || marks == 1)
}

/// Takes at most `limit` rows that are due, the longest due first, until `lease_until`: nobody else takes them before.
pub async fn claim(
    db: &Db,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DiffStatusRow>, StoreError> {
    macro_rules! fetch {
        ($statement:expr, $pool:expr) => {
            sqlx::query_as($statement)
                .bind(now)
                .bind(lease_until)
                .bind(limit)
                .fetch_all($pool)
                .await?
        };
    }
    let rows: Vec<Raw> = match db {
        Db::Sqlite { writer, .. } => fetch!(CLAIM_SQLITE, writer),
        Db::Postgres(pool) => fetch!(CLAIM_POSTGRES, pool),
    };
    rows.into_iter().map(DiffStatusRow::try_from).collect()
}

/// Takes one chat's row, due or not, until `lease_until`. Nothing when there is no branch to ask for.
pub async fn claim_one(
    db: &Db,
    chat: ChatId,
    lease_until: DateTime<Utc>,
) -> Result<Option<DiffStatusRow>, StoreError> {
    let raw: Option<Raw> = on_writer!(db, pool => sqlx::query_as(CLAIM_ONE)
        .bind(chat.0)
        .bind(lease_until)
        .fetch_optional(pool)
        .await?);
    raw.map(DiffStatusRow::try_from).transpose()
}

/// Notes what a host told, unless the chat works on another branch by now. Whether it was noted.
pub async fn record(db: &Db, outcome: Outcome<'_>) -> Result<bool, StoreError> {
    let claimed = outcome.claimed;
    let pull = outcome.pull_request;
    let number = |read: fn(&PullRequestRow) -> i32| pull.map_or(0, read);
    let changed = on_writer!(db, pool => sqlx::query(RECORD)
        .bind(claimed.chat_id.0)
        .bind(&claimed.git_branch)
        .bind(&claimed.git_remote_origin)
        .bind(claimed.marks)
        .bind(outcome.url)
        .bind(pull.map(|pull| pull.state.as_str()))
        .bind(pull.map_or("", |pull| pull.title.as_str()))
        .bind(pull.is_some_and(|pull| pull.is_draft))
        .bind(pull.is_some_and(|pull| pull.has_changes_requested))
        .bind(number(|pull| pull.additions))
        .bind(number(|pull| pull.deletions))
        .bind(number(|pull| pull.changed_files))
        .bind(pull.and_then(|pull| pull.author_login.as_deref()))
        .bind(pull.and_then(|pull| pull.author_avatar_url.as_deref()))
        .bind(pull.map(|pull| pull.base_branch.as_str()))
        .bind(pull.map(|pull| pull.head_branch.as_str()))
        .bind(pull.map(|pull| pull.number))
        .bind(pull.map(|pull| pull.commits))
        .bind(pull.map(|pull| pull.reviewer_count))
        .bind(pull.map(|pull| pull.is_approved))
        .bind(pull.and_then(|pull| pull.check_state).map(sdk::diff_statuses::CheckState::as_str))
        .bind(outcome.now)
        .bind(outcome.stale_at)
        .bind(outcome.is_news())
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Notes that a look failed; what was known stays. Whether it was noted.
pub async fn fail(db: &Db, failed: Failed<'_>) -> Result<bool, StoreError> {
    let claimed = failed.claimed;
    let changed = on_writer!(db, pool => sqlx::query(FAIL)
        .bind(claimed.chat_id.0)
        .bind(&claimed.git_branch)
        .bind(&claimed.git_remote_origin)
        .bind(claimed.marks)
        .bind(failed.problem)
        .bind(failed.now)
        .bind(failed.stale_at)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Makes those of a person's branches due that could not be looked at for want of a token that can.
pub async fn hurry(db: &Db, owner: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(HURRY).bind(owner.0).bind(now).execute(pool).await.map(drop)?);
    Ok(())
}

crate::statements![RESET, MARK_STALE, CLAIM_ONE, RECORD, FAIL, HURRY; CLAIM_SQLITE => CLAIM_POSTGRES];
