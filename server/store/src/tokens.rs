//! API tokens. Only the hash of a token's key is stored.

use chrono::{DateTime, Utc};
use sdk::ids::{TokenId, UserId};
use sdk::tokens::Token;
use sqlx::FromRow;
use uuid::Uuid;

use crate::sessions::{Credential, RawCredential};
use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

const INSERT: &str = "INSERT INTO tokens (id, user_id, name, key_hash, created_at, last_used_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, NULL, $6)";
const COUNT: &str = "SELECT COUNT(*) FROM tokens WHERE user_id = $1";
const LIST: &str = "SELECT id, name, created_at, last_used_at, expires_at FROM tokens WHERE user_id = $1 \
     ORDER BY id LIMIT $2";
const FIND: &str = "SELECT t.id, t.user_id, t.last_used_at, t.expires_at, u.organization_id, u.role, u.status, u.agents_access \
     FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.key_hash = $1";
const GET: &str = "SELECT t.id, t.user_id, t.last_used_at, t.expires_at, u.organization_id, u.role, u.status, u.agents_access \
     FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.id = $1";
const TOUCH: &str = "UPDATE tokens SET last_used_at = $2 WHERE id = $1";
const DELETE: &str = "DELETE FROM tokens WHERE id = $1 AND user_id = $2";
const DELETE_OF_USER: &str = "DELETE FROM tokens WHERE user_id = $1";
const GET_NAME: &str = "SELECT name FROM tokens WHERE id = $1 AND user_id = $2";

/// A new token.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// Id.
    pub id: TokenId,
    /// Whose.
    pub user_id: UserId,
    /// Its name, unique among the user's.
    pub name: &'a str,
    /// SHA-256 of the key.
    pub key_hash: &'a [u8],
    /// Now.
    pub created_at: DateTime<Utc>,
    /// When it stops working; `None` = never.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct RawToken {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<RawToken> for Token {
    fn from(raw: RawToken) -> Self {
        Self {
            id: TokenId(raw.id),
            token_name: raw.name,
            created_at: raw.created_at,
            expires_at: raw.expires_at,
            last_used_at: raw.last_used_at,
        }
    }
}

/// Adds a token. A taken name is [`StoreError::unique_violation`].
pub async fn insert(tx: &mut Tx, token: NewToken<'_>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(token.id.0)
        .bind(token.user_id.0)
        .bind(token.name)
        .bind(token.key_hash)
        .bind(token.created_at)
        .bind(token.expires_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// How many tokens a user has.
pub async fn count(tx: &mut Tx, user_id: UserId) -> Result<i64, StoreError> {
    Ok(on_tx!(tx, connection =>
        sqlx::query_scalar(COUNT).bind(user_id.0).fetch_one(connection).await?))
}

/// A user's tokens, oldest first. The number of tokens is limited where they are made.
pub async fn list(db: &Db, user_id: UserId, limit: i64) -> Result<Vec<Token>, StoreError> {
    let raw: Vec<RawToken> = on_reader!(db, pool =>
        sqlx::query_as(LIST).bind(user_id.0).bind(limit).fetch_all(pool).await?);
    Ok(raw.into_iter().map(Token::from).collect())
}

/// The token of a key, expired or not.
pub async fn find(db: &Db, key_hash: &[u8]) -> Result<Option<Credential<TokenId>>, StoreError> {
    let raw: Option<RawCredential> =
        on_reader!(db, pool => sqlx::query_as(FIND).bind(key_hash).fetch_optional(pool).await?);
    raw.map(Credential::try_from).transpose()
}

/// A token by id, expired or not.
pub async fn get(db: &Db, id: TokenId) -> Result<Option<Credential<TokenId>>, StoreError> {
    let raw: Option<RawCredential> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(Credential::try_from).transpose()
}

/// Notes a use.
pub async fn touch(db: &Db, id: TokenId, now: DateTime<Utc>) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(TOUCH).bind(id.0).bind(now).execute(pool).await.map(drop)?);
    Ok(())
}

/// The name of a user's token.
pub async fn get_name(
    tx: &mut Tx,
    user_id: UserId,
    id: TokenId,
) -> Result<Option<String>, StoreError> {
    Ok(on_tx!(tx, connection =>
        sqlx::query_scalar(GET_NAME).bind(id.0).bind(user_id.0).fetch_optional(connection).await?))
}

/// Revokes a user's token. Whether there was one.
pub async fn delete(tx: &mut Tx, user_id: UserId, id: TokenId) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection =>
        sqlx::query(DELETE).bind(id.0).bind(user_id.0).execute(connection).await?.rows_affected());
    Ok(changed > 0)
}

/// Revokes all of a user's tokens.
pub async fn delete_of_user(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    on_tx!(tx, connection =>
        sqlx::query(DELETE_OF_USER).bind(user_id.0).execute(connection).await.map(drop)?);
    Ok(())
}

crate::statements![
    INSERT,
    COUNT,
    LIST,
    FIND,
    GET,
    TOUCH,
    GET_NAME,
    DELETE,
    DELETE_OF_USER
];
