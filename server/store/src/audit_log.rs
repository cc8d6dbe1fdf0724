//! The audit log. Rows are only ever added, in the transaction of the change that they tell of.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sdk::audit_log::{
    AuditAction, AuditActor, AuditEntry, AuditFields, AuditTarget, AuditTargetKind, AuditVia,
};
use sdk::ids::{AuditEntryId, TokenId, UserId};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

const TABLE: &str = "audit_log";

// Names are looked up here, so that an entry says how people and tokens were called in its own transaction.
const INSERT: &str = "INSERT INTO audit_log (id, created_at, actor_id, actor_name, via, token_name, address, action, \
     target_kind, target_id, target_name, before, after) VALUES ($1, $2, $3, \
     COALESCE((SELECT username FROM users WHERE id = $3), ''), $4, \
     COALESCE((SELECT name FROM tokens WHERE id = $5), ''), $6, $7, $8, $9, $10, $11, $12)";
const LIST: &str = "SELECT id, created_at, actor_id, actor_name, via, token_name, address, action, target_kind, target_id, \
     target_name, before, after FROM audit_log WHERE (id < $1 OR $1 IS NULL) AND (actor_id = $2 OR $2 IS NULL) \
     AND (actor_name = $3 OR $3 IS NULL) AND (action = $4 OR $4 IS NULL) AND (target_kind = $5 OR $5 IS NULL) \
     AND (created_at >= $6 OR $6 IS NULL) AND (created_at < $7 OR $7 IS NULL) ORDER BY id DESC LIMIT $8";

/// A new entry.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Whose account; `None` = the command line.
    pub actor_id: Option<UserId>,
    /// How they came.
    pub via: AuditVia,
    /// By which API token.
    pub token_id: Option<TokenId>,
    /// Address of the client; empty = not known.
    pub address: String,
    /// What was done.
    pub action: AuditAction,
    /// To what.
    pub target: AuditTarget,
    /// Changed fields as they were.
    pub before: AuditFields,
    /// Changed fields as they are.
    pub after: AuditFields,
}

/// Which entries are meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Older than this one.
    pub before_id: Option<AuditEntryId>,
    /// By this account.
    pub actor_id: Option<UserId>,
    /// By whoever had this user name.
    pub actor_name: Option<String>,
    /// This action.
    pub action: Option<AuditAction>,
    /// To things of this kind.
    pub target_kind: Option<AuditTargetKind>,
    /// From this time on.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    created_at: DateTime<Utc>,
    actor_id: Option<Uuid>,
    actor_name: String,
    via: String,
    token_name: String,
    address: String,
    action: String,
    target_kind: String,
    target_id: String,
    target_name: String,
    before: Json<AuditFields>,
    after: Json<AuditFields>,
}

impl TryFrom<Raw> for AuditEntry {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let unknown = |what: &str, word: &str| StoreError::Corrupt {
            table: TABLE,
            detail: format!("{what} {word:?}"),
        };
        let via = AuditVia::parse(&raw.via).ok_or_else(|| unknown("via", &raw.via))?;
        let action =
            AuditAction::parse(&raw.action).ok_or_else(|| unknown("action", &raw.action))?;
        let kind = AuditTargetKind::parse(&raw.target_kind)
            .ok_or_else(|| unknown("target kind", &raw.target_kind))?;
        Ok(Self {
            id: AuditEntryId(raw.id),
            at: raw.created_at,
            actor: AuditActor {
                id: raw.actor_id.map(UserId),
                username: raw.actor_name,
                via,
                token_name: raw.token_name,
                address: raw.address,
            },
            action,
            target: AuditTarget {
                kind,
                id: raw.target_id,
                name: raw.target_name,
            },
            before: raw.before.0,
            after: raw.after.0,
        })
    }
}

/// Adds an entry.
pub async fn insert(tx: &mut Tx, entry: &NewEntry) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(AuditEntryId::generate().0)
        .bind(entry.at)
        .bind(entry.actor_id.map(|id| id.0))
        .bind(entry.via.as_str())
        .bind(entry.token_id.map(|id| id.0))
        .bind(&entry.address)
        .bind(entry.action.as_str())
        .bind(entry.target.kind.as_str())
        .bind(&entry.target.id)
        .bind(&entry.target.name)
        .bind(Json(&entry.before))
        .bind(Json(&entry.after))
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// At most `limit` entries, newest first.
pub async fn list(db: &Db, filter: &Filter, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST)
        .bind(filter.before_id.map(|id| id.0))
        .bind(filter.actor_id.map(|id| id.0))
        .bind(filter.actor_name.as_deref())
        .bind(filter.action.map(AuditAction::as_str))
        .bind(filter.target_kind.map(AuditTargetKind::as_str))
        .bind(filter.from)
        .bind(filter.to)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    raw.into_iter().map(AuditEntry::try_from).collect()
}

crate::statements![INSERT, LIST];
