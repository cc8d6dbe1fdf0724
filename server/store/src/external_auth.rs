//! What people sign in to git hosts with. Secrets are stored sealed.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sdk::external_auth::{ExternalAuthKind, ExternalAuthLink};
use sdk::ids::{ExternalAuthLinkId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

const GET: &str = "SELECT id, host, kind, username, token_sealed, created_at, updated_at, last_used_at \
     FROM external_auth_links WHERE user_id = $1 AND host = $2";
const LIST: &str = "SELECT id, host, kind, username, token_sealed, created_at, updated_at, last_used_at \
     FROM external_auth_links WHERE user_id = $1 ORDER BY host LIMIT $2";
const COUNT: &str = "SELECT COUNT(*) FROM external_auth_links WHERE user_id = $1";
const INSERT: &str = "INSERT INTO external_auth_links (id, user_id, host, kind, username, token_sealed, created_at, \
     updated_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, NULL)";
const UPDATE: &str = "UPDATE external_auth_links SET kind = $2, username = $3, token_sealed = $4, updated_at = $5 \
     WHERE id = $1";
const TOUCH: &str = "UPDATE external_auth_links SET last_used_at = $2 WHERE id = $1";
const DELETE: &str = "DELETE FROM external_auth_links WHERE user_id = $1 AND host = $2";

/// A link with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Its id, which the secret is bound to.
    pub id: ExternalAuthLinkId,
    /// The sealed token.
    pub token_sealed: Vec<u8>,
    /// What people are shown.
    pub link: ExternalAuthLink,
}

/// What a link holds.
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    /// Id.
    pub id: ExternalAuthLinkId,
    /// Whose.
    pub user_id: UserId,
    /// The host, as it is compared.
    pub host: &'a str,
    /// How the secret came.
    pub kind: ExternalAuthKind,
    /// The name to sign in with.
    pub username: &'a str,
    /// The sealed token.
    pub token_sealed: &'a [u8],
    /// Now.
    pub now: DateTime<Utc>,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    host: String,
    kind: String,
    username: String,
    token_sealed: Vec<u8>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<Raw> for LinkRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let kind = read_kind(&raw.kind)?;
        Ok(Self {
            id: ExternalAuthLinkId(raw.id),
            token_sealed: raw.token_sealed,
            link: ExternalAuthLink {
                host: raw.host,
                kind,
                username: raw.username,
                created_at: raw.created_at,
                updated_at: raw.updated_at,
                last_used_at: raw.last_used_at,
            },
        })
    }
}

/// A person's link to exactly this host.
pub async fn get(db: &Db, user: UserId, host: &str) -> Result<Option<LinkRow>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool =>
        sqlx::query_as(GET).bind(user.0).bind(host).fetch_optional(pool).await?);
    raw.map(LinkRow::try_from).transpose()
}

/// The same inside a transaction.
pub async fn get_in(tx: &mut Tx, user: UserId, host: &str) -> Result<Option<LinkRow>, StoreError> {
    let raw: Option<Raw> = on_tx!(tx, connection =>
        sqlx::query_as(GET).bind(user.0).bind(host).fetch_optional(connection).await?);
    raw.map(LinkRow::try_from).transpose()
}

/// A person's links, by host. Their number is limited where they are made.
pub async fn list(db: &Db, user: UserId, limit: i64) -> Result<Vec<LinkRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool =>
        sqlx::query_as(LIST).bind(user.0).bind(limit).fetch_all(pool).await?);
    raw.into_iter().map(LinkRow::try_from).collect()
}

/// How many links a person has.
pub async fn count(tx: &mut Tx, user: UserId) -> Result<i64, StoreError> {
    Ok(on_tx!(tx, connection =>
        sqlx::query_scalar(COUNT).bind(user.0).fetch_one(connection).await?))
}

/// Adds a link.
pub async fn insert(tx: &mut Tx, link: NewLink<'_>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(link.id.0)
        .bind(link.user_id.0)
        .bind(link.host)
        .bind(kind_name(link.kind))
        .bind(link.username)
        .bind(link.token_sealed)
        .bind(link.now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Replaces what a link holds; its host and owner stay.
pub async fn update(tx: &mut Tx, link: NewLink<'_>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(UPDATE)
        .bind(link.id.0)
        .bind(kind_name(link.kind))
        .bind(link.username)
        .bind(link.token_sealed)
        .bind(link.now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Notes a use.
pub async fn touch(db: &Db, id: ExternalAuthLinkId, now: DateTime<Utc>) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(TOUCH).bind(id.0).bind(now).execute(pool).await.map(drop)?);
    Ok(())
}

/// Forgets a person's link with its secret. Whether there was one.
pub async fn delete(tx: &mut Tx, user: UserId, host: &str) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection =>
        sqlx::query(DELETE).bind(user.0).bind(host).execute(connection).await?.rows_affected());
    Ok(changed > 0)
}

const fn kind_name(kind: ExternalAuthKind) -> &'static str {
    match kind {
        ExternalAuthKind::Token => "token",
    }
}

fn read_kind(name: &str) -> Result<ExternalAuthKind, StoreError> {
    match name {
        "token" => Ok(ExternalAuthKind::Token),
        other => Err(StoreError::Corrupt {
            table: "external_auth_links",
            detail: format!("kind {other:?}"),
        }),
    }
}

crate::statements![GET, LIST, COUNT, INSERT, UPDATE, TOUCH, DELETE];
