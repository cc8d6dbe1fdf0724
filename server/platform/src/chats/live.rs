//! The sockets of chats: one chat's stream, and the events of the caller's list.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chatd::state::open_calls;
use chatd::wire;
use chatd::{Frame, StreamOptions};
use chrono::{DateTime, TimeDelta, Utc};
use futures::Stream;
use sdk::ids::{ChatId, MessageId, UserId};
use sdk::stream::{PendingToolCall, WatchEvent, WatchEventKind};
use store::chats::{self, ChatRow, Status};
use store::notices::{Heard, Subscription, Topic};
use store::{Clock, Db, Notice, StoreError, diff_statuses};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::ChatFailure;
use crate::diff_statuses::wire as diff_status;
use crate::messages::renders_html;
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
        render: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Frame, Arc<StoreError>>> + Send + use<>, ChatFailure>
    {
        self.own_chat(actor, id).await?;
        if after_id.0 < 0 {
            return Err(ChatFailure::field("after_id", "Use 0 or more."));
        }
        let renderer = renders_html(render)?
            .then(|| Arc::new(self.0.renderer.clone()) as Arc<dyn chatd::Renderer>);
        Ok(self.0.daemon.stream(
            id,
            StreamOptions {
                after_id,
                renderer,
                ..StreamOptions::default()
            },
        ))
    }

    /// What happens in the caller's list from now on, or from when the reader listed it. Ends when events may have
    /// been missed: the reader lists again and watches anew. What a lost notice should have told is found by looking
    /// from time to time.
    pub fn watch_chats(
        &self,
        actor: &Actor,
        since: Option<DateTime<Utc>>,
    ) -> impl Stream<Item = WatchEvent> + Send + use<> {
        let now = self.0.clock.now();
        let list = WatchedList {
            db: self.0.db.clone(),
            clock: self.0.clock.clone(),
            owner: actor.user_id,
            since: since.map_or(now, |since| since.min(now) - CLOCK_DIFFERENCE),
            told: HashMap::new(),
            told_diff_statuses: HashMap::new(),
        };
        let first_look = if since.is_some() {
            Duration::ZERO
        } else {
            HEAL_INTERVAL
        };
        let notices = self.0.notices.subscribe_to(Topic::List(actor.user_id));
        watch(list, notices, first_look, HEAL_INTERVAL)
    }
}

/// A person's list and what its reader was told of late.
struct WatchedList {
    db: Db,
    clock: Clock,
    owner: UserId,
    since: DateTime<Utc>,
    /// How each chat stood when it was told of, by its `changed_at`.
    told: HashMap<ChatId, DateTime<Utc>>,
    /// How what is known of each chat's branch stood.
    told_diff_statuses: HashMap<ChatId, DateTime<Utc>>,
}

fn watch(
    mut list: WatchedList,
    mut notices: Subscription,
    first_look: Duration,
    heal_interval: Duration,
) -> impl Stream<Item = WatchEvent> + Send {
    async_stream::stream! {
        let mut heal = interval_at(Instant::now() + first_look, heal_interval);
        heal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let events = tokio::select! {
                heard = notices.next() => {
                    let Some(Heard::Notice(notice)) = heard else { return };
                    list.heard(&notice).await.map(Some)
                }
                _ = heal.tick() => list.missed().await,
            };
            match events {
                Ok(Some(events)) => {
                    for event in events {
                        yield event;
                    }
                }
                Ok(None) => return,
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

    /// Events of chats that changed without a word, or nothing when there are too many to tell.
    async fn missed(&mut self) -> Result<Option<Vec<WatchEvent>>, StoreError> {
        let now = self.clock.now();
        let rows = chats::list::changed_since(&self.db, self.owner, self.since, HEAL_LIMIT).await?;
        if i64::try_from(rows.len()).is_ok_and(|count| count >= HEAL_LIMIT) {
            return Ok(None);
        }
        self.told
            .retain(|chat, _| rows.iter().any(|row| row.id == *chat));
        let mut events = Vec::new();
        // The oldest change first, as notices would have come.
        for row in rows.into_iter().rev() {
            let told = self.told.get(&row.id).copied();
            if told == Some(row.changed_at) {
                continue;
            }
            let is_new = told.is_none() && row.created_at > self.since;
            let (kind, further) = missed_kinds(&row, is_new);
            let event = self.event(kind, row).await?;
            let further = further.iter().map(|kind| WatchEvent {
                kind: *kind,
                chat: event.chat.clone(),
                tool_calls: Vec::new(),
            });
            let further: Vec<_> = further.collect();
            events.push(event);
            events.extend(further);
        }
        let Some(further) = self.missed_diff_statuses().await? else {
            return Ok(None);
        };
        events.extend(further);
        // The clocks of other processes may be behind.
        self.since = now - CLOCK_DIFFERENCE;
        Ok(Some(events))
    }

    /// The same of chats' branches, which change apart from their chats.
    async fn missed_diff_statuses(&mut self) -> Result<Option<Vec<WatchEvent>>, StoreError> {
        let rows = diff_statuses::changed_since(&self.db, self.owner, self.since, HEAL_LIMIT);
        let rows = rows.await?;
        if i64::try_from(rows.len()).is_ok_and(|count| count >= HEAL_LIMIT) {
            return Ok(None);
        }
        self.told_diff_statuses
            .retain(|chat, _| rows.iter().any(|row| row.chat_id == *chat));
        let mut events = Vec::new();
        for row in rows.into_iter().rev() {
            if self.told_diff_statuses.get(&row.chat_id) == Some(&row.changed_at) {
                continue;
            }
            if let Some(chat) = chats::get(&self.db, row.chat_id).await? {
                events.push(self.event(WatchEventKind::DiffStatusChange, chat).await?);
            }
        }
        Ok(Some(events))
    }

    async fn event(
        &mut self,
        kind: WatchEventKind,
        row: ChatRow,
    ) -> Result<WatchEvent, StoreError> {
        self.told.insert(row.id, row.changed_at);
        let has_unread = chats::list::has_unread(&self.db, row.id).await?;
        let is_asking = row.status == Status::RequiresAction;
        let tool_calls = if kind == WatchEventKind::ActionRequired && is_asking {
            pending_calls(&self.db, row.id).await?
        } else {
            Vec::new()
        };
        let known = diff_statuses::get(&self.db, row.id).await?;
        // Readers take it from these kinds of events alone.
        let tells_it = matches!(
            kind,
            WatchEventKind::DiffStatusChange | WatchEventKind::Created
        );
        if let Some(known) = known.as_ref().filter(|_| tells_it) {
            self.told_diff_statuses.insert(row.id, known.changed_at);
        }
        let mut chat = wire::chat(row, has_unread);
        chat.diff_status = known.map(|known| Box::new(diff_status(known)));
        Ok(WatchEvent {
            kind,
            chat,
            tool_calls,
        })
    }
}

/// What to tell of a chat of which nobody knows what happened to it: an event changes only the fields of its kind.
const fn missed_kinds(row: &ChatRow, is_new: bool) -> (WatchEventKind, &'static [WatchEventKind]) {
    use WatchEventKind::{
        ActionRequired, Created, Deleted, DetailsChange, StatusChange, TitleChange,
    };
    match row.status {
        _ if row.archived => (Deleted, &[]),
        _ if is_new => (Created, &[]),
        Status::RequiresAction => (ActionRequired, &[TitleChange, DetailsChange]),
        _ => (StatusChange, &[TitleChange, DetailsChange]),
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
