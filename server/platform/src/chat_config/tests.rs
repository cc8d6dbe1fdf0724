//! Who may configure what, what is refused, and when calls are recorded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use sdk::chat_config::{
    MAX_PROMPT_BYTES, ModelOverride, ModelPurpose, UpdateCompactionThreshold, UpdateDebugLogging,
    UpdateModelOverride, UpdateSystemPrompt, UpdateUserDebugLogging, UserDebugLogging, UserPrompt,
};
use sdk::ids::ModelConfigId;
use sdk::models::{CreateModelConfig, UpdateModelConfig};
use sdk::providers::{CreateProviderConfig, ProviderKind};
use store::testing::for_both;

use super::*;
use crate::testing::{TestPlatform, on_both, open};
use crate::{Actor, Failure as _, FailureKind};

fn kind<T: std::fmt::Debug>(outcome: Result<T, ChatConfigError>) -> FailureKind {
    outcome.unwrap_err().kind()
}

fn system_prompt(text: &str, include_default: Option<bool>) -> UpdateSystemPrompt {
    UpdateSystemPrompt {
        system_prompt: text.to_owned(),
        include_default_system_prompt: include_default,
    }
}

fn percent(threshold_percent: i32) -> UpdateCompactionThreshold {
    UpdateCompactionThreshold { threshold_percent }
}

pub(crate) async fn model(test: &TestPlatform, owner: &Actor) -> ModelConfigId {
    let provider = CreateProviderConfig {
        provider: ProviderKind::OpenAi,
        display_name: None,
        base_url: Some("http://127.0.0.1:1".to_owned()),
        api_key: Some("key".to_owned()),
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    };
    let provider = test
        .platform
        .create_provider(owner, provider)
        .await
        .unwrap();
    let model = CreateModelConfig {
        provider_config_id: provider.id,
        model: "small".to_owned(),
        display_name: None,
        enabled: None,
        is_default: None,
        context_limit: 1000,
        compression_threshold: None,
        model_config: None,
    };
    let model = test.platform.create_model_config(owner, model).await;
    model.unwrap().id
}

#[tokio::test]
async fn the_deployments_instructions_are_for_owners_alone() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let platform = &test.platform;
        let first = platform.get_system_prompt(&owner).await.unwrap();
        assert_eq!(first.system_prompt, "");
        assert!(first.include_default_system_prompt);
        assert!(first.default_system_prompt.len() > 100);

        let change = system_prompt(" Use\u{200b} tabs. \r\n", Some(false));
        platform.update_system_prompt(&owner, change).await.unwrap();
        let kept = platform.get_system_prompt(&owner).await.unwrap();
        assert_eq!(kept.system_prompt, "Use tabs.");
        assert!(!kept.include_default_system_prompt);
        let text_alone = system_prompt("", None);
        platform
            .update_system_prompt(&owner, text_alone.clone())
            .await
            .unwrap();
        let kept = platform.get_system_prompt(&owner).await.unwrap();
        assert_eq!(
            (&*kept.system_prompt, kept.include_default_system_prompt),
            ("", false)
        );

        let read = platform.get_system_prompt(&member).await;
        assert_eq!(kind(read), FailureKind::NotFound);
        let written = platform.update_system_prompt(&member, text_alone).await;
        assert_eq!(kind(written), FailureKind::Forbidden);
    })
    .await;
}

#[tokio::test]
async fn instructions_are_measured_after_what_cannot_be_seen_is_gone() {
    on_both(async |test| {
        let owner = test.owner().await;
        let full = "x".repeat(MAX_PROMPT_BYTES);
        let padded = format!("\u{feff}{full}\n\n");
        let prompt = UserPrompt {
            custom_prompt: padded,
        };
        let kept = test.platform.update_user_prompt(&owner, prompt).await;
        assert_eq!(kept.unwrap().custom_prompt, full);
        for refused in [full + "x", "a\0b".to_owned()] {
            let prompt = UserPrompt {
                custom_prompt: refused.clone(),
            };
            let outcome = test.platform.update_user_prompt(&owner, prompt).await;
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), FailureKind::Invalid);
            assert_eq!(error.validations()[0].field, "custom_prompt");
            let change = system_prompt(&refused, None);
            let outcome = test.platform.update_system_prompt(&owner, change).await;
            assert_eq!(kind(outcome), FailureKind::Invalid);
        }
    })
    .await;
}

