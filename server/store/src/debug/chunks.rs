//! The pieces of bodies in the database. They belong to a chat and go with the last body that they are part of.

use std::collections::{BTreeMap, BTreeSet};

use sdk::ids::ChatId;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::pieces::{self, Hash};
use super::steps;
use crate::{Db, StoreError, Tx, on_tx, packing};

const TABLE: &str = "chat_debug_chunks";

const KNOWN_SQLITE: &str = "SELECT chunk_hash FROM chat_debug_chunks \
     WHERE chat_id = $1 AND chunk_hash IN (SELECT unhex(value) FROM json_each($2))";
const KNOWN_POSTGRES: &str =
    "SELECT chunk_hash FROM chat_debug_chunks WHERE chat_id = $1 AND chunk_hash = ANY($2)";
const INSERT: &str = "INSERT INTO chat_debug_chunks (chat_id, chunk_hash, parent_hash, is_deflated, data) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (chat_id, chunk_hash) DO NOTHING";
/// The pieces that are named, and all that stands before them.
macro_rules! with_needed {
    ($names:literal, $then:literal) => {
        concat!(
            "WITH RECURSIVE needed (hash) AS (",
            $names,
            " UNION SELECT c.parent_hash FROM chat_debug_chunks c JOIN needed n ON n.hash = c.chunk_hash \
             WHERE c.chat_id = $1 AND c.parent_hash IS NOT NULL) ",
            $then
        )
    };
}
macro_rules! read {
    ($names:literal) => {
        with_needed!(
            $names,
            "SELECT c.chunk_hash, c.parent_hash, c.is_deflated, c.data \
             FROM needed n JOIN chat_debug_chunks c ON c.chat_id = $1 AND c.chunk_hash = n.hash"
        )
    };
}
macro_rules! delete_others {
    ($names:literal) => {
        with_needed!(
            $names,
            "DELETE FROM chat_debug_chunks WHERE chat_id = $1 AND chunk_hash NOT IN (SELECT hash FROM needed)"
        )
    };
}
const READ_SQLITE: &str = read!("SELECT unhex(value) FROM json_each($2)");
const READ_POSTGRES: &str = read!("SELECT unnest($2::bytea[])");
const DELETE_SQLITE: &str = delete_others!("SELECT unhex(value) FROM json_each($2)");
const DELETE_POSTGRES: &str = delete_others!("SELECT unnest($2::bytea[])");
/// Once there are no runs there is no need to look at what is left.
const DELETE_ALL: &str = "DELETE FROM chat_debug_chunks WHERE chat_id = $1 \
     AND NOT EXISTS (SELECT 1 FROM chat_debug_runs r WHERE r.chat_id = $1)";
const ANY: &str =
    "SELECT COUNT(*) FROM (SELECT 1 FROM chat_debug_chunks WHERE chat_id = $1 LIMIT 1) AS found";

/// What a row says instead of a body: the name of each of its segments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct BodyNames(Vec<String>);

/// Bodies that were read together.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    by_hash: BTreeMap<Hash, (Option<Hash>, Vec<u8>)>,
}

#[derive(sqlx::FromRow)]
struct Raw {
    chunk_hash: Vec<u8>,
    parent_hash: Option<Vec<u8>>,
    is_deflated: bool,
    data: Vec<u8>,
}

/// Keeps a body, what is known of it only once.
pub(super) async fn put(tx: &mut Tx, chat: ChatId, body: &[u8]) -> Result<BodyNames, StoreError> {
    let segments = pieces::cut(body);
    let names = segments.iter().filter_map(|segment| segment.last());
    let names = BodyNames(names.map(|last| hex(last.hash)).collect());
    let all: BTreeSet<Hash> = segments.iter().flatten().map(|piece| piece.hash).collect();
    let known = known(tx, chat, &all).await?;
    for piece in segments.iter().flatten() {
        if known.contains(&piece.hash) {
            continue;
        }
        let (is_deflated, content) = packing::pack(piece.content);
        let parent_hash = piece.parent_hash.map(|parent| parent.to_vec());
        on_tx!(&mut *tx, connection => sqlx::query(INSERT)
            .bind(chat.0)
            .bind(piece.hash.to_vec())
            .bind(parent_hash)
            .bind(is_deflated)
            .bind(content)
            .execute(connection)
            .await
            .map(drop)?);
    }
    Ok(names)
}

