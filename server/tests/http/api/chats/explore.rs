//! Agents that only explore: what they may use, and on which model they work. Models for other work beside a chat's own.

use std::time::Duration;

use sdk::chat_config::{ModelOverride, ModelPurpose, UpdateModelOverride};
use sdk::chats::{Chat, CompactChat, CreateChat, PlanMode};
use sdk::client::Client;
use sdk::costs::CostRange;
use sdk::ids::ModelConfigId;
use sdk::messages::CreateMessage;
use sdk::models::{CreateModelConfig, UpdateModelConfig};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use serde_json::json;

use super::{follow, message, new_chat, run, status, tool_results};
use crate::support::{on_both, refusal};

/// Another model of the scripted provider.
async fn another_model(owner: &Client) -> ModelConfigId {
    let models = owner.list_model_configs().await.unwrap();
    let usual = models.iter().find(|model| model.is_default).unwrap();
    let model = CreateModelConfig {
        provider_config_id: usual.provider_config_id,
        model: "scout".to_owned(),
        display_name: None,
        enabled: None,
        is_default: None,
        context_limit: 8192,
        compression_threshold: None,
        model_config: None,
    };
    owner.create_model_config(&model).await.unwrap().id
}

fn set(model_config_id: Option<ModelConfigId>) -> UpdateModelOverride {
    UpdateModelOverride { model_config_id }
}