#[tokio::test]
async fn a_model_for_exploring_that_names_none_is_said_to_be_broken_and_can_be_set_anew() {
    on_both(async |test| {
        let owner = test.owner().await;
        let model = model(&test, &owner).await;
        let platform = &test.platform;
        let unset = ModelOverride::default();
        assert_eq!(
            platform
                .get_model_override(&owner, ModelPurpose::Explore)
                .await
                .unwrap(),
            unset
        );
        for broken in [serde_json::json!("no id"), serde_json::json!({"model": 1})] {
            let mut tx = platform.0.db.begin().await.unwrap();
            let now = test.clock.now();
            store::settings::put(&mut tx, "chat_explore_model_override", &broken, now)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let kept = platform
                .get_model_override(&owner, ModelPurpose::Explore)
                .await
                .unwrap();
            assert!(kept.has_malformed_override && kept.model_config_id.is_none());
            let change = UpdateModelOverride {
                model_config_id: Some(model),
            };
            let set = platform
                .update_model_overrides(&owner, &[(ModelPurpose::Explore, change)])
                .await;
            set.unwrap();
            let kept = platform
                .get_model_override(&owner, ModelPurpose::Explore)
                .await
                .unwrap();
            assert!(!kept.has_malformed_override && kept.model_config_id == Some(model));
        }
        let none = UpdateModelOverride::default();
        let cleared = platform
            .update_model_overrides(&owner, &[(ModelPurpose::Explore, none)])
            .await;
        cleared.unwrap();
        assert_eq!(
            platform
                .get_model_override(&owner, ModelPurpose::Explore)
                .await
                .unwrap(),
            unset
        );
    })
    .await;
}

#[tokio::test]
async fn everybody_has_instructions_of_their_own() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let none = UserPrompt::default();
        let platform = &test.platform;
        assert_eq!(platform.get_user_prompt(&member).await.unwrap(), none);
        let own = UserPrompt {
            custom_prompt: "Be brief.".to_owned(),
        };
        let kept = platform.update_user_prompt(&member, own.clone()).await;
        assert_eq!(kept.unwrap(), own);
        assert_eq!(platform.get_user_prompt(&member).await.unwrap(), own);
        assert_eq!(platform.get_user_prompt(&owner).await.unwrap(), none);
    })
    .await;
}

#[tokio::test]
async fn thresholds_are_for_models_that_are_offered() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let model = model(&test, &owner).await;
        let platform = &test.platform;
        for accepted in [0, 100, 42] {
            let outcome = platform.update_compaction_threshold(&member, model, percent(accepted));
            assert_eq!(outcome.await.unwrap().threshold_percent, accepted);
        }
        for refused in [-1, 101] {
            let outcome = platform.update_compaction_threshold(&member, model, percent(refused));
            assert_eq!(kind(outcome.await), FailureKind::Invalid);
        }
        let unknown = ModelConfigId::generate();
        let outcome = platform.update_compaction_threshold(&member, unknown, percent(1));
        assert_eq!(kind(outcome.await), FailureKind::NotFound);
        let listed = platform.list_compaction_thresholds(&member).await.unwrap();
        assert_eq!(listed.thresholds.len(), 1);
        assert_eq!(listed.thresholds[0].model_config_id, model);
        assert_eq!(listed.thresholds[0].threshold_percent, 42);
        let others = platform.list_compaction_thresholds(&owner).await.unwrap();
        assert!(others.thresholds.is_empty());

        let off = UpdateModelConfig {
            enabled: Some(false),
            ..UpdateModelConfig::default()
        };
        platform
            .update_model_config(&owner, model, off)
            .await
            .unwrap();
        let outcome = platform.update_compaction_threshold(&member, model, percent(1));
        assert_eq!(kind(outcome.await), FailureKind::Invalid);
        platform.delete_model_config(&owner, model).await.unwrap();
        let outcome = platform.update_compaction_threshold(&member, model, percent(1));
        assert_eq!(kind(outcome.await), FailureKind::NotFound);
        for id in [model, model, unknown] {
            platform
                .delete_compaction_threshold(&member, id)
                .await
                .unwrap();
        }
        let listed = platform.list_compaction_thresholds(&member).await.unwrap();
        assert!(listed.thresholds.is_empty());
    })
    .await;
}

