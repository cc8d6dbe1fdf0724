//! Chats that make, stop and start their workspaces themselves, with a model that follows a script.

use sdk::chat_config::TemplateAllowlist;
use sdk::chats::{ChatStatus, CreateChat, UpdateChat};
use sdk::client::Client;
use sdk::live::LiveChat;
use sdk::parts::ToolResultPart;
use sdk::templates::{CreateTemplate, ParameterType, Template, TemplateParameter, UpdateTemplate};
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspacePermission};
use sdk::workspaces::{
    CreateWorkspace, DeleteWorkspace, ListWorkspaces, Workspace, WorkspaceStatus,
};
use serde_json::{Value, json};

use super::{follow, message, new_chat, run, status, tool_results};
use crate::api::workspaces::until;
use crate::support::on_both;

fn results_of(live: &LiveChat) -> Vec<ToolResultPart> {
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    tool_results(live)
}

fn value(result: &ToolResultPart) -> &Value {
    result.result.as_ref().unwrap()
}

async fn template(owner: &Client, name: &str) -> Template {
    let region = TemplateParameter {
        name: "region".to_owned(),
        kind: ParameterType::String,
        default: Some("europe".to_owned()),
        options: ["europe", "america"]
            .map(|region| sdk::templates::ParameterOption {
                name: region.to_owned(),
                value: region.to_owned(),
                description: String::new(),
            })
            .into(),
        ..TemplateParameter::default()
    };
    let template = CreateTemplate {
        name: name.to_owned(),
        setup_script: "echo \"set up in $SWITCHYARD_PARAMETER_REGION\"".to_owned(),
        parameters: vec![region],
        ..CreateTemplate::default()
    };
    owner.create_template(&template).await.unwrap()
}

async fn workspaces(client: &Client) -> Vec<Workspace> {
    let all = client.list_workspaces(&ListWorkspaces::default()).await;
    all.unwrap()
}