/// The agent that a new chat hands a word to.
async fn spawned(owner: &Client, kind: &str) -> (Chat, Chat) {
    let call = json!({ "type": kind, "prompt": "!text \"Found it.\"" });
    let script = format!("!call spawn_agent {call}\n!then\n!text \"Done.\"");
    let (chat, _) = run(owner, &script).await;
    let mut chat = owner.get_chat(chat.id).await.unwrap();
    let child = chat.children.remove(0);
    (chat, child)
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_that_explore_work_on_the_model_that_owners_chose_for_them() {
    on_both(async |server| {
        let owner = server.owner().await;
        let scout = another_model(&owner).await;
        let (chat, child) = spawned(&owner, "explore").await;
        assert_eq!(child.last_model_config_id, chat.last_model_config_id);

        owner
            .update_model_override(ModelPurpose::Explore, &set(Some(scout)))
            .await
            .unwrap();
        let kept = owner
            .get_model_override(ModelPurpose::Explore)
            .await
            .unwrap();
        assert_eq!(
            kept,
            ModelOverride {
                model_config_id: Some(scout),
                has_malformed_override: false
            }
        );
        let (chat, child) = spawned(&owner, "explore").await;
        assert_eq!(child.last_model_config_id, scout);
        assert_ne!(chat.last_model_config_id, scout);
        let (_, child) = spawned(&owner, "general").await;
        assert_ne!(child.last_model_config_id, scout, "only those that explore");

        // What cannot be used any more does not hold.
        let off = UpdateModelConfig {
            enabled: Some(false),
            ..UpdateModelConfig::default()
        };
        owner.update_model_config(scout, &off).await.unwrap();
        let (chat, child) = spawned(&owner, "explore").await;
        assert_eq!(child.last_model_config_id, chat.last_model_config_id);

        owner
            .update_model_override(ModelPurpose::Explore, &set(None))
            .await
            .unwrap();
        assert_eq!(
            owner
                .get_model_override(ModelPurpose::Explore)
                .await
                .unwrap(),
            ModelOverride::default()
        );
    })
    .await;
}

#[tokio::test]
async fn the_model_of_agents_that_explore_is_for_owners_to_say() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        let scout = another_model(&owner).await;
        assert_eq!(
            status(member.get_model_override(ModelPurpose::Explore)).await,
            404
        );
        assert_eq!(
            status(member.update_model_override(ModelPurpose::Explore, &set(Some(scout)))).await,
            403
        );
        let off = UpdateModelConfig {
            enabled: Some(false),
            ..UpdateModelConfig::default()
        };
        owner.update_model_config(scout, &off).await.unwrap();
        let nobodys = [
            ModelConfigId(uuid::Uuid::nil()),
            ModelConfigId::generate(),
            scout,
        ];
        for model in nobodys {
            let refused = refusal(
                owner
                    .update_model_override(ModelPurpose::Explore, &set(Some(model)))
                    .await,
            );
            assert_eq!(refused["status"], 400, "{refused}");
            assert_eq!(
                refused["body"]["validations"][0]["field"],
                "model_config_id"
            );
        }
        assert_eq!(
            owner
                .get_model_override(ModelPurpose::Explore)
                .await
                .unwrap(),
            ModelOverride::default()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_explores_looks_and_does_nothing_else() {
    on_both(async |server| {
        let owner = server.owner().await;
        let inner = "!call execute {\"command\": \"echo seen; echo x > left.txt\", \"timeout\": \"30s\"}\n\
                     !call write_file {\"path\": \"/notes.md\", \"content\": \"no\"}\n\
                     !call spawn_agent {\"prompt\": \"x\"}\n!then\n!text \"Looked.\"";
        let call = json!({ "type": "explore", "prompt": inner, "title": "Look around" });
        let wait = "!call wait_agent {\"chat_id\": \"{{1.chat_id}}\"}\n!then\n!text \"Done.\"";
        let chat = CreateChat {
            plan_mode: Some(PlanMode::Plan),
            new_workspace: Some(CreateWorkspace {
                mode: Some(WorkspaceMode::Empty),
                ..CreateWorkspace::default()
            }),
            ..new_chat(&format!("!call spawn_agent {call}\n!then\n{wait}"))
        };
        let chat = owner.create_chat(&chat).await.unwrap();
        let results = tool_results(&follow(&owner, chat.id).await);
        let begun = results[0].result.as_ref().unwrap();
        assert_eq!(begun["type"], "explore");
        assert!(
            results[1].result.as_ref().unwrap()["report"]
                .as_str()
                .unwrap()
                .starts_with("Looked.")
        );

        let child = owner.get_chat(chat.id).await.unwrap().children.remove(0);
        assert_eq!(child.plan_mode, PlanMode::Off, "it has nothing to plan");
        let looked = tool_results(&follow(&owner, child.id).await);
        let ran = looked[0].result.as_ref().unwrap();
        assert!(ran["output"].as_str().unwrap().starts_with("seen\n"), "{ran}");
        assert_ne!(ran["exit_code"], 0, "it wrote: {ran}");
        for refused in &looked[1..3] {
            assert!(refused.is_error, "{refused:?}");
            let error = refused.result.as_ref().unwrap()["error"].as_str().unwrap();
            assert!(error.contains("only explore"), "{error}");
        }
        // Nor does it get more by a message that asks it to plan.
        let more = "!call propose_plan {}\n!then\n!text \"No.\"";
        let more = CreateMessage {
            plan_mode: Some(PlanMode::Plan),
            ..message(more)
        };
        owner.send_message(child.id, &more).await.unwrap();
        let looked = tool_results(&follow(&owner, child.id).await);
        assert!(looked[3].is_error, "{:?}", looked[3]);
    })
    .await;
}

/// How many calls each model was paid for.
async fn calls(owner: &Client, model: ModelConfigId) -> i64 {
    let summary = owner.get_cost_summary("me", &CostRange::default()).await;
    let by_model = summary.unwrap().by_model.into_iter();
    let mut own = by_model.filter(|cost| cost.model_config_id == model);
    own.next().map_or(0, |cost| cost.message_count)
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_and_summaries_are_made_by_the_models_that_owners_chose_for_them() {
    on_both(async |server| {
        let owner = server.owner().await;
        let scout = another_model(&owner).await;
        for purpose in [ModelPurpose::Title, ModelPurpose::Summary] {
            let none = owner.get_model_override(purpose).await.unwrap();
            assert_eq!(none, ModelOverride::default());
        }
        run(&owner, "!title \"One\"\n!text \"one\"").await;
        assert_eq!(calls(&owner, scout).await, 0);

        let chosen = set(Some(scout));
        owner
            .update_model_override(ModelPurpose::Title, &chosen)
            .await
            .unwrap();
        let (chat, _) = run(&owner, "!title \"Two\"\n!text \"two\"").await;
        let titled = async {
            while owner.get_chat(chat.id).await.unwrap().title != "Two" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), titled).await;
        in_time.expect("the title is there");
        assert_eq!(calls(&owner, scout).await, 1);
        owner.regenerate_title(chat.id).await.unwrap();
        assert_eq!(calls(&owner, scout).await, 2);

        let compact = CompactChat::default();
        owner.compact_chat(chat.id, &compact).await.unwrap();
        follow(&owner, chat.id).await;
        assert_eq!(calls(&owner, scout).await, 2, "only titles yet");
        owner
            .update_model_override(ModelPurpose::Summary, &chosen)
            .await
            .unwrap();
        owner
            .send_message(chat.id, &message("!text \"three\""))
            .await
            .unwrap();
        follow(&owner, chat.id).await;
        owner.compact_chat(chat.id, &compact).await.unwrap();
        follow(&owner, chat.id).await;
        assert_eq!(calls(&owner, scout).await, 3);
        assert_ne!(
            owner.get_chat(chat.id).await.unwrap().last_model_config_id,
            scout,
            "the chat itself stays on its own"
        );
    })
    .await;
}
