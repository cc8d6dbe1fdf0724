//! What a person wrote in a chat, which chat works in a workspace, and small refusals of the contract.

use reqwest::Method;
use sdk::ids::{OrganizationId, WorkspaceId};
use sdk::messages::ListPrompts;
use sdk::parts::{DiffComment, DiffSide, LineReference};

use super::*;
use crate::support::answer;

#[tokio::test]
async fn prompts_are_paged_newest_first_without_messages_that_have_no_text() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, _) = run(&owner, "!text \"one\"").await;
        let mut reference = message("!text \"two\"");
        reference.content = vec![InputPart::FileReference(LineReference {
            file_name: "a.rs".to_owned(),
            start_line: 1,
            end_line: 2,
            content: "code".to_owned(),
        })];
        for message in [reference, message("!text \"three\"")] {
            owner.send_message(chat.id, &message).await.unwrap();
            follow(&owner, chat.id).await;
        }
        let page = owner.list_prompts(chat.id, &ListPrompts::default()).await;
        let page = page.unwrap();
        let texts: Vec<_> = page.prompts.iter().map(|prompt| &*prompt.text).collect();
        assert_eq!(texts, ["!text \"three\"", "!text \"one\""]);
        assert!(!page.has_more);

        let one = ListPrompts {
            limit: Some(1),
            ..ListPrompts::default()
        };
        let newest = owner.list_prompts(chat.id, &one).await.unwrap();
        assert!(newest.has_more);
        assert_eq!(newest.prompts, page.prompts[..1]);
        let next = ListPrompts {
            before_id: Some(newest.prompts[0].id.0),
            ..one
        };
        let oldest = owner.list_prompts(chat.id, &next).await.unwrap();
        assert_eq!(
            (&*oldest.prompts, oldest.has_more),
            (&page.prompts[1..], false)
        );

        let member = server.member("mia").await;
        let none = ListPrompts::default();
        assert_eq!(status(member.list_prompts(chat.id, &none)).await, 404);
        for limit in [-1, 2001] {
            let wrong = ListPrompts {
                limit: Some(limit),
                ..ListPrompts::default()
            };
            assert_eq!(status(owner.list_prompts(chat.id, &wrong)).await, 400);
        }
    })
    .await;
}

