//! Runs: one thing that models were called for.

use chrono::{DateTime, Utc};
use sdk::debug::{DebugRun, DebugRunDetail, DebugRunKind, DebugStatus};
use sdk::ids::{ChatId, DebugRunId, MessageId, ModelConfigId};
use serde_json::json;
use uuid::Uuid;

use super::summary::{self, StepFacts};
use super::{object, rank_of};
use crate::dialect::hex_ids;
use crate::{Db, StoreError, Tx, on_reader, on_tx};

/// Runs in a list.
const MOST_LISTED: i64 = 100;

const ORIGIN: &str = "SELECT \
     (SELECT MAX(id) FROM chat_messages WHERE chat_id = $1 AND NOT deleted AND role = 'user' AND visibility IN ('user', 'both')) \
     AS trigger_message_id, \
     (SELECT MAX(id) FROM chat_messages WHERE chat_id = $1 AND NOT deleted) AS history_tip_message_id";
const INSERT: &str = "INSERT INTO chat_debug_runs (id, chat_id, root_chat_id, parent_chat_id, model_config_id, \
     trigger_message_id, history_tip_message_id, kind, status, provider, model, summary, started_at, updated_at) \
     SELECT $2, c.id, c.root_chat_id, c.parent_chat_id, $3, $4, $5, $6, 'in_progress', $7, $8, $9, $10, $10 \
     FROM chats c WHERE c.id = $1";
const SUMMARY: &str = "SELECT summary FROM chat_debug_runs WHERE id = $1 AND chat_id = $2";
const STEP_FACTS: &str =
    "SELECT usage, error FROM chat_debug_steps WHERE run_id = $1 AND chat_id = $2";
const SET_SUMMARY: &str =
    "UPDATE chat_debug_runs SET summary = $3, updated_at = $4 WHERE id = $1 AND chat_id = $2";
const FINISH: &str = concat!(
    "UPDATE chat_debug_runs SET status = $3, updated_at = $5, finished_at = COALESCE(finished_at, $5) \
     WHERE id = $1 AND chat_id = $2 AND ",
    rank_of!("status"),
    " <= $4"
);
const FINISH_STEPS: &str = "UPDATE chat_debug_steps SET status = $3, updated_at = $4, finished_at = $4 \
     WHERE run_id = $1 AND chat_id = $2 AND finished_at IS NULL";
const TOUCH_SQLITE: &str = "UPDATE chat_debug_runs SET updated_at = $2 \
     WHERE finished_at IS NULL AND id IN (SELECT unhex(value) FROM json_each($1))";
const TOUCH_POSTGRES: &str =
    "UPDATE chat_debug_runs SET updated_at = $2 WHERE finished_at IS NULL AND id = ANY($1)";
const TOUCH_STEPS_SQLITE: &str = "UPDATE chat_debug_steps SET updated_at = $2 \
     WHERE finished_at IS NULL AND run_id IN (SELECT unhex(value) FROM json_each($1))";
const TOUCH_STEPS_POSTGRES: &str =
    "UPDATE chat_debug_steps SET updated_at = $2 WHERE finished_at IS NULL AND run_id = ANY($1)";
macro_rules! columns {
    () => {
        "SELECT id, chat_id, root_chat_id, parent_chat_id, model_config_id, trigger_message_id, history_tip_message_id, \
         kind, status, provider, model, summary, started_at, updated_at, finished_at FROM chat_debug_runs "
    };
}
const LIST: &str = concat!(
    columns!(),
    "WHERE chat_id = $1 ORDER BY started_at DESC, id DESC LIMIT $2"
);
const GET: &str = concat!(columns!(), "WHERE id = $1 AND chat_id = $2");
const BEFORE: &str = "SELECT id FROM chat_debug_runs WHERE chat_id = $1 AND kind = $2 AND (started_at, id) < ($3, $4) \
     ORDER BY started_at DESC, id DESC LIMIT 1";

/// A run that begins.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Its id.
    pub id: DebugRunId,
    /// The chat.
    pub chat_id: ChatId,
    /// What it is for.
    pub kind: DebugRunKind,
    /// The model.
    pub model_config_id: ModelConfigId,
    /// Name of its provider.
    pub provider: String,
    /// The provider's identifier of it.
    pub model: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Label of the person's text.
    pub first_message: Option<String>,
}

/// Where in a chat something begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The newest message of the person.
    pub trigger_message_id: Option<MessageId>,
    /// The newest message.
    pub history_tip_message_id: Option<MessageId>,
}

