//! What is configured about agents, over HTTP.

use reqwest::Method;
use sdk::chat_config::{
    PlanModeInstructions, RetentionDays, TemplateAllowlist, UpdateCompactionThreshold,
    UpdateDebugLogging, UpdateSystemPrompt, UpdateUserDebugLogging, UserPrompt, WorkspaceTtl,
};
use sdk::client::{Client, ClientError};
use sdk::ids::ModelConfigId;
use serde_json::json;

use crate::support::{TestServer, answer, on_both};

const CONFIG: &str = "/api/experimental/chats/config";

fn status<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> u16 {
    let error = outcome.unwrap_err();
    error.status().unwrap_or_else(|| panic!("{error}"))
}

async fn put(client: &Client, path: &str, body: serde_json::Value) -> serde_json::Value {
    let request = client
        .request(Method::PUT, &format!("{CONFIG}/{path}"))
        .unwrap();
    answer(request.json(&body)).await
}

#[tokio::test]
async fn instructions_are_read_and_set() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let change = UpdateSystemPrompt {
            system_prompt: "Use tabs.".to_owned(),
            include_default_system_prompt: Some(false),
        };
        owner.update_system_prompt(&change).await.unwrap();
        let kept = owner.get_system_prompt().await.unwrap();
        assert_eq!(kept.system_prompt, "Use tabs.");
        assert!(!kept.include_default_system_prompt);
        assert!(kept.default_system_prompt.contains("coding agent"));
        assert_eq!(status(member.get_system_prompt().await), 404);
        assert_eq!(status(member.update_system_prompt(&change).await), 403);

        let own = UserPrompt {
            custom_prompt: "Be brief.\u{200b} ".to_owned(),
        };
        let kept = member.update_user_prompt(&own).await.unwrap();
        assert_eq!(kept.custom_prompt, "Be brief.");
        assert_eq!(member.get_user_prompt().await.unwrap(), kept);
        assert_eq!(
            owner.get_user_prompt().await.unwrap(),
            UserPrompt::default()
        );
        let planning = PlanModeInstructions {
            plan_mode_instructions: "Name the risks.\u{200b} ".to_owned(),
        };
        owner
            .update_plan_mode_instructions(&planning)
            .await
            .unwrap();
        let kept = owner.get_plan_mode_instructions().await.unwrap();
        assert_eq!(kept.plan_mode_instructions, "Name the risks.");
        assert_eq!(status(member.get_plan_mode_instructions().await), 404);
        let refused = member.update_plan_mode_instructions(&planning).await;
        assert_eq!(status(refused), 403);
        let long = json!({ "plan_mode_instructions": "x".repeat(131_073) });
        let refused = put(&owner, "plan-mode-instructions", long).await;
        assert_eq!(refused["status"], 400, "{refused}");

        let long = json!({ "custom_prompt": "x".repeat(131_073) });
        let refused = put(&member, "user-prompt", long).await;
        assert_eq!(refused["status"], 400, "{refused}");
        assert_eq!(refused["body"]["validations"][0]["field"], "custom_prompt");
    })
    .await;
}

#[tokio::test]
async fn thresholds_are_a_persons_own() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let model = member.list_model_configs().await.unwrap()[0].id;
        let set = async |model, threshold_percent| {
            let change = UpdateCompactionThreshold { threshold_percent };
            member.update_compaction_threshold(model, &change).await
        };
        assert_eq!(set(model, 40).await.unwrap().threshold_percent, 40);
        let listed = member.list_compaction_thresholds().await.unwrap();
        assert_eq!(listed.thresholds[0].model_config_id, model);
        let others = owner.list_compaction_thresholds().await.unwrap();
        assert!(others.thresholds.is_empty());
        assert_eq!(status(set(model, 101).await), 400);
        let unknown = ModelConfigId::generate();
        assert_eq!(status(set(unknown, 1).await), 404);
        for id in [model, model, unknown] {
            member.delete_compaction_threshold(id).await.unwrap();
        }
        let listed = member.list_compaction_thresholds().await.unwrap();
        assert!(listed.thresholds.is_empty());
    })
    .await;
}

