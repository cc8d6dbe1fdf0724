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

/// Ends all sessions of a user but `keep`.
pub async fn delete_of_user(
    tx: &mut Tx,
    user_id: UserId,
    keep: Option<SessionId>,
) -> Result<(), StoreError> {
    let keep: Option<Uuid> = keep.map(|id| id.0);
    on_tx!(tx, connection =>
        sqlx::query(DELETE_OF_USER).bind(user_id.0).bind(keep).execute(connection).await.map(drop)?);
    Ok(())
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
    DELETE_OF_USER,
    DELETE_EXPIRED
];
