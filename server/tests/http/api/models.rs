use sdk::ids::{ModelConfigId, ProviderConfigId};
use sdk::models::{CreateModelConfig, UpdateModelConfig};
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateKeyPolicy};

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

async fn demo_provider(client: &sdk::client::Client) -> ProviderConfigId {
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
