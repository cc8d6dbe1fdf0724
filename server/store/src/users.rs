//! Users: rows, look-ups, and what decides whether one may still administer.

mod row;
#[cfg(test)]
mod tests;

pub use row::UserRow;
pub(crate) use row::{read_role, read_status};

use chrono::{DateTime, Utc};
use row::RawUser;
use sdk::ids::UserId;
use sdk::preferences::Preferences;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

macro_rules! columns {
    () => {
        "id, organization_id, username, name, email, role, status, agents_access, password_hash, created_at, updated_at"
    };
}

const GET: &str = concat!("SELECT ", columns!(), " FROM users WHERE id = $1");
const GET_LOCKED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM users WHERE id = $1 FOR UPDATE"
);
const GET_BY_USERNAME: &str = concat!("SELECT ", columns!(), " FROM users WHERE username = $1");
const GET_BY_EMAIL: &str = concat!("SELECT ", columns!(), " FROM users WHERE email = $1");
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM users WHERE (id > $1 OR $1 IS NULL) ORDER BY id LIMIT $2"
);
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM users)";
const INSERT: &str = "INSERT INTO users (id, organization_id, username, name, email, role, status, agents_access, \
     password_hash, preferences, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const SAVE: &str = "UPDATE users SET username = $2, name = $3, email = $4, role = $5, status = $6, \
     agents_access = $7, password_hash = $8, updated_at = $9 WHERE id = $1";
const DELETE: &str = "DELETE FROM users WHERE id = $1";
const ACTIVE_OWNERS: &str =
    "SELECT id FROM users WHERE role = 'owner' AND status = 'active' ORDER BY id";
const ACTIVE_OWNERS_LOCKED: &str =
    "SELECT id FROM users WHERE role = 'owner' AND status = 'active' ORDER BY id FOR UPDATE";
const COUNT_WORKSPACES: &str =
    "SELECT COUNT(*) FROM workspaces WHERE owner_id = $1 AND NOT deleted";
const GET_PREFERENCES: &str = "SELECT preferences FROM users WHERE id = $1";
const SET_PREFERENCES: &str = "UPDATE users SET preferences = $2, updated_at = $3 WHERE id = $1";

/// A user by id.
pub async fn get(db: &Db, id: UserId) -> Result<Option<UserRow>, StoreError> {
    let raw: Option<RawUser> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(UserRow::try_from).transpose()
}

/// A user by id, locked until the transaction ends.
pub async fn lock(tx: &mut Tx, id: UserId) -> Result<Option<UserRow>, StoreError> {
    let raw: Option<RawUser> = match tx {
        Tx::Sqlite(transaction) => {
            sqlx::query_as(GET)
                .bind(id.0)
                .fetch_optional(&mut **transaction)
                .await?
        }
        Tx::Postgres(transaction) => {
            sqlx::query_as(GET_LOCKED)
                .bind(id.0)
                .fetch_optional(&mut **transaction)
                .await?
        }
    };
    raw.map(UserRow::try_from).transpose()
}

/// A user by the name in URLs, which is stored in lower case.
pub async fn get_by_username(db: &Db, username: &str) -> Result<Option<UserRow>, StoreError> {
    let raw: Option<RawUser> = on_reader!(db, pool => sqlx::query_as(GET_BY_USERNAME).bind(username).fetch_optional(pool).await?);
    raw.map(UserRow::try_from).transpose()
}

/// A user by e-mail address, which is stored in lower case.
pub async fn get_by_email(db: &Db, email: &str) -> Result<Option<UserRow>, StoreError> {
    let raw: Option<RawUser> = on_reader!(db, pool => sqlx::query_as(GET_BY_EMAIL).bind(email).fetch_optional(pool).await?);
    raw.map(UserRow::try_from).transpose()
}

/// At most `limit` users, oldest first, those after `after`.
pub async fn list(db: &Db, after: Option<UserId>, limit: i64) -> Result<Vec<UserRow>, StoreError> {
    let after: Option<Uuid> = after.map(|id| id.0);
    let raw: Vec<RawUser> =
        on_reader!(db, pool => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(pool).await?);
    raw.into_iter().map(UserRow::try_from).collect()
}