/// Allows or forbids the choice, makes it where that is possible, and reads what holds.
async fn debug_logging_of(test: &TestPlatform, owner: &Actor, allow_users: bool) -> [bool; 3] {
    let change = UpdateDebugLogging { allow_users };
    test.platform
        .update_debug_logging(owner, change)
        .await
        .unwrap();
    let read = test.platform.get_debug_logging(owner).await.unwrap();
    assert_eq!(read.allow_users, allow_users);
    let UserDebugLogging {
        debug_logging_enabled,
        user_toggle_allowed,
        forced_by_deployment,
    } = test.platform.get_user_debug_logging(owner).await.unwrap();
    let effective = test.platform.is_debug_logging_enabled(owner.user_id).await;
    assert_eq!(effective.unwrap(), debug_logging_enabled);
    assert_eq!(read.forced_by_deployment, forced_by_deployment);
    [
        debug_logging_enabled,
        user_toggle_allowed,
        forced_by_deployment,
    ]
}

const ON: UpdateUserDebugLogging = UpdateUserDebugLogging {
    debug_logging_enabled: true,
};

#[tokio::test]
async fn calls_are_recorded_for_those_who_may_and_want_it() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let platform = &test.platform;
        let at_first = debug_logging_of(&test, &owner, false).await;
        assert_eq!(at_first, [false, false, false]);
        let refused = platform.update_user_debug_logging(&owner, ON).await;
        assert_eq!(kind(refused), FailureKind::Forbidden);
        let allowed = debug_logging_of(&test, &owner, true).await;
        assert_eq!(allowed, [false, true, false]);
        platform
            .update_user_debug_logging(&owner, ON)
            .await
            .unwrap();
        let wanted = debug_logging_of(&test, &owner, true).await;
        assert_eq!(wanted, [true, true, false]);
        let others = platform.is_debug_logging_enabled(member.user_id).await;
        assert!(!others.unwrap());
        let forbidden_again = debug_logging_of(&test, &owner, false).await;
        assert_eq!(forbidden_again, [false, false, false]);

        let read = platform.get_debug_logging(&member).await;
        assert_eq!(kind(read), FailureKind::NotFound);
        let change = UpdateDebugLogging { allow_users: true };
        let written = platform.update_debug_logging(&member, change).await;
        assert_eq!(kind(written), FailureKind::Forbidden);
    })
    .await;
}

#[tokio::test]
async fn a_deployment_that_records_everything_leaves_no_choice() {
    for_both(async |database| {
        let test = open(database, |options| {
            options.chat_debug_logging_enabled = true;
        });
        let test = test.await;
        let owner = test.owner().await;
        for allow_users in [false, true] {
            let forced = debug_logging_of(&test, &owner, allow_users).await;
            assert_eq!(forced, [true, false, true]);
            let refused = test.platform.update_user_debug_logging(&owner, ON).await;
            assert_eq!(kind(refused), FailureKind::Conflict);
        }
    })
    .await;
}
