//! An open chat in the browser: the reducer's state as signals, fed by the chat's stream.
//!
//! Frames change the reducer at once; the signals follow once per painted frame, so a fast stream costs no more
//! than the screen can show, and text that comes in bursts appears at a steady pace.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use sdk::chats::{Chat, ChatError, ChatStatus};
use sdk::ids::{ChatId, MessageId};
use sdk::live::{Applied, Edges, LiveChat};
use sdk::messages::{Message, MessagePage, QueuedMessage, Role};
use sdk::parts::Part;
use sdk::stream::{RetryInfo, StreamEvent, StreamEventKind};

use super::pace::Pace;
use super::socket::{LONGEST_SILENCE, Plan, Socket, Verdict};

/// An open chat. Cheap to copy; every field is a signal of its own, so that only what changed is drawn again.
#[derive(Clone, Copy)]
pub struct OpenChat {
    /// The chat.
    pub id: ChatId,
    /// What it is doing.
    pub status: RwSignal<ChatStatus>,
    /// Since when.
    pub since: RwSignal<Option<DateTime<Utc>>>,
    /// Committed messages that are loaded, oldest first.
    pub messages: RwSignal<Vec<Arc<Message>>>,
    /// Whether older messages exist on the server.
    pub has_older: RwSignal<bool>,
    /// Whether newer messages exist there than are loaded.
    pub has_newer: RwSignal<bool>,
    /// How many messages people and the agent have written since the chat was opened.
    pub heard: RwSignal<usize>,
    /// The queue.
    pub queue: RwSignal<Vec<QueuedMessage>>,
    /// The answer being streamed.
    pub preview: RwSignal<Vec<Part>>,
    /// Why the last turn failed.
    pub error: RwSignal<Option<ChatError>>,
    /// A retry that is being waited for.
    pub retry: RwSignal<Option<RetryInfo>>,
    /// How often the stream told of a record of calls to models.
    pub debug_told: RwSignal<u32>,
    /// The stream's connection.
    pub socket: Socket,
    live: StoredValue<LiveChat>,
    /// Messages that are not shown as they are, since the list was shown last; nothing when it is the same.
    touched: StoredValue<Option<Vec<MessageId>>>,
    queue_told: StoredValue<u64>,
    pace: StoredValue<Pace>,
    is_publish_due: StoredValue<bool>,
}

impl OpenChat {
    /// Opens a chat with what the server rendered.
    pub fn new(chat: &Chat, page: MessagePage) -> Self {
        let mut live = LiveChat::from_page(page);
        live.status = Some(chat.status);
        live.status_since = chat.status_since;
        live.error.clone_from(&chat.last_error_info);
        Self {
            id: chat.id,
            status: RwSignal::new(chat.status),
            since: RwSignal::new(chat.status_since),
            messages: RwSignal::new(live.messages.iter().cloned().map(Arc::new).collect()),
            has_older: RwSignal::new(live.has_older),
            has_newer: RwSignal::new(false),
            heard: RwSignal::new(0),
            queue: RwSignal::new(live.queue.clone()),
            preview: RwSignal::new(Vec::new()),
            error: RwSignal::new(live.error.clone()),
            retry: RwSignal::new(None),
            debug_told: RwSignal::new(0),
            socket: Socket::new(),
            live: StoredValue::new(live),
            touched: StoredValue::new(None),
            queue_told: StoredValue::new(0),
            pace: StoredValue::new(Pace::default()),
            is_publish_due: StoredValue::new(false),
        }
    }

    /// Whether a turn is under way, as the view knows it.
    pub fn is_busy(self) -> bool {
        self.status.get().is_busy()
    }

    /// Follows the chat's stream until the current owner is cleaned up. Browser only.
    pub fn follow(self) {
        self.socket.start(Plan {
            path: Box::new(move || {
                let cursor = self
                    .live
                    .try_with_value(LiveChat::cursor)
                    .unwrap_or_default();
                format!(
                    "/api/experimental/chats/{}/stream?after_id={cursor}&render=html",
                    self.id
                )
            }),
            on_open: Box::new(|_| {}),
            on_frame: Box::new(move |frame| self.take_frame(frame)),
            silence: Some(LONGEST_SILENCE),
        });
    }