#[tokio::test]
async fn comments_on_a_diff_come_back_as_they_were_sent_or_say_what_is_wrong() {
    on_both(async |server| {
        let owner = server.owner().await;
        let (chat, _) = run(&owner, "!text \"one\"").await;
        let comment = DiffComment {
            file_name: "src/lib.rs".to_owned(),
            start_line: 5,
            end_line: 6,
            side: DiffSide::New,
            content: "Shorter, please.".to_owned(),
            diff_hunk: Some("@@ -4,2 +4,3 @@\n a\n-b\n+c\n+d".to_owned()),
            repo_root: Some("/srv/greeter".to_owned()),
            blob: Some("1a2b3c4".to_owned()),
        };
        let send = async |comment: DiffComment| {
            let mut with = message("");
            with.content = vec![InputPart::DiffComment(comment)];
            owner.send_message(chat.id, &with).await
        };
        // Without a text, and without what only the page knows.
        let bare = DiffComment {
            diff_hunk: None,
            repo_root: None,
            ..comment.clone()
        };
        for comment in [comment.clone(), bare] {
            let sent = send(comment.clone()).await.unwrap().message.unwrap();
            assert_eq!(sent.content, [Part::DiffComment(comment)]);
            follow(&owner, chat.id).await;
        }
        let changed = |change: fn(&mut DiffComment)| {
            let mut comment = comment.clone();
            change(&mut comment);
            comment
        };
        for wrong in [
            changed(|it| it.file_name = " ".to_owned()),
            changed(|it| it.start_line = 0),
            changed(|it| it.end_line = 4),
            changed(|it| it.content = "\n".to_owned()),
            changed(|it| it.end_line = 7),
            changed(|it| it.diff_hunk = Some(String::new())),
            changed(|it| it.diff_hunk = Some("x".repeat(200 * 1024 + 1))),
            changed(|it| it.repo_root = Some("greeter".to_owned())),
            changed(|it| it.blob = Some("HEAD".to_owned())),
            changed(|it| it.blob = Some("a".repeat(65))),
        ] {
            assert_eq!(status(send(wrong.clone())).await, 400, "{wrong:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_workspace_knows_its_newest_chat() {
    on_both(async |server| {
        let owner = server.owner().await;
        let new = CreateChat {
            new_workspace: Some(CreateWorkspace {
                mode: Some(WorkspaceMode::Empty),
                ..CreateWorkspace::default()
            }),
            ..new_chat("!text \"one\"")
        };
        let first = owner.create_chat(&new).await.unwrap();
        follow(&owner, first.id).await;
        let workspace = first.workspace_id.unwrap();
        let second = CreateChat {
            workspace_id: Some(workspace),
            ..new_chat("!text \"two\"")
        };
        let second = owner.create_chat(&second).await.unwrap();
        follow(&owner, second.id).await;
        let asked = [workspace, WorkspaceId::generate()];
        let newest = async |client: &Client| client.list_chats_by_workspace(&asked).await.unwrap();
        assert_eq!(newest(&owner).await, [(workspace, second.id)].into());
        owner.archive_chat(second.id).await.unwrap();
        assert_eq!(newest(&owner).await, [(workspace, first.id)].into());
        let member = server.member("mia").await;
        assert!(newest(&member).await.is_empty());
        for wrong in ["", "workspace_ids=", "workspace_ids=7"] {
            let path = format!("/api/experimental/chats/by-workspace?{wrong}");
            let refused = answer(owner.request(Method::GET, &path).unwrap()).await;
            assert_eq!(refused["status"], 400, "{wrong}: {refused}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_foreign_organization_and_an_unknown_rendering_are_refused() {
    on_both(async |server| {
        let owner = server.owner().await;
        let foreign = CreateChat {
            organization_id: Some(OrganizationId::generate()),
            ..new_chat("!text \"one\"")
        };
        assert_eq!(status(owner.create_chat(&foreign)).await, 403);
        let zero = CreateChat {
            organization_id: Some(OrganizationId(uuid::Uuid::nil())),
            ..foreign
        };
        assert_eq!(status(owner.create_chat(&zero)).await, 400);

        let (chat, _) = run(&owner, "!text \"one\"").await;
        let path = format!("/api/experimental/chats/{}/stream?render=foo", chat.id);
        let refused = answer(owner.request(Method::GET, &path).unwrap()).await;
        assert_eq!(refused["status"], 400, "{refused}");
        assert_eq!(refused["body"]["validations"][0]["field"], "render");
    })
    .await;
}

#[tokio::test]
async fn a_promoted_message_is_told_when_it_was_sent_at_once() {
    on_both(async |server| {
        let owner = server.owner().await;
        let queue = async |chat: ChatId| {
            let sent = owner.send_message(chat, &message("!text \"hi\"")).await;
            sent.unwrap().queued_message.unwrap().id
        };
        let busy = new_chat("!text \"busy\"\n!stall 60s");
        let busy = owner.create_chat(&busy).await.unwrap().id;
        let queued = queue(busy).await;
        let waits = owner.promote_queued_message(busy, queued).await.unwrap();
        assert_eq!(waits, None, "the turn is stopped first");

        let failing = new_chat("!text \"soon\"\n!stall 500ms\n!error 400 \"no\"");
        let failing = owner.create_chat(&failing).await.unwrap().id;
        let queued = queue(failing).await;
        while owner.get_chat(failing).await.unwrap().status != ChatStatus::Error {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let sent = owner.promote_queued_message(failing, queued).await.unwrap();
        assert_eq!(sent.unwrap().text(), "!text \"hi\"");
    })
    .await;
}
