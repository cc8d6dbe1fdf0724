//! People who are on their way to a git host and back. Each way is gone once, by its own person.

use std::fmt;

use chrono::{DateTime, Utc};
use sdk::ids::{ExternalAuthFlowId, SessionId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

macro_rules! columns {
    () => {
        "id, user_id, session_id, config, host, kind, state_hash, secret_sealed, redirect_uri, interval_seconds, \
         next_poll_at, created_at, expires_at, finished_at, problem"
    };
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM external_auth_flows WHERE id = $1 AND user_id = $2"
);
const COUNT: &str =
    "SELECT COUNT(*) FROM external_auth_flows WHERE user_id = $1 AND expires_at > $2";
const INSERT: &str = concat!(
    "INSERT INTO external_auth_flows (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
);
const TAKE: &str = concat!(
    "UPDATE external_auth_flows SET finished_at = $3, problem = $5 WHERE state_hash = $1 AND user_id = $2 AND session_id = $4 \
     AND kind = 'code' AND finished_at IS NULL AND expires_at > $3 RETURNING ",
    columns!()
);
const CLAIM_POLL: &str = "UPDATE external_auth_flows SET next_poll_at = $4 WHERE id = $1 AND user_id = $2 \
     AND kind = 'device' AND finished_at IS NULL AND next_poll_at <= $3";
const SLOW_DOWN: &str =
    "UPDATE external_auth_flows SET interval_seconds = $2, next_poll_at = $3 WHERE id = $1";
// What has ended well stays so, whoever asked beside.
const FINISH: &str = "UPDATE external_auth_flows SET finished_at = $2, problem = $3 WHERE id = $1 \
     AND (finished_at IS NULL OR problem IS NOT NULL)";
const FORGET: &str = "DELETE FROM external_auth_flows WHERE expires_at <= $1";

/// How a person goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// There and back, with a code.
    Code,
    /// By entering a code there.
    Device,
}

/// One way.
#[derive(Clone, PartialEq, Eq)]
pub struct FlowRow {
    /// Its id, which the secret is bound to.
    pub id: ExternalAuthFlowId,
    /// Whose.
    pub user_id: UserId,
    /// The session that began it; none for device codes.
    pub session_id: Option<SessionId>,
    /// The configuration's short name.
    pub config: String,
    /// The host.
    pub host: String,
    /// How.
    pub kind: FlowKind,
    /// Of a code: the hash of what comes back with it.
    pub state_hash: Option<Vec<u8>>,
    /// The PKCE verifier or the device code, sealed.
    pub secret_sealed: Vec<u8>,
    /// Of a code: where the person comes back to.
    pub redirect_uri: String,
    /// Of a device code: seconds between two questions.
    pub interval_seconds: i64,
    /// Of a device code: when it may be asked about again.
    pub next_poll_at: DateTime<Utc>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// Until when it holds.
    pub expires_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why there is no link.
    pub problem: Option<String>,
}

impl fmt::Debug for FlowRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FlowRow")
            .field("id", &self.id)
            .field("config", &self.config)
            .field("kind", &self.kind)
            .field("finished_at", &self.finished_at)
            .finish_non_exhaustive()
    }
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    user_id: Uuid,
    session_id: Option<Uuid>,
    config: String,
    host: String,
    kind: String,
    state_hash: Option<Vec<u8>>,
    secret_sealed: Vec<u8>,
    redirect_uri: String,
    interval_seconds: i64,
    next_poll_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    problem: Option<String>,
}

impl TryFrom<Raw> for FlowRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: ExternalAuthFlowId(raw.id),
            user_id: UserId(raw.user_id),
            session_id: raw.session_id.map(SessionId),
            config: raw.config,
            host: raw.host,
            kind: read_kind(&raw.kind)?,
            state_hash: raw.state_hash,
            secret_sealed: raw.secret_sealed,
            redirect_uri: raw.redirect_uri,
            interval_seconds: raw.interval_seconds,
            next_poll_at: raw.next_poll_at,
            created_at: raw.created_at,
            expires_at: raw.expires_at,
            finished_at: raw.finished_at,
            problem: raw.problem,
        })
    }
}

/// A person's own.
pub async fn get(
    db: &Db,
    id: ExternalAuthFlowId,
    user: UserId,
) -> Result<Option<FlowRow>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool =>
        sqlx::query_as(GET).bind(id.0).bind(user.0).fetch_optional(pool).await?);
    raw.map(FlowRow::try_from).transpose()
}

/// How many of a person hold yet.
pub async fn count(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<i64, StoreError> {
    Ok(on_tx!(tx, connection =>
        sqlx::query_scalar(COUNT).bind(user.0).bind(now).fetch_one(connection).await?))
}

/// A new one.
pub async fn insert(tx: &mut Tx, flow: &FlowRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(flow.id.0)
        .bind(flow.user_id.0)
        .bind(flow.session_id.map(|id| id.0))
        .bind(&flow.config)
        .bind(&flow.host)
        .bind(kind_name(flow.kind))
        .bind(&flow.state_hash)
        .bind(&flow.secret_sealed)
        .bind(&flow.redirect_uri)
        .bind(flow.interval_seconds)
        .bind(flow.next_poll_at)
        .bind(flow.created_at)
        .bind(flow.expires_at)
        .bind(flow.finished_at)
        .bind(&flow.problem)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Takes the way that this state is of, once: when it is this person's in this session, holds yet and was not gone.
/// `problem` stands there until it is finished.
pub async fn take(
    db: &Db,
    state_hash: &[u8],
    (user, session): (UserId, SessionId),
    now: DateTime<Utc>,
    problem: &str,
) -> Result<Option<FlowRow>, StoreError> {
    let raw: Option<Raw> = on_writer!(db, pool => sqlx::query_as(TAKE)
        .bind(state_hash)
        .bind(user.0)
        .bind(now)
        .bind(session.0)
        .bind(problem)
        .fetch_optional(pool)
        .await?);
    raw.map(FlowRow::try_from).transpose()
}

/// Takes it upon the caller to ask about a device code, and nobody again before `next`; false when it is too early.
pub async fn claim_poll(
    db: &Db,
    (id, user): (ExternalAuthFlowId, UserId),
    now: DateTime<Utc>,
    next: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(CLAIM_POLL)
        .bind(id.0)
        .bind(user.0)
        .bind(now)
        .bind(next)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// The host wants to be asked more seldom.
pub async fn slow_down(
    db: &Db,
    id: ExternalAuthFlowId,
    interval_seconds: i64,
    next: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(SLOW_DOWN)
        .bind(id.0)
        .bind(interval_seconds)
        .bind(next)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// It ended, with a link or with a problem.
pub async fn finish(
    db: &Db,
    id: ExternalAuthFlowId,
    now: DateTime<Utc>,
    problem: Option<&str>,
) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(FINISH)
        .bind(id.0)
        .bind(now)
        .bind(problem)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// Forgets those that ended before, everybody's.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(FORGET)
        .bind(before)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

const fn kind_name(kind: FlowKind) -> &'static str {
    match kind {
        FlowKind::Code => "code",
        FlowKind::Device => "device",
    }
}

fn read_kind(name: &str) -> Result<FlowKind, StoreError> {
    match name {
        "code" => Ok(FlowKind::Code),
        "device" => Ok(FlowKind::Device),
        other => Err(StoreError::Corrupt {
            table: "external_auth_flows",
            detail: format!("kind {other:?}"),
        }),
    }
}

crate::statements![
    GET, COUNT, INSERT, TAKE, CLAIM_POLL, SLOW_DOWN, FINISH, FORGET
];
