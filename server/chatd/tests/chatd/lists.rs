//! What the list's filters and the full-text search find, the same on both databases.

use sdk::ids::{ChatId, ModelConfigId, RunnerId, UserId, WorkerId};
use sdk::messages::Role;
use sdk::parts::Part;
use store::chats::list::{self, ChatFilter, ListChats};
use store::chats::{ChatRow, Status};
use store::messages::{self, NewMessage, Visibility};
use store::search::Wanted;
use store::testing::for_both;
use store::{Clock, Db, model_configs};

use crate::harness::{Seed, seed};
use crate::store_contract::add_chat;

/// Ids of the root chats that a filter finds.
async fn found(db: &Db, owner: UserId, filter: ChatFilter) -> Vec<ChatId> {
    let query = ListChats {
        owner_id: owner,
        filter,
        limit: 50,
        offset: 0,
        after: None,
    };
    let rows = list::list(db, &query).await.unwrap();
    rows.into_iter().map(|listed| listed.chat.id).collect()
}

async fn searched(db: &Db, owner: UserId, words: &[&str]) -> Vec<ChatId> {
    let filter = ChatFilter {
        words: words.iter().map(|word| Wanted::new(word)).collect(),
        ..ChatFilter::default()
    };
    found(db, owner, filter).await
}

async fn titled(db: &Db, seeded: Seed, title: &str) -> ChatRow {
    add_chat(db, seeded, |chat| title.clone_into(&mut chat.title)).await
}

async fn say(db: &Db, chat: ChatId, revision: i64, message: NewMessage) -> sdk::messages::Message {
    let mut tx = db.begin().await.unwrap();
    let now = Clock::system().now();
    let mut inserted = messages::insert(&mut tx, chat, revision, now, vec![message])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    inserted.remove(0)
}

fn text(role: Role, text: &str) -> NewMessage {
    NewMessage::new(role, vec![Part::text(text)])
}

