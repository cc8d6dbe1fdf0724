//! The list's events when notices are lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use futures::StreamExt as _;
use sdk::chats::{CreateChat, UpdateChat};
use sdk::parts::InputPart;
use store::Notices;

use super::*;
use crate::testing::on_both;

#[tokio::test]
async fn what_no_notice_told_is_told_later_and_once() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let list = WatchedList {
            db: test.platform.0.db.clone(),
            clock: test.clock.clone(),
            owner: owner.user_id,
            since: test.clock.now() - TimeDelta::seconds(1),
            told: HashMap::new(),
        };
        // Nobody publishes here.
        let silent = Notices::in_process();
        let events = watch(list, silent.subscribe(), Duration::from_millis(50));
        futures::pin_mut!(events);
        let text = "!text \"hello\"".to_owned();
        let request = CreateChat {
            content: vec![InputPart::Text { text }],
            ..CreateChat::default()
        };
        let chat = test.platform.create_chat(&owner, request).await.unwrap();
        let next = async |events: &mut (dyn Stream<Item = WatchEvent> + Unpin + Send)| {
            let event = tokio::time::timeout(Duration::from_secs(30), events.next());
            event.await.unwrap().unwrap()
        };
        let created = next(&mut events).await;
        assert_eq!(
            (created.kind, created.chat.id),
            (WatchEventKind::Created, chat.id)
        );
        let archive = UpdateChat {
            archived: Some(true),
            ..UpdateChat::default()
        };
        test.platform
            .update_chat(&owner, chat.id, archive)
            .await
            .unwrap();
        loop {
            let event = next(&mut events).await;
            assert_eq!(event.chat.id, chat.id);
            assert_ne!(event.kind, WatchEventKind::Created, "told twice");
            if event.kind == WatchEventKind::Deleted {
                break;
            }
        }
        test.platform.shut_down().await;
    })
    .await;
}
