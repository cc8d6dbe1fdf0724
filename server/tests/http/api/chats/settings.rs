//! How a model is called, from its configuration to what its provider gets.

use reqwest::Method;
use sdk::chats::{ChatStatus, CreateChat};
use sdk::models::{ModelCallConfig, UpdateModelConfig};
use sdk::providers::ProviderKind;
use serde_json::{Value, json};

use super::adapters::model_of;
use super::{follow, new_chat};
use crate::support::{answer, on_both};

fn settings() -> Value {
    json!({
        "temperature": 0.5,
        "top_p": 0.75,
        "top_k": 40,
        "presence_penalty": -0.5,
        "frequency_penalty": 1.5,
        "provider_options": {
            "openai": {"service_tier": "flex", "web_search_enabled": true},
            "openaicompat": {"extra_body": {"min_p": 0.05}},
            "anthropic": {"effort": "max", "thinking": {"budget_tokens": 2048}},
        },
    })
}

#[tokio::test]
async fn what_is_set_for_a_model_is_kept_and_reaches_its_provider() {
    on_both(async |server| {
        let provider = standin::start().await.unwrap();
        let owner = server.owner().await;
        let base_url = format!("{}/v1", provider.base_url());
        let model = model_of(&owner, ProviderKind::OpenAiCompatible, &base_url).await;
        let config: ModelCallConfig = serde_json::from_value(settings()).unwrap();
        let change = UpdateModelConfig {
            model_config: Some(config.clone()),
            ..UpdateModelConfig::default()
        };
        let changed = owner.update_model_config(model, &change).await.unwrap();
        assert_eq!(changed.model_config, config);
        let listed = owner.list_model_configs().await.unwrap();
        let kept = listed.iter().find(|kept| kept.id == model).unwrap();
        assert_eq!(
            serde_json::to_value(&kept.model_config).unwrap(),
            settings()
        );

        let new = CreateChat {
            model_config_id: Some(model),
            ..new_chat("!text \"ok\"")
        };
        let chat = owner.create_chat(&new).await.unwrap();
        let live = follow(&owner, chat.id).await;
        assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
        let asked = provider.traffic().requests;
        let bodies = asked
            .iter()
            .filter(|request| request.path.ends_with("/chat/completions"));
        let mut bodies = bodies.map(standin::RecordedRequest::json);
        let turn = bodies.find(|body| body.get("top_p").is_some());
        let turn = turn.expect("the turn's call says how to sample");
        for (field, value) in [
            ("top_p", json!(0.75)),
            ("top_k", json!(40)),
            ("presence_penalty", json!(-0.5)),
            ("frequency_penalty", json!(1.5)),
            ("service_tier", json!("flex")),
            ("min_p", json!(0.05)),
        ] {
            assert_eq!(turn[field], value, "{field}");
        }
        assert!(turn.get("web_search_enabled").is_none() && turn.get("effort").is_none());
    })
    .await;
}

#[tokio::test]
async fn what_a_model_cannot_be_told_is_refused_at_the_field() {
    on_both(async |server| {
        let owner = server.owner().await;
        let model = owner.list_model_configs().await.unwrap()[0].id;
        let path = format!("/api/experimental/chats/model-configs/{model}");
        for (wrong, field) in [
            (json!({"top_p": 1.5}), "top_p"),
            (json!({"top_k": 0}), "top_k"),
            (json!({"presence_penalty": 2.5}), "presence_penalty"),
            (json!({"frequency_penalty": -2.5}), "frequency_penalty"),
            (
                json!({"provider_options": {"nobody": {}}}),
                "provider_options.nobody",
            ),
            (
                json!({"provider_options": {"openai": {"store": "yes"}}}),
                "provider_options.openai.store",
            ),
            (
                json!({"provider_options": {"anthropic": {"thinking": {"budget_tokens": 3}}}}),
                "provider_options.anthropic.thinking.budget_tokens",
            ),
        ] {
            let request = owner.request(Method::PATCH, &path).unwrap();
            let reply = answer(request.json(&json!({"model_config": wrong}))).await;
            assert_eq!(reply["status"], 400, "{field}: {reply}");
            let refused = &reply["body"]["validations"][0]["field"];
            assert_eq!(refused, &format!("model_config.{field}"), "{reply}");
        }
        for unreadable in [
            json!({"top_k": -1}),
            json!({"top_p": "much"}),
            json!({"provider_options": []}),
        ] {
            let request = owner.request(Method::PATCH, &path).unwrap();
            let reply = answer(request.json(&json!({"model_config": unreadable}))).await;
            assert_eq!(reply["status"], 400, "{reply}");
        }
    })
    .await;
}
