//! Each option that the form of a model has, from what an owner typed to what the provider is asked.

use platform::models::options::form::fields;
use platform::models::options::{CallOption, Kind};
use reqwest::Method;
use sdk::chats::{ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::ids::ModelConfigId;
use sdk::models::UpdateModelConfig;
use sdk::providers::ProviderKind;
use serde_json::{Value, json};
use standin::Handle;

use super::adapters::model_of;
use super::{follow, new_chat};
use crate::support::TestServer;

/// A model that takes a budget for its thoughts; what else is asked hangs on no name.
const MODEL: &str = "claude-sonnet-4-5";

/// What no call of a first turn to a server that is not OpenAI's own tells, and why.
const UNTOLD: &[(&str, &str)] = &[
    ("compression_threshold", "is heeded here"),
    (
        "model_config.provider_options.anthropic.send_reasoning",
        "is about thoughts of earlier turns",
    ),
    (
        "model_config.provider_options.openai.reasoning_summary",
        "is a word of Responses",
    ),
    (
        "model_config.provider_options.openai.max_tool_calls",
        "is a word of Responses",
    ),
    (
        "model_config.provider_options.openai.search_context_size",
        "is about the search of Responses",
    ),
    (
        "model_config.provider_options.openai.allowed_domains",
        "is about the search of Responses",
    ),
];

/// What is typed into a field.
fn example(option: &CallOption) -> String {
    match option.kind {
        Kind::Whole(least, _) => least.max(9).to_string(),
        Kind::Decimal(..) => "0.25".to_owned(),
        Kind::Words | Kind::Domains => "example.com".to_owned(),
        Kind::Object => "{\"min_p\": 0.05}".to_owned(),
        Kind::Flag | Kind::OneOf(_) => option.kind.choices()[0].0.to_owned(),
    }
}

async fn fill_in(owner: &Client, id: ModelConfigId, option: &CallOption) {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("id", &id.to_string());
    form.append_pair("display_name", "");
    form.append_pair("context_limit", "200000");
    form.append_pair("prices[input]", "");
    form.append_pair("web_search[is_asked]", "true");
    form.append_pair("web_search[is_on]", "true");
    form.append_pair(&format!("options[{}]", option.field), &example(option));
    let request = owner
        .request(Method::POST, "/api/page/update_model_config")
        .unwrap()
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body = answer.text().await.unwrap();
    assert!(status.is_success(), "{}: {body}", option.field);
}

/// What the provider is asked beside the conversation.
async fn asked(owner: &Client, provider: &Handle, model: ModelConfigId) -> Value {
    let new = CreateChat {
        model_config_id: Some(model),
        ..new_chat("!text \"Done.\"")
    };
    let chat = owner.create_chat(&new).await.unwrap().id;
    let live = follow(owner, chat).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    let requests = provider.traffic().requests.into_iter().rev();
    let mut bodies = requests.map(|request| request.json());
    // A title's call offers no tools.
    let mut body = bodies.find(|body| body["tools"].is_array()).unwrap();
    let fields = body.as_object_mut().unwrap();
    fields.retain(|name, _| !["messages", "system"].contains(&name.as_str()));
    body
}

#[tokio::test]
async fn each_option_is_told_to_the_provider() {
    let server = TestServer::start().await;
    let provider = standin::start().await.unwrap();
    let owner = server.owner().await;
    for (kind, path) in [
        (ProviderKind::Anthropic, ""),
        (ProviderKind::OpenAi, "/v1"),
        (ProviderKind::OpenAiCompatible, "/v1"),
    ] {
        let base_url = format!("{}{path}", provider.base_url());
        let model = model_of(&owner, kind, &base_url).await;
        let bare = UpdateModelConfig {
            model: Some(MODEL.to_owned()),
            model_config: Some(serde_json::from_value(json!({})).unwrap()),
            ..UpdateModelConfig::default()
        };
        owner.update_model_config(model, &bare).await.unwrap();
        // With the search of the web on, as it is with every other option below.
        let untold = fields(kind).find(|option| option.field == "compression_threshold");
        fill_in(&owner, model, untold.unwrap()).await;
        let usual = asked(&owner, &provider, model).await;
        for option in fields(kind) {
            owner.update_model_config(model, &bare).await.unwrap();
            fill_in(&owner, model, option).await;
            let is_told = asked(&owner, &provider, model).await != usual;
            let is_silent = UNTOLD.iter().any(|(field, _)| *field == option.field);
            assert_eq!(is_told, !is_silent, "{} of {kind:?}", option.field);
        }
    }
}
