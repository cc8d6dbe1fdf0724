//! The sockets of chats: one chat's stream, and the events of the caller's list.

use std::sync::Arc;

use chatd::StreamOptions;
use chatd::wire;
use futures::Stream;
use sdk::ids::{ChatId, MessageId};
use sdk::stream::{WatchEvent, WatchEventKind};
use store::chats;
use store::notices::{Heard, Subscription};
use store::{Db, Notice, StoreError};

use super::ChatFailure;
use crate::{Actor, Platform};

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
            return Err(ChatFailure::field("after_id", "must not be negative"));
        }
        let renderer =
            renders_html.then(|| Arc::new(self.0.renderer.clone()) as Arc<dyn chatd::Renderer>);
        Ok(self
            .0
            .daemon
            .stream(id, StreamOptions { after_id, renderer }))
    }

    /// What happens in the caller's list from now on. Ends when events may have been missed: the reader lists again
    /// and watches anew.
    pub fn watch_chats(&self, actor: &Actor) -> impl Stream<Item = WatchEvent> + Send + use<> {
        let notices = self.0.notices.subscribe();
        watch(self.0.db.clone(), notices, actor.user_id)
    }
}

fn watch(
    db: Db,
    mut notices: Subscription,
    owner: sdk::ids::UserId,
) -> impl Stream<Item = WatchEvent> + Send {
    async_stream::stream! {
        while let Some(heard) = notices.next().await {
            let Heard::Notice(notice) = heard else { return };
            let Notice::ChatWatch { chat_id, owner_id, event, .. } = &*notice else { continue };
            if *owner_id != owner {
                continue;
            }
            match event_of(&db, *chat_id, *event).await {
                Ok(Some(event)) => yield event,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "a chat of the list could not be read");
                    return;
                }
            }
        }
    }
}

async fn event_of(
    db: &Db,
    chat: ChatId,
    kind: WatchEventKind,
) -> Result<Option<WatchEvent>, StoreError> {
    let Some(row) = chats::get(db, chat).await? else {
        return Ok(None);
    };
    let has_unread = chats::list::has_unread(db, chat).await?;
    Ok(Some(WatchEvent {
        kind,
        chat: wire::chat(row, has_unread),
    }))
}
