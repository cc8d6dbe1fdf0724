//! The sockets of chats: one chat's stream, and the events of the caller's list.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chatd::StreamOptions;
use chatd::state::open_calls;
use chatd::wire;
use chrono::{DateTime, TimeDelta, Utc};
use futures::Stream;
use sdk::ids::{ChatId, MessageId, UserId};
use sdk::stream::{PendingToolCall, WatchEvent, WatchEventKind};
use store::chats::{self, ChatRow, Status};
use store::notices::{Heard, Subscription};
use store::{Clock, Db, Notice, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::ChatFailure;
use crate::{Actor, Platform};

/// How often the list is looked at for what notices did not tell.
const HEAL_INTERVAL: Duration = Duration::from_secs(20);
/// More chats of one person do not change between two looks.
const HEAL_LIMIT: i64 = 200;
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::seconds(10);

impl Platform {
    /// A chat's stream from a message on, as frames of JSON text. Subscribed before the first frame is read.
    pub async fn stream_chat(
        &self,
        actor: &Actor,
        id: ChatId,
        after_id: MessageId,
        renders_html: bool,
    ) -> Result<impl Stream<Item = Result<String, StoreError>> + Send + use<>, ChatFailure> {
        self.own_chat(actor, id).await?;
        if after_id.0 < 0 {
            return Err(ChatFailure::field("after_id", "Use 0 or more."));
        }
        let renderer =
            renders_html.then(|| Arc::new(self.0.renderer.clone()) as Arc<dyn chatd::Renderer>);
        Ok(self.0.daemon.stream(
            id,
            StreamOptions {
                after_id,
                renderer,
                ..StreamOptions::default()
            },
        ))
    }

    /// What happens in the caller's list from now on. Ends when events may have been missed: the reader lists again
    /// and watches anew. What a lost notice should have told is found by looking from time to time.
    pub fn watch_chats(&self, actor: &Actor) -> impl Stream<Item = WatchEvent> + Send + use<> {
        let list = WatchedList {
            db: self.0.db.clone(),
            clock: self.0.clock.clone(),
            owner: actor.user_id,
            since: self.0.clock.now(),
            told: HashMap::new(),
        };
        watch(list, self.0.notices.subscribe(), HEAL_INTERVAL)
    }
}

/// A person's list and what its reader was told of late.
struct WatchedList {
    db: Db,
    clock: Clock,
    owner: UserId,
    since: DateTime<Utc>,
    told: HashMap<ChatId, i64>,
}

fn watch(
    mut list: WatchedList,
    mut notices: Subscription,
    heal_interval: Duration,
) -> impl Stream<Item = WatchEvent> + Send {
    async_stream::stream! {
        let mut heal = interval_at(Instant::now() + heal_interval, heal_interval);
        heal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let events = tokio::select! {
                heard = notices.next() => {
                    let Some(Heard::Notice(notice)) = heard else { return };
                    list.heard(&notice).await
                }
                _ = heal.tick() => list.missed().await,
            };
            match events {
                Ok(events) => {
                    for event in events {
                        yield event;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a chat of the list could not be read");
                    return;
                }
            }
        }
    }
}

impl WatchedList {
    async fn heard(&mut self, notice: &Notice) -> Result<Vec<WatchEvent>, StoreError> {
        let Notice::ChatWatch {
            chat_id,
            owner_id,
            event,
            ..
        } = notice
        else {
            return Ok(Vec::new());
        };
        if *owner_id != self.owner {
            return Ok(Vec::new());
        }
        match chats::get(&self.db, *chat_id).await? {
            Some(row) => Ok(vec![self.event(*event, row).await?]),
            None => Ok(Vec::new()),
        }
    }

    /// Events of chats that changed without a word.
    async fn missed(&mut self) -> Result<Vec<WatchEvent>, StoreError> {
        let now = self.clock.now();
        let rows = chats::list::changed_since(&self.db, self.owner, self.since, HEAL_LIMIT).await?;
        self.told
            .retain(|chat, _| rows.iter().any(|row| row.id == *chat));
        let mut events = Vec::new();
        // The oldest change first, as notices would have come.
        for row in rows.into_iter().rev() {
            let told = self.told.get(&row.id).copied();
            if told.is_some_and(|version| version >= row.snapshot_version) {
                continue;
            }
            let kind = if row.archived {
                WatchEventKind::Deleted
            } else if told.is_none() && row.created_at > self.since {
                WatchEventKind::Created
            } else if row.status == Status::RequiresAction {
                WatchEventKind::ActionRequired
            } else {
                WatchEventKind::StatusChange
            };
            events.push(self.event(kind, row).await?);
        }
        // The clocks of other processes may be behind.
        self.since = now - CLOCK_DIFFERENCE;
        Ok(events)
    }

    async fn event(
        &mut self,
        kind: WatchEventKind,
        row: ChatRow,
    ) -> Result<WatchEvent, StoreError> {
        self.told.insert(row.id, row.snapshot_version);
        let has_unread = chats::list::has_unread(&self.db, row.id).await?;
        let is_asking = row.status == Status::RequiresAction;
        let tool_calls = if kind == WatchEventKind::ActionRequired && is_asking {
            pending_calls(&self.db, row.id).await?
        } else {
            Vec::new()
        };
        Ok(WatchEvent {
            kind,
            chat: wire::chat(row, has_unread),
            tool_calls,
        })
    }
}

async fn pending_calls(db: &Db, chat: ChatId) -> Result<Vec<PendingToolCall>, StoreError> {
    let mut tx = db.begin_read().await?;
    let calls = open_calls::pending(&mut tx, chat).await?;
    tx.rollback().await?;
    Ok(calls)
}

#[cfg(test)]
mod tests;