async fn delete_all(client: &Client) {
    for workspace in workspaces(client).await {
        let force = DeleteWorkspace { force: true };
        client.delete_workspace(workspace.id, force).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_makes_a_workspace_works_in_it_stops_it_and_starts_it_again() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let made_from = template(&owner, "service").await;
        let script = "!call list_templates {}\n!call read_template {\"template_id\": \"service\"}\n!then\n\
                      !call create_workspace {\"template_id\": \"service\", \"parameters\": {\"region\": \"america\"}}\n!then\n\
                      !call execute {\"command\": \"echo $SWITCHYARD_PARAMETER_REGION\", \"timeout\": \"1m\"}\n!then\n\
                      !text \"the end\"";
        let (chat, live) = run(&member, script).await;
        assert_eq!(chat.workspace_id, None, "a chat begins without one");
        let results = results_of(&live);
        assert_eq!(value(&results[0])["templates"][0]["id"], json!(made_from.id));
        assert_eq!(value(&results[1])["parameters"][0]["name"], "region");
        let made = value(&results[2]);
        assert_eq!((&made["created"], &made["status"]), (&json!(true), &json!("ready")), "{made}");
        assert!(made["log"].as_str().unwrap().contains("set up in america"), "{made}");
        assert_eq!(value(&results[3])["output"], "america\n", "{:?}", results[3]);
        let bound = member.get_chat(chat.id).await.unwrap();
        assert_eq!(json!(bound.workspace_id), made["workspace_id"]);
        assert_eq!(json!(bound.build_id), made["build_id"]);

        let script = "!call stop_workspace {}\n!then\n!call create_workspace {\"template_id\": \"service\"}\n!then\n\
                      !call start_workspace {}\n!then\n!call start_workspace {}\n!then\n\
                      !call execute {\"command\": \"echo again\", \"timeout\": \"1m\"}\n!then\n!text \"the end\"";
        member.send_message(chat.id, &message(script)).await.unwrap();
        let live = follow(&member, chat.id).await;
        let results = results_of(&live);
        let [stopped, existing, started, running, command] = &results[4..] else {
            panic!("{results:?}")
        };
        assert_eq!(value(stopped)["status"], "stopped", "{stopped:?}");
        assert_eq!((&value(existing)["created"], &value(existing)["status"]), (&json!(false), &json!("stopped")));
        assert_eq!((&value(started)["started"], &value(started)["status"]), (&json!(true), &json!("ready")), "{started:?}");
        assert_eq!(value(running)["no_build"], true);
        assert_eq!(value(command)["output"], "again\n", "{command:?}");
        assert_eq!(workspaces(&member).await.len(), 1);
        delete_all(&member).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_in_one_step_make_one_workspace() {
    on_both(async |server| {
        let owner = server.owner().await;
        template(&owner, "service").await;
        let create = "!call create_workspace {\"template_id\": \"service\"}\n";
        let script = format!("{create}{create}!then\n!text \"the end\"");
        let (_, live) = run(&owner, &script).await;
        let results = results_of(&live);
        let all = workspaces(&owner).await;
        assert_eq!(all.len(), 1);
        let mut created = Vec::new();
        for result in &results {
            assert_eq!(value(result)["workspace_id"], json!(all[0].id));
            assert_eq!(value(result)["status"], "ready", "{result:?}");
            created.push(value(result)["created"] == true);
        }
        created.sort_unstable();
        assert_eq!(created, [false, true]);
        delete_all(&owner).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_is_refused_in_words_and_makes_nothing() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let (retired, other) = (template(&owner, "retired").await, template(&owner, "other").await);
        template(&owner, "service").await;
        let deprecated = UpdateTemplate {
            deprecated: Some(true),
            ..UpdateTemplate::default()
        };
        owner.update_template(retired.id, &deprecated).await.unwrap();
        let calls = format!(
            "!call execute {{\"command\": \"ls\"}}\n\
             !call create_workspace {{\"template_id\": \"service\", \"parameters\": {{\"region\": \"moon\", \"size\": 3}}}}\n\
             !call create_workspace {{\"template_id\": \"{}\"}}\n\
             !call start_workspace {{}}\n!then\n!text \"the end\"",
            retired.id
        );
        let (chat, live) = run(&member, &calls).await;
        let results = results_of(&live);
        assert!(results.iter().all(|result| result.is_error), "{results:?}");
        let said = |result: &ToolResultPart| value(result)["error"].as_str().unwrap().to_owned();
        assert!(said(&results[0]).contains("create_workspace"), "{results:?}");
        let validations = value(&results[1])["validations"].as_array().unwrap();
        let fields: Vec<_> = validations.iter().map(|field| &field["field"]).collect();
        assert_eq!(fields, ["parameters.size", "parameters.region"]);
        assert!(said(&results[2]).contains("list_templates"), "{results:?}");
        assert!(said(&results[3]).contains("create_workspace"), "{results:?}");

        let only = TemplateAllowlist {
            template_ids: vec![other.id],
        };
        owner.update_template_allowlist(&only).await.unwrap();
        let script = "!call create_workspace {\"template_id\": \"service\"}\n!call list_templates {}\n!then\n!text \"the end\"";
        member.send_message(chat.id, &message(script)).await.unwrap();
        let results = results_of(&follow(&member, chat.id).await);
        assert!(results[4].is_error, "{results:?}");
        assert_eq!(value(&results[5])["total_count"], 1);
        assert!(workspaces(&member).await.is_empty());
        assert_eq!(member.get_chat(chat.id).await.unwrap().workspace_id, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_that_fails_is_an_answer_with_its_log() {
    on_both(async |server| {
        let owner = server.owner().await;
        let broken = CreateTemplate {
            name: "broken".to_owned(),
            setup_script: "echo before; no-such-command".to_owned(),
            ..CreateTemplate::default()
        };
        owner.create_template(&broken).await.unwrap();
        let script =
            "!call create_workspace {\"template_id\": \"broken\"}\n!then\n!text \"the end\"";
        let (_, live) = run(&owner, script).await;
        let results = results_of(&live);
        let failed = value(&results[0]);
        assert!(!results[0].is_error, "{failed}");
        assert_eq!(failed["status"], "failed");
        assert!(
            failed["error"].as_str().unwrap().contains("setup script"),
            "{failed}"
        );
        assert!(
            failed["log"].as_str().unwrap().contains("before"),
            "{failed}"
        );
        assert!(failed["build_id"].is_string());
        delete_all(&owner).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_of_another_cannot_be_attached() {
    on_both(async |server| {
        let (member, stranger) = (server.member("mia").await, server.member("sam").await);
        let foreign = member
            .create_workspace(&CreateWorkspace::default())
            .await
            .unwrap();
        let new = CreateChat {
            workspace_id: Some(foreign.id),
            ..new_chat("hello")
        };
        assert_eq!(status(stranger.create_chat(&new)).await, 400);
        let (chat, _) = run(&stranger, "hello").await;
        let attach = UpdateChat {
            workspace_id: Some(foreign.id),
            ..UpdateChat::default()
        };
        assert_eq!(status(stranger.update_chat(chat.id, &attach)).await, 400);
        assert_eq!(stranger.get_chat(chat.id).await.unwrap().workspace_id, None);
        delete_all(&member).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_needs_no_workspace_starts_none() {
    on_both(async |server| {
        let owner = server.owner().await;
        template(&owner, "service").await;
        let create = "!call create_workspace {\"template_id\": \"service\"}\n!then\n!call stop_workspace {}\n!then\n\
                      !text \"the end\"";
        let (chat, _) = run(&owner, create).await;
        let talk = "!text \"only words\"";
        owner.send_message(chat.id, &message(talk)).await.unwrap();
        follow(&owner, chat.id).await;
        let workspace = workspaces(&owner).await.remove(0);
        assert_eq!(workspace.status, WorkspaceStatus::Stopped);
        assert_eq!(owner.list_builds(workspace.id).await.unwrap().len(), 2);
        delete_all(&owner).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_workspace_is_worked_in_by_whom_its_owner_lets_until_it_is_taken_back() {
    on_both(async |server| {
        let (member, guest) = (server.member("mia").await, server.member("sam").await);
        let shared = member
            .create_workspace(&CreateWorkspace::default())
            .await
            .unwrap();
        until(&member, shared.id, WorkspaceStatus::Ready).await;
        let share = async |permissions: &[WorkspacePermission]| {
            let change = UpdateWorkspaceAcl {
                user_permissions: [("sam".to_owned(), permissions.to_vec())].into(),
            };
            member.update_workspace_acl(shared.id, &change).await.unwrap();
        };
        let work = "!call execute {\"command\": \"echo here\", \"timeout\": \"1m\"}\n!call stop_workspace {}\n!then\n\
                    !text \"the end\"";
        let new = CreateChat {
            workspace_id: Some(shared.id),
            ..new_chat(work)
        };
        share(&[WorkspacePermission::Read]).await;
        assert_eq!(guest.get_workspace(shared.id).await.unwrap().id, shared.id);
        assert_eq!(status(guest.create_chat(&new)).await, 403);
        share(&[WorkspacePermission::Ssh]).await;
        let chat = guest.create_chat(&new).await.unwrap();
        let results = results_of(&follow(&guest, chat.id).await);
        assert_eq!(value(&results[0])["output"], "here\n", "{results:?}");
        assert!(results[1].is_error, "stopping needs more: {results:?}");

        share(&[]).await;
        let again = "!call execute {\"command\": \"echo still here\"}\n!then\n!text \"the end\"";
        guest.send_message(chat.id, &message(again)).await.unwrap();
        let results = results_of(&follow(&guest, chat.id).await);
        let said = value(&results[2])["error"].as_str().unwrap();
        assert!(said.contains("no longer shared"), "{said}");
        delete_all(&member).await;
    })
    .await;
}
