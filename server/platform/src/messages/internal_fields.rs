//! Fields of parts that only the server and the model may see leave by no way: neither with a page of messages nor on the
//! stream, neither in its snapshot nor in what follows, neither from the history nor from the queue.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use sdk::chats::CreateChat;
use sdk::messages::Role;
use sdk::parts::{InputPart, Part, ReasoningPart};
use serde_json::json;
use sqlx::types::Json;
use store::messages::NewMessage;
use store::notices::{ChatVersions, Notice};
use store::queue::{self as queued, NewQueued};
use store::{Tx, chats, on_tx};

use super::*;
use crate::testing::{TestPlatform, on_both};

/// In every internal field.
const SECRET: &str = "s3cret";
const SET_CONTENT: &str = "UPDATE chat_messages SET content = $2 WHERE id = $1";
const SET_VERSION: &str = "UPDATE chats SET snapshot_version = $2 WHERE id = $1";

/// A part of each kind that has internal fields, as the database may hold them, with all of those fields.
fn parts(shown: &str) -> serde_json::Value {
    json!([
        {"type": "reasoning", "text": shown, "provider_metadata": {"signature": SECRET}},
        {"type": "tool-call", "tool_call_id": "call", "tool_name": shown, "args": {},
         "provider_metadata": {"signature": SECRET}},
        {"type": "tool-result", "tool_call_id": "call", "tool_name": shown, "result": {}, "provider_executed": true,
         "provider_metadata": {"signature": SECRET}},
        {"type": "source", "url": "https://example.com", "title": shown, "provider_metadata": {"signature": SECRET}},
        {"type": "file", "media_type": "image/png", "name": shown, "data": SECRET,
         "file_id": "0198c0de-0000-7000-8000-000000000001", "provider_metadata": {"signature": SECRET}},
        {"type": "context-file", "context_file_path": shown, "context_file_content": SECRET,
         "context_file_os": SECRET, "context_file_directory": SECRET},
        {"type": "skill", "skill_name": shown, "skill_description": shown, "skill_dir": SECRET,
         "context_file_skill_meta_file": SECRET},
    ])
}

async fn insert(tx: &mut Tx, chat: ChatId, revision: i64, shown: &str) {
    let placeholder = NewMessage::new(Role::Assistant, vec![Part::text(shown)]);
    let now = chrono::Utc::now();
    let inserted = messages::insert(tx, chat, revision, now, vec![placeholder]);
    let id = inserted.await.unwrap()[0].id;
    on_tx!(tx, connection => sqlx::query(SET_CONTENT)
        .bind(id.0)
        .bind(Json(parts(shown)))
        .execute(connection)
        .await
        .map(drop)
        .unwrap());
}

/// A chat at work, so that messages may wait in it.
async fn busy_chat(test: &TestPlatform, owner: &Actor) -> ChatId {
    let text = "!stall 60s".to_owned();
    let request = CreateChat {
        content: vec![InputPart::Text { text }],
        ..CreateChat::default()
    };
    test.platform.create_chat(owner, request).await.unwrap().id
}

/// Reads until a frame holds these words; gives everything that was read.
async fn read_until<F: AsRef<[u8]>, E: std::fmt::Debug>(
    frames: &mut (impl Stream<Item = Result<F, E>> + Unpin),
    words: &str,
) -> String {
    let mut all = String::new();
    while !all.contains(words) {
        let frame = tokio::time::timeout(Duration::from_secs(30), frames.next()).await;
        let frame = frame.expect("a frame in time").expect("a stream").unwrap();
        all.push_str(std::str::from_utf8(frame.as_ref()).unwrap());
    }
    all
}

fn assert_clean(what: &str, text: &str, shown: &str) {
    assert!(text.matches(shown).count() >= 5, "{what}: {text}");
    assert!(!text.contains(SECRET), "{what}: {text}");
}

#[tokio::test]
async fn internal_fields_leave_by_no_way() {
    Box::pin(on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let chat = busy_chat(&test, &owner).await;
        let db = &test.platform.0.db;
        let waiting = NewQueued {
            content: vec![Part::Reasoning(ReasoningPart {
                text: "waits".to_owned(),
                provider_metadata: Some(json!({ "signature": SECRET })),
                ..ReasoningPart::default()
            })],
            model_config_id: None,
            created_by: None,
            created_at: test.clock.now(),
        };
        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, chat, 1, "early").await;
        queued::append(&mut tx, chat, &waiting).await.unwrap();
        tx.commit().await.unwrap();

        for render in [None, Some("html")] {
            let query = ListMessages {
                render: render.map(str::to_owned),
                ..ListMessages::default()
            };
            let page = test.platform.list_messages(&owner, chat, query).await;
            let page = serde_json::to_string(&page.unwrap()).unwrap();
            assert_clean("a page", &page, "early");
            assert!(page.contains("waits"), "{page}");

            let stream = test
                .platform
                .stream_chat(&owner, chat, MessageId(0), render);
            let stream = stream.await.unwrap();
            futures::pin_mut!(stream);
            let snapshot = read_until(&mut stream, "waits").await;
            assert_clean("the snapshot", &snapshot, "early");

            let shown = format!("later-{}", render.unwrap_or("plain"));
            let mut tx = db.begin().await.unwrap();
            let row = chats::lock(&mut tx, chat).await.unwrap().unwrap();
            let snapshot_version = row.snapshot_version + 1;
            insert(&mut tx, chat, snapshot_version, &shown).await;
            on_tx!(&mut tx, connection => sqlx::query(SET_VERSION)
                .bind(chat.0)
                .bind(snapshot_version)
                .execute(connection)
                .await
                .map(drop)
                .unwrap());
            tx.commit().await.unwrap();
            test.platform.0.notices.publish(Notice::ChatChanged {
                chat_id: chat,
                owner_id: owner.user_id,
                versions: ChatVersions {
                    snapshot_version,
                    ..ChatVersions::default()
                },
            });
            let change = read_until(&mut stream, &shown).await;
            assert_clean("what follows", &change, &shown);
        }
        test.platform.shut_down().await;
    }))
    .await;
}
