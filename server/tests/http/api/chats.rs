mod access;
mod adapters;
mod computer_use;
mod costs;
mod debug;
mod desktop;
mod diff_status;
mod engine;
mod explore;
mod faults;
mod files;
mod followed_comments;
mod git_content;
mod git_credentials;
mod git_watch;
mod list;
mod misfortunes;
mod modes;
mod options;
mod planning;
mod private_hosts;
mod prompt_preview;
mod prompts;
mod searches;
mod settings;
mod stuck_readers;
mod subagents;
mod titles;
mod told;
mod told_agents;
mod workspace_tools;
mod zero;

use std::time::Duration;

use sdk::chats::{Chat, ChatStatus, CreateChat, ListChats, UpdateChat};
use sdk::client::{Client, Subscription};
use sdk::ids::{ChatId, MessageId, QueuedMessageId};
use sdk::live::{Applied, LiveChat};
use sdk::messages::{BusyBehavior, CreateMessage, EditMessage, ListMessages, Role};
use sdk::parts::{InputPart, Part, ToolResultPart};
use sdk::stream::StreamEvent;
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};

use crate::support::on_both;

const PATIENCE: Duration = Duration::from_mins(1);

fn text(text: &str) -> Vec<InputPart> {
    vec![InputPart::Text {
        text: text.to_owned(),
    }]
}

fn new_chat(script: &str) -> CreateChat {
    CreateChat {
        content: text(script),
        ..CreateChat::default()
    }
}

fn message(script: &str) -> CreateMessage {
    CreateMessage {
        content: text(script),
        ..CreateMessage::default()
    }
}

async fn next(stream: &mut Subscription<Vec<StreamEvent>>) -> Vec<StreamEvent> {
    tokio::time::timeout(PATIENCE, stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}

/// Reads until nothing runs and nothing waits.
async fn follow(client: &Client, chat: ChatId) -> LiveChat {
    let mut live = LiveChat::default();
    let mut stream = client.stream_chat(chat, MessageId(0)).await.unwrap();
    loop {
        for event in next(&mut stream).await {
            assert_ne!(live.apply(event), Applied::Resync);
        }
        if live.status.is_some() && !live.is_busy() && live.queue.is_empty() {
            return live;
        }
    }
}

async fn run(client: &Client, script: &str) -> (Chat, LiveChat) {
    let chat = client.create_chat(&new_chat(script)).await.unwrap();
    let live = follow(client, chat.id).await;
    (chat, live)
}

/// What the tools answered, oldest first.
fn tool_results(live: &LiveChat) -> Vec<ToolResultPart> {
    let parts = live.messages.iter().flat_map(|message| &message.content);
    parts
        .filter_map(|part| match part {
            Part::ToolResult(result) => Some(result.clone()),
            _ => None,
        })
        .collect()
}

async fn status<T: std::fmt::Debug>(
    outcome: impl Future<Output = Result<T, sdk::client::ClientError>>,
) -> u16 {
    match outcome.await {
        Err(error) => error.status().unwrap_or_else(|| panic!("{error}")),
        Ok(answer) => panic!("expected a refusal, got {answer:?}"),
    }
}

#[tokio::test]
async fn a_turn_streams_and_stays() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, live) = run(&owner, "!text \"**Hello** there\"\n!usage input=3 output=2").await;
        assert_eq!(live.status, Some(ChatStatus::Waiting));
        assert_eq!(live.messages.len(), 2);
        let query = ListMessages {
            render: Some("html".into()),
            ..ListMessages::default()
        };
        let page = owner.list_messages(chat.id, &query).await.unwrap();
        assert!(!page.has_more);
        assert_eq!(page.messages[0].role, Role::Assistant);
        let html = page.messages[0].rendered[0].as_deref().unwrap();
        assert!(html.contains("<strong>Hello</strong>"), "{html}");
        let stored: Vec<_> = page
            .messages
            .iter()
            .rev()
            .map(|message| message.id)
            .collect();
        assert_eq!(
            live.messages
                .iter()
                .map(|message| message.id)
                .collect::<Vec<_>>(),
            stored
        );
    })
    .await;
}

