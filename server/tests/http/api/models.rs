use reqwest::{Method, StatusCode};
use sdk::client::Client;
use sdk::ids::{ModelConfigId, ProviderConfigId};
use sdk::models::{CreateModelConfig, UpdateModelConfig};
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateKeyPolicy};

use serde_json::{Value, json};

use crate::support::{TestServer, refusal};

fn model(provider_config_id: ProviderConfigId) -> CreateModelConfig {
    CreateModelConfig {
        provider_config_id,
        model: "workshop-1".into(),
        display_name: None,
        enabled: None,
        is_default: None,
        context_limit: 8192,
        compression_threshold: None,
        model_config: None,
    }
}

async fn demo_provider(client: &Client) -> ProviderConfigId {
    let providers = client.list_providers().await.unwrap();
    providers
        .iter()
        .find(|provider| provider.provider == ProviderKind::Demo)
        .unwrap()
        .id
}

#[tokio::test]
async fn the_demo_model_is_there_without_any_key() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let catalogue = member.list_models().await.unwrap();
    let demo = catalogue
        .providers
        .iter()
        .find(|provider| provider.provider == ProviderKind::Demo)
        .unwrap();
    assert!(demo.available && demo.models.iter().any(|model| model.is_default));
}

#[tokio::test]
async fn an_owner_adds_changes_and_removes_a_model() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let created = owner
        .create_model_config(&model(demo_provider(&owner).await))
        .await
        .unwrap();
    let change = UpdateModelConfig {
        enabled: Some(false),
        ..UpdateModelConfig::default()
    };
    assert!(
        !owner
            .update_model_config(created.id, &change)
            .await
            .unwrap()
            .enabled
    );
    let member = server.member("mia").await;
    assert!(
        member
            .list_model_configs()
            .await
            .unwrap()
            .iter()
            .all(|model| model.id != created.id)
    );
    assert!(
        owner
            .list_model_configs()
            .await
            .unwrap()
            .iter()
            .any(|model| model.id == created.id)
    );
    owner.delete_model_config(created.id).await.unwrap();
    assert_eq!(
        owner
            .delete_model_config(created.id)
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
}

#[tokio::test]
async fn wrong_models_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let unknown_provider = model(ProviderConfigId::generate());
    insta::assert_json_snapshot!(
        "unknown_provider",
        refusal(owner.create_model_config(&unknown_provider).await)
    );
    let mut no_context = model(demo_provider(&owner).await);
    no_context.context_limit = 0;
    insta::assert_json_snapshot!(
        "no_context",
        refusal(owner.create_model_config(&no_context).await)
    );
    let change = UpdateModelConfig::default();
    assert_eq!(
        owner
            .update_model_config(ModelConfigId::generate(), &change)
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
    let member = server.member("mia").await;
    assert_eq!(
        member
            .create_model_config(&unknown_provider)
            .await
            .unwrap_err()
            .status(),
        Some(403)
    );
}

#[tokio::test]
async fn list_prices_are_for_owners_and_price_nothing_by_themselves() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    let listed = owner.list_prices().await.unwrap();
    let known = listed.first().unwrap();
    assert!(known.prices.input_price_per_million_tokens.is_some());
    let refused = member.list_prices().await.unwrap_err();
    assert_eq!(refused.status(), Some(404));
    let refused = server.anonymous().list_prices().await.unwrap_err();
    assert_eq!(refused.status(), Some(401));

    let provider = CreateProviderConfig {
        provider: known.provider,
        display_name: Some("Listed".to_owned()),
        base_url: Some("http://127.0.0.1:1".to_owned()),
        api_key: Some("key".to_owned()),
        enabled: None,
        key_policy: UpdateKeyPolicy::default(),
    };
    let provider = owner.create_provider(&provider).await.unwrap();
    let named = CreateModelConfig {
        model: known.model.clone(),
        ..model(provider.id)
    };
    let made = owner.create_model_config(&named).await.unwrap();
    assert!(known.is_of(made.provider, &made.model));
    assert_eq!(made.model_config.cost, None);
}

