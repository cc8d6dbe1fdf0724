//! Hands notices to the receivers of this process: to those who hear everything, and to those of one topic.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::{Heard, Topic};

/// How many notices a slow receiver may lag behind before it is told to resync.
pub(super) const BUFFER: usize = 4096;
/// The same for one topic.
const TOPIC_BUFFER: usize = 512;
/// Topics that nobody hears are swept when there are this many more.
const SWEEP_STEP: usize = 64;

/// The senders.
#[derive(Debug)]
pub(super) struct Outlet {
    all: broadcast::Sender<Heard>,
    topics: Mutex<Topics>,
}

#[derive(Debug, Default)]
struct Topics {
    by_topic: HashMap<Topic, broadcast::Sender<Heard>>,
    sweep_at: usize,
}

impl Default for Outlet {
    fn default() -> Self {
        Self {
            all: broadcast::Sender::new(BUFFER),
            topics: Mutex::default(),
        }
    }
}

impl Outlet {
    /// Tells whom it concerns; nobody may listen, which is fine.
    pub(super) fn tell(&self, heard: &Heard) {
        self.tell_topics(heard);
        let _ = self.all.send(heard.clone());
    }

    fn tell_topics(&self, heard: &Heard) {
        let topics = self.lock();
        match heard {
            Heard::Resync => {
                for sender in topics.by_topic.values() {
                    let _ = sender.send(Heard::Resync);
                }
            }
            Heard::Notice(notice) => {
                let topic = notice.topic();
                if let Some(sender) = topic.and_then(|topic| topics.by_topic.get(&topic)) {
                    let _ = sender.send(heard.clone());
                }
            }
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Heard> {
        self.all.subscribe()
    }

    pub(super) fn subscribe_to(&self, topic: Topic) -> broadcast::Receiver<Heard> {
        let mut topics = self.lock();
        if topics.by_topic.len() >= topics.sweep_at {
            topics
                .by_topic
                .retain(|_, sender| sender.receiver_count() > 0);
            topics.sweep_at = topics.by_topic.len() + SWEEP_STEP;
        }
        let sender = topics.by_topic.entry(topic);
        let sender = sender.or_insert_with(|| broadcast::Sender::new(TOPIC_BUFFER));
        sender.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
