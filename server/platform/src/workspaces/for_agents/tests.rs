//! What agents may do in the name of their chat's owner, and what they may not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;

use sdk::chat_config::TemplateAllowlist;
use sdk::templates::{CreateTemplate, ParameterType, TemplateParameter, UpdateTemplate};
use sdk::users::UpdateUser;

use super::*;
use crate::testing::{TestPlatform, on_both};

fn for_agents(test: &TestPlatform) -> ForAgents {
    ForAgents::new(&Arc::downgrade(&test.platform.0))
}

async fn template(test: &TestPlatform, owner: &Actor, name: &str) -> TemplateId {
    let template = CreateTemplate {
        name: name.to_owned(),
        ..CreateTemplate::default()
    };
    let made = test.platform.create_template(owner, template).await;
    made.unwrap().id
}

fn of(template: TemplateId) -> CreateWorkspace {
    CreateWorkspace {
        template_id: Some(template),
        ..CreateWorkspace::default()
    }
}

async fn listed(agents: &ForAgents, owner: UserId) -> Vec<TemplateId> {
    let all = agents.list_templates(owner).await.unwrap();
    all.into_iter().map(|template| template.id).collect()
}

#[tokio::test]
async fn agents_use_templates_of_the_list_alone_and_none_that_is_retired() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let agents = for_agents(&test);
        let mut ids = Vec::new();
        for name in ["alpha", "beta", "gamma"] {
            ids.push(template(&test, &owner, name).await);
        }
        assert_eq!(listed(&agents, member.user_id).await, ids);

        let change = TemplateAllowlist {
            template_ids: vec![ids[1], ids[0], ids[1]],
        };
        let platform = &test.platform;
        platform
            .update_template_allowlist(&owner, change)
            .await
            .unwrap();
        let kept = platform.get_template_allowlist(&owner).await.unwrap();
        assert_eq!(kept.template_ids, [ids[1], ids[0]]);
        assert_eq!(listed(&agents, member.user_id).await, [ids[0], ids[1]]);
        let refused = agents
            .create_workspace(member.user_id, of(ids[2]), "chat")
            .await
            .unwrap_err();
        assert_eq!(refused.message, NOT_ALLOWED);
        let none = CreateWorkspace::default();
        let refused = agents.create_workspace(member.user_id, none, "chat").await;
        assert_eq!(refused.unwrap_err().message, NOT_ALLOWED);

        let retired = UpdateTemplate {
            deprecated: Some(true),
            ..UpdateTemplate::default()
        };
        platform
            .update_template(&owner, ids[0], retired)
            .await
            .unwrap();
        // Owners see it elsewhere.
        assert_eq!(listed(&agents, owner.user_id).await, [ids[1]]);
        let refused = agents
            .create_workspace(owner.user_id, of(ids[0]), "chat")
            .await
            .unwrap_err();
        assert_eq!(refused.validations[0].field, "template_id");
        let change = TemplateAllowlist {
            template_ids: vec![ids[0]],
        };
        let refused = platform.update_template_allowlist(&owner, change).await;
        assert_eq!(refused.unwrap_err().kind(), FailureKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_cannot_be_read_allows_nothing() {
    on_both(async |test| {
        let owner = test.owner().await;
        let id = template(&test, &owner, "alpha").await;
        let db = &test.platform.0.db;
        let mut tx = db.begin().await.unwrap();
        let now = test.clock.now();
        store::settings::put(&mut tx, "chat_template_allowlist", &"broken", now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let agents = for_agents(&test);
        let refused = agents.list_templates(owner.user_id).await.unwrap_err();
        assert!(refused.message.contains("could not be read"), "{refused}");
        let refused = agents.create_workspace(owner.user_id, of(id), "chat").await;
        assert!(refused.unwrap_err().message.contains("could not be read"));
        assert!(
            test.platform
                .list_workspaces(&owner, &sdk::workspaces::ListWorkspaces::default())
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn agents_have_the_rights_of_their_owner_and_no_others() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        test.add(&owner, "stranger", sdk::users::Role::Member).await;
        let stranger = test.sign_in("stranger").await;
        let agents = for_agents(&test);
        let id = template(&test, &owner, "alpha").await;
        let made = agents
            .create_workspace(member.user_id, of(id), "chat")
            .await
            .unwrap();
        assert_eq!(made.owner_id, member.user_id);
        assert!(made.name.starts_with("alpha-") && made.latest_build.is_some());
        let foreign = agents.get_workspace(stranger.user_id, made.id).await;
        assert_eq!(foreign.unwrap(), None);
        let stop = CreateBuild {
            transition: sdk::workspaces::Transition::Stop,
            parameters: std::collections::BTreeMap::new(),
            force: false,
        };
        let refused = agents.create_build(stranger.user_id, made.id, stop).await;
        assert!(!refused.unwrap_err().is_busy);

        let suspended = UpdateUser {
            status: Some(UserStatus::Suspended),
            ..UpdateUser::default()
        };
        test.platform
            .update_user(&owner, &member.user_id.to_string(), suspended)
            .await
            .unwrap();
        let refused = agents.list_templates(member.user_id).await.unwrap_err();
        assert!(refused.message.contains("no longer active"), "{refused}");
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn values_that_are_wrong_come_back_by_field() {
    on_both(async |test| {
        let owner = test.owner().await;
        let region = TemplateParameter {
            name: "region".to_owned(),
            kind: ParameterType::String,
            required: true,
            ..TemplateParameter::default()
        };
        let template = CreateTemplate {
            name: "service".to_owned(),
            parameters: vec![region],
            ..CreateTemplate::default()
        };
        let template = test.platform.create_template(&owner, template).await;
        let refused = for_agents(&test)
            .create_workspace(owner.user_id, of(template.unwrap().id), "chat")
            .await
            .unwrap_err();
        assert_eq!(refused.validations[0].field, "parameters.region");
    })
    .await;
}
