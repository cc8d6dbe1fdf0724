use sdk::ids::ProviderConfigId;
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateProviderConfig};

use crate::support::{TestServer, refusal};

fn provider(base_url: &str) -> CreateProviderConfig {
    CreateProviderConfig {
        provider: ProviderKind::OpenAiCompatible,
        display_name: Some("Workshop".into()),
        base_url: Some(base_url.into()),
        api_key: Some("sk-very-secret".into()),
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    }
}

#[tokio::test]
async fn a_key_goes_in_and_never_comes_out() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let created = owner
        .create_provider(&provider("http://127.0.0.1:9/v1"))
        .await
        .unwrap();
    assert!(created.has_api_key);
    let listed = owner.list_providers().await.unwrap();
    assert!(listed.iter().any(|provider| provider.id == created.id));
    assert!(
        !serde_json::to_string(&listed)
            .unwrap()
            .contains("sk-very-secret")
    );
    let clear = UpdateProviderConfig {
        api_key: Some(String::new()),
        ..UpdateProviderConfig::default()
    };
    assert!(
        !owner
            .update_provider(created.id, &clear)
            .await
            .unwrap()
            .has_api_key
    );
    owner.delete_provider(created.id).await.unwrap();
    assert_eq!(
        owner
            .delete_provider(created.id)
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
    let database = std::fs::read(server.data_dir().join("switchyard.db")).unwrap();
    assert!(
        !database
            .windows(14)
            .any(|window| window == b"sk-very-secret")
    );
}

#[tokio::test]
async fn a_provider_that_is_down_is_an_answer_and_not_an_error() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let created = owner
        .create_provider(&provider("http://127.0.0.1:9/v1"))
        .await
        .unwrap();
    let test = owner.test_provider(created.id).await.unwrap();
    assert!(!test.ok);
    assert!(!test.message.contains("sk-very-secret"), "{}", test.message);
}

#[tokio::test]
async fn wrong_addresses_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    insta::assert_json_snapshot!(refusal(
        owner.create_provider(&provider("ftp://models")).await
    ));
}

#[tokio::test]
async fn members_have_no_business_here() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    insta::assert_json_snapshot!(refusal(member.list_providers().await));
    let unknown = ProviderConfigId::generate();
    assert_eq!(
        member.test_provider(unknown).await.unwrap_err().status(),
        Some(403)
    );
    assert_eq!(
        server
            .owner()
            .await
            .test_provider(unknown)
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
}
