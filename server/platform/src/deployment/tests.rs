//! Who sees where settings come from, and what they are told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use sdk::chat_config::{
    DebugRetentionDays, DesktopEnabled, ModelPurpose, PlanModeInstructions, RetentionDays,
    TemplateAllowlist, UpdateDebugLogging, UpdateModelOverride, UpdatePrivateProviderHosts,
    UpdateSystemPrompt, WorkspaceTtl,
};
use sdk::users::Role;
use store::testing::for_both;

use super::*;
use crate::chat_config::tests::model;
use crate::testing::{TestPlatform, on_both, open};

async fn sources(test: &TestPlatform, actor: &Actor) -> Vec<(StoredSetting, SettingSource)> {
    let settings = test.platform.get_deployment_settings(actor).await.unwrap();
    let pairs = settings.stored.into_iter();
    pairs
        .map(|stored| (stored.setting, stored.source))
        .collect()
}

#[tokio::test]
async fn settings_are_the_default_until_somebody_changes_them() {
    on_both(async |test| {
        let owner = test.owner().await;
        let platform = &test.platform;
        let all = |source| StoredSetting::ALL.map(|setting| (setting, source));
        assert_eq!(sources(&test, &owner).await, all(SettingSource::Default));

        let prompt = UpdateSystemPrompt {
            system_prompt: "Be brief.".to_owned(),
            include_default_system_prompt: None,
        };
        platform.update_system_prompt(&owner, prompt).await.unwrap();
        let plan = PlanModeInstructions {
            plan_mode_instructions: "Ask.".to_owned(),
        };
        platform
            .update_plan_mode_instructions(&owner, plan)
            .await
            .unwrap();
        let templates = TemplateAllowlist {
            template_ids: Vec::new(),
        };
        platform
            .update_template_allowlist(&owner, templates)
            .await
            .unwrap();
        let ttl = WorkspaceTtl {
            workspace_ttl_ms: 60_000,
        };
        platform.update_workspace_ttl(&owner, ttl).await.unwrap();
        let model = model(&test, &owner).await;
        let chosen = UpdateModelOverride {
            model_config_id: Some(model),
        };
        let models = ModelPurpose::ALL.map(|purpose| (purpose, chosen));
        platform
            .update_model_overrides(&owner, &models)
            .await
            .unwrap();
        let desktop = DesktopEnabled {
            enable_desktop: true,
        };
        platform
            .update_desktop_enabled(&owner, desktop)
            .await
            .unwrap();
        let debug = UpdateDebugLogging { allow_users: true };
        platform.update_debug_logging(&owner, debug).await.unwrap();
        let kept = RetentionDays { retention_days: 9 };
        platform.update_retention_days(&owner, kept).await.unwrap();
        let kept = DebugRetentionDays {
            debug_retention_days: 9,
        };
        platform
            .update_debug_retention_days(&owner, kept)
            .await
            .unwrap();
        let hosts = UpdatePrivateProviderHosts { hosts: Vec::new() };
        platform
            .update_private_provider_hosts(&owner, hosts)
            .await
            .unwrap();

        let stored = platform
            .get_deployment_settings(&owner)
            .await
            .unwrap()
            .stored;
        for setting in &stored {
            assert_eq!(setting.updated_at, Some(test.clock.now()), "{setting:?}");
        }
        assert_eq!(sources(&test, &owner).await, all(SettingSource::Database));
    })
    .await;
}

#[tokio::test]
async fn an_option_of_the_server_takes_the_place_of_the_setting() {
    for_both(async |database| {
        let forced = ServerOption {
            name: "chat_debug_logging_enabled".to_owned(),
            flag: String::new(),
            variable: String::new(),
            description: String::new(),
            default: String::new(),
            value: "true".to_owned(),
            is_secret: false,
            source: SettingSource::Environment,
        };
        let test = open(database, |options| {
            options.chat_debug_logging_enabled = true;
            options.server_options = vec![forced.clone()];
        })
        .await;
        let owner = test.owner().await;
        let settings = test.platform.get_deployment_settings(&owner).await.unwrap();
        assert_eq!(settings.options, [forced]);
        let debug = settings.stored.iter();
        let mut debug = debug.filter(|stored| stored.setting == StoredSetting::DebugLogging);
        assert_eq!(debug.next().unwrap().source, SettingSource::Environment);
    })
    .await;
}

#[tokio::test]
async fn they_do_not_exist_for_whoever_may_not_see_settings() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let error = test
            .platform
            .get_deployment_settings(&member)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), FailureKind::NotFound);
        test.add(&owner, "aude", Role::Auditor).await;
        let auditor = test.sign_in("aude").await;
        assert_eq!(
            sources(&test, &auditor).await.len(),
            StoredSetting::ALL.len()
        );
    })
    .await;
}