#[derive(sqlx::FromRow)]
struct Raw {
    id: Uuid,
    chat_id: Uuid,
    root_chat_id: Option<Uuid>,
    parent_chat_id: Option<Uuid>,
    model_config_id: Option<Uuid>,
    trigger_message_id: Option<i64>,
    history_tip_message_id: Option<i64>,
    kind: String,
    status: String,
    provider: Option<String>,
    model: Option<String>,
    summary: String,
    started_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// Where in the chat something that begins now would begin.
pub async fn origin(db: &Db, chat: ChatId) -> Result<Origin, StoreError> {
    let (trigger, tip): (Option<i64>, Option<i64>) =
        on_reader!(db, pool => sqlx::query_as(ORIGIN).bind(chat.0).fetch_one(pool).await?);
    Ok(Origin {
        trigger_message_id: trigger.map(MessageId),
        history_tip_message_id: tip.map(MessageId),
    })
}

/// Begins a run; false when the chat is gone.
pub async fn insert(tx: &mut Tx, run: &NewRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let mut summary = json!({});
    if let Some(label) = run.first_message.as_deref().and_then(summary::label) {
        summary = json!({ "first_message": label });
    }
    let inserted = on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(run.chat_id.0)
        .bind(run.id.0)
        .bind(run.model_config_id.0)
        .bind(run.origin.trigger_message_id.map(|id| id.0))
        .bind(run.origin.history_tip_message_id.map(|id| id.0))
        .bind(run.kind.as_str())
        .bind(&run.provider)
        .bind(&run.model)
        .bind(summary.to_string())
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(inserted > 0)
}

/// Counts the run's steps anew. What else its summary says stays, but a label of where it went is set once.
pub(super) async fn summarize(
    tx: &mut Tx,
    (chat, run): (ChatId, DebugRunId),
    endpoint_label: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let found: Option<String> = on_tx!(&mut *tx, connection => sqlx::query_scalar(SUMMARY)
        .bind(run.0)
        .bind(chat.0)
        .fetch_optional(connection)
        .await?);
    let Some(known) = found else {
        return Ok(());
    };
    let rows: Vec<(Option<String>, Option<String>)> = on_tx!(&mut *tx, connection => sqlx::query_as(STEP_FACTS)
        .bind(run.0)
        .bind(chat.0)
        .fetch_all(connection)
        .await?);
    let steps = rows.into_iter().map(|(usage, error)| StepFacts {
        usage: super::optional(usage.as_deref()),
        has_error: super::optional(error.as_deref()).is_some(),
    });
    let summary = summary::merge(object(&known), steps, endpoint_label);
    on_tx!(tx, connection => sqlx::query(SET_SUMMARY)
        .bind(run.0)
        .bind(chat.0)
        .bind(summary.to_string())
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Ends a run, and those of its steps that go on; false when it is gone or stands further already.
pub async fn finish(
    tx: &mut Tx,
    (chat, run): (ChatId, DebugRunId),
    status: DebugStatus,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let finished = on_tx!(&mut *tx, connection => sqlx::query(FINISH)
        .bind(run.0)
        .bind(chat.0)
        .bind(status.as_str())
        .bind(status.rank())
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    // What goes on when its run ends was given up.
    let rest = match status {
        DebugStatus::Completed => DebugStatus::Interrupted,
        status => status,
    };
    on_tx!(&mut *tx, connection => sqlx::query(FINISH_STEPS)
        .bind(run.0)
        .bind(chat.0)
        .bind(rest.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    summarize(tx, (chat, run), None, now).await?;
    Ok(finished > 0)
}

/// Says that these runs go on.
pub async fn touch(tx: &mut Tx, runs: &[DebugRunId], now: DateTime<Utc>) -> Result<(), StoreError> {
    for (sqlite, postgres) in [
        (TOUCH_SQLITE, TOUCH_POSTGRES),
        (TOUCH_STEPS_SQLITE, TOUCH_STEPS_POSTGRES),
    ] {
        match tx {
            Tx::Sqlite(transaction) => {
                let ids = hex_ids(runs.iter().map(|run| run.0));
                let query = sqlx::query(sqlite).bind(ids).bind(now);
                query.execute(&mut **transaction).await?;
            }
            Tx::Postgres(transaction) => {
                let ids: Vec<Uuid> = runs.iter().map(|run| run.0).collect();
                let query = sqlx::query(postgres).bind(ids).bind(now);
                query.execute(&mut **transaction).await?;
            }
        }
    }
    Ok(())
}

/// The newest runs of a chat, the newest first.
pub async fn list(db: &Db, chat: ChatId) -> Result<Vec<DebugRun>, StoreError> {
    let rows: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST)
        .bind(chat.0)
        .bind(MOST_LISTED)
        .fetch_all(pool)
        .await?);
    Ok(rows.into_iter().map(Raw::listed).collect())
}

/// The newest run of the same kind that began before this one.
pub async fn before(db: &Db, run: &DebugRun) -> Result<Option<DebugRunId>, StoreError> {
    let id: Option<Uuid> = on_reader!(db, pool => sqlx::query_scalar(BEFORE)
        .bind(run.chat_id.0)
        .bind(&run.kind)
        .bind(run.started_at)
        .bind(run.id.0)
        .fetch_optional(pool)
        .await?);
    Ok(id.map(DebugRunId))
}

/// A run of the chat, without its steps.
pub async fn get(
    db: &Db,
    chat: ChatId,
    run: DebugRunId,
) -> Result<Option<DebugRunDetail>, StoreError> {
    let row: Option<Raw> = on_reader!(db, pool => sqlx::query_as(GET)
        .bind(run.0)
        .bind(chat.0)
        .fetch_optional(pool)
        .await?);
    Ok(row.map(Raw::detail))
}

impl Raw {
    fn listed(self) -> DebugRun {
        DebugRun {
            id: self.id.into(),
            chat_id: self.chat_id.into(),
            kind: self.kind,
            status: self.status,
            provider: self.provider,
            model: self.model,
            summary: object(&self.summary),
            started_at: self.started_at,
            updated_at: self.updated_at,
            finished_at: self.finished_at,
        }
    }

    fn detail(self) -> DebugRunDetail {
        DebugRunDetail {
            root_chat_id: self.root_chat_id.map(ChatId),
            parent_chat_id: self.parent_chat_id.map(ChatId),
            model_config_id: self.model_config_id.map(ModelConfigId),
            trigger_message_id: self.trigger_message_id.map(MessageId),
            history_tip_message_id: self.history_tip_message_id.map(MessageId),
            run: self.listed(),
            steps: Vec::new(),
            has_earlier_steps: false,
        }
    }
}

crate::statements![ORIGIN, INSERT, SUMMARY, STEP_FACTS, SET_SUMMARY, FINISH, FINISH_STEPS, LIST, GET, BEFORE;
    TOUCH_SQLITE => TOUCH_POSTGRES, TOUCH_STEPS_SQLITE => TOUCH_STEPS_POSTGRES];
