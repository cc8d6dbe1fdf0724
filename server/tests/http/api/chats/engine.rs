//! Queue, context, client tools and titles over HTTP.

use sdk::chats::{ChatStatus, CompactChat, CreateChat, DynamicTool, ListChats, UpdateChat};
use sdk::client::Client;
use sdk::ids::{ChatId, QueuedMessageId};
use sdk::messages::{
    ClientToolResult, EditQueuedMessage, ListMessages, QueuedMessage, SubmitToolResults,
};
use sdk::parts::Part;
use serde_json::json;

use super::{follow, message, new_chat, run, status, text};
use crate::support::on_both;

fn words(queue: &[QueuedMessage]) -> Vec<String> {
    queue
        .iter()
        .map(|queued| match &queued.content[0] {
            Part::Text { text } => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn waiting_messages_are_changed_and_moved() {
    on_both(async |server| {
        let owner = server.owner().await;
        let chat = owner.create_chat(&new_chat("!stall 50s")).await.unwrap().id;
        let mut ids = Vec::new();
        for word in ["a", "b", "c"] {
            let sent = owner.send_message(chat, &message(word)).await.unwrap();
            ids.push(sent.queued_message.unwrap().id);
        }
        let to = |position| EditQueuedMessage {
            position: Some(position),
            ..EditQueuedMessage::default()
        };
        let queue = owner
            .edit_queued_message(chat, ids[2], &to(0))
            .await
            .unwrap();
        assert_eq!(words(&queue), ["c", "a", "b"]);
        let queue = owner
            .edit_queued_message(chat, ids[2], &to(99))
            .await
            .unwrap();
        assert_eq!(words(&queue), ["a", "b", "c"]);
        let edit = EditQueuedMessage {
            content: Some(text("B")),
            ..to(0)
        };
        let queue = owner
            .edit_queued_message(chat, ids[1], &edit)
            .await
            .unwrap();
        assert_eq!(words(&queue), ["B", "a", "c"]);
        let page = owner
            .list_messages(chat, &ListMessages::default())
            .await
            .unwrap();
        assert_eq!(words(&page.queued_messages), ["B", "a", "c"]);
        let wrong = [
            to(-1),
            EditQueuedMessage::default(),
            EditQueuedMessage {
                content: Some(Vec::new()),
                ..EditQueuedMessage::default()
            },
            EditQueuedMessage {
                model_config_id: Some(sdk::ids::ModelConfigId::generate()),
                ..EditQueuedMessage::default()
            },
        ];
        for edit in wrong {
            assert_eq!(
                status(owner.edit_queued_message(chat, ids[0], &edit)).await,
                400,
                "{edit:?}"
            );
        }
        let gone = QueuedMessageId(9_999_999);
        assert_eq!(
            status(owner.edit_queued_message(chat, gone, &to(0))).await,
            404
        );
    })
    .await;
}

#[tokio::test]
async fn the_context_is_summarized_and_cleared_by_route_and_by_message() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, _) = run(&owner, "!text \"one\"").await;
        let card_names = async |owner: &Client| -> Vec<String> {
            let live = follow(owner, chat.id).await;
            assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
            let parts = live.messages.iter().flat_map(|message| &message.content);
            parts
                .filter_map(|part| match part {
                    Part::ToolCall(call) => Some(call.tool_name.clone()),
                    _ => None,
                })
                .collect()
        };
        owner
            .compact_chat(chat.id, &CompactChat::default())
            .await
            .unwrap();
        assert_eq!(card_names(&owner).await, ["chat_summarized"]);
        owner.clear_chat(chat.id).await.unwrap();
        assert_eq!(
            card_names(&owner).await,
            ["chat_summarized", "chat_cleared"]
        );

        let sent = owner
            .send_message(chat.id, &message("/clear !text \"two\""))
            .await
            .unwrap();
        assert!(sent.message.unwrap().text().starts_with("!text"));
        card_names(&owner).await;
        let sent = owner
            .send_message(chat.id, &message("/compact keep the names"))
            .await
            .unwrap();
        assert!(sent.message.is_none() && !sent.queued);
        assert_eq!(
            card_names(&owner).await,
            [
                "chat_summarized",
                "chat_cleared",
                "chat_cleared",
                "chat_summarized"
            ]
        );

        let long = CompactChat {
            instructions: Some("x".repeat(2001)),
        };
        assert_eq!(status(owner.compact_chat(chat.id, &long)).await, 400);
        owner
            .send_message(chat.id, &message("!stall 50s"))
            .await
            .unwrap();
        assert_eq!(
            status(owner.compact_chat(chat.id, &CompactChat::default())).await,
            409
        );
        assert_eq!(status(owner.clear_chat(chat.id)).await, 409);
        assert_eq!(
            status(owner.send_message(chat.id, &message("/clear"))).await,
            409
        );
    })
    .await;
}

fn tool(name: &str) -> DynamicTool {
    DynamicTool {
        name: name.to_owned(),
        description: "Asks".to_owned(),
        input_schema: json!({"type": "object"}),
    }
}

