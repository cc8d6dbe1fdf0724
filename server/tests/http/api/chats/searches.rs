//! The web search that a provider makes itself, from the switch of an owner to what readers and the provider get.

use sdk::chats::{ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::ids::ModelConfigId;
use sdk::messages::CreateMessage;
use sdk::models::{ModelCallConfig, UpdateModelConfig};
use sdk::parts::Part;
use sdk::prompt_preview::PromptBlockKind;
use sdk::providers::ProviderKind;
use serde_json::{Value, json};
use standin::Handle;

use super::adapters::model_of_named;
use super::{follow, message, new_chat};
use crate::support::on_both;

const SCRIPT: &str = r#"!search {"query": "rust", "pages": [{"url": "https://a.example/1", "title": "<b>One</b>"}, {"url": "javascript:alert(1)", "title": "Evil"}]}
!text "It says: "
!cite {"text": "so it is", "url": "https://a.example/1", "title": "<b>One</b>"}
!cite {"text": ", or not", "url": "javascript:alert(1)", "title": "Evil"}"#;

/// A model of an Anthropic of its own that may search the web.
async fn searching_model(owner: &Client, provider: &Handle, name: &str) -> ModelConfigId {
    let kind = (ProviderKind::Anthropic, Some(name));
    let model = model_of_named(owner, kind, &provider.base_url()).await;
    let config = json!({"provider_options": {"anthropic": {
        "web_search_enabled": true, "allowed_domains": ["a.example"],
    }}});
    let config: ModelCallConfig = serde_json::from_value(config).unwrap();
    let change = UpdateModelConfig {
        model_config: Some(config),
        ..UpdateModelConfig::default()
    };
    owner.update_model_config(model, &change).await.unwrap();
    model
}

/// The bodies of the calls that offer tools: those of turns.
fn asked(provider: &Handle) -> Vec<Value> {
    let bodies = provider.traffic().requests.into_iter();
    let bodies = bodies.map(|request| request.json());
    bodies.filter(|body| body["tools"].is_array()).collect()
}

#[tokio::test]
async fn a_provider_searches_when_an_owner_wants_it() {
    on_both(async |server| {
        let provider = standin::start().await.unwrap();
        let owner = server.owner().await;
        let model = searching_model(&owner, &provider, "one").await;

        let new = CreateChat {
            model_config_id: Some(model),
            ..new_chat(SCRIPT)
        };
        let chat = owner.create_chat(&new).await.unwrap().id;
        let live = follow(&owner, chat).await;
        assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
        let answer = live.messages.last().unwrap();
        let [
            Part::ToolCall(call),
            Part::ToolResult(result),
            Part::Text { text },
            Part::Source(source),
        ] = &answer.content[..]
        else {
            panic!("{answer:?}")
        };
        assert_eq!(
            (call.tool_name.as_str(), call.args.as_ref()),
            ("web_search", Some(&json!({"query": "rust"})))
        );
        let pages = json!({"sources": [
            {"url": "https://a.example/1", "title": "<b>One</b>", "page_age": "2 days ago"},
        ]});
        assert_eq!(result.result, Some(pages));
        assert_eq!(text, "It says: so it is, or not");
        assert_eq!(source.url, "https://a.example/1");
        // What only the provider can read stays here.
        let told = serde_json::to_string(answer).unwrap();
        assert!(
            !told.contains("standin+page") && !told.contains("javascript"),
            "{told}"
        );

        owner
            .send_message(chat, &message("!text \"two\""))
            .await
            .unwrap();
        let live = follow(&owner, chat).await;
        assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
        let bodies = asked(&provider);
        for body in &bodies {
            let tools = body["tools"].as_array().unwrap();
            let tool = json!({
                "type": "web_search_20250305", "name": "web_search", "max_uses": 8,
                "allowed_domains": ["a.example"],
            });
            assert_eq!(tools.last(), Some(&tool));
        }
        let back = bodies[1]["messages"][1]["content"].to_string();
        for kept in [
            "server_tool_use",
            "web_search_tool_result",
            "encrypted_content",
            "encrypted_index",
        ] {
            assert!(back.contains(kept), "{kept}: {back}");
        }
    })
    .await;
}

/// Only the account that made a search can read what it found, also where two providers are Anthropic.
#[tokio::test]
async fn what_was_found_goes_back_to_the_provider_that_found_it_alone() {
    on_both(async |server| {
        let provider = standin::start().await.unwrap();
        let owner = server.owner().await;
        let one = searching_model(&owner, &provider, "one").await;
        let other = searching_model(&owner, &provider, "other").await;
        let new = CreateChat {
            model_config_id: Some(one),
            ..new_chat(SCRIPT)
        };
        let chat = owner.create_chat(&new).await.unwrap().id;
        follow(&owner, chat).await;
        for (model, number) in [(other, 2), (one, 3)] {
            let next = CreateMessage {
                model_config_id: Some(model),
                ..message(&format!("!text \"{number}\""))
            };
            owner.send_message(chat, &next).await.unwrap();
            let live = follow(&owner, chat).await;
            assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
        }
        let bodies = asked(&provider);
        let answer = |call: usize| bodies[call]["messages"][1]["content"].to_string();
        assert!(!answer(1).contains("encrypted"), "{}", answer(1));
        assert!(answer(1).contains("so it is"), "the words stay");
        for kept in ["encrypted_content", "encrypted_index"] {
            assert!(answer(2).contains(kept), "{}", answer(2));
        }
        // Whose it is stays here.
        assert!(!bodies[2].to_string().contains("\"account\""));
    })
    .await;
}

#[tokio::test]
async fn the_preview_lists_the_search_of_the_provider_where_it_is_offered() {
    on_both(async |server| {
        let provider = standin::start().await.unwrap();
        let owner = server.owner().await;
        let searching = searching_model(&owner, &provider, "searching").await;
        let kind = (ProviderKind::Anthropic, Some("silent"));
        let silent = model_of_named(&owner, kind, &provider.base_url()).await;
        for (model, is_listed) in [(searching, true), (silent, false)] {
            let new = CreateChat {
                model_config_id: Some(model),
                ..new_chat("!text \"one\"")
            };
            let chat = owner.create_chat(&new).await.unwrap().id;
            follow(&owner, chat).await;
            let preview = owner.preview_prompt(chat).await.unwrap();
            let tools: Vec<_> = preview
                .blocks
                .iter()
                .filter(|block| block.kind == PromptBlockKind::Tool)
                .collect();
            let sent = asked(&provider).pop().unwrap();
            assert_eq!(tools.len(), sent["tools"].as_array().unwrap().len());
            let last = tools.last().unwrap();
            assert_eq!(last.name == "web_search", is_listed, "{last:?}");
            if is_listed {
                assert!(
                    last.text.starts_with("Run by the provider itself."),
                    "{last:?}"
                );
                assert!(last.text.contains("\"a.example\""), "{last:?}");
                assert!(last.estimated_tokens > 0);
            }
        }
    })
    .await;
}
