//! What changes leave in the log, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use sdk::audit_log::AuditEntry;
use sdk::chat_config::{RetentionDays, UpdateSystemPrompt};
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateProviderConfig};
use sdk::templates::{CreateTemplate, UpdateTemplate};
use sdk::tokens::CreateToken;
use sdk::users::{Role, UpdateUser};
use serde_json::json;

use super::*;
use crate::testing::{PASSWORD, TestPlatform, on_both};

async fn log(test: &TestPlatform, owner: &Actor) -> Vec<AuditEntry> {
    let everything = ListAuditLog::default();
    let log = test.platform.list_audit_log(owner, everything).await;
    log.unwrap().entries
}

async fn newest(test: &TestPlatform, owner: &Actor) -> AuditEntry {
    log(test, owner).await.remove(0)
}

#[tokio::test]
async fn the_first_entry_is_the_first_user() {
    on_both(async |test| {
        let owner = test.owner().await;
        let log = log(&test, &owner).await;
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].action, AuditAction::UserCreate);
        assert_eq!(log[0].actor.via, AuditVia::Setup);
        assert_eq!(log[0].actor.username, "owner");
        assert_eq!(log[0].target.name, "owner");
        assert_eq!(log[0].after["password"], json!({ "secret": "set" }));
    })
    .await;
}

#[tokio::test]
async fn tells_what_a_setting_was_and_is_and_nothing_when_it_stays() {
    on_both(async |test| {
        let owner = test.owner().await;
        let set = async |retention_days| {
            let days = RetentionDays { retention_days };
            test.platform
                .update_retention_days(&owner, days)
                .await
                .unwrap();
        };
        set(30).await;
        set(90).await;
        let entry = newest(&test, &owner).await;
        assert_eq!(entry.target.id, "retention_days");
        assert_eq!(json!(entry.before), json!({ "retention_days": 30 }));
        assert_eq!(json!(entry.after), json!({ "retention_days": 90 }));
        set(90).await;
        assert_eq!(newest(&test, &owner).await.id, entry.id);
        let prompt = UpdateSystemPrompt {
            system_prompt: "Be brief.".to_owned(),
            include_default_system_prompt: None,
        };
        let updated = test.platform.update_system_prompt(&owner, prompt).await;
        updated.unwrap();
        let entry = newest(&test, &owner).await;
        assert_eq!(entry.action, AuditAction::PromptUpdate);
        assert_eq!(json!(entry.before), json!({ "system_prompt": "" }));
        assert_eq!(json!(entry.after), json!({ "system_prompt": "Be brief." }));
    })
    .await;
}

