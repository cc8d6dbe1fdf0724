//! Who may not use agents keeps their chats and spends nothing.

use sdk::chats::{ChatStatus, CompactChat, CreateChat, DynamicTool, ListChats, UpdateChat};
use sdk::client::Client;
use sdk::ids::QueuedMessageId;
use sdk::messages::{EditMessage, EditQueuedMessage, ListMessages, SubmitToolResults};
use sdk::users::{Role, UpdateUser};

use super::{follow, message, new_chat, run, status, text};
use crate::support::on_both;

async fn set_access(owner: &Client, agents_access: bool) {
    let change = UpdateUser {
        agents_access: Some(agents_access),
        ..UpdateUser::default()
    };
    owner.update_user("mia", &change).await.unwrap();
}

#[tokio::test]
async fn without_access_chats_are_kept_and_nothing_is_spent() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let foreign = run(&owner, "!text hers").await.0.id;
        let chat = run(&member, "!text one").await.0.id;
        let page = member.list_messages(chat, &ListMessages::default()).await;
        let first = page.unwrap().messages.last().unwrap().id;
        let organization = member.list_organizations().await.unwrap()[0].id;
        set_access(&owner, false).await;

        let edit = EditMessage {
            content: text("!text other"),
            model_config_id: None,
        };
        let to_front = EditQueuedMessage {
            position: Some(0),
            ..EditQueuedMessage::default()
        };
        let queued = QueuedMessageId(1);
        let results = SubmitToolResults {
            results: Vec::new(),
        };
        let upload = member.upload_file(organization, "a.txt", "text/plain", b"a".to_vec());
        assert_eq!(
            status(member.create_chat(&new_chat("!text two"))).await,
            403
        );
        assert_eq!(status(upload).await, 403);
        for (id, expected) in [(chat, 403), (foreign, 404)] {
            assert_eq!(
                status(member.send_message(id, &message("!text two"))).await,
                expected
            );
            assert_eq!(
                status(member.send_message(id, &message("/compact"))).await,
                expected
            );
            assert_eq!(
                status(member.edit_message(id, first, &edit)).await,
                expected
            );
            assert_eq!(status(member.retry_chat(id)).await, expected);
            assert_eq!(
                status(member.submit_tool_results(id, &results)).await,
                expected
            );
            assert_eq!(
                status(member.compact_chat(id, &CompactChat::default())).await,
                expected
            );
            assert_eq!(status(member.regenerate_title(id)).await, expected);
            assert_eq!(status(member.propose_title(id)).await, expected);
            assert_eq!(
                status(member.promote_queued_message(id, queued)).await,
                expected
            );
            assert_eq!(
                status(member.edit_queued_message(id, queued, &to_front)).await,
                expected
            );
        }

        let rename = UpdateChat {
            title: Some("Kept".to_owned()),
            ..UpdateChat::default()
        };
        member.update_chat(chat, &rename).await.unwrap();
        assert_eq!(member.get_chat(chat).await.unwrap().title, "Kept");
        assert!(member.archive_chat(chat).await.unwrap().archived);
        assert!(!member.unarchive_chat(chat).await.unwrap().archived);
        assert_eq!(
            member
                .list_chats(&ListChats::default())
                .await
                .unwrap()
                .len(),
            1
        );
        member.interrupt_chat(chat).await.unwrap();
        member.delete_queued_message(chat, queued).await.unwrap();
        member.clear_chat(chat).await.unwrap();
        follow(&member, chat).await;

        set_access(&owner, true).await;
        member
            .send_message(chat, &message("!text three"))
            .await
            .unwrap();
        follow(&member, chat).await;
    })
    .await;
}

#[tokio::test]
async fn a_turn_that_waits_for_tools_is_not_made_to_go_on_without_access() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let new = CreateChat {
            unsafe_dynamic_tools: vec![DynamicTool {
                name: "ask".to_owned(),
                description: "Asks".to_owned(),
                input_schema: serde_json::json!({"type": "object"}),
            }],
            ..new_chat("!call ask {}\n!then\n!text \"went on\"")
        };
        let chat = member.create_chat(&new).await.unwrap().id;
        let state = async || member.get_chat(chat).await.unwrap().status;
        tokio::time::timeout(super::PATIENCE, async {
            while state().await != ChatStatus::RequiresAction {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await
        .unwrap();
        set_access(&owner, false).await;
        // It is there for its person, who may not; for others it is not there at all.
        assert_eq!(status(member.interrupt_chat(chat)).await, 403);
        assert_eq!(status(owner.interrupt_chat(chat)).await, 404);
        assert_eq!(state().await, ChatStatus::RequiresAction);
        set_access(&owner, true).await;
        member.interrupt_chat(chat).await.unwrap();
        follow(&member, chat).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_accepted_before_access_was_lost_goes_on() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let created = member
            .create_chat(&new_chat("!stall 2s\n!text first"))
            .await;
        let chat = created.unwrap().id;
        let sent = member.send_message(chat, &message("!text second")).await;
        assert!(sent.unwrap().queued);
        set_access(&owner, false).await;
        let third = message("!text third");
        assert_eq!(status(member.send_message(chat, &third)).await, 403);
        follow(&member, chat).await;
        let page = member.list_messages(chat, &ListMessages::default()).await;
        let said: String = page
            .unwrap()
            .messages
            .iter()
            .rev()
            .map(|message| format!("{:?}: {}", message.role, message.text()))
            .collect::<Vec<_>>()
            .join("\n");
        for answer in ["Assistant: first", "Assistant: second"] {
            assert!(said.contains(answer), "{said}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_role_but_owner_uses_agents_by_its_switch() {
    on_both(async |server| {
        let owner = server.owner().await;
        for (name, role) in [("aude", Role::Auditor), ("adam", Role::Admin)] {
            let person = server.person(name, role).await;
            run(&person, "!text one").await;
            let off = UpdateUser {
                agents_access: Some(false),
                ..UpdateUser::default()
            };
            owner.update_user(name, &off).await.unwrap();
            let two = new_chat("!text two");
            assert_eq!(status(person.create_chat(&two)).await, 403, "{name}");
        }
        run(&owner, "!text mine").await;
    })
    .await;
}