    /// What is loaded now; to be given back with the page that is asked for.
    pub fn edges(self) -> Edges {
        self.live.with_value(LiveChat::edges)
    }

    /// Changes which messages are loaded.
    pub fn load(self, change: impl FnOnce(&mut LiveChat)) {
        self.live.update_value(change);
        self.show_loaded();
    }

    fn show_loaded(self) {
        self.touch(None);
        self.publish();
    }

    /// Takes a message that a request answered with, before the stream tells of it. False when the stream was quicker:
    /// what it told since holds, also that the message is gone again.
    pub fn add_message(self, message: Message) -> bool {
        if self.live.with_value(|live| live.cursor() >= message.id) {
            return false;
        }
        self.apply([StreamEvent {
            chat_id: self.id,
            kind: StreamEventKind::Message {
                message: Box::new(message),
            },
        }]);
        true
    }

    /// How often the stream told of the queue; to be given back with what a request answers about it.
    pub fn queue_told(self) -> u64 {
        self.queue_told.get_value()
    }

    /// Adds a queued message that a request answered with, unless the stream told of the queue since `told`: the message is
    /// in what it told, will be in what it tells next, or has left the queue already.
    pub fn add_queued(self, message: QueuedMessage, told: u64) {
        if self.queue_told.try_get_value() != Some(told) {
            return;
        }
        self.live.update_value(|live| {
            if !live.queue.iter().any(|known| known.id == message.id) {
                live.queue.push(message);
            }
        });
        self.publish();
    }

    /// Takes the whole queue that a request answered with. One that the stream emptied meanwhile stays empty.
    pub fn set_queue(self, queue: Vec<QueuedMessage>) {
        self.live.try_update_value(|live| {
            let known: Vec<_> = live.queue.iter().map(|message| message.id).collect();
            live.queue = queue
                .into_iter()
                .filter(|message| known.contains(&message.id))
                .collect();
        });
        self.publish();
    }

    /// Takes a queued message away before the stream tells of it.
    pub fn remove_queued(self, id: sdk::ids::QueuedMessageId) {
        self.live
            .update_value(|live| live.queue.retain(|message| message.id != id));
        self.publish();
    }

    /// Puts the message that an edit's request answered with in the place of the edited one and of what came after that.
    /// The stream may have told of the new message and of its answer before; they stay.
    pub fn replace_from(self, edited: MessageId, message: Message) {
        let is_told = self.live.with_value(|live| live.cursor() >= message.id);
        self.live.update_value(|live| {
            live.messages
                .retain(|known| known.id < edited || known.id >= message.id);
            if !is_told {
                live.newest_beyond = None;
            }
        });
        self.add_message(message);
        self.show_loaded();
    }

    fn take_frame(self, frame: &str) -> Verdict {
        match crate::json::read::<Vec<StreamEvent>>(frame) {
            Ok(events) => self.apply(events),
            Err(error) => {
                leptos::logging::error!("a frame of the stream was not understood: {error}");
                Verdict::Continue
            }
        }
    }

    fn apply(self, events: impl IntoIterator<Item = StreamEvent>) -> Verdict {
        let mut is_changed = false;
        let mut heard = 0;
        let mut verdict = Verdict::Continue;
        self.live.try_update_value(|live| {
            for event in events {
                if event.chat_id != self.id {
                    continue;
                }
                let is_cut = matches!(event.kind, StreamEventKind::HistoryReset { .. });
                if matches!(event.kind, StreamEventKind::QueueUpdate { .. }) {
                    self.queue_told.update_value(|times| *times += 1);
                }
                if matches!(event.kind, StreamEventKind::DebugRun { .. }) {
                    self.debug_told.update(|times| *times += 1);
                }
                let told = message_of(&event.kind);
                let is_new =
                    told.is_some_and(|(id, role)| role != Role::Tool && id > live.cursor());
                match live.apply(event) {
                    Applied::Changed => {
                        is_changed = true;
                        heard += usize::from(is_new);
                        if is_cut || told.is_some() {
                            self.touch(told.map(|(id, _)| id));
                        }
                    }
                    Applied::Unchanged => {}
                    Applied::Resync => {
                        verdict = Verdict::Reconnect;
                        break;
                    }
                }
            }
        });
        if heard > 0 {
            self.heard.try_update(|count| *count += heard);
        }
        if is_changed {
            self.publish_soon();
        }
        verdict
    }