#[tokio::test]
async fn debug_logging_is_chosen_by_those_who_may() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        assert_eq!(status(member.get_debug_logging().await), 404);
        let allow = UpdateDebugLogging { allow_users: true };
        assert_eq!(status(member.update_debug_logging(&allow).await), 403);
        let on = UpdateUserDebugLogging {
            debug_logging_enabled: true,
        };
        assert_eq!(status(member.update_user_debug_logging(&on).await), 403);
        let unread = put(&member, "user-debug-logging", json!("no object")).await;
        assert_eq!(unread["status"], 403, "whatever the body is: {unread}");

        owner.update_debug_logging(&allow).await.unwrap();
        assert!(owner.get_debug_logging().await.unwrap().allow_users);
        let unread = put(&member, "user-debug-logging", json!("no object")).await;
        assert_eq!(unread["status"], 400, "{unread}");
        member.update_user_debug_logging(&on).await.unwrap();
        let chosen = member.get_user_debug_logging().await.unwrap();
        assert!(chosen.debug_logging_enabled && chosen.user_toggle_allowed);
    })
    .await;
}

#[tokio::test]
async fn a_deployment_can_force_debug_logging() {
    let server = TestServer::start_with(|platform, _| {
        platform.chat_debug_logging_enabled = true;
    })
    .await;
    let owner = server.owner().await;
    let forced = owner.get_user_debug_logging().await.unwrap();
    assert!(forced.debug_logging_enabled && forced.forced_by_deployment);
    assert!(!forced.user_toggle_allowed);
    let refused = put(&owner, "user-debug-logging", json!("no object")).await;
    assert_eq!(refused["status"], 409, "{refused}");
    server.stop().await;
}

#[tokio::test]
async fn which_templates_agents_use_and_when_workspaces_stop_is_for_owners_to_say() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        assert_eq!(
            owner.get_template_allowlist().await.unwrap(),
            TemplateAllowlist::default()
        );
        assert_eq!(status(member.get_template_allowlist().await), 404);
        for body in [json!({"template_ids": []}), json!("no object")] {
            let refused = put(&member, "template-allowlist", body).await;
            assert_eq!(refused["status"], 404, "{refused}");
        }
        let refused = put(&owner, "template-allowlist", json!({"template_ids": ["x"]})).await;
        assert_eq!(refused["status"], 400, "{refused}");
        let unknown = json!({"template_ids": [uuid::Uuid::now_v7()]});
        let refused = put(&owner, "template-allowlist", unknown).await;
        assert_eq!(
            refused["body"]["validations"][0]["field"], "template_ids",
            "{refused}"
        );

        let half_an_hour = WorkspaceTtl {
            workspace_ttl_ms: 30 * 60 * 1000,
        };
        assert_eq!(
            status(member.update_workspace_ttl(&half_an_hour).await),
            403
        );
        owner.update_workspace_ttl(&half_an_hour).await.unwrap();
        assert_eq!(member.get_workspace_ttl().await.unwrap(), half_an_hour);
        let refused = put(&owner, "workspace-ttl", json!({"workspace_ttl_ms": 59_999})).await;
        assert_eq!(
            refused["body"]["validations"][0]["field"], "workspace_ttl_ms",
            "{refused}"
        );
        owner
            .update_workspace_ttl(&WorkspaceTtl::default())
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn how_long_archived_chats_are_kept_is_for_owners_to_say_and_for_all_to_know() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let unset = RetentionDays::default();
        assert_eq!(member.get_retention_days().await.unwrap(), unset);
        let month = RetentionDays { retention_days: 30 };
        owner.update_retention_days(&month).await.unwrap();
        assert_eq!(member.get_retention_days().await.unwrap(), month);
        assert_eq!(status(member.update_retention_days(&unset).await), 403);
        for days in [-1, 3651] {
            let wrong = RetentionDays {
                retention_days: days,
            };
            assert_eq!(status(owner.update_retention_days(&wrong).await), 400);
        }
        assert_eq!(owner.get_retention_days().await.unwrap(), month);
    })
    .await;
}
