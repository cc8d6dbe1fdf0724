use chrono::{TimeDelta, Utc};
use sdk::audit_log::{AuditAction, AuditTargetKind, ListAuditLog};
use sdk::chat_config::{RetentionDays, UpdateSystemPrompt};
use serde_json::json;

use crate::support::{TestServer, answer, on_both, refusal};

fn everything() -> ListAuditLog {
    ListAuditLog::default()
}

#[tokio::test]
async fn an_owner_reads_who_changed_what_and_from_where() {
    on_both(async |server| {
        let owner = server.owner().await;
        let days = RetentionDays { retention_days: 30 };
        owner.update_retention_days(&days).await.unwrap();
        let log = owner.list_audit_log(&everything()).await.unwrap();
        let entry = &log.entries[0];
        assert_eq!(entry.action, AuditAction::SettingUpdate);
        assert_eq!(
            json!([entry.actor.username, entry.actor.via, entry.actor.address]),
            json!(["olga", "session", "127.0.0.1"])
        );
        assert_eq!(
            json!([entry.target, entry.before, entry.after]),
            json!([
                { "kind": "setting", "id": "retention_days", "name": "retention_days" },
                { "retention_days": 0 },
                { "retention_days": 30 },
            ])
        );
        assert_eq!(log.next_before_id, None);
        let first = log.entries.last().unwrap();
        assert_eq!(
            json!([first.actor.via, first.actor.address]),
            json!(["setup", "127.0.0.1"])
        );
    })
    .await;
}

#[tokio::test]
async fn for_members_there_is_no_log() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    insta::assert_json_snapshot!(refusal(member.list_audit_log(&everything()).await));
    let anonymous = server.anonymous().list_audit_log(&everything()).await;
    assert_eq!(anonymous.unwrap_err().status(), Some(401));
}

#[tokio::test]
async fn narrows_and_pages() {
    on_both(async |server| {
        let (owner, _) = (server.owner().await, server.member("mia").await);
        let prompt = UpdateSystemPrompt {
            system_prompt: "Be brief.".to_owned(),
            include_default_system_prompt: None,
        };
        owner.update_system_prompt(&prompt).await.unwrap();
        let names = async |query: ListAuditLog| {
            let log = owner.list_audit_log(&query).await.unwrap();
            let names = log.entries.into_iter().map(|entry| entry.target.name);
            (names.collect::<Vec<_>>().join(" "), log.next_before_id)
        };
        let (all, _) = names(everything()).await;
        assert_eq!(all, "system_prompt mia olga");
        let one = |before_id| ListAuditLog {
            limit: Some(1),
            before_id,
            ..everything()
        };
        let (newest, next) = names(one(None)).await;
        assert_eq!(newest, "system_prompt");
        assert_eq!(names(one(next)).await.0, "mia");
        let now = Utc::now();
        for (query, expected) in [
            (
                ListAuditLog {
                    action: Some(AuditAction::PromptUpdate),
                    ..everything()
                },
                "system_prompt",
            ),
            (
                ListAuditLog {
                    target_kind: Some(AuditTargetKind::User),
                    ..everything()
                },
                "mia olga",
            ),
            (
                ListAuditLog {
                    actor: Some("olga".to_owned()),
                    ..everything()
                },
                "system_prompt mia olga",
            ),
            (
                ListAuditLog {
                    actor: Some("nobody".to_owned()),
                    ..everything()
                },
                "",
            ),
            (
                ListAuditLog {
                    actor: Some("nul\0".to_owned()),
                    ..everything()
                },
                "",
            ),
            (
                ListAuditLog {
                    from: Some(now + TimeDelta::hours(1)),
                    ..everything()
                },
                "",
            ),
            (
                ListAuditLog {
                    to: Some(now - TimeDelta::hours(1)),
                    ..everything()
                },
                "",
            ),
        ] {
            assert_eq!(names(query.clone()).await.0, expected, "{query:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn refuses_what_it_does_not_understand() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=many",
        "before_id=1",
        "action=user.explode",
        "target_kind=moon",
        "from=yesterday",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "from=%2B99999-01-01T00:00:00Z",
        "colour=red",
    ] {
        let path = format!("/api/v2/audit-log?{query}");
        let request = owner.request(reqwest::Method::GET, &path).unwrap();
        let answer = answer(request).await;
        assert_eq!(answer["status"], 400, "{query}: {answer}");
        assert!(answer["body"]["message"].is_string(), "{query}: {answer}");
    }
}
