//! What people sign in to git hosts with. Secrets are stored sealed.

pub mod configs;
pub mod flows;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sdk::external_auth::{ExternalAuthKind, ExternalAuthLink};
use sdk::ids::{ExternalAuthLinkId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

macro_rules! columns {
    () => {
        "id, host, kind, username, token_sealed, created_at, updated_at, last_used_at, config, refresh_token_sealed, \
         expires_at, refresh_ends_at, problem"
    };
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM external_auth_links WHERE user_id = $1 AND host = $2"
);
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM external_auth_links WHERE user_id = $1 ORDER BY host LIMIT $2"
);
const COUNT: &str = "SELECT COUNT(*) FROM external_auth_links WHERE user_id = $1";
const INSERT: &str = "INSERT INTO external_auth_links (id, user_id, host, kind, username, token_sealed, created_at, \
     updated_at, config, refresh_token_sealed, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10)";
const UPDATE: &str = "UPDATE external_auth_links SET kind = $2, username = $3, token_sealed = $4, updated_at = $5, \
     config = $6, refresh_token_sealed = $7, expires_at = $8, refresh_ends_at = NULL, problem = NULL WHERE id = $1";
const TOUCH: &str = "UPDATE external_auth_links SET last_used_at = $2 WHERE id = $1";
const DELETE: &str = "DELETE FROM external_auth_links WHERE user_id = $1 AND host = $2";
const CLAIM_REFRESH: &str = "UPDATE external_auth_links SET refresh_ends_at = $4 WHERE id = $1 AND problem IS NULL \
     AND expires_at <= $2 AND (refresh_ends_at IS NULL OR refresh_ends_at <= $3)";
const FINISH_REFRESH: &str = "UPDATE external_auth_links SET token_sealed = $3, refresh_token_sealed = $4, expires_at = $5, \
     refresh_ends_at = NULL WHERE id = $1 AND refresh_ends_at = $2";
const END_REFRESH: &str = "UPDATE external_auth_links SET refresh_ends_at = NULL, problem = $3 WHERE id = $1 \
     AND refresh_ends_at = $2";
// A refresh that is under way replaces the token that was refused.
const MARK_BROKEN: &str = "UPDATE external_auth_links SET problem = $3 WHERE id = $1 AND token_sealed = $2 \
     AND problem IS NULL AND refresh_ends_at IS NULL";

/// A link with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Its id, which the secret is bound to.
    pub id: ExternalAuthLinkId,
    /// The sealed token.
    pub token_sealed: Vec<u8>,
    /// The sealed refresh token, of a link that can be refreshed.
    pub refresh_token_sealed: Option<Vec<u8>>,
    /// When the token ends; nothing = it does not by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Until when somebody refreshes it.
    pub refresh_ends_at: Option<DateTime<Utc>>,
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
    /// By which configuration.
    pub config: Option<&'a str>,
    /// The sealed refresh token.
    pub refresh_token_sealed: Option<&'a [u8]>,
    /// When the token ends.
    pub expires_at: Option<DateTime<Utc>>,
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
    config: Option<String>,
    refresh_token_sealed: Option<Vec<u8>>,
    expires_at: Option<DateTime<Utc>>,
    refresh_ends_at: Option<DateTime<Utc>>,
    problem: Option<String>,
}

/// A token that takes the place of the one before.
#[derive(Clone, Copy, Debug)]
pub struct Refreshed<'a> {
    /// The sealed token.
    pub token_sealed: &'a [u8],
    /// The sealed refresh token.
    pub refresh_token_sealed: Option<&'a [u8]>,
    /// When the token ends.
    pub expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<Raw> for LinkRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let kind = read_kind(&raw.kind)?;
        Ok(Self {
            id: ExternalAuthLinkId(raw.id),
            token_sealed: raw.token_sealed,
            refresh_token_sealed: raw.refresh_token_sealed,
            expires_at: raw.expires_at,
            refresh_ends_at: raw.refresh_ends_at,
            link: ExternalAuthLink {
                host: raw.host,
                kind,
                config: raw.config,
                problem: raw.problem,
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
        .bind(link.config)
        .bind(link.refresh_token_sealed)
        .bind(link.expires_at)
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
        .bind(link.config)
        .bind(link.refresh_token_sealed)
        .bind(link.expires_at)
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

/// Takes it upon the caller to refresh a link whose token ends by `ends_by`; false when somebody else does, or did.
pub async fn claim_refresh(
    db: &Db,
    id: ExternalAuthLinkId,
    ends_by: DateTime<Utc>,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(CLAIM_REFRESH)
        .bind(id.0)
        .bind(ends_by)
        .bind(now)
        .bind(until)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Keeps what a refresh brought. False when the claim until `until` holds no longer: the link was replaced meanwhile.
pub async fn finish_refresh(
    db: &Db,
    id: ExternalAuthLinkId,
    until: DateTime<Utc>,
    refreshed: Refreshed<'_>,
) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(FINISH_REFRESH)
        .bind(id.0)
        .bind(until)
        .bind(refreshed.token_sealed)
        .bind(refreshed.refresh_token_sealed)
        .bind(refreshed.expires_at)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Gives a claim back without a token; with a problem the link works no more until it is replaced.
pub async fn end_refresh(
    db: &Db,
    id: ExternalAuthLinkId,
    until: DateTime<Utc>,
    problem: Option<&str>,
) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(END_REFRESH)
        .bind(id.0)
        .bind(until)
        .bind(problem)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// A link works no more until it is replaced, as long as it holds exactly this token. Whether it did.
pub async fn mark_broken(
    db: &Db,
    id: ExternalAuthLinkId,
    token_sealed: &[u8],
    problem: &str,
) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(MARK_BROKEN)
        .bind(id.0)
        .bind(token_sealed)
        .bind(problem)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
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
        ExternalAuthKind::Oauth => "oauth",
    }
}

fn read_kind(name: &str) -> Result<ExternalAuthKind, StoreError> {
    match name {
        "token" => Ok(ExternalAuthKind::Token),
        "oauth" => Ok(ExternalAuthKind::Oauth),
        other => Err(StoreError::Corrupt {
            table: "external_auth_links",
            detail: format!("kind {other:?}"),
        }),
    }
}

crate::statements![
    GET,
    LIST,
    COUNT,
    INSERT,
    UPDATE,
    TOUCH,
    DELETE,
    CLAIM_REFRESH,
    FINISH_REFRESH,
    END_REFRESH,
    MARK_BROKEN,
];
