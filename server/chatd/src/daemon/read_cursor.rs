//! The read cursor: it moves to the newest answer when a reader comes and when it goes.
//!
//! Many readers come and go at once; the cursor is the chat's, so what one of them moved need not be moved by the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sdk::ids::ChatId;
use sdk::stream::WatchEventKind;
use store::Notice;
use store::chats::details;

use super::{Daemon, Shared};
use crate::hub::Channel;

/// Work that is carried out once more when it was asked for meanwhile, however often. Counts who asked.
#[derive(Debug, Default)]
pub(crate) struct Coalesced(AtomicUsize);

impl Coalesced {
    /// Whether the caller must carry the work out; if not, whoever does so now begins anew.
    fn begins(&self) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst) == 0
    }

    fn asked(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether the work is done for all who have asked; false when more did than these.
    fn ends(&self, asked: usize) -> bool {
        let ended = self
            .0
            .compare_exchange(asked, 0, Ordering::SeqCst, Ordering::SeqCst);
        ended.is_ok()
    }
}

/// Marks the chat as read when the reader comes and when it goes.
pub(super) struct ReadCursor {
    daemon: Daemon,
    chat: ChatId,
    channel: Arc<Channel>,
}

impl ReadCursor {
    pub(super) fn new(daemon: &Daemon, chat: ChatId) -> Self {
        Self {
            daemon: daemon.clone(),
            chat,
            channel: daemon.shared.hub.channel(chat),
        }
    }

    pub(super) fn mark(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if !self.channel.read_mark.begins() {
            return;
        }
        let (shared, channel) = (Arc::clone(&self.daemon.shared), Arc::clone(&self.channel));
        let chat = self.chat;
        runtime.spawn(async move {
            loop {
                let asked = channel.read_mark.asked();
                mark_read(&shared, chat).await;
                if channel.read_mark.ends(asked) {
                    return;
                }
            }
        });
    }
}

impl Drop for ReadCursor {
    fn drop(&mut self) {
        self.mark();
    }
}

async fn mark_read(shared: &Shared, chat_id: ChatId) {
    match details::mark_read(&shared.db, chat_id, shared.clock.now()).await {
        Ok(Some(owner_id)) => shared.notices.publish(Notice::ChatWatch {
            chat_id,
            owner_id,
            event: WatchEventKind::DetailsChange,
        }),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, chat = %chat_id, "the read cursor could not be moved");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_meanwhile_is_done_once_more() {
        let work = Coalesced::default();
        assert!(work.begins());
        let asked = work.asked();
        assert!(!work.begins());
        assert!(!work.begins());
        assert!(!work.ends(asked));
        let asked = work.asked();
        assert!(work.ends(asked));
        assert!(work.begins());
    }
}