/// Whether anybody has an account.
pub async fn any_exists(db: &Db) -> Result<bool, StoreError> {
    Ok(on_reader!(db, pool => sqlx::query_scalar(ANY).fetch_one(pool).await?))
}

/// Whether anybody has an account, as the transaction sees it.
pub async fn any_exists_in(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(on_tx!(tx, connection => sqlx::query_scalar(ANY).fetch_one(connection).await?))
}

/// A new user with default preferences. A taken name or address is [`StoreError::unique_violation`].
pub async fn insert(tx: &mut Tx, user: &UserRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(user.id.0)
        .bind(user.organization_id.0)
        .bind(&user.username)
        .bind(&user.name)
        .bind(&user.email)
        .bind(user.role.as_str())
        .bind(row::status_name(user.status))
        .bind(user.agents_access)
        .bind(&user.password_hash)
        .bind(Json(Preferences::default()))
        .bind(user.created_at)
        .bind(user.updated_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Writes back everything but id, organization and preferences.
pub async fn save(tx: &mut Tx, user: &UserRow) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(SAVE)
        .bind(user.id.0)
        .bind(&user.username)
        .bind(&user.name)
        .bind(&user.email)
        .bind(user.role.as_str())
        .bind(row::status_name(user.status))
        .bind(user.agents_access)
        .bind(&user.password_hash)
        .bind(user.updated_at)
        .execute(connection)
        .await?
        .rows_affected());
    StoreError::expect_rows("users::save", changed, 1)
}

/// Removes a user with everything that is theirs.
pub async fn delete(tx: &mut Tx, id: UserId) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection =>
        sqlx::query(DELETE).bind(id.0).execute(connection).await?.rows_affected());
    StoreError::expect_rows("users::delete", changed, 1)
}

/// The owners who can sign in, locked: two transactions that would each leave the other's owner run one after another.
pub async fn lock_active_owners(tx: &mut Tx) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<Uuid> = match tx {
        Tx::Sqlite(transaction) => {
            sqlx::query_scalar(ACTIVE_OWNERS)
                .fetch_all(&mut **transaction)
                .await?
        }
        Tx::Postgres(transaction) => {
            sqlx::query_scalar(ACTIVE_OWNERS_LOCKED)
                .fetch_all(&mut **transaction)
                .await?
        }
    };
    Ok(ids.into_iter().map(UserId).collect())
}

/// How many workspaces a user has that are not deleted.
pub async fn count_workspaces(tx: &mut Tx, id: UserId) -> Result<i64, StoreError> {
    Ok(on_tx!(tx, connection =>
        sqlx::query_scalar(COUNT_WORKSPACES).bind(id.0).fetch_one(connection).await?))
}

/// A user's page preferences.
pub async fn get_preferences(db: &Db, id: UserId) -> Result<Option<Preferences>, StoreError> {
    let found: Option<Json<Preferences>> = on_reader!(db, pool =>
        sqlx::query_scalar(GET_PREFERENCES).bind(id.0).fetch_optional(pool).await?);
    Ok(found.map(|json| json.0))
}

/// Sets a user's page preferences.
pub async fn set_preferences(
    db: &Db,
    id: UserId,
    preferences: &Preferences,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(SET_PREFERENCES)
        .bind(id.0)
        .bind(Json(preferences))
        .bind(now)
        .execute(pool)
        .await?
        .rows_affected());
    StoreError::expect_rows("users::set_preferences", changed, 1)
}

crate::statements![
    GET,
    GET_BY_USERNAME,
    GET_BY_EMAIL,
    LIST,
    ANY,
    INSERT,
    SAVE,
    DELETE,
    COUNT_WORKSPACES,
    GET_PREFERENCES,
    SET_PREFERENCES;
    GET => GET_LOCKED,
    ACTIVE_OWNERS => ACTIVE_OWNERS_LOCKED,
];
