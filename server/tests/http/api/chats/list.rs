//! The list of chats: pages, pins, filters, changes, events.

use std::time::Duration;

use sdk::chats::{ListChats, UpdateChat};
use sdk::ids::ChatId;
use sdk::stream::{WatchEvent, WatchEventKind};

use super::{PATIENCE, follow, message, new_chat, run, status};
use crate::support::on_both;

#[tokio::test]
async fn the_list_is_paged_pinned_and_filtered() {
    on_both(async |server| {
        let owner = server.owner().await;
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.push(
                run(&owner, &format!("!title \"Chat {number}\"\n!text \"ok\""))
                    .await
                    .0
                    .id,
            );
        }
        let list = async |query: ListChats| {
            let chats = owner.list_chats(&query).await.unwrap();
            chats.into_iter().map(|chat| chat.id).collect::<Vec<_>>()
        };
        let all = list(ListChats::default()).await;
        assert_eq!(all, [ids[4], ids[3], ids[2], ids[1], ids[0]]);
        let pin = UpdateChat {
            pin_order: Some(1),
            ..UpdateChat::default()
        };
        owner.update_chat(ids[1], &pin).await.unwrap();
        owner.update_chat(ids[0], &pin).await.unwrap();
        let expected = [ids[1], ids[0], ids[4], ids[3], ids[2]];
        assert_eq!(list(ListChats::default()).await, expected);
        let mut paged = Vec::new();
        let mut after_id = None;
        loop {
            let page = list(ListChats {
                limit: Some(2),
                after_id,
                ..ListChats::default()
            })
            .await;
            let Some(last) = page.last() else { break };
            after_id = Some(*last);
            paged.extend(page);
        }
        assert_eq!(paged, expected);
        owner.archive_chat(ids[4]).await.unwrap();
        let archived = ListChats {
            q: Some("archived:true".into()),
            ..ListChats::default()
        };
        assert_eq!(list(archived).await, [ids[4]]);
        let rename = UpdateChat {
            title: Some("100% about a_login".into()),
            ..UpdateChat::default()
        };
        owner.update_chat(ids[2], &rename).await.unwrap();
        for words in ["LOGIN", "100%", "a_l"] {
            assert_eq!(
                list(ListChats {
                    q: Some(words.into()),
                    ..ListChats::default()
                })
                .await,
                [ids[2]],
                "{words}"
            );
        }
        assert!(
            list(ListChats {
                q: Some("1%0".into()),
                ..ListChats::default()
            })
            .await
            .is_empty()
        );
        for wrong in ["colour:red", "archived:x", "a:b:c", ":x"] {
            let query = ListChats {
                q: Some(wrong.into()),
                ..ListChats::default()
            };
            assert_eq!(status(owner.list_chats(&query)).await, 400, "{wrong}");
        }
        assert_eq!(
            status(owner.list_chats(&ListChats {
                limit: Some(201),
                ..ListChats::default()
            }))
            .await,
            400
        );
        let unknown = ListChats {
            after_id: Some(ChatId::generate()),
            ..ListChats::default()
        };
        assert_eq!(status(owner.list_chats(&unknown)).await, 404);
    })
    .await;
}

#[tokio::test]
async fn the_list_is_paged_by_offset_too() {
    on_both(async |server| {
        let owner = server.owner().await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(run(&owner, "!text \"ok\"").await.0.id);
        }
        let pin = UpdateChat {
            pin_order: Some(1),
            ..UpdateChat::default()
        };
        owner.update_chat(ids[1], &pin).await.unwrap();
        let expected = [ids[1], ids[4], ids[3], ids[2], ids[0]];
        let page = |limit, offset| ListChats {
            limit: Some(limit),
            offset: Some(offset),
            ..ListChats::default()
        };
        let list = async |query: ListChats| {
            let chats = owner.list_chats(&query).await.unwrap();
            chats.into_iter().map(|chat| chat.id).collect::<Vec<_>>()
        };
        for (offset, place) in [(0, 0..2), (2, 2..4), (4, 4..5)] {
            assert_eq!(list(page(2, offset)).await, expected[place]);
        }
        assert_eq!(list(page(0, 3)).await, expected[3..], "0 is the usual page");
        assert!(list(page(2, 5)).await.is_empty());
        assert!(list(page(2, i64::MAX)).await.is_empty());
        // It skips among what a filter and a cursor leave.
        let found = ListChats {
            q: Some("archived:true".to_owned()),
            ..page(2, 0)
        };
        assert!(list(found).await.is_empty());
        let after = ListChats {
            after_id: Some(ids[4]),
            ..page(2, 1)
        };
        assert_eq!(list(after).await, [ids[2], ids[0]]);
        let stranger = server.member("sam").await;
        assert!(stranger.list_chats(&page(2, 0)).await.unwrap().is_empty());

        let refused = crate::support::refusal(owner.list_chats(&page(2, -1)).await);
        assert_eq!(refused["status"], 400, "{refused}");
        assert_eq!(refused["body"]["validations"][0]["field"], "offset");
        for wrong in ["offset=x", "offset=1.5", "offset=9223372036854775808"] {
            let path = format!("/api/experimental/chats?{wrong}");
            let request = owner.request(reqwest::Method::GET, &path).unwrap();
            let reply = crate::support::answer(request).await;
            assert_eq!(reply["status"], 400, "{wrong}: {reply}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_list_finds_words_labels_and_states() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (ui, _) = run(&owner, "!title \"Login\"\n!text \"Die Größe stimmt\"").await;
        let (api, _) = run(&owner, "!title \"Export\"\n!text \"ok\"").await;
        for (chat, area) in [(&ui, "ui:forms"), (&api, "api")] {
            let change = UpdateChat {
                labels: Some([("area".to_owned(), area.to_owned())].into()),
                ..UpdateChat::default()
            };
            owner.update_chat(chat.id, &change).await.unwrap();
        }
        let find = async |q: &str, labels: &[&str]| {
            let query = ListChats {
                q: Some(q.to_owned()),
                labels: labels.iter().map(|label| (*label).to_owned()).collect(),
                ..ListChats::default()
            };
            let chats = owner.list_chats(&query).await.unwrap();
            chats.into_iter().map(|chat| chat.id).collect::<Vec<_>>()
        };
        assert_eq!(find("GRÖSSE", &[]).await, []);
        assert_eq!(find("GRÖß", &[]).await, [ui.id]);
        assert_eq!(find("\"die größe\" login", &[]).await, [ui.id]);
        assert_eq!(find("label:area=api", &[]).await, [api.id]);
        assert_eq!(find("label:area", &[]).await, [api.id, ui.id]);
        assert_eq!(find("", &["area:ui:forms"]).await, [ui.id]);
        assert_eq!(find("", &["area:ui:forms", "area:api"]).await, []);
        assert_eq!(
            find("model:demo pinned:false status:waiting", &[]).await,
            [api.id, ui.id]
        );
        assert_eq!(find("status:error", &[]).await, []);
        assert_eq!(find("repo:switchyard", &[]).await, []);
        let wrong = ListChats {
            labels: vec!["area".to_owned()],
            ..ListChats::default()
        };
        assert_eq!(status(owner.list_chats(&wrong)).await, 400);
    })
    .await;
}

