//! Agents that hand work to agents, over HTTP with the scripted model.

use std::time::Duration;

use sdk::chats::{Chat, ChatStatus, CompactChat, ListChats};
use sdk::client::Client;
use sdk::ids::ChatId;
use sdk::live::LiveChat;
use sdk::messages::{EditMessage, ListMessages, Role};
use sdk::parts::{Part, ToolResultPart};
use serde_json::Value;

use super::{PATIENCE, follow, message, new_chat};
use crate::support::{TestServer, on_both};

async fn play(client: &Client, script: &str) -> (Chat, LiveChat) {
    let chat = client.create_chat(&new_chat(script)).await.unwrap();
    let live = follow(client, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    (chat, live)
}

fn results<'a>(live: &'a LiveChat, tool: &str) -> Vec<&'a ToolResultPart> {
    let parts = live.messages.iter().flat_map(|message| &message.content);
    parts
        .filter_map(|part| match part {
            Part::ToolResult(result) if result.tool_name == tool => Some(result),
            _ => None,
        })
        .collect()
}

fn answer(result: &ToolResultPart) -> &Value {
    result.result.as_ref().unwrap()
}

fn id_of(result: &ToolResultPart) -> ChatId {
    answer(result)["chat_id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_work_beside_each_other_and_report() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, live) = play(
            &owner,
            "!call spawn_agent {\"title\": \"Read the docs\", \"prompt\": \"!text \\\"The docs are fine.\\\"\"}\n\
             !call spawn_agent {\"prompt\": \"!text \\\"The tests pass.\\\"\"}\n!then\n\
             !call wait_agent {\"chat_id\": \"{{1.chat_id}}\"}\n!call wait_agent {\"chat_id\": \"{{2.chat_id}}\"}\n!then\n\
             !call list_agents\n!then\n!text \"All done.\"",
        )
        .await;
        let spawned = results(&live, "spawn_agent");
        assert_eq!(answer(spawned[0])["title"], "Read the docs");
        let waited = results(&live, "wait_agent");
        let reports: Vec<_> = waited.iter().map(|result| answer(result)["report"].as_str().unwrap()).collect();
        assert!(reports[0].starts_with("The docs are fine."), "{reports:?}");
        assert!(reports[1].starts_with("The tests pass."), "{reports:?}");
        let listed = &answer(results(&live, "list_agents")[0])["agents"];
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["status"], "done");

        // They stand below their root and nowhere else, and belong to its owner.
        let children = owner.get_chat(chat.id).await.unwrap().children;
        let ids: Vec<_> = children.iter().map(|child| child.id).collect();
        assert_eq!(ids.len(), 2);
        assert!(spawned.iter().all(|result| ids.contains(&id_of(result))));
        assert!(children.iter().all(|child| child.parent_chat_id == Some(chat.id)));
        let listed = owner.list_chats(&ListChats::default()).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].children.len(), 2);
        let stranger = server.member("mia").await;
        assert_eq!(stranger.get_chat(ids[0]).await.unwrap_err().status(), Some(404));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hands_nothing_on_and_cannot_reach_other_chats() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let (other, _) = play(&owner, "!text \"Mine.\"").await;
    let inner = "!call spawn_agent {\\\"prompt\\\": \\\"x\\\"}\\n!then\\n!results";
    let (chat, live) = play(
        &owner,
        &format!(
            "!call spawn_agent {{\"prompt\": \"{inner}\"}}\n!then\n!call wait_agent {{\"chat_id\": \"{{{{1.chat_id}}}}\"}}\n!then\n\
             !call wait_agent {{\"chat_id\": \"{id}\"}}\n!call message_agent {{\"chat_id\": \"{id}\", \"message\": \"hello\"}}\n\
             !call interrupt_agent {{\"chat_id\": \"{id}\"}}\n!call spawn_agent {{\"prompt\": \" \"}}\n\
             !call spawn_agent {{\"prompt\": \"x\", \"type\": \"wizard\"}}\n!then\n!text \"Done.\"",
            id = other.id,
        ),
    )
    .await;
    let report = answer(results(&live, "wait_agent")[0])["report"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(report.contains("There is no tool"), "{report}");
    let waits = results(&live, "wait_agent");
    let refused = [
        waits[1],
        results(&live, "message_agent")[0],
        results(&live, "interrupt_agent")[0],
    ];
    for refused in refused {
        assert!(refused.is_error);
        assert!(
            answer(refused)["error"]
                .as_str()
                .unwrap()
                .contains("no such agent"),
            "{refused:?}"
        );
    }
    assert!(
        results(&live, "spawn_agent")[1..]
            .iter()
            .all(|result| result.is_error)
    );
    assert_eq!(owner.get_chat(chat.id).await.unwrap().children.len(), 1);
    let messages = owner
        .list_messages(other.id, &ListMessages::default())
        .await
        .unwrap();
    assert_eq!(messages.messages.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_work_at_once_and_stop_with_their_root() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let spawn = "!call spawn_agent {\"prompt\": \"!stall 300s\"}\n";
    // Which of those that are begun together is one too many is not known before.
    let five = spawn.repeat(5);
    let script = format!(
        "{spawn}!then\n{five}!then\n!call wait_agent {{\"chat_id\": \"{{{{1.chat_id}}}}\", \"timeout_seconds\": 1}}\n!then\n!stall 300s"
    );
    let chat = owner.create_chat(&new_chat(&script)).await.unwrap();
    let results = async {
        loop {
            let page = owner
                .list_messages(chat.id, &ListMessages::default())
                .await
                .unwrap();
            let parts = page
                .messages
                .into_iter()
                .rev()
                .flat_map(|message| message.content);
            let results: Vec<_> = parts
                .filter_map(|part| match part {
                    Part::ToolResult(result) => Some(result),
                    _ => None,
                })
                .collect();
            if results.len() == 7 {
                return results;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let results = tokio::time::timeout(PATIENCE, results).await.unwrap();
    let refused: Vec<_> = results.iter().filter(|result| result.is_error).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    let words = |result: &ToolResultPart| answer(result)["error"].as_str().unwrap().to_owned();
    assert!(
        words(refused[0]).contains("at work already"),
        "{}",
        words(refused[0])
    );
    assert!(
        words(refused[1]).contains("still at work after 1 seconds"),
        "{}",
        words(refused[1])
    );

    owner.interrupt_chat(chat.id).await.unwrap();
    let stopped = async {
        loop {
            let chat = owner.get_chat(chat.id).await.unwrap();
            if !chat.status.is_busy() && chat.children.iter().all(|child| !child.status.is_busy()) {
                return chat;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let stopped = tokio::time::timeout(PATIENCE, stopped).await.unwrap();
    assert_eq!(stopped.children.len(), 5);

    // What is put away is put away with them.
    let archived = owner.archive_chat(chat.id).await.unwrap();
    assert!(archived.children.iter().all(|child| child.archived));
    assert_eq!(archived.children.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_fails_is_told_and_can_be_spoken_to() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let (_, live) = play(
        &owner,
        "!call spawn_agent {\"prompt\": \"!error 400 \\\"Not so.\\\"\"}\n!then\n\
         !call wait_agent {\"chat_id\": \"{{1.chat_id}}\"}\n!then\n\
         !call message_agent {\"chat_id\": \"{{1.chat_id}}\", \"message\": \"!text \\\"Better.\\\"\"}\n!then\n\
         !call wait_agent {\"chat_id\": \"{{1.chat_id}}\"}\n!then\n!text \"Done.\"",
    )
    .await;
    let waited = results(&live, "wait_agent");
    assert!(waited[0].is_error);
    assert!(
        answer(waited[0])["error"]
            .as_str()
            .unwrap()
            .contains("failed"),
        "{:?}",
        waited[0]
    );
    assert!(
        answer(waited[1])["report"]
            .as_str()
            .unwrap()
            .starts_with("Better.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_done_works_again_only_where_there_is_room() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let five = "!call spawn_agent {\"prompt\": \"!stall 300s\"}\n".repeat(5);
    let (_, live) = play(
        &owner,
        &format!(
            "!call spawn_agent {{\"prompt\": \"!text \\\"Said.\\\"\"}}\n!then\n\
             !call wait_agent {{\"chat_id\": \"{{{{1.chat_id}}}}\"}}\n!then\n{five}!then\n\
             !call message_agent {{\"chat_id\": \"{{{{1.chat_id}}}}\", \"message\": \"!stall 300s\"}}\n!then\n\
             !call message_agent {{\"chat_id\": \"{{{{3.chat_id}}}}\", \"message\": \"hurry\"}}\n!then\n\
             !call list_agents {{}}\n!then\n!text \"Done.\""
        ),
    )
    .await;
    let messaged = results(&live, "message_agent");
    let refusal = answer(messaged[0])["error"].as_str().unwrap().to_owned();
    assert!(
        messaged[0].is_error && refusal.contains("5 agents of this chat are at work already"),
        "{refusal}"
    );
    assert!(!messaged[1].is_error, "one at work is only told more");
    let listed = answer(results(&live, "list_agents")[0]);
    let statuses: Vec<_> = listed["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| agent["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        statuses,
        [
            "done", "working", "working", "working", "working", "working"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_no_more_agents_work_at_once_than_an_agent_has() {
    on_both(async |server| {
        let owner = server.owner().await;
        let spawn = |title: &str, script: &str| {
            format!("!call spawn_agent {{\"title\": \"{title}\", \"prompt\": \"{script}\"}}\n")
        };
        let done = spawn("done", "!text \\\"Done.\\\"");
        let failed = spawn("failed", "!error 400");
        let busy = spawn("busy", "!stall 100s").repeat(5);
        let wait =
            |number| format!("!call wait_agent {{\"chat_id\": \"{{{{{number}.chat_id}}}}\"}}\n");
        let script = format!(
            "{done}{failed}!then\n{}{}!then\n{busy}!then\n!text \"All are at it.\"",
            wait(1),
            wait(2)
        );
        let (chat, _) = play(&owner, &script).await;
        let children = owner.get_chat(chat.id).await.unwrap().children;
        let called = |title: &str| {
            let child = children.iter().find(|child| child.title == title);
            child.unwrap().id
        };
        let (done, failed, busy) = (called("done"), called("failed"), called("busy"));

        let more = message("!text \"More.\"");
        let messages = owner
            .list_messages(done, &ListMessages::default())
            .await
            .unwrap();
        let edit = EditMessage {
            content: more.content.clone(),
            ..EditMessage::default()
        };
        let first = messages
            .messages
            .iter()
            .find(|message| message.role == Role::User)
            .unwrap()
            .id;
        let refusals = [
            owner.send_message(done, &more).await.map(drop),
            owner.edit_message(done, first, &edit).await.map(drop),
            owner
                .compact_chat(done, &CompactChat::default())
                .await
                .map(drop),
            owner.retry_chat(failed).await.map(drop),
        ];
        for refused in refusals {
            let refused = refused.unwrap_err();
            assert_eq!(refused.status(), Some(409), "{refused}");
            assert!(
                refused.to_string().contains("5 agents of the chat above"),
                "{refused}"
            );
        }
        assert_eq!(
            owner.get_chat(done).await.unwrap().status,
            ChatStatus::Waiting
        );
        // One that works already takes it into its queue, and the chat above is no agent.
        assert!(owner.send_message(busy, &more).await.unwrap().queued);
        owner.send_message(chat.id, &more).await.unwrap();

        let another = children
            .iter()
            .rfind(|child| child.title == "busy")
            .unwrap()
            .id;
        owner.interrupt_chat(another).await.unwrap();
        follow(&owner, another).await;
        owner.send_message(done, &more).await.unwrap();
        let live = follow(&owner, done).await;
        assert!(live.messages.last().unwrap().text().starts_with("More."));
        owner.interrupt_chat(chat.id).await.unwrap();
    })
    .await;
}