async fn known(
    tx: &mut Tx,
    chat: ChatId,
    hashes: &BTreeSet<Hash>,
) -> Result<BTreeSet<Hash>, StoreError> {
    let found: Vec<Vec<u8>> = match tx {
        Tx::Sqlite(transaction) => {
            sqlx::query_scalar(KNOWN_SQLITE)
                .bind(chat.0)
                .bind(Json(
                    hashes.iter().map(|hash| hex(*hash)).collect::<Vec<_>>(),
                ))
                .fetch_all(&mut **transaction)
                .await?
        }
        Tx::Postgres(transaction) => {
            sqlx::query_scalar(KNOWN_POSTGRES)
                .bind(chat.0)
                .bind(hashes.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>())
                .fetch_all(&mut **transaction)
                .await?
        }
    };
    found.iter().map(|bytes| hash(bytes)).collect()
}

/// Reads bodies of a chat, what they have in common once.
pub(super) async fn read(
    db: &Db,
    chat: ChatId,
    bodies: impl Iterator<Item = &BodyNames>,
) -> Result<Chunks, StoreError> {
    let names: BTreeSet<&str> = bodies
        .flat_map(|body| body.0.iter().map(String::as_str))
        .collect();
    if names.is_empty() {
        return Ok(Chunks::default());
    }
    let rows: Vec<Raw> = match db {
        Db::Sqlite { reader, .. } => {
            sqlx::query_as(READ_SQLITE)
                .bind(chat.0)
                .bind(Json(names))
                .fetch_all(reader)
                .await?
        }
        Db::Postgres(pool) => {
            let hashes = names
                .into_iter()
                .map(|name| unhex(name).map(|hash| hash.to_vec()));
            sqlx::query_as(READ_POSTGRES)
                .bind(chat.0)
                .bind(hashes.collect::<Result<Vec<_>, _>>()?)
                .fetch_all(pool)
                .await?
        }
    };
    let mut chunks = Chunks::default();
    for row in rows {
        let parent = row.parent_hash.as_deref().map(hash).transpose()?;
        let content = packing::unpack(TABLE, row.is_deflated, row.data)?;
        chunks
            .by_hash
            .insert(hash(&row.chunk_hash)?, (parent, content));
    }
    Ok(chunks)
}

/// Deletes the pieces of a chat that are part of no body any more. The chat is locked.
pub(super) async fn delete_unused(tx: &mut Tx, chat: ChatId) -> Result<(), StoreError> {
    on_tx!(&mut *tx, connection => sqlx::query(DELETE_ALL)
        .bind(chat.0)
        .execute(connection)
        .await
        .map(drop)?);
    let has_any: i64 = on_tx!(&mut *tx, connection => sqlx::query_scalar(ANY)
        .bind(chat.0)
        .fetch_one(connection)
        .await?);
    if has_any == 0 {
        return Ok(());
    }
    let named = steps::names(tx, chat).await?;
    match tx {
        Tx::Sqlite(transaction) => {
            let names: Vec<String> = named.into_iter().map(hex).collect();
            let delete = sqlx::query(DELETE_SQLITE).bind(chat.0).bind(Json(names));
            delete.execute(&mut **transaction).await?;
        }
        Tx::Postgres(transaction) => {
            let names: Vec<Vec<u8>> = named.iter().map(|hash| hash.to_vec()).collect();
            let delete = sqlx::query(DELETE_POSTGRES).bind(chat.0).bind(names);
            delete.execute(&mut **transaction).await?;
        }
    }
    Ok(())
}

impl BodyNames {
    /// The last piece of each segment; what is no name names nothing.
    pub(super) fn hashes(&self) -> impl Iterator<Item = Hash> {
        self.0.iter().filter_map(|name| unhex(name).ok())
    }
}

impl Chunks {
    /// A body; `None` when a piece of it is gone.
    pub(super) fn body(&self, names: &BodyNames) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        for name in &names.0 {
            let mut chain = Vec::new();
            let mut next = Some(unhex(name).ok()?);
            while let Some(hash) = next {
                let (parent, content) = self.by_hash.get(&hash)?;
                chain.push(content);
                next = *parent;
            }
            chain
                .iter()
                .rev()
                .for_each(|content| body.extend_from_slice(content));
        }
        Some(body)
    }
}

fn hex(hash: Hash) -> String {
    uuid::Uuid::from_bytes(hash).simple().to_string()
}

fn unhex(name: &str) -> Result<Hash, StoreError> {
    let id = uuid::Uuid::parse_str(name).map_err(|_| corrupt(name))?;
    Ok(id.into_bytes())
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes
        .try_into()
        .map_err(|_| corrupt("a name of another length"))
}

fn corrupt(detail: &str) -> StoreError {
    StoreError::Corrupt {
        table: TABLE,
        detail: detail.to_owned(),
    }
}

crate::statements![INSERT, DELETE_ALL, ANY; KNOWN_SQLITE => KNOWN_POSTGRES, READ_SQLITE => READ_POSTGRES, DELETE_SQLITE => DELETE_POSTGRES];
