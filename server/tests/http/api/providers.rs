use sdk::ids::ProviderConfigId;
use sdk::providers::{
    CreateProviderConfig, ProviderKind, PutUserApiKey, UpdateKeyPolicy, UpdateProviderConfig,
};

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
async fn a_stored_key_is_not_sent_to_another_server() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let created = owner
        .create_provider(&provider("https://models.example/v1"))
        .await
        .unwrap();
    let update = |base_url: &str, api_key: Option<&str>| UpdateProviderConfig {
        base_url: Some(base_url.to_owned()),
        api_key: api_key.map(str::to_owned),
        ..UpdateProviderConfig::default()
    };
    for elsewhere in [
        "https://thief.example/v1",
        "https://models.example:8443/v1",
        "http://models.example/v1",
        "https://models.example.thief.example/v1",
        "https://models.example./v1",
    ] {
        let moved = owner
            .update_provider(created.id, &update(elsewhere, None))
            .await;
        let refusal = refusal(moved);
        assert_eq!(refusal["status"], 400, "{elsewhere}: {refusal}");
        let at = &refusal["body"]["validations"][0];
        assert_eq!(at["field"], "api_key", "{refusal}");
        assert!(
            at["detail"]
                .as_str()
                .unwrap()
                .starts_with("Give the key again"),
            "{refusal}"
        );
    }
    let listed = owner.list_providers().await.unwrap();
    let unchanged = listed.iter().find(|listed| listed.id == created.id);
    assert_eq!(unchanged.unwrap().base_url, "https://models.example/v1");
    // The same server, differently written or by another path.
    for same in ["https://MODELS.example:443/v1", "https://models.example/v2"] {
        let kept = owner
            .update_provider(created.id, &update(same, None))
            .await
            .unwrap();
        assert!(kept.has_api_key && kept.base_url == same);
    }
    for (key, has_key) in [("sk-another", true), ("", false)] {
        let moved = update(&format!("https://{has_key}.example/v1"), Some(key));
        let moved = owner.update_provider(created.id, &moved).await.unwrap();
        assert_eq!(moved.has_api_key, has_key);
    }
    let free = update("https://models.example/v1", None);
    owner.update_provider(created.id, &free).await.unwrap();
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

#[tokio::test]
async fn a_persons_own_key_goes_in_and_never_comes_out() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let member = server.member("mia").await;
    let open = CreateProviderConfig {
        key_policy: UpdateKeyPolicy {
            allow_user_api_key: Some(true),
            ..UpdateKeyPolicy::default()
        },
        ..provider("http://127.0.0.1:9/v1")
    };
    let open = owner.create_provider(&open).await.unwrap();
    let wire = serde_json::to_value(&open).unwrap();
    assert_eq!(wire["allow_user_api_key"], true);
    assert_eq!(wire["central_api_key_enabled"], true);
    assert_eq!(wire["allow_central_api_key_fallback"], false);
    let key = |api_key: &str| PutUserApiKey {
        api_key: api_key.to_owned(),
    };
    let put = member
        .put_user_api_key(open.id, &key("sk-of-mia-alone"))
        .await;
    assert!(put.unwrap().has_user_api_key);
    let listed = member.list_user_providers().await.unwrap();
    assert!(listed[0].has_user_api_key && !listed[0].has_central_api_key_fallback);
    assert!(!owner.list_user_providers().await.unwrap()[0].has_user_api_key);
    let empty = member.put_user_api_key(open.id, &key("")).await;
    assert_eq!(refusal(empty)["status"], 400);
    let unknown = member
        .put_user_api_key(ProviderConfigId::generate(), &key("k"))
        .await;
    assert_eq!(refusal(unknown)["status"], 404);
    let database = std::fs::read(server.data_dir().join("switchyard.db")).unwrap();
    assert!(
        !database
            .windows(15)
            .any(|window| window == b"sk-of-mia-alone")
    );
    // What a form shows of the provider's public address is no other address.
    let public = CreateProviderConfig {
        provider: ProviderKind::OpenAi,
        display_name: Some("Public".into()),
        base_url: None,
        key_policy: UpdateKeyPolicy {
            allow_user_api_key: Some(true),
            ..UpdateKeyPolicy::default()
        },
        ..provider("")
    };
    let public = owner.create_provider(&public).await.unwrap();
    let put = member.put_user_api_key(public.id, &key("sk-of-mia")).await;
    put.unwrap();
    let shown = UpdateProviderConfig {
        base_url: Some(public.base_url),
        ..UpdateProviderConfig::default()
    };
    owner.update_provider(public.id, &shown).await.unwrap();
    let listed = member.list_user_providers().await.unwrap();
    assert!(listed.iter().all(|provider| provider.has_user_api_key));
    member.delete_user_api_key(open.id).await.unwrap();
    assert!(!member.list_user_providers().await.unwrap()[0].has_user_api_key);
}
