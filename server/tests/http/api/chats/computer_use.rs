//! Agents that work on the desktop of their chat's workspace, with a real screen and the scripted model.

use sdk::chat_config::DesktopEnabled;
use sdk::chats::ChatStatus;
use sdk::client::Client;
use sdk::ids::{ChatId, FileId};
use sdk::live::LiveChat;
use sdk::parts::{Part, ToolResultPart};
use sdk::workspace_shares::WorkspacePermission;
use serde_json::{Value, json};

use super::git_watch::{chat_in, delete, share, workspace};
use super::{follow, message, new_chat};
use crate::support::{TestServer, on_both};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

async fn switch(owner: &Client, enable_desktop: bool) {
    let change = DesktopEnabled { enable_desktop };
    owner.update_desktop_enabled(&change).await.unwrap();
}

async fn read(client: &Client, chat: ChatId) -> LiveChat {
    let live = follow(client, chat).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    live
}

async fn say(client: &Client, chat: ChatId, words: &str) {
    client.send_message(chat, &message(words)).await.unwrap();
}

fn results(live: &LiveChat, tool: &str) -> Vec<ToolResultPart> {
    let parts = live.messages.iter().flat_map(|message| &message.content);
    let of_tool = parts.filter_map(|part| match part {
        Part::ToolResult(result) if result.tool_name == tool => Some(result.clone()),
        _ => None,
    });
    of_tool.collect()
}

fn answer(result: &ToolResultPart) -> &Value {
    result.result.as_ref().unwrap()
}

fn error(result: &ToolResultPart) -> &str {
    assert!(result.is_error, "{result:?}");
    answer(result)["error"].as_str().unwrap()
}

fn picture(result: &ToolResultPart) -> FileId {
    let id = answer(result)["screenshot"]["file_id"].as_str();
    id.unwrap_or_else(|| panic!("{result:?}")).parse().unwrap()
}

/// A script that hands this one to an agent at the desktop and waits for it.
fn handing_over(script: &str) -> String {
    let prompt = json!({"title": "At the screen", "prompt": script});
    format!(
        "!call spawn_computer_use_agent {prompt}\n!then\n!call wait_agent {{\"chat_id\": \"{{{{1.chat_id}}}}\"}}\n!then\n!text \"Done.\""
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_the_screen_and_works_on_it() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        switch(&owner, true).await;
        let workspace = workspace(&member).await;
        let script = "!call computer {\"action\": \"screenshot\"}\n!then\n\
             !call computer {\"action\": \"mouse_move\", \"coordinate\": [100, 50.4]}\n\
             !call computer {\"action\": \"cursor_position\"}\n!then\n\
             !call computer {\"action\": \"left_click\", \"coordinate\": [4000, 50]}\n\
             !call computer {\"action\": \"screenshot\"}\n!then\n!text \"I looked.\"";
        let chat = chat_in(&member, &workspace, &handing_over(script)).await.id;
        let live = read(&member, chat).await;
        let spawned = results(&live, "spawn_computer_use_agent");
        assert_eq!(answer(&spawned[0])["type"], "computer_use", "{spawned:?}");
        assert_eq!(answer(&spawned[0])["title"], "At the screen");
        let waited = results(&live, "wait_agent");
        let report = answer(&waited[0])["report"].as_str().unwrap();
        assert!(report.starts_with("I looked."), "{report}");

        let child: ChatId = answer(&spawned[0])["chat_id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let done = results(&read(&member, child).await, "computer");
        assert_eq!(done.len(), 5);
        // The calls of an answer happen one after another.
        assert_eq!(answer(&done[2])["output"], "X=100,Y=50");
        // What comes after a failure is not done.
        assert!(error(&done[3]).contains("coordinate"), "{:?}", done[3]);
        assert!(error(&done[4]).contains("Not done"), "{:?}", done[4]);

        // Only the picture that was asked for counts as one of the chat's files; all can be seen, by their owner alone.
        let files = member.get_chat(child).await.unwrap().files;
        let names: Vec<_> = files.iter().map(|file| file.id).collect();
        assert_eq!(names, [picture(&done[0])]);
        assert!(files[0].name.starts_with("Screenshot 20"), "{files:?}");
        let stranger = server.member("sam").await;
        for result in &done[..3] {
            let id = picture(result);
            let file = member.read_file(id).await.unwrap();
            assert!(file.data.starts_with(PNG));
            assert_eq!(
                stranger.read_file(id).await.unwrap_err().status(),
                Some(404)
            );
        }
        delete(&member, &workspace).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_switch_or_a_workspace_no_agent_works_on_a_desktop() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    let workspace = workspace(&member).await;
    let script = handing_over("!call computer {\"action\": \"screenshot\"}\n!then\n!results");

    let chat = chat_in(&member, &workspace, &script).await.id;
    let refused = results(&read(&member, chat).await, "spawn_computer_use_agent");
    assert!(
        error(&refused[0]).contains("switched desktops off"),
        "{refused:?}"
    );

    switch(&owner, true).await;
    let without = member.create_chat(&new_chat(&script)).await.unwrap().id;
    let refused = results(&read(&member, without).await, "spawn_computer_use_agent");
    assert!(error(&refused[0]).contains("no workspace"), "{refused:?}");

    // An ordinary chat has no such tool, whatever the switch says.
    let ordinary = "!call computer {\"action\": \"screenshot\"}\n!then\n!text \"Done.\"";
    let ordinary = chat_in(&member, &workspace, ordinary).await.id;
    let refused = results(&read(&member, ordinary).await, "computer");
    assert!(error(&refused[0]).contains("no tool"), "{refused:?}");

    // Nor does an agent at the desktop go on when it is switched off.
    let chat = chat_in(&member, &workspace, &handing_over("!text \"Ready.\""))
        .await
        .id;
    let spawned = results(&read(&member, chat).await, "spawn_computer_use_agent");
    let child: ChatId = answer(&spawned[0])["chat_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    switch(&owner, false).await;
    say(
        &member,
        child,
        "!call computer {\"action\": \"screenshot\"}\n!then\n!text \"Done.\"",
    )
    .await;
    let refused = results(&read(&member, child).await, "computer");
    assert!(
        error(&refused[0]).contains("switched desktops off"),
        "{refused:?}"
    );
    delete(&member, &workspace).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_only_read_has_no_desktop_for_an_agent() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    switch(&owner, true).await;
    let (member, guest) = (server.member("mia").await, server.member("sam").await);
    let workspace = workspace(&member).await;
    share(&member, &workspace, "sam", &[WorkspacePermission::Ssh]).await;
    let chat = chat_in(&guest, &workspace, &handing_over("!text \"Ready.\""))
        .await
        .id;
    let spawned = results(&read(&guest, chat).await, "spawn_computer_use_agent");
    let child: ChatId = answer(&spawned[0])["chat_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    share(&member, &workspace, "sam", &[WorkspacePermission::Read]).await;
    say(
        &guest,
        child,
        "!call computer {\"action\": \"screenshot\"}\n!then\n!text \"Done.\"",
    )
    .await;
    let refused = results(&read(&guest, child).await, "computer");
    assert!(
        error(&refused[0]).contains("no longer shared"),
        "{refused:?}"
    );
    delete(&member, &workspace).await;
    server.stop().await;
}