#[tokio::test]
async fn filters_find_what_they_name() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let owner = seeded.owner;
        let plain = add_chat(db, seeded, |_| {}).await.id;
        let failed = add_chat(db, seeded, |chat| chat.status = Status::Error)
            .await
            .id;
        let named = titled(db, seeded, "50% of_IT: ÄRGER").await.id;
        let archived = add_chat(db, seeded, |chat| chat.archived = true).await.id;
        let pinned = add_chat(db, seeded, |chat| chat.pin_order = 1).await.id;
        let labelled = add_chat(db, seeded, |chat| {
            chat.labels = [("team", "a:b"), ("area", "ui")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
        })
        .await
        .id;
        let running = add_chat(db, seeded, |chat| {
            chat.status = Status::Running;
            chat.worker_id = Some(WorkerId::generate());
            chat.runner_id = Some(RunnerId::generate());
        })
        .await
        .id;
        let pending = add_chat(db, seeded, |chat| chat.status = Status::Running)
            .await
            .id;
        say(db, plain, 2, text(Role::Assistant, "unread")).await;
        let mut tx = db.begin().await.unwrap();
        let mut other = model_configs::list(db).await.unwrap().remove(0).config;
        other.id = ModelConfigId::generate();
        (other.model, other.display_name, other.is_default) =
            ("opus-9".into(), "Big one".into(), false);
        model_configs::insert(&mut tx, &other).await.unwrap();
        tx.commit().await.unwrap();
        let modelled = add_chat(db, seeded, |chat| chat.last_model_config_id = other.id)
            .await
            .id;

        let check = async |what: &str, filter: ChatFilter, expected: &[ChatId]| {
            assert_eq!(found(db, owner, filter).await, expected, "{what}");
        };
        let none = ChatFilter::default;
        let label =
            |key: &str, value: Option<&str>| vec![(key.to_owned(), value.map(str::to_owned))];
        check(
            "status",
            ChatFilter {
                status: Some(Status::Error),
                ..none()
            },
            &[failed],
        )
        .await;
        check(
            "title",
            ChatFilter {
                title_contains: Some("0% OF_it: är".into()),
                ..none()
            },
            &[named],
        )
        .await;
        check(
            "title's signs",
            ChatFilter {
                title_contains: Some("5_%".into()),
                ..none()
            },
            &[],
        )
        .await;
        check(
            "archived",
            ChatFilter {
                archived: true,
                ..none()
            },
            &[archived],
        )
        .await;
        check(
            "pinned",
            ChatFilter {
                is_pinned: Some(true),
                ..none()
            },
            &[pinned],
        )
        .await;
        check(
            "unread",
            ChatFilter {
                has_unread: Some(true),
                ..none()
            },
            &[plain],
        )
        .await;
        check(
            "label",
            ChatFilter {
                labels: label("team", Some("a:b")),
                ..none()
            },
            &[labelled],
        )
        .await;
        check(
            "any label",
            ChatFilter {
                labels: label("area", None),
                ..none()
            },
            &[labelled],
        )
        .await;
        check(
            "wrong label",
            ChatFilter {
                labels: label("area", Some("x")),
                ..none()
            },
            &[],
        )
        .await;
        let both = [label("team", None), label("area", Some("ui"))].concat();
        check(
            "both labels",
            ChatFilter {
                labels: both,
                ..none()
            },
            &[labelled],
        )
        .await;
        let contradiction = [label("area", Some("ui")), label("area", Some("x"))].concat();
        check(
            "no label is two",
            ChatFilter {
                labels: contradiction,
                ..none()
            },
            &[],
        )
        .await;
        check(
            "model",
            ChatFilter {
                model_contains: Some("OPUS".into()),
                ..none()
            },
            &[modelled],
        )
        .await;
        check(
            "model's name",
            ChatFilter {
                model_contains: Some("big".into()),
                ..none()
            },
            &[modelled],
        )
        .await;
        let owned = |is_owned| ChatFilter {
            status: Some(Status::Running),
            is_owned: Some(is_owned),
            ..none()
        };
        check("running", owned(true), &[running]).await;
        check("pending", owned(false), &[pending]).await;
        let rest = found(
            db,
            owner,
            ChatFilter {
                has_unread: Some(false),
                is_pinned: Some(false),
                ..none()
            },
        )
        .await;
        assert_eq!(rest.len(), 6);
        assert!(found(db, UserId::generate(), none()).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn words_are_found_in_titles_and_messages() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let owner = seeded.owner;
        let first = titled(db, seeded, "Login-Formular mit ÄRGER").await.id;
        let second = titled(db, seeded, "Two").await.id;
        say(db, first, 2, text(Role::User, "the quick Brown fox_jumps")).await;
        say(
            db,
            second,
            2,
            text(Role::Assistant, "ЖУКИ and ΟΔΟΣ, 漢字; brown"),
        )
        .await;
        for (words, expected) in [
            (&["ärger"][..], &[first][..]),
            (&["ÄRG"], &[first]),
            (&["gin-form"], &[first]),
            (&["formu", "FOX"], &[first]),
            (&["жук"], &[second]),
            (&["οδος"], &[second]),
            (&["字"], &[second]),
            (&["brown"], &[second, first]),
            (&["brown", "two"], &[second]),
            (&["brown", "brown"], &[second, first]),
            (&["quick brown"], &[first]),
            (&["fox_ju"], &[first]),
            (&["rown"], &[]),
            (&["brown", "absent"], &[]),
            (&["%"], &[]),
            (&["\"'"], &[]),
        ] {
            assert_eq!(searched(db, owner, words).await, expected, "{words:?}");
        }
        assert!(
            searched(db, UserId::generate(), &["brown"])
                .await
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn only_what_people_see_and_what_is_still_there_is_found() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let owner = seeded.owner;
        let root = titled(db, seeded, "Root").await;
        let child = ChatRow {
            id: ChatId::generate(),
            parent_chat_id: Some(root.id),
            root_chat_id: Some(root.id),
            ..root.clone()
        };
        let mut tx = db.begin().await.unwrap();
        store::chats::insert(&mut tx, &child).await.unwrap();
        tx.commit().await.unwrap();
        let (root, child) = (root.id, child.id);
        let hidden = NewMessage {
            visibility: Visibility::Model,
            ..text(Role::User, "secret")
        };
        say(db, root, 2, hidden).await;
        say(db, root, 2, text(Role::Tool, "output")).await;
        let edited = say(db, root, 3, text(Role::User, "former")).await;
        say(db, root, 4, text(Role::Assistant, "answer")).await;
        say(db, child, 2, text(Role::Assistant, "nested")).await;
        assert_eq!(searched(db, owner, &["nested"]).await, [root]);
        assert_eq!(searched(db, owner, &["former", "nested"]).await, [root]);
        for unseen in ["secret", "output"] {
            assert!(searched(db, owner, &[unseen]).await.is_empty(), "{unseen}");
        }
        let mut tx = db.begin().await.unwrap();
        messages::delete_from(&mut tx, root, edited.id, 5)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        for gone in ["former", "answer"] {
            assert!(searched(db, owner, &[gone]).await.is_empty(), "{gone}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_largest_messages_can_be_kept() {
    for_both(async |database| {
        let db = &database.db;
        let seeded = seed(db).await;
        let chat = titled(db, seeded, "Large").await.id;
        let words: Vec<String> = (0..400_000).map(|number| format!("w{number}")).collect();
        let words = words.join(" ");
        say(db, chat, 2, text(Role::User, &format!("begin {words}"))).await;
        say(db, chat, 3, text(Role::User, &"x".repeat(4_000_000))).await;
        assert_eq!(searched(db, seeded.owner, &["begin"]).await, [chat]);
    })
    .await;
}