/// What the page's form of a model sends, and the answer.
async fn save(client: &Client, id: ModelConfigId, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("id", &id.to_string());
    form.append_pair("display_name", "Named");
    form.append_pair("context_limit", "200000");
    form.append_pair("prices[input]", "3");
    form.extend_pairs(fields);
    let request = client
        .request(Method::POST, "/api/page/update_model_config")
        .unwrap()
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish());
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

const BUDGET: &str = "options[model_config.provider_options.anthropic.thinking.budget_tokens]";

#[tokio::test]
async fn the_form_of_a_model_sets_what_was_changed_in_it() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let provider = CreateProviderConfig {
        provider: ProviderKind::Anthropic,
        display_name: None,
        base_url: Some("http://127.0.0.1:1".to_owned()),
        api_key: Some("key".to_owned()),
        enabled: None,
        key_policy: UpdateKeyPolicy::default(),
    };
    let provider = owner.create_provider(&provider).await.unwrap();
    let config = json!({
        "temperature": 0.7, "presence_penalty": 0.5,
        "provider_options": {"anthropic": {"effort": "low"}, "google": {"cached_content": "x"}},
    });
    let new = CreateModelConfig {
        model_config: Some(serde_json::from_value(config).unwrap()),
        ..model(provider.id)
    };
    let id = owner.create_model_config(&new).await.unwrap().id;

    let filled = [
        ("options_before[model_config.temperature]", "0.7"),
        ("options[model_config.temperature]", "0.7"),
        (
            "options_before[model_config.provider_options.anthropic.effort]",
            "low",
        ),
        (
            "options[model_config.provider_options.anthropic.effort]",
            "",
        ),
        (BUDGET, "2048"),
        ("options[model_config.top_p]", ""),
        ("options[compression_threshold]", "50"),
        (
            "options[model_config.provider_options.anthropic.blocked_domains]",
            "a.example\r\nb.example",
        ),
    ];
    // Set by somebody else while the form was open.
    let meanwhile = json!({
        "temperature": 0.25, "presence_penalty": 0.5,
        "provider_options": {"anthropic": {"effort": "low"}, "google": {"cached_content": "x"}},
    });
    let change = UpdateModelConfig {
        model_config: Some(serde_json::from_value(meanwhile).unwrap()),
        ..UpdateModelConfig::default()
    };
    owner.update_model_config(id, &change).await.unwrap();
    let (status, answer) = save(&owner, id, &filled).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let known = async || {
        let models = owner.list_model_configs().await.unwrap();
        models.into_iter().find(|model| model.id == id).unwrap()
    };
    let saved = known().await;
    assert_eq!(saved.compression_threshold, 50);
    let expected = json!({
        "temperature": 0.25, "presence_penalty": 0.5, "cost": {"input_price_per_million_tokens": "3"},
        "provider_options": {
            "anthropic": {"thinking": {"budget_tokens": 2048}, "blocked_domains": ["a.example", "b.example"]},
            "google": {"cached_content": "x"},
        },
    });
    assert_eq!(
        saved.model_config,
        serde_json::from_value(expected).unwrap()
    );

    let wrong = [
        (BUDGET, "7"),
        ("options[model_config.temperature]", "hot"),
        ("options[model_config.cost]", "0"),
    ];
    let (status, refused) = save(&owner, id, &wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fields = refused["validations"].as_array().unwrap().iter();
    let fields: Vec<_> = fields.map(|refused| &refused["field"]).collect();
    assert_eq!(
        fields,
        [
            "model_config.cost",
            "model_config.provider_options.anthropic.thinking.budget_tokens",
            "model_config.temperature",
        ]
    );
    assert_eq!(known().await, saved);
    let member = server.member("mia").await;
    let (status, _) = save(&member, id, &[(BUDGET, "4096")]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(known().await, saved);
}