    fn publish_soon(self) {
        // A hidden page paints nothing, so it would wait for ever.
        if document().hidden() {
            self.publish();
            return;
        }
        if self.is_publish_due.try_get_value() == Some(false) {
            self.is_publish_due.set_value(true);
            request_animation_frame(move || {
                if self.is_publish_due.try_set_value(false).is_none() {
                    self.publish();
                }
            });
        }
    }

    fn publish(self) {
        let is_behind = self.live.try_with_value(|live| {
            self.publish_messages(live);
            set_if_changed(self.queue, &live.queue);
            set_if_changed(self.error, &live.error);
            set_if_changed(self.retry, &live.retry);
            set_if_changed(self.has_older, &live.has_older);
            set_if_changed(self.has_newer, &live.newest_beyond.is_some());
            set_if_changed(self.since, &live.status_since);
            if let Some(status) = live.status {
                set_if_changed(self.status, &status);
            }
            self.publish_preview(live)
        });
        if is_behind == Some(true) {
            self.publish_soon();
        }
    }

    /// Shows what is streamed, the text at its end at a steady pace; whether more of it has come than is shown.
    fn publish_preview(self, live: &LiveChat) -> bool {
        let preview = &live.preview;
        if let Some((Part::Text { text }, before)) = preview.parts.split_last()
            && live.is_busy()
            && is_motion_wanted()
        {
            let paced = (preview.pair, before.len());
            let now_ms = js_sys::Date::now();
            let shown = self
                .pace
                .try_update_value(|pace| pace.advance(paced, text.len(), now_ms));
            let shown = text.floor_char_boundary(shown.unwrap_or(text.len()));
            if let Some(begin) = text.get(..shown).filter(|_| shown < text.len()) {
                let mut parts = before.to_vec();
                parts.push(Part::text(begin));
                set_if_changed(self.preview, &parts);
                return true;
            }
        }
        set_if_changed(self.preview, &preview.parts);
        false
    }

    /// Notes that the list of messages is not what is shown, and which message was replaced or is new.
    fn touch(self, message: Option<MessageId>) {
        self.touched
            .try_update_value(|touched| touched.get_or_insert_default().extend(message));
    }

    /// Shows the messages anew when there is something new; those that are untouched stay the same in memory.
    fn publish_messages(self, live: &LiveChat) {
        let Some(touched) = self.touched.try_update_value(Option::take).flatten() else {
            return;
        };
        self.messages.update(|shown| {
            let known = std::mem::take(shown);
            *shown = live
                .messages
                .iter()
                .map(|message| {
                    let position = known.binary_search_by_key(&message.id, |shown| shown.id);
                    let same = position
                        .ok()
                        .filter(|_| !touched.contains(&message.id))
                        .and_then(|position| known.get(position));
                    same.map_or_else(|| Arc::new(message.clone()), Arc::clone)
                })
                .collect();
        });
    }
}

fn message_of(kind: &StreamEventKind) -> Option<(MessageId, Role)> {
    match kind {
        StreamEventKind::Message { message } => Some((message.id, message.role)),
        _ => None,
    }
}

/// Nobody sees a hidden page, which paints nothing either.
fn is_motion_wanted() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)");
    let is_reduced = query.ok().flatten().is_some_and(|query| query.matches());
    !is_reduced && !document().hidden()
}

fn set_if_changed<T: Clone + PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: &T) {
    if signal.try_with_untracked(|shown| shown != value) == Some(true) {
        signal.set(value.clone());
    }
}
