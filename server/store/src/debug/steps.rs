//! Steps: the calls of models that a run is made of.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sdk::debug::{DebugAttempt, DebugStatus, DebugStep};
use sdk::ids::{ChatId, DebugRunId, DebugStepId, MessageId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::chunks::{self, BodyNames, Chunks};
use super::pieces::Hash;
use super::{object, optional, rank_of, runs};
use crate::{Db, StoreError, Tx, on_reader, on_tx};

/// Steps that are read at once, and bytes of what was asked in them.
const MOST_READ: i64 = 100;
const MOST_READ_BYTES: usize = 16 * 1024 * 1024;

const INSERT: &str = "INSERT INTO chat_debug_steps (id, run_id, chat_id, step_number, operation, status, \
     history_tip_message_id, normalized_request, started_at, updated_at) \
     SELECT $3, r.id, r.chat_id, \
     1 + COALESCE((SELECT MAX(s.step_number) FROM chat_debug_steps s WHERE s.run_id = r.id), 0), \
     $4, 'in_progress', $5, $6, $7, $7 \
     FROM chat_debug_runs r WHERE r.id = $1 AND r.chat_id = $2 AND r.finished_at IS NULL";
const TOUCH_RUN: &str = "UPDATE chat_debug_runs SET updated_at = $3 WHERE id = $1 AND chat_id = $2";
const ATTEMPTS: &str = "SELECT attempts FROM chat_debug_steps WHERE id = $1 AND chat_id = $2";
const SET_ATTEMPTS: &str =
    "UPDATE chat_debug_steps SET attempts = $3, updated_at = $4 WHERE id = $1 AND chat_id = $2";
const FINISH: &str = concat!(
    "UPDATE chat_debug_steps SET status = $3, \
     normalized_response = COALESCE($5, normalized_response), usage = COALESCE($6, usage), \
     error = $7, metadata = $8, updated_at = $9, finished_at = COALESCE(finished_at, $9) \
     WHERE id = $1 AND chat_id = $2 AND ",
    rank_of!("status"),
    " <= $4"
);
const SET_MESSAGE: &str = "UPDATE chat_debug_steps SET assistant_message_id = $3, updated_at = $4 \
     WHERE id = $1 AND chat_id = $2 AND assistant_message_id IS NULL";
const LIST: &str = "SELECT id, run_id, chat_id, step_number, operation, status, history_tip_message_id, \
     assistant_message_id, normalized_request, normalized_response, usage, error, attempts, metadata, started_at, \
     updated_at, finished_at FROM chat_debug_steps \
     WHERE run_id = $1 AND chat_id = $2 AND step_number < $3 ORDER BY step_number DESC, started_at DESC LIMIT $4";

const NAMES: &str = "SELECT normalized_request, normalized_response, attempts FROM chat_debug_steps WHERE chat_id = $1";

/// A step that begins.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// Its id.
    pub id: DebugStepId,
    /// `stream` or `generate`.
    pub operation: &'static str,
    /// The chat's newest message.
    pub history_tip_message_id: Option<MessageId>,
    /// What is asked, as JSON.
    pub normalized_request: Vec<u8>,
}

/// An attempt with the bodies that it carried.
#[derive(Clone, Debug, Default)]
pub struct NewAttempt {
    /// Everything else; its number is set here.
    pub attempt: DebugAttempt,
    /// Body of the request.
    pub request_body: Vec<u8>,
    /// Body of the answer.
    pub response_body: Vec<u8>,
}

/// How a step ended.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// Its last state.
    pub status: DebugStatus,
    /// What was answered, as JSON.
    pub normalized_response: Option<Vec<u8>>,
    /// Tokens.
    pub usage: Option<Value>,
    /// Why it failed.
    pub error: Option<Value>,
    /// What was counted meanwhile.
    pub metadata: Value,
}

#[derive(Serialize, Deserialize)]
struct StoredAttempt {
    /// Without its bodies.
    attempt: DebugAttempt,
    request_body: BodyNames,
    response_body: BodyNames,
}

/// What an attempt names, whatever else it says.
#[derive(Deserialize)]
struct AttemptBodies {
    request_body: BodyNames,
    response_body: BodyNames,
}

