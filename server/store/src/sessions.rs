//! Sign-in sessions. Only the hash of a session's token is stored.

use chrono::{DateTime, Utc};
use sdk::ids::{OrganizationId, SessionId, UserId};
use sdk::users::{Role, UserStatus};
use sqlx::FromRow;
use uuid::Uuid;

use crate::users::{read_role, read_status};
use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

const INSERT: &str = "INSERT INTO sessions (id, user_id, token_hash, user_agent, created_at, last_used_at, \
     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const FIND: &str = "SELECT s.id, s.user_id, s.last_used_at, s.expires_at, u.organization_id, u.role, u.status, u.agents_access \
     FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1";
const GET: &str = "SELECT s.id, s.user_id, s.last_used_at, s.expires_at, u.organization_id, u.role, u.status, u.agents_access \
     FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1";
const TOUCH: &str = "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1";
const DELETE: &str = "DELETE FROM sessions WHERE id = $1";
const LIST: &str = "SELECT id, user_agent, created_at, last_used_at, expires_at FROM sessions \
     WHERE user_id = $1 AND expires_at > $2 ORDER BY last_used_at DESC, id DESC LIMIT $3";
const GET_USER_AGENT: &str =
    "SELECT user_agent FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $3";
const DELETE_ONE_OF_USER: &str = "DELETE FROM sessions WHERE id = $1 AND user_id = $2";
const DELETE_OF_USER: &str = "DELETE FROM sessions WHERE user_id = $1 AND (id <> $2 OR $2 IS NULL)";
const DELETE_EXPIRED: &str = "DELETE FROM sessions WHERE expires_at <= $1";

/// A new session.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// Id.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// SHA-256 of the token.
    pub token_hash: &'a [u8],
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub expires_at: DateTime<Utc>,
}

/// A session or token with its user, as authentication needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential<Id> {
    /// The session's or token's id.
    pub id: Id,
    /// Whose.
    pub user_id: UserId,
    /// Their organization.
    pub organization_id: OrganizationId,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// Whether their account may use agents.
    pub agents_access: bool,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends; `None` = never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A session as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// What the browser called itself: text of whoever signed in.
    pub user_agent: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub expires_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct RawSession {
    id: Uuid,
    user_agent: String,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<RawSession> for SessionRow {
    fn from(raw: RawSession) -> Self {
        Self {
            id: SessionId(raw.id),
            user_agent: raw.user_agent,
            created_at: raw.created_at,
            last_used_at: raw.last_used_at,
            expires_at: raw.expires_at,
        }
    }
}

#[derive(FromRow)]
pub(crate) struct RawCredential {
    id: Uuid,
    user_id: Uuid,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    organization_id: Uuid,
    role: String,
    status: String,
    agents_access: bool,
}

impl<Id: From<Uuid>> TryFrom<RawCredential> for Credential<Id> {
    type Error = StoreError;

    fn try_from(raw: RawCredential) -> Result<Self, StoreError> {
        Ok(Self {
            id: Id::from(raw.id),
            user_id: UserId(raw.user_id),
            organization_id: OrganizationId(raw.organization_id),
            role: read_role(&raw.role)?,
            status: read_status(&raw.status)?,
            agents_access: raw.agents_access,
            last_used_at: raw.last_used_at,
            expires_at: raw.expires_at,
        })
    }
}

/// Adds a session.
pub async fn insert(tx: &mut Tx, session: NewSession<'_>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(session.id.0)
        .bind(session.user_id.0)
        .bind(session.token_hash)
        .bind(session.user_agent)
        .bind(session.created_at)
        .bind(session.created_at)
        .bind(session.expires_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// The session of a token, expired or not.
pub async fn find(db: &Db, token_hash: &[u8]) -> Result<Option<Credential<SessionId>>, StoreError> {
    let raw: Option<RawCredential> =
        on_reader!(db, pool => sqlx::query_as(FIND).bind(token_hash).fetch_optional(pool).await?);
    raw.map(Credential::try_from).transpose()
}

/// A session by id, expired or not.
pub async fn get(db: &Db, id: SessionId) -> Result<Option<Credential<SessionId>>, StoreError> {
    let raw: Option<RawCredential> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(Credential::try_from).transpose()
}

/// Notes a use and moves the end.
pub async fn touch(
    db: &Db,
    id: SessionId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_writer!(db, pool =>
        sqlx::query(TOUCH).bind(id.0).bind(now).bind(expires_at).execute(pool).await.map(drop)?);
    Ok(())
}

/// Ends a session; one that has ended already is left alone.
pub async fn delete(db: &Db, id: SessionId) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(DELETE).bind(id.0).execute(pool).await.map(drop)?);
    Ok(())
}

/// A user's sessions that hold, last used first, at most `limit`.
pub async fn list(
    db: &Db,
    user_id: UserId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<SessionRow>, StoreError> {
    let raw: Vec<RawSession> = on_reader!(db, pool =>
        sqlx::query_as(LIST).bind(user_id.0).bind(now).bind(limit).fetch_all(pool).await?);
    Ok(raw.into_iter().map(SessionRow::from).collect())
}

/// What the browser of a user's session calls itself; `None` when there is no such session that holds.
pub async fn get_user_agent(
    tx: &mut Tx,
    user_id: UserId,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    Ok(on_tx!(tx, connection => sqlx::query_scalar(GET_USER_AGENT)
        .bind(id.0)
        .bind(user_id.0)
        .bind(now)
        .fetch_optional(connection)
        .await?))
}

/// Ends one session of a user. Whether there was one.
pub async fn delete_one_of_user(
    tx: &mut Tx,
    user_id: UserId,
    id: SessionId,
) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(DELETE_ONE_OF_USER)
        .bind(id.0)
        .bind(user_id.0)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Ends all sessions of a user but `keep`. How many.
pub async fn delete_of_user(
    tx: &mut Tx,
    user_id: UserId,
    keep: Option<SessionId>,
) -> Result<u64, StoreError> {
    let keep: Option<Uuid> = keep.map(|id| id.0);
    Ok(on_tx!(tx, connection => sqlx::query(DELETE_OF_USER)
        .bind(user_id.0)
        .bind(keep)
        .execute(connection)
        .await?
        .rows_affected()))
}

/// Removes what has expired. How many rows.
pub async fn delete_expired(db: &Db, now: DateTime<Utc>) -> Result<u64, StoreError> {
    Ok(on_writer!(db, pool =>
        sqlx::query(DELETE_EXPIRED).bind(now).execute(pool).await?.rows_affected()))
}

crate::statements![
    INSERT,
    FIND,
    GET,
    TOUCH,
    DELETE,
    LIST,
    GET_USER_AGENT,
    DELETE_ONE_OF_USER,
    DELETE_OF_USER,
    DELETE_EXPIRED
];
