//! What a chat's model is told of its workspace: the same for the model and for the person who looks.

use std::collections::BTreeMap;
use std::path::Path;

use sdk::chat_context::{ContextFile, ContextSkill};
use sdk::workspace_files::FindFiles;
use sdk::workspace_shares::WorkspacePermission;
use sdk::workspaces::{CreateBuild, Transition, WorkspaceStatus};

use super::git_watch::{chat_in, delete, share, workspace};
use super::{follow, new_chat, status, tool_results};
use crate::api::workspaces::until;
use crate::support::on_both;

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn instruction_files_and_skills_are_told_as_they_are_now() {
    on_both(async |server| {
        let (member, guest) = (server.member("mia").await, server.member("sam").await);
        let workspace = workspace(&member).await;
        let folder = Path::new(&workspace.working_directory);
        let read = "!call read_skill {\"name\": \"release\"}\n!then\n!text \"done\"";
        write(
            &folder.join(".agents/skills/release/SKILL.md"),
            "---\nname: release\ndescription: Cut a <!-- not -->release.\n---\nRun `make release`.\n",
        );
        let chat = chat_in(&member, &workspace, read).await;
        let results = tool_results(&follow(&member, chat.id).await);
        let body = results[0].result.as_ref().unwrap()["body"].clone();
        assert_eq!(body, "Run `make release`.", "{results:?}");

        let context = member.get_chat_context(chat.id).await.unwrap();
        assert_eq!(context.working_directory, workspace.working_directory);
        let skill = ContextSkill {
            name: "release".to_owned(),
            description: "Cut a release.".to_owned(),
            path: format!("{}/.agents/skills/release", folder.display()),
        };
        assert_eq!((context.skills, context.instruction_files), (vec![skill], Vec::new()));
        write(&folder.join("AGENTS.md"), "Use tabs.");
        let context = member.get_chat_context(chat.id).await.unwrap();
        let file = ContextFile {
            path: format!("{}/AGENTS.md", folder.display()),
            is_cut: false,
        };
        assert_eq!(context.instruction_files, [file]);

        let query = FindFiles {
            q: "agmd".to_owned(),
            limit: None,
        };
        let found = member.find_files(chat.id, &query).await.unwrap();
        let names: Vec<_> = found.files.into_iter().map(|file| file.path).collect();
        assert_eq!(names, ["AGENTS.md", ".agents/skills/release/SKILL.md"]);
        let too_many = FindFiles {
            limit: Some(101),
            ..FindFiles::default()
        };
        assert_eq!(status(member.find_files(chat.id, &too_many)).await, 400);
        assert_eq!(status(guest.find_files(chat.id, &query)).await, 404);

        assert_eq!(status(guest.get_chat_context(chat.id)).await, 404, "not their chat");
        share(&member, &workspace, "sam", &[WorkspacePermission::Ssh]).await;
        let theirs = chat_in(&guest, &workspace, "!text \"hello\"").await;
        guest.get_chat_context(theirs.id).await.unwrap();
        share(&member, &workspace, "sam", &[WorkspacePermission::Read]).await;
        assert_eq!(status(guest.get_chat_context(theirs.id)).await, 403);
        let without = member.create_chat(&new_chat("!text \"hello\"")).await.unwrap();
        assert_eq!(status(member.get_chat_context(without.id)).await, 400);

        let stop = CreateBuild {
            transition: Transition::Stop,
            parameters: BTreeMap::new(),
            force: false,
        };
        member.create_build(workspace.id, &stop).await.unwrap();
        until(&member, workspace.id, WorkspaceStatus::Stopped).await;
        assert_eq!(status(member.find_files(chat.id, &query)).await, 503);
        let refused = member.get_chat_context(chat.id).await.err().unwrap();
        assert_eq!(refused.status(), Some(503));
        assert!(refused.to_string().contains("stopped"), "{refused}");
        delete(&member, &workspace).await;
    })
    .await;
}