#[derive(sqlx::FromRow)]
struct Raw {
    id: Uuid,
    run_id: Uuid,
    chat_id: Uuid,
    step_number: i32,
    operation: String,
    status: String,
    history_tip_message_id: Option<i64>,
    assistant_message_id: Option<i64>,
    normalized_request: String,
    normalized_response: Option<String>,
    usage: Option<String>,
    error: Option<String>,
    attempts: String,
    metadata: String,
    started_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// A row whose bodies are still names.
struct Named {
    raw: Raw,
    request: BodyNames,
    response: Option<BodyNames>,
    attempts: Vec<StoredAttempt>,
}

/// Begins a step of a run that goes on; false when there is none. The chat's records are locked, so its number is its own.
pub async fn insert(
    tx: &mut Tx,
    (chat, run): (ChatId, DebugRunId),
    step: &NewStep,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let request = chunks::put(tx, chat, &step.normalized_request).await?;
    let inserted = on_tx!(&mut *tx, connection => sqlx::query(INSERT)
        .bind(run.0)
        .bind(chat.0)
        .bind(step.id.0)
        .bind(step.operation)
        .bind(step.history_tip_message_id.map(|id| id.0))
        .bind(json!(request).to_string())
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    if inserted == 0 {
        chunks::delete_unused(tx, chat).await?;
        return Ok(false);
    }
    on_tx!(tx, connection => sqlx::query(TOUCH_RUN)
        .bind(run.0)
        .bind(chat.0)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(true)
}

/// Adds attempts to those of a step; false when it is gone.
pub async fn add_attempts(
    tx: &mut Tx,
    (chat, run, step): (ChatId, DebugRunId, DebugStepId),
    attempts: Vec<NewAttempt>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let known: Option<String> = on_tx!(&mut *tx, connection => sqlx::query_scalar(ATTEMPTS)
        .bind(step.0)
        .bind(chat.0)
        .fetch_optional(connection)
        .await?);
    let Some(known) = known else {
        return Ok(false);
    };
    let mut all: Vec<Value> = serde_json::from_str(&known).unwrap_or_default();
    let completed = attempts.iter().map(|new| &new.attempt);
    let mut completed = completed.filter(|attempt| attempt.status == "completed");
    let label = completed
        .next()
        .map(|first| format!("{} {}", first.method, first.path));
    for new in attempts {
        let request_body = chunks::put(tx, chat, &new.request_body).await?;
        let response_body = chunks::put(tx, chat, &new.response_body).await?;
        let number = i32::try_from(all.len() + 1).unwrap_or(i32::MAX);
        all.push(json!(StoredAttempt {
            attempt: DebugAttempt {
                number,
                ..new.attempt
            },
            request_body,
            response_body,
        }));
    }
    on_tx!(&mut *tx, connection => sqlx::query(SET_ATTEMPTS)
        .bind(step.0)
        .bind(chat.0)
        .bind(Value::Array(all).to_string())
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    if label.is_some() {
        runs::summarize(tx, (chat, run), label, now).await?;
    }
    Ok(true)
}

/// Ends a step; false when it is gone or stands further already.
pub async fn finish(
    tx: &mut Tx,
    (chat, run, step): (ChatId, DebugRunId, DebugStepId),
    outcome: &StepOutcome,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let response = match &outcome.normalized_response {
        Some(response) => Some(json!(chunks::put(tx, chat, response).await?).to_string()),
        None => None,
    };
    let finished = on_tx!(&mut *tx, connection => sqlx::query(FINISH)
        .bind(step.0)
        .bind(chat.0)
        .bind(outcome.status.as_str())
        .bind(outcome.status.rank())
        .bind(response)
        .bind(outcome.usage.as_ref().map(Value::to_string))
        .bind(outcome.error.as_ref().map(Value::to_string))
        .bind(outcome.metadata.to_string())
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    runs::summarize(tx, (chat, run), None, now).await?;
    if finished == 0 {
        chunks::delete_unused(tx, chat).await?;
    }
    Ok(finished > 0)
}

/// Says which message came of a step, which is known only after its end; false when that is known, or the step is gone.
pub async fn set_assistant_message(
    tx: &mut Tx,
    (chat, step): (ChatId, DebugStepId),
    message: MessageId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(SET_MESSAGE)
        .bind(step.0)
        .bind(chat.0)
        .bind(message.0)
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Which steps of a run are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only those with smaller numbers.
    pub before_step: Option<i32>,
    /// No more than these; 100 are read at most.
    pub most: Option<i64>,
    /// Without what was asked and answered, and without bodies.
    pub is_outline: bool,
}

/// The newest steps of a run that are wanted, in their order, as many as fit; and whether there are earlier ones.
pub async fn list(
    db: &Db,
    chat: ChatId,
    run: DebugRunId,
    wanted: Wanted,
) -> Result<(Vec<DebugStep>, bool), StoreError> {
    let most = wanted.most.unwrap_or(MOST_READ).clamp(1, MOST_READ);
    let rows: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST)
        .bind(run.0)
        .bind(chat.0)
        .bind(wanted.before_step.unwrap_or(i32::MAX))
        .bind(most + 1)
        .fetch_all(pool)
        .await?);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut has_earlier = rows.len() > most;
    let rows: Vec<Named> = rows.into_iter().take(most).map(Named::from).collect();
    let chunks = if wanted.is_outline {
        Chunks::default()
    } else {
        chunks::read(db, chat, rows.iter().flat_map(Named::bodies)).await?
    };
    let (mut steps, mut size) = (Vec::new(), 0);
    for row in rows {
        let (step, bytes) = row.step(&chunks);
        size += bytes;
        if size > MOST_READ_BYTES && !steps.is_empty() {
            has_earlier = true;
            break;
        }
        steps.push(step);
    }
    steps.reverse();
    Ok((steps, has_earlier))
}

/// The pieces that the steps of a chat name. Rows are read one after another: there may be many, and attempts are long.
pub(super) async fn names(tx: &mut Tx, chat: ChatId) -> Result<BTreeSet<Hash>, StoreError> {
    let mut named = BTreeSet::new();
    on_tx!(tx, connection => {
        let rows = sqlx::query_as::<_, (String, Option<String>, String)>(NAMES).bind(chat.0);
        let mut rows = rows.fetch(connection);
        while let Some((request, response, attempts)) = rows.try_next().await? {
            let attempts = stored::<AttemptBodies>(&attempts);
            let bodies = attempts.into_iter().flat_map(|stored| [stored.request_body, stored.response_body]);
            let bodies = bodies.chain([body_names(&request)]).chain(response.as_deref().map(body_names));
            named.extend(bodies.flat_map(|body| body.hashes().collect::<Vec<_>>()));
        }
    });
    Ok(named)
}

fn body_names(text: &str) -> BodyNames {
    serde_json::from_str(text).unwrap_or_default()
}

/// Those of a row's attempts that can be read.
fn stored<T: DeserializeOwned>(attempts: &str) -> Vec<T> {
    let attempts: Vec<Value> = serde_json::from_str(attempts).unwrap_or_default();
    let read = attempts.into_iter().map(serde_json::from_value);
    read.filter_map(Result::ok).collect()
}

impl From<Raw> for Named {
    fn from(raw: Raw) -> Self {
        Self {
            request: body_names(&raw.normalized_request),
            response: raw.normalized_response.as_deref().map(body_names),
            attempts: stored(&raw.attempts),
            raw,
        }
    }
}

impl Named {
    fn bodies(&self) -> impl Iterator<Item = &BodyNames> {
        let attempts = self.attempts.iter();
        let of_attempts = attempts.flat_map(|stored| [&stored.request_body, &stored.response_body]);
        std::iter::once(&self.request)
            .chain(&self.response)
            .chain(of_attempts)
    }

    /// The step, and how many bytes its bodies have.
    fn step(self, chunks: &Chunks) -> (DebugStep, usize) {
        let mut size = 0;
        let mut body = |names: &BodyNames| {
            let body = chunks.body(names).unwrap_or_default();
            size += body.len();
            body
        };
        let request = serde_json::from_slice(&body(&self.request)).ok();
        let response = self.response.as_ref().map(&mut body);
        let attempts = self.attempts.into_iter().map(|stored| DebugAttempt {
            request_body: STANDARD.encode(body(&stored.request_body)),
            response_body: STANDARD.encode(body(&stored.response_body)),
            ..stored.attempt
        });
        let attempts = attempts.collect();
        let raw = self.raw;
        let step = DebugStep {
            id: raw.id.into(),
            run_id: raw.run_id.into(),
            chat_id: raw.chat_id.into(),
            step_number: raw.step_number,
            operation: raw.operation,
            status: raw.status,
            history_tip_message_id: raw.history_tip_message_id.map(MessageId),
            assistant_message_id: raw.assistant_message_id.map(MessageId),
            normalized_request: request
                .filter(Value::is_object)
                .unwrap_or_else(|| json!({})),
            normalized_response: response
                .and_then(|response| serde_json::from_slice(&response).ok())
                .filter(|response: &Value| !response.is_null()),
            usage: optional(raw.usage.as_deref()),
            attempts,
            error: optional(raw.error.as_deref()),
            metadata: object(&raw.metadata),
            started_at: raw.started_at,
            updated_at: raw.updated_at,
            finished_at: raw.finished_at,
        };
        (step, size)
    }
}

crate::statements![
    INSERT,
    TOUCH_RUN,
    ATTEMPTS,
    SET_ATTEMPTS,
    FINISH,
    SET_MESSAGE,
    LIST,
    NAMES
];
