//! How a chat's agent works: plan mode and MCP servers, as a chat, a message and a change set them.

use http::Method;
use sdk::chats::{CreateChat, PlanMode, UpdateChat};
use sdk::ids::McpServerId;
use sdk::messages::{BusyBehavior, CreateMessage};
use serde_json::json;

use super::{message, new_chat, status, text};
use crate::support::on_both;

fn planning(plan_mode: PlanMode) -> UpdateChat {
    UpdateChat {
        plan_mode: Some(plan_mode),
        ..UpdateChat::default()
    }
}

#[tokio::test]
async fn a_chat_a_message_and_a_change_set_the_plan_mode() {
    on_both(async |server| {
        let owner = server.owner().await;
        let planned = CreateChat {
            plan_mode: Some(PlanMode::Plan),
            ..new_chat("!call list_processes {}\n!then\n!stall 30s")
        };
        let chat = owner.create_chat(&planned).await.unwrap();
        assert_eq!(chat.plan_mode, PlanMode::Plan);
        let mode = async || owner.get_chat(chat.id).await.unwrap().plan_mode;

        let other_title = UpdateChat {
            title: Some("Other".into()),
            ..UpdateChat::default()
        };
        owner.update_chat(chat.id, &other_title).await.unwrap();
        assert_eq!(mode().await, PlanMode::Plan, "what is left out stays");
        owner
            .update_chat(chat.id, &planning(PlanMode::Off))
            .await
            .unwrap();
        assert_eq!(mode().await, PlanMode::Off);

        // Also when the message has to wait.
        let queued = CreateMessage {
            busy_behavior: Some(BusyBehavior::Queue),
            plan_mode: Some(PlanMode::Plan),
            ..message("!text \"later\"")
        };
        let sent = owner.send_message(chat.id, &queued).await.unwrap();
        assert!(sent.queued);
        assert_eq!(mode().await, PlanMode::Plan);
        owner.send_message(chat.id, &message("on")).await.unwrap();
        assert_eq!(mode().await, PlanMode::Plan, "what is left out stays");
        owner.interrupt_chat(chat.id).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_plan_mode_is_left_out_when_it_is_off() {
    on_both(async |server| {
        let owner = server.owner().await;
        let chat = owner.create_chat(&new_chat("!text \"ok\"")).await.unwrap();
        let seen = serde_json::to_value(&chat).unwrap();
        assert_eq!(seen.get("plan_mode"), None);
        assert_eq!(seen["mcp_server_ids"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn other_modes_and_unknown_servers_are_refused_by_name() {
    on_both(async |server| {
        let owner = server.owner().await;
        let chat = owner.create_chat(&new_chat("!text \"ok\"")).await.unwrap();
        let (path, of_chat) = (
            "/api/experimental/chats",
            format!("/api/experimental/chats/{}", chat.id),
        );
        let messages = format!("{of_chat}/messages");
        let content = json!([{"type": "text", "text": "hello"}]);
        let wrong_mode = json!({"content": content, "plan_mode": "think"});
        let calls = [
            (Method::POST, path, wrong_mode.clone()),
            (Method::POST, messages.as_str(), wrong_mode),
            (
                Method::PATCH,
                of_chat.as_str(),
                json!({"plan_mode": "think"}),
            ),
        ];
        for (method, path, body) in calls {
            let request = owner.request(method.clone(), path).unwrap().json(&body);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 400, "{method} {path}");
            let words = answer.text().await.unwrap();
            assert!(words.contains("plan_mode"), "{words}");
        }

        let ids = [McpServerId::generate(), McpServerId::generate()];
        let create = CreateChat {
            mcp_server_ids: ids.to_vec(),
            ..new_chat("hello")
        };
        let refused = owner.create_chat(&create).await.err().unwrap().to_string();
        let send = CreateMessage {
            mcp_server_ids: Some(ids.to_vec()),
            content: text("hello"),
            ..CreateMessage::default()
        };
        let outcome = owner.send_message(chat.id, &send).await;
        let also_refused = outcome.err().unwrap().to_string();
        for id in ids {
            assert!(refused.contains(&id.to_string()), "{refused}");
            assert!(also_refused.contains(&id.to_string()), "{also_refused}");
        }
        assert_eq!(status(owner.create_chat(&create)).await, 400);

        let none = CreateMessage {
            mcp_server_ids: Some(Vec::new()),
            ..message("!text \"ok\"")
        };
        owner.send_message(chat.id, &none).await.unwrap();
    })
    .await;
}