#[tokio::test]
async fn an_agent_works_in_a_workspace_of_its_own() {
    on_both(async |server| {
    let owner = server.owner().await;
    let script = "!call execute {\"command\": \"echo made > file.txt; cat file.txt; pwd\", \"timeout\": \"30s\"}\n\
                  !then\n!text \"Done.\"";
    let new = CreateChat {
        new_workspace: Some(CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..new_chat(script)
    };
    let chat = owner.create_chat(&new).await.unwrap();
    assert!(chat.workspace_id.is_some());
    let live = follow(&owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    let Part::ToolResult(result) = &live.messages[2].content[0] else {
        panic!("{:?}", live.messages)
    };
    assert!(!result.is_error, "{result:?}");
    assert!(
        result.result.as_ref().unwrap()["output"]
            .as_str()
            .unwrap()
            .starts_with("made\n"),
        "{result:?}"
    );
    })
    .await;
}

#[tokio::test]
async fn others_chats_do_not_exist() {
    on_both(async |server| {
        let member = server.member("mia").await;
        let owner = server.owner().await;
        let (chat, live) = run(&member, "!text \"secret\"").await;
        let (id, first) = (chat.id, live.messages[0].id);
        assert_eq!(status(owner.get_chat(id)).await, 404);
        assert_eq!(
            status(owner.update_chat(id, &UpdateChat::default())).await,
            404
        );
        assert_eq!(status(owner.archive_chat(id)).await, 404);
        assert_eq!(status(owner.unarchive_chat(id)).await, 404);
        assert_eq!(status(owner.interrupt_chat(id)).await, 404);
        assert_eq!(status(owner.retry_chat(id)).await, 404);
        assert_eq!(
            status(owner.list_messages(id, &ListMessages::default())).await,
            404
        );
        assert_eq!(status(owner.send_message(id, &message("hi"))).await, 404);
        let edit = EditMessage {
            content: text("hi"),
            model_config_id: None,
        };
        assert_eq!(status(owner.edit_message(id, first, &edit)).await, 404);
        assert_eq!(
            status(owner.delete_queued_message(id, QueuedMessageId(1))).await,
            404
        );
        assert_eq!(
            status(owner.promote_queued_message(id, QueuedMessageId(1))).await,
            404
        );
        assert_eq!(
            owner
                .stream_chat(id, MessageId(0))
                .await
                .err()
                .unwrap()
                .status(),
            Some(404)
        );
        assert_eq!(owner.watch_git(id).await.err().unwrap().status(), Some(404));
        assert!(
            owner
                .list_chats(&ListChats::default())
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            member
                .list_chats(&ListChats::default())
                .await
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn messages_queue_while_the_chat_is_busy() {
    on_both(async |server| {
        let owner = server.owner().await;
        let chat = owner
            .create_chat(&new_chat("!text \"one\"\n!stall 50s"))
            .await
            .unwrap();
        let mut queued = Vec::new();
        for number in 0..20 {
            let sent = owner
                .send_message(chat.id, &message(&format!("!text \"{number}\"")))
                .await
                .unwrap();
            assert!(sent.queued && sent.message.is_none());
            queued.push(sent.queued_message.unwrap().id);
        }
        let refused = owner
            .send_message(chat.id, &message("one too many"))
            .await
            .unwrap_err();
        assert_eq!(refused.status(), Some(429));
        for id in &queued[1..] {
            owner.delete_queued_message(chat.id, *id).await.unwrap();
        }
        owner
            .delete_queued_message(chat.id, queued[5])
            .await
            .unwrap();
        assert_eq!(
            status(owner.promote_queued_message(chat.id, queued[5])).await,
            404
        );
        owner
            .promote_queued_message(chat.id, queued[0])
            .await
            .unwrap();
        let live = follow(&owner, chat.id).await;
        assert!(
            live.messages.last().unwrap().text().contains('0'),
            "{:?}",
            live.messages
        );
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_and_an_edited_turn() {
    on_both(async |server| {
        let owner = server.owner().await;
        let chat = owner
            .create_chat(&new_chat("!text \"the beginning\"\n!stall 50s"))
            .await
            .unwrap();
        let sent = CreateMessage {
            busy_behavior: Some(BusyBehavior::Interrupt),
            ..message("!text \"second\"")
        };
        owner.send_message(chat.id, &sent).await.unwrap();
        let live = follow(&owner, chat.id).await;
        assert!(live.messages.last().unwrap().text().contains("second"));
        let first = live.messages[0].id;
        let answer = live.messages.last().unwrap().id;
        let edit = EditMessage {
            content: text("!text \"new\""),
            model_config_id: None,
        };
        assert_eq!(
            status(owner.edit_message(chat.id, answer, &edit)).await,
            400
        );
        assert_eq!(
            status(owner.edit_message(chat.id, MessageId(9_999_999), &edit)).await,
            404
        );
        owner.edit_message(chat.id, first, &edit).await.unwrap();
        let live = follow(&owner, chat.id).await;
        assert_eq!(live.messages.len(), 2);
        assert_eq!(status(owner.edit_message(chat.id, first, &edit)).await, 404);
    })
    .await;
}

#[tokio::test]
async fn a_failed_turn_runs_again() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, live) = run(&owner, "!error 401 times=1 \"no\"\n!text \"yes\"").await;
        assert_eq!(live.status, Some(ChatStatus::Error));
        assert_eq!(live.error.as_ref().unwrap().kind, "auth");
        let shown = owner.get_chat(chat.id).await.unwrap();
        assert_eq!(shown.last_error, live.error.map(|error| error.message));
        owner.retry_chat(chat.id).await.unwrap();
        let live = follow(&owner, chat.id).await;
        assert!(live.messages[1].text().contains("yes"));
        assert_eq!(status(owner.retry_chat(chat.id)).await, 409);
    })
    .await;
}

#[tokio::test]
async fn wrong_messages_are_refused_by_field() {
    on_both(async |server| {
        let owner = server.owner().await;
        let refused = owner.create_chat(&new_chat("  ")).await.unwrap_err();
        assert_eq!(refused.status(), Some(400));
        assert_eq!(
            refused.body().unwrap().validations[0].field,
            "content[0].text"
        );
        assert_eq!(status(owner.create_chat(&CreateChat::default())).await, 400);
        let both = CreateChat {
            workspace_id: Some(sdk::ids::WorkspaceId::generate()),
            new_workspace: Some(CreateWorkspace::default()),
            ..new_chat("hi")
        };
        assert_eq!(status(owner.create_chat(&both)).await, 400);
        let model = CreateChat {
            model_config_id: Some(sdk::ids::ModelConfigId::generate()),
            ..new_chat("hi")
        };
        assert_eq!(status(owner.create_chat(&model)).await, 400);
        let prompt = CreateChat {
            system_prompt: Some("x".repeat(10_001)),
            ..new_chat("hi")
        };
        assert_eq!(status(owner.create_chat(&prompt)).await, 400);
        assert_eq!(
            status(owner.create_chat(&new_chat(&"x".repeat(300 * 1024)))).await,
            413
        );
        let (chat, _) = run(&owner, "!text \"ok\"").await;
        for limit in [0, 201, -1] {
            let query = ListMessages {
                limit: Some(limit),
                ..ListMessages::default()
            };
            assert_eq!(
                status(owner.list_messages(chat.id, &query)).await,
                400,
                "{limit}"
            );
        }
        assert_eq!(status(owner.get_chat(ChatId::generate())).await, 404);
        assert_eq!(
            owner.watch_git(chat.id).await.err().unwrap().status(),
            Some(400)
        );
    })
    .await;
}

#[tokio::test]
async fn signing_out_closes_sockets() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, _) = run(&owner, "!text \"ok\"").await;
        let mut stream = owner.stream_chat(chat.id, MessageId(0)).await.unwrap();
        next(&mut stream).await;
        owner.sign_out_everywhere().await.unwrap();
        let end = tokio::time::timeout(PATIENCE, async {
            while let Some(Ok(_)) = stream.next().await {}
        });
        end.await.expect("the socket is closed");
    })
    .await;
}