#[tokio::test]
async fn a_change_applies_as_a_whole_or_not_at_all() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, _) = run(&owner, "!title \"Old\"\n!text \"ok\"").await;
        let title = owner.get_chat(chat.id).await.unwrap().title;
        let wrong = [
            UpdateChat {
                archived: Some(false),
                ..UpdateChat::default()
            },
            UpdateChat {
                pin_order: Some(-1),
                ..UpdateChat::default()
            },
            UpdateChat {
                pin_order: Some(1),
                archived: Some(true),
                ..UpdateChat::default()
            },
            UpdateChat {
                labels: Some([("bad key".to_owned(), "x".to_owned())].into()),
                ..UpdateChat::default()
            },
            UpdateChat {
                workspace_id: Some(sdk::ids::WorkspaceId::generate()),
                ..UpdateChat::default()
            },
        ];
        for mut change in wrong {
            change.title = Some("New".into());
            assert_eq!(
                status(owner.update_chat(chat.id, &change)).await,
                400,
                "{change:?}"
            );
            assert_eq!(owner.get_chat(chat.id).await.unwrap().title, title);
        }
        for wrong_title in [String::new(), "   ".into(), "x".repeat(201)] {
            let change = UpdateChat {
                title: Some(wrong_title),
                ..UpdateChat::default()
            };
            assert_eq!(status(owner.update_chat(chat.id, &change)).await, 400);
        }
        let change = UpdateChat {
            title: Some("  New  ".into()),
            labels: Some([("team".to_owned(), "a".to_owned())].into()),
            archived: Some(true),
            ..UpdateChat::default()
        };
        owner.update_chat(chat.id, &change).await.unwrap();
        let changed = owner.get_chat(chat.id).await.unwrap();
        assert!(changed.archived && changed.title == "New" && changed.labels.len() == 1);
        assert_eq!(
            status(owner.send_message(chat.id, &message("hi"))).await,
            409
        );
    })
    .await;
}

#[tokio::test]
async fn the_list_is_watched() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let mut watch = owner.watch_chats().await.unwrap();
        run(&member, "!text \"not for the owner\"").await;
        let (chat, _) = run(&owner, "!title \"Named\"\n!text \"ok\"").await;
        owner.archive_chat(chat.id).await.unwrap();
        let mut kinds = Vec::new();
        while kinds.last() != Some(&WatchEventKind::Deleted) {
            let event: WatchEvent = tokio::time::timeout(PATIENCE, watch.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            assert_eq!(event.chat.id, chat.id);
            kinds.push(event.kind);
        }
        assert_eq!(kinds[0], WatchEventKind::Created);
        assert!(kinds.contains(&WatchEventKind::StatusChange), "{kinds:?}");
        assert!(kinds.contains(&WatchEventKind::TitleChange), "{kinds:?}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_unread_until_its_chat_is_opened() {
    on_both(async |server| {
        let owner = server.owner().await;
        let chat = owner.create_chat(&new_chat("!text \"ok\"")).await.unwrap();
        let until = async |wished: bool| {
            let deadline = tokio::time::Instant::now() + PATIENCE;
            while owner.get_chat(chat.id).await.unwrap().has_unread != wished {
                assert!(
                    tokio::time::Instant::now() < deadline,
                    "has_unread never became {wished}"
                );
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        until(true).await;
        follow(&owner, chat.id).await;
        until(false).await;
    })
    .await;
}
