//! The zero UUID, which some clients send to say "none": it clears where something can be cleared, and is refused
//! elsewhere.

use sdk::chats::{CreateChat, UpdateChat};
use sdk::ids::{ModelConfigId, WorkspaceId};
use sdk::messages::CreateMessage;
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use uuid::Uuid;

use super::{follow, message, new_chat, status};
use crate::support::on_both;

fn attach(workspace: WorkspaceId) -> UpdateChat {
    UpdateChat {
        workspace_id: Some(workspace),
        ..UpdateChat::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_with_the_zero_uuid_detaches_the_workspace_and_nothing_else() {
    on_both(async |server| {
        let owner = server.owner().await;
        let request = CreateChat {
            new_workspace: Some(CreateWorkspace {
                mode: Some(WorkspaceMode::Empty),
                ..CreateWorkspace::default()
            }),
            ..new_chat(
                "!call execute {\"command\": \"true\", \"timeout\": \"30s\"}\n!then\n!text \"ok\"",
            )
        };
        let chat = owner.create_chat(&request).await.unwrap();
        follow(&owner, chat.id).await;
        let bound = owner.get_chat(chat.id).await.unwrap();
        let workspace = bound.workspace_id.unwrap();

        let zero = attach(WorkspaceId(Uuid::nil()));
        owner.update_chat(chat.id, &zero).await.unwrap();
        let cleared = owner.get_chat(chat.id).await.unwrap();
        assert_eq!(
            (cleared.workspace_id, cleared.build_id, cleared.agent_id),
            (None, None, None)
        );
        assert_eq!(
            (&cleared.title, &cleared.labels),
            (&bound.title, &bound.labels)
        );
        owner.update_chat(chat.id, &zero).await.unwrap();
        assert_eq!(
            owner.get_workspace(workspace).await.unwrap().id,
            workspace,
            "the workspace stays"
        );

        // What a patch does not name stays as it is; what it names is attached again.
        owner
            .update_chat(chat.id, &UpdateChat::default())
            .await
            .unwrap();
        assert_eq!(owner.get_chat(chat.id).await.unwrap().workspace_id, None);
        owner
            .update_chat(chat.id, &attach(workspace))
            .await
            .unwrap();
        assert_eq!(
            owner.get_chat(chat.id).await.unwrap().workspace_id,
            Some(workspace)
        );
        let renamed = UpdateChat {
            title: Some("Mine".to_owned()),
            ..UpdateChat::default()
        };
        owner.update_chat(chat.id, &renamed).await.unwrap();
        assert_eq!(
            owner.get_chat(chat.id).await.unwrap().workspace_id,
            Some(workspace)
        );

        // With another field that is refused nothing is cleared.
        let half = UpdateChat {
            title: Some("  ".to_owned()),
            ..zero
        };
        assert_eq!(status(owner.update_chat(chat.id, &half)).await, 400);
        assert_eq!(
            owner.get_chat(chat.id).await.unwrap().workspace_id,
            Some(workspace)
        );
    })
    .await;
}

#[tokio::test]
async fn the_zero_uuid_is_no_workspace_to_begin_in_and_no_model() {
    on_both(async |server| {
        let owner = server.owner().await;
        let in_zero = CreateChat {
            workspace_id: Some(WorkspaceId(Uuid::nil())),
            ..new_chat("!text \"ok\"")
        };
        assert_eq!(status(owner.create_chat(&in_zero)).await, 400);
        let on_zero = CreateChat {
            model_config_id: Some(ModelConfigId(Uuid::nil())),
            ..new_chat("!text \"ok\"")
        };
        assert_eq!(status(owner.create_chat(&on_zero)).await, 400);
        let chat = owner
            .create_chat(&new_chat("!text \"ok\""))
            .await
            .unwrap()
            .id;
        follow(&owner, chat).await;
        let on_zero = CreateMessage {
            model_config_id: Some(ModelConfigId(Uuid::nil())),
            ..message("!text \"ok\"")
        };
        assert_eq!(status(owner.send_message(chat, &on_zero)).await, 400);
    })
    .await;
}
