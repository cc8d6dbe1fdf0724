//! What the next call will send: the same as what is then sent, and only for owners in their own chats.

use std::collections::BTreeMap;
use std::path::Path;

use sdk::chat_config::{
    UpdateDebugLogging, UpdateSystemPrompt, UpdateUserDebugLogging, UserPrompt,
};
use sdk::chats::{ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::debug::{DebugRun, ReadDebugRun};
use sdk::ids::ChatId;
use sdk::prompt_preview::{PromptBlockKind, PromptPreview};
use sdk::workspaces::{CreateBuild, Transition, WorkspaceStatus};
use serde_json::Value;

use super::git_watch::{delete, workspace};
use super::{PATIENCE, follow, message, new_chat, status};
use crate::api::workspaces::until;
use crate::support::on_both;

async fn configure(owner: &Client) {
    let allowed = UpdateDebugLogging { allow_users: true };
    owner.update_debug_logging(&allowed).await.unwrap();
    let wish = UpdateUserDebugLogging {
        debug_logging_enabled: true,
    };
    owner.update_user_debug_logging(&wish).await.unwrap();
    let everybodys = UpdateSystemPrompt {
        system_prompt: "Write tests first.".to_owned(),
        include_default_system_prompt: Some(true),
    };
    owner.update_system_prompt(&everybodys).await.unwrap();
    let own = UserPrompt {
        custom_prompt: "Speak French.".to_owned(),
    };
    owner.update_user_prompt(&own).await.unwrap();
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn texts(preview: &PromptPreview, kind: PromptBlockKind) -> Vec<&str> {
    let blocks = preview.blocks.iter();
    blocks
        .filter(|block| block.kind == kind)
        .map(|block| block.text.as_str())
        .collect()
}

/// What the newest turn has asked, when it is written.
async fn asked(client: &Client, chat: ChatId, turns: usize) -> Value {
    let is_there = async {
        loop {
            let runs = client.list_debug_runs(chat).await.unwrap();
            let ended: Vec<&DebugRun> = runs
                .iter()
                .filter(|run| run.kind == "chat_turn" && run.finished_at.is_some())
                .collect();
            if ended.len() >= turns {
                return ended[0].id;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let run = tokio::time::timeout(PATIENCE, is_there).await.unwrap();
    let query = ReadDebugRun::default();
    let read = client.get_debug_run(chat, run, query).await.unwrap();
    read.steps[0].normalized_request.clone()
}

fn lines<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> = texts
        .into_iter()
        .flat_map(str::lines)
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_is_what_the_next_call_sends() {
    on_both(async |server| {
        let owner = server.owner().await;
        configure(&owner).await;
        let workspace = workspace(&owner).await;
        let folder = Path::new(&workspace.working_directory);
        write(&folder.join("AGENTS.md"), "Use tabs.");
        write(
            &folder.join(".agents/skills/release/SKILL.md"),
            "---\nname: release\ndescription: Cut a release.\n---\nRun `make release`.\n",
        );
        let new = CreateChat {
            workspace_id: Some(workspace.id),
            system_prompt: Some("This chat is about releases.".to_owned()),
            ..new_chat("!usage input=90 output=10\n!text \"Bonjour.\"")
        };
        let chat = owner.create_chat(&new).await.unwrap().id;
        follow(&owner, chat).await;

        let preview = owner.preview_prompt(chat).await.unwrap();
        assert_eq!(preview.chat_id, chat);
        assert_eq!(preview.last_call_tokens, Some(90));
        assert!(!preview.is_workspace_missing && !preview.is_summarized_first);
        let sum: i64 = preview
            .blocks
            .iter()
            .map(|block| block.estimated_tokens)
            .sum();
        assert_eq!(preview.estimated_tokens, sum);
        for block in &preview.blocks {
            assert!(block.estimated_tokens > 0, "{block:?}");
        }
        for (kind, text) in [
            (
                PromptBlockKind::DeploymentInstructions,
                "Write tests first.",
            ),
            (
                PromptBlockKind::UserInstructions,
                "<user-instructions>\nSpeak French.\n</user-instructions>",
            ),
            (
                PromptBlockKind::ChatInstructions,
                "This chat is about releases.",
            ),
        ] {
            assert_eq!(texts(&preview, kind), [text]);
        }
        assert_eq!(
            texts(&preview, PromptBlockKind::BuiltInInstructions).len(),
            1
        );
        assert!(texts(&preview, PromptBlockKind::InstructionFile)[0].ends_with("Use tabs."));
        assert!(texts(&preview, PromptBlockKind::Skills)[0].contains("- release: Cut a release."));
        let said = texts(&preview, PromptBlockKind::Message);
        assert_eq!(said[0], "!usage input=90 output=10\n!text \"Bonjour.\"");
        assert!(said[1].starts_with("Bonjour."), "{said:?}");

        let again = message("!text \"Encore.\"");
        owner.send_message(chat, &again).await.unwrap();
        follow(&owner, chat).await;
        let sent = asked(&owner, chat, 2).await;
        let sent_messages = sent["messages"].as_array().unwrap();
        let (system, talk): (Vec<&Value>, Vec<&Value>) = sent_messages
            .iter()
            .partition(|message| message["role"] == "system");
        let system = system
            .iter()
            .map(|block| block["parts"][0]["text"].as_str().unwrap());
        let shown = preview.blocks.iter().filter(|block| {
            !matches!(block.kind, PromptBlockKind::Tool | PromptBlockKind::Message)
        });
        assert_eq!(
            lines(system),
            lines(shown.map(|block| block.text.as_str())),
            "not a line more or less"
        );
        let tools = sent["tools"].as_array().unwrap().iter();
        let tools: Vec<_> = tools.map(|tool| tool["name"].as_str().unwrap()).collect();
        let shown = preview.blocks.iter();
        let shown: Vec<_> = shown
            .filter(|block| block.kind == PromptBlockKind::Tool)
            .map(|block| block.name.as_str())
            .collect();
        assert_eq!(shown, tools);
        let talk = talk
            .iter()
            .map(|block| block["parts"][0]["text"].as_str().unwrap());
        let talk: Vec<_> = talk.collect();
        assert_eq!(talk[..talk.len() - 1], said[..]);

        // Of a workspace that does not run nothing is known, and looking starts nothing.
        let stop = CreateBuild {
            transition: Transition::Stop,
            parameters: BTreeMap::new(),
            force: false,
        };
        owner.create_build(workspace.id, &stop).await.unwrap();
        until(&owner, workspace.id, WorkspaceStatus::Stopped).await;
        let preview = owner.preview_prompt(chat).await.unwrap();
        assert!(preview.is_workspace_missing);
        assert_eq!(texts(&preview, PromptBlockKind::Workspace), [""; 0]);
        let workspace = owner.get_workspace(workspace.id).await.unwrap();
        assert_eq!(workspace.status, WorkspaceStatus::Stopped);
        assert_eq!(
            owner.get_chat(chat).await.unwrap().status,
            ChatStatus::Waiting
        );
        delete(&owner, &workspace).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_see_their_own_chats_and_nobody_else_any() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        let theirs = member
            .create_chat(&new_chat("!text \"Hello.\""))
            .await
            .unwrap();
        assert_eq!(status(member.preview_prompt(theirs.id)).await, 404);
        assert_eq!(status(owner.preview_prompt(theirs.id)).await, 404);
        assert_eq!(status(owner.preview_prompt(ChatId::generate())).await, 404);
        assert_eq!(
            status(server.anonymous().preview_prompt(theirs.id)).await,
            401
        );

        let chat = owner
            .create_chat(&new_chat("!text \"Hello.\""))
            .await
            .unwrap();
        follow(&owner, chat.id).await;
        let preview = owner.preview_prompt(chat.id).await.unwrap();
        assert!(!preview.is_workspace_missing, "it has none");
        let said = texts(&preview, PromptBlockKind::Workspace);
        assert!(said[0].contains("has no workspace yet"), "{said:?}");
        assert_eq!(
            texts(&preview, PromptBlockKind::DeploymentInstructions),
            [""; 0],
            "nobody has written any"
        );
        owner
            .compact_chat(chat.id, &sdk::chats::CompactChat::default())
            .await
            .unwrap();
        follow(&owner, chat.id).await;
        let preview = owner.preview_prompt(chat.id).await.unwrap();
        assert_eq!(
            preview.last_call_tokens, None,
            "a summary stands for what was counted"
        );
    })
    .await;
}