#[tokio::test]
async fn a_client_answers_its_own_tools() {
    on_both(async |server| {
        let owner = server.owner().await;
        let mut events = owner.watch_chats().await.unwrap();
        let new = CreateChat {
            unsafe_dynamic_tools: vec![tool("ask")],
            ..new_chat("!call ask {\"q\": 1}\n!then\n!text \"thanks\"")
        };
        let chat = owner.create_chat(&new).await.unwrap().id;
        let calls = loop {
            let event = tokio::time::timeout(super::PATIENCE, events.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            if event.kind == sdk::stream::WatchEventKind::ActionRequired {
                assert_eq!(event.chat.status, ChatStatus::RequiresAction);
                break event.tool_calls;
            }
        };
        assert_eq!((calls.len(), calls[0].tool_name.as_str()), (1, "ask"));
        assert_eq!(calls[0].args, "{\"q\":1}");
        let answer = |id: &str| ClientToolResult {
            tool_call_id: id.to_owned(),
            output: json!({"said": "yes"}),
            is_error: false,
        };
        let submit = async |results: Vec<ClientToolResult>| {
            let results = SubmitToolResults { results };
            owner.submit_tool_results(chat, &results).await
        };
        let id = calls[0].tool_call_id.as_str();
        assert_eq!(status(submit(Vec::new())).await, 400);
        assert_eq!(status(submit(vec![answer("nobody")])).await, 400);
        assert_eq!(status(submit(vec![answer(id), answer(id)])).await, 400);
        submit(vec![answer(id)]).await.unwrap();
        let live = follow(&owner, chat).await;
        assert!(live.messages.last().unwrap().text().contains("thanks"));
        assert_eq!(status(submit(vec![answer(id)])).await, 409);
    })
    .await;
}

#[tokio::test]
async fn wrong_tools_are_refused_by_field() {
    on_both(async |server| {
        let owner = server.owner().await;
        let schema = DynamicTool {
            input_schema: json!([1]),
            ..tool("ask")
        };
        let wrong = [
            vec![tool("")],
            vec![tool("no spaces")],
            vec![tool(&"x".repeat(65))],
            vec![tool("ask"), tool("ask")],
            vec![schema],
            (0..251).map(|number| tool(&format!("t{number}"))).collect(),
        ];
        for tools in wrong {
            let new = CreateChat {
                unsafe_dynamic_tools: tools,
                ..new_chat("!text \"hi\"")
            };
            let refused = owner.create_chat(&new).await.unwrap_err();
            assert_eq!(refused.status(), Some(400), "{new:?}");
            let field = &refused.body().unwrap().validations[0].field;
            assert!(field.starts_with("unsafe_dynamic_tools"), "{field}");
        }
    })
    .await;
}

#[tokio::test]
async fn titles_are_proposed_and_regenerated() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, _) = run(&owner, "!text \"ok\"").await;
        let named = UpdateChat {
            title: Some("Mine".into()),
            ..UpdateChat::default()
        };
        owner.update_chat(chat.id, &named).await.unwrap();
        let proposed = owner.propose_title(chat.id).await.unwrap().title;
        assert_ne!(proposed, "Mine");
        assert_eq!(owner.get_chat(chat.id).await.unwrap().title, "Mine");
        let renamed = owner.regenerate_title(chat.id).await.unwrap();
        assert_eq!(renamed.title, proposed);
        let sound = owner.reconcile_chat(chat.id).await.unwrap();
        assert_eq!(sound.status, ChatStatus::Waiting);
    })
    .await;
}

#[tokio::test]
async fn nobody_else_reaches_queue_context_tools_or_titles() {
    on_both(async |server| {
        let member = server.member("mia").await;
        let owner = server.owner().await;
        let id: ChatId = run(&member, "!text \"secret\"").await.0.id;
        let edit = EditQueuedMessage {
            position: Some(0),
            ..EditQueuedMessage::default()
        };
        let queued = QueuedMessageId(1);
        let results = SubmitToolResults::default();
        assert_eq!(
            status(owner.edit_queued_message(id, queued, &edit)).await,
            404
        );
        assert_eq!(
            status(owner.compact_chat(id, &CompactChat::default())).await,
            404
        );
        assert_eq!(status(owner.clear_chat(id)).await, 404);
        assert_eq!(status(owner.reconcile_chat(id)).await, 404);
        assert_eq!(status(owner.regenerate_title(id)).await, 404);
        assert_eq!(status(owner.propose_title(id)).await, 404);
        assert_eq!(status(owner.submit_tool_results(id, &results)).await, 404);
    })
    .await;
}

#[tokio::test]
async fn pins_keep_a_dense_order() {
    on_both(async |server| {
        let owner = server.owner().await;
        let mut chats = Vec::new();
        for word in ["a", "b", "c"] {
            chats.push(run(&owner, &format!("!text \"{word}\"")).await.0.id);
        }
        let pin = async |place: usize, order| {
            let change = UpdateChat {
                pin_order: Some(order),
                ..UpdateChat::default()
            };
            owner.update_chat(chats[place], &change).await.unwrap();
        };
        let pinned = async || -> Vec<(ChatId, i32)> {
            let listed = owner.list_chats(&ListChats::default()).await.unwrap();
            let pinned = listed.into_iter().filter(|chat| chat.pin_order > 0);
            pinned.map(|chat| (chat.id, chat.pin_order)).collect()
        };
        for place in 0..3 {
            pin(place, 1).await;
        }
        assert_eq!(
            pinned().await,
            [(chats[0], 1), (chats[1], 2), (chats[2], 3)]
        );
        pin(2, 1).await;
        assert_eq!(
            pinned().await,
            [(chats[2], 1), (chats[0], 2), (chats[1], 3)]
        );
        pin(0, 0).await;
        assert_eq!(pinned().await, [(chats[2], 1), (chats[1], 2)]);
        owner.archive_chat(chats[2]).await.unwrap();
        pin(1, 9).await;
        assert_eq!(pinned().await, [(chats[1], 1)]);
    })
    .await;
}