#[tokio::test]
async fn no_secret_gets_into_the_log() {
    const SECRETS: [&str; 5] = [
        "sk-first",
        "sk-second",
        "hunter2hunter2",
        "in-a-variable",
        "swy_",
    ];
    on_both(async |test| {
        let owner = test.owner().await;
        let platform = &test.platform;
        let provider = CreateProviderConfig {
            provider: ProviderKind::OpenAiCompatible,
            display_name: Some("Ours".to_owned()),
            base_url: Some("http://127.0.0.1:1/v1?key=sk-first".to_owned()),
            api_key: Some("sk-first".to_owned()),
            enabled: None,
            key_policy: sdk::providers::UpdateKeyPolicy::default(),
        };
        let provider = platform.create_provider(&owner, provider).await.unwrap();
        assert_eq!(
            newest(&test, &owner).await.after["api_key"],
            json!({ "secret": "set" })
        );
        let change = UpdateProviderConfig {
            api_key: Some("sk-second".to_owned()),
            ..UpdateProviderConfig::default()
        };
        platform
            .update_provider(&owner, provider.id, change)
            .await
            .unwrap();
        let entry = newest(&test, &owner).await;
        assert_eq!(
            json!(entry.before),
            json!({ "api_key": { "secret": "set" } })
        );
        assert_eq!(
            json!(entry.after),
            json!({ "api_key": { "secret": "replaced" } })
        );

        test.add(&owner, "mia", Role::Member).await;
        let change = UpdateUser {
            password: Some("hunter2hunter2".to_owned()),
            ..UpdateUser::default()
        };
        platform.update_user(&owner, "mia", change).await.unwrap();
        let entry = newest(&test, &owner).await;
        assert_eq!(entry.action, AuditAction::UserSetPassword);
        assert_eq!(
            json!(entry.after),
            json!({ "password": { "secret": "replaced" } })
        );

        let template = CreateTemplate {
            name: "ours".to_owned(),
            environment: [("KEY".to_owned(), "in-a-variable".to_owned())].into(),
            ..CreateTemplate::default()
        };
        let template = platform.create_template(&owner, template).await.unwrap();
        let change = UpdateTemplate {
            environment: Some([("KEY".to_owned(), "another".to_owned())].into()),
            ..UpdateTemplate::default()
        };
        platform
            .update_template(&owner, template.id, change)
            .await
            .unwrap();
        let entry = newest(&test, &owner).await;
        assert_eq!(
            json!(entry.after),
            json!({ "environment.KEY": { "secret": "replaced" } })
        );

        let token = CreateToken {
            token_name: "ci".to_owned(),
            lifetime_seconds: None,
        };
        platform.create_token(&owner, "me", token).await.unwrap();
        let text = format!("{:?}", log(&test, &owner).await);
        assert!(
            !SECRETS.iter().any(|secret| text.contains(secret)),
            "{text}"
        );
        assert!(
            !text.contains(PASSWORD) && !text.contains("argon2"),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn stays_readable_when_whom_it_names_is_gone() {
    on_both(async |test| {
        let owner = test.owner().await;
        test.add(&owner, "eve", Role::Owner).await;
        let eve = test.sign_in("eve").await;
        let token = CreateToken {
            token_name: "ci".to_owned(),
            lifetime_seconds: None,
        };
        let created = test.platform.create_token(&eve, "me", token).await.unwrap();
        let with_token = test.platform.authenticate(&created.key).await.unwrap();
        let with_token = Actor {
            address: Some("192.0.2.7".parse().unwrap()),
            ..with_token.unwrap()
        };
        let deleted = test.platform.delete_user(&with_token, "eve").await;
        deleted.unwrap();
        let entry = newest(&test, &owner).await;
        assert_eq!(entry.action, AuditAction::UserDelete);
        assert_eq!(entry.actor.username, "eve");
        assert_eq!(entry.actor.via, AuditVia::Token);
        assert_eq!(entry.actor.token_name, "ci");
        assert_eq!(entry.actor.address, "192.0.2.7");
        assert_eq!(entry.before["role"], "owner");
        let of_eve = ListAuditLog {
            actor: Some("Eve".to_owned()),
            ..ListAuditLog::default()
        };
        let found = test.platform.list_audit_log(&owner, of_eve).await.unwrap();
        assert_eq!(found.entries.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn commands_on_the_servers_machine_stand_in_it_too() {
    on_both(async |test| {
        let owner = test.owner().await;
        let command = test.platform.command_line_actor().await.unwrap();
        test.add(&command, "mia", Role::Member).await;
        let entry = newest(&test, &owner).await;
        assert_eq!(entry.actor.via, AuditVia::CommandLine);
        assert_eq!(entry.actor.id, None);
    })
    .await;
}

#[tokio::test]
async fn comes_in_pages_for_owners_alone() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        test.add(&owner, "mia", Role::Member).await;
        let page = |before_id| ListAuditLog {
            limit: Some(2),
            before_id,
            ..ListAuditLog::default()
        };
        let first = test.platform.list_audit_log(&owner, page(None)).await;
        let first = first.unwrap();
        assert_eq!(first.entries.len(), 2);
        let rest = page(first.next_before_id);
        let rest = test.platform.list_audit_log(&owner, rest).await.unwrap();
        assert_eq!((rest.entries.len(), rest.next_before_id), (1, None));
        let refused = test.platform.list_audit_log(&member, page(None)).await;
        assert_eq!(refused.unwrap_err().kind(), FailureKind::NotFound);
        for limit in [0, 201, -1, i64::MAX] {
            let query = ListAuditLog {
                limit: Some(limit),
                ..ListAuditLog::default()
            };
            let refused = test.platform.list_audit_log(&owner, query).await;
            assert_eq!(refused.unwrap_err().kind(), FailureKind::Invalid);
        }
    })
    .await;
}
