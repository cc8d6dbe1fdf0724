//! The list's events when notices are lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use futures::StreamExt as _;
use sdk::chats::{Chat, CreateChat, UpdateChat};
use sdk::parts::InputPart;
use store::Notices;
use store::testing::TestDb;

use super::*;
use crate::PlatformOptions;
use crate::testing::{TestPlatform, on_both, open};

#[tokio::test]
async fn what_no_notice_told_is_told_later_and_once() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let silent = Notices::in_process();
        let events = watch_in_silence(&test, owner.user_id, &silent);
        futures::pin_mut!(events);
        let chat = answered_chat(&test, &owner).await;
        let created = next(&mut events).await;
        assert_eq!(
            (created.kind, created.chat.id),
            (WatchEventKind::Created, chat)
        );
        test.clock.advance(TimeDelta::seconds(1));
        let archive = UpdateChat {
            archived: Some(true),
            ..UpdateChat::default()
        };
        test.platform
            .update_chat(&owner, chat, archive)
            .await
            .unwrap();
        loop {
            let event = next(&mut events).await;
            assert_eq!(event.chat.id, chat);
            assert_ne!(event.kind, WatchEventKind::Created, "told twice");
            if event.kind == WatchEventKind::Deleted {
                break;
            }
        }
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_title_pin_and_read_mark_are_told_too() {
    Box::pin(on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let chat = answered_chat(&test, &owner).await;
        test.clock.advance(TimeDelta::minutes(1));
        let silent = Notices::in_process();
        let events = watch_in_silence(&test, owner.user_id, &silent);
        futures::pin_mut!(events);
        let change = UpdateChat {
            title: Some("By hand".to_owned()),
            pin_order: Some(1),
            ..UpdateChat::default()
        };
        test.platform
            .update_chat(&owner, chat, change)
            .await
            .unwrap();
        let title = next_of(&mut events, WatchEventKind::TitleChange).await;
        assert_eq!(title.title, "By hand");
        let details = next_of(&mut events, WatchEventKind::DetailsChange).await;
        assert_eq!((details.pin_order, details.has_unread), (1, true));

        let reader = test.platform.stream_chat(&owner, chat, MessageId(0), None);
        let reader = reader.await.unwrap();
        futures::pin_mut!(reader);
        test.clock.advance(TimeDelta::seconds(1));
        reader.next().await.unwrap().unwrap();
        let read = next_of(&mut events, WatchEventKind::DetailsChange).await;
        assert!(!read.has_unread);
        test.platform.shut_down().await;
    }))
    .await;
}

#[tokio::test]
async fn who_says_when_it_listed_hears_at_once_what_happened_since() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let listed_at = test.clock.now();
        let chat = answered_chat(&test, &owner).await;
        let events = test.platform.watch_chats(&owner, Some(listed_at));
        futures::pin_mut!(events);
        let created = next(&mut events).await;
        assert_eq!(
            (created.kind, created.chat.id),
            (WatchEventKind::Created, chat)
        );
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn who_listed_at_one_process_hears_at_another_whose_machine_has_another_time() {
    let database = TestDb::postgres().await;
    let ahead = open(&database, |options| {
        options.clock = Clock::wrong_by(TimeDelta::minutes(10));
    });
    let ahead = ahead.await;
    let behind = Platform::open(PlatformOptions {
        clock: Clock::wrong_by(TimeDelta::minutes(-10)),
        ..ahead.options.clone()
    });
    let behind = behind.await.unwrap();
    let owner = ahead.owner().await;
    ahead.platform.start().await.unwrap();
    for (listing, watching) in [(&ahead.platform, &behind), (&behind, &ahead.platform)] {
        let listed_at = listing.now();
        let chat = answered_chat(&ahead, &owner).await;
        let events = watching.watch_chats(&owner, Some(listed_at));
        futures::pin_mut!(events);
        let mut told = next(&mut events).await;
        while told.chat.id != chat {
            told = next(&mut events).await;
        }
        let difference = told.chat.updated_at - listed_at;
        assert!(difference.abs() < TimeDelta::minutes(1), "{difference}");
    }
    ahead.platform.shut_down().await;
    behind.shut_down().await;
    database.remove().await;
}

/// Watches where nobody publishes.
fn watch_in_silence(
    test: &TestPlatform,
    owner: UserId,
    silent: &Notices,
) -> impl Stream<Item = WatchEvent> + Send + use<> {
    let list = WatchedList {
        db: test.platform.0.db.clone(),
        clock: test.clock.clone(),
        owner,
        since: test.clock.now() - TimeDelta::seconds(1),
        told: HashMap::new(),
        told_diff_statuses: HashMap::new(),
    };
    let pause = Duration::from_millis(50);
    watch(list, silent.subscribe(), pause, pause)
}

async fn next(events: &mut (impl Stream<Item = WatchEvent> + Unpin)) -> WatchEvent {
    let event = tokio::time::timeout(Duration::from_secs(30), events.next());
    event.await.unwrap().unwrap()
}

async fn next_of(
    events: &mut (impl Stream<Item = WatchEvent> + Unpin),
    kind: WatchEventKind,
) -> Chat {
    loop {
        let event = next(events).await;
        if event.kind == kind {
            return event.chat;
        }
    }
}

/// A chat whose answer nobody has read.
async fn answered_chat(test: &TestPlatform, owner: &Actor) -> ChatId {
    let request = CreateChat {
        content: vec![InputPart::Text {
            text: "!text \"hello\"".to_owned(),
        }],
        ..CreateChat::default()
    };
    let id = test.platform.create_chat(owner, request).await.unwrap().id;
    let idle = async {
        while test
            .platform
            .get_chat(owner, id)
            .await
            .unwrap()
            .status
            .is_busy()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), idle)
        .await
        .unwrap();
    id
}
