//! Whose key is used: what owners allow, and what people bring.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;

use chatd::ModelSource as _;
use sdk::ids::ModelConfigId;
use sdk::models::{CreateModelConfig, UnavailableReason};
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateKeyPolicy, UpdateProviderConfig};

use sdk::users::Role;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::Failure as _;
use crate::models::PlatformModels;
use crate::testing::{TestPlatform, on_both};

fn policy(central: bool, own: bool, fallback: bool) -> UpdateKeyPolicy {
    UpdateKeyPolicy {
        central_api_key_enabled: Some(central),
        allow_user_api_key: Some(own),
        allow_central_api_key_fallback: Some(fallback),
    }
}

fn own_key(api_key: &str) -> PutUserApiKey {
    PutUserApiKey {
        api_key: api_key.to_owned(),
    }
}

/// What comes of a person's call. The deployment's key is a wrong one and people's own are right, so it tells which was used.
async fn call(test: &TestPlatform, user: &Actor, model: ModelConfigId) -> &'static str {
    let (db, registry) = (&test.platform.0.db, &test.platform.0.registry);
    let source = PlatformModels::new(db.clone(), registry.clone());
    let resolved = match source.resolve(model, user.user_id).await {
        Ok(resolved) => resolved,
        Err(error) if error.kind == "missing_key" => return "no key",
        Err(error) => panic!("{error:?}"),
    };
    let request = llm::Request {
        messages: Arc::new(vec![llm::Message::user("Hello")]),
        ..llm::Request::default()
    };
    let answer = resolved.model.stream(request, CancellationToken::new());
    match llm::collect(answer).await {
        Ok(_) => "own key",
        Err(error) if error.kind == llm::ErrorKind::Auth => "deployment's key",
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn whose_key_is_used_is_what_owners_allow_and_people_bring() {
    on_both(async |test| {
        let owner = test.owner().await;
        for name in ["mia", "sam"] {
            test.add(&owner, name, Role::Member).await;
        }
        let (mia, sam) = (test.sign_in("mia").await, test.sign_in("sam").await);
        let platform = &test.platform;
        let standin = standin::start().await.unwrap();
        let provider = CreateProviderConfig {
            provider: ProviderKind::OpenAi,
            display_name: Some("Mine".to_owned()),
            base_url: Some(standin.base_url()),
            api_key: Some(standin::WRONG_KEY.to_owned()),
            enabled: None,
            key_policy: UpdateKeyPolicy::default(),
        };
        let id = platform.create_provider(&owner, provider).await.unwrap().id;
        let model = CreateModelConfig {
            provider_config_id: id,
            model: "m".to_owned(),
            display_name: None,
            enabled: None,
            is_default: None,
            context_limit: 100_000,
            compression_threshold: None,
            model_config: None,
        };
        let model = platform
            .create_model_config(&owner, model)
            .await
            .unwrap()
            .id;
        let allow = async |change: UpdateKeyPolicy| {
            let change = UpdateProviderConfig {
                key_policy: change,
                ..UpdateProviderConfig::default()
            };
            platform.update_provider(&owner, id, change).await
        };
        let offered = async |user: &Actor| {
            let catalogue = platform.list_models(user).await.unwrap();
            let mut entries = catalogue.providers.into_iter();
            entries
                .find(|entry| entry.id == id)
                .unwrap()
                .unavailable_reason
        };

        // As long as owners allow none, people bring none.
        assert_eq!(platform.list_user_providers(&mia).await.unwrap(), []);
        let refused = platform.put_user_api_key(&mia, id, own_key("sk-mia")).await;
        assert!(
            matches!(refused, Err(ProviderError::NoOwnKeys)),
            "{refused:?}"
        );
        assert_eq!(call(&test, &mia, model).await, "deployment's key");

        for (central, own, fallback, field) in [
            (false, false, false, "central_api_key_enabled"),
            (true, false, true, "allow_central_api_key_fallback"),
            (false, true, true, "allow_central_api_key_fallback"),
        ] {
            let refused = allow(policy(central, own, fallback)).await.unwrap_err();
            assert_eq!(refused.validations()[0].field, field);
        }

        // Own keys alone: who has none cannot call.
        allow(policy(true, true, false)).await.unwrap();
        let listed = platform.list_user_providers(&mia).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert!(!listed[0].has_user_api_key && !listed[0].has_central_api_key_fallback);
        assert_eq!(
            offered(&mia).await,
            Some(UnavailableReason::UserApiKeyRequired)
        );
        assert_eq!(call(&test, &mia, model).await, "no key");
        for (wrong, words) in [
            ("", "Enter a key"),
            ("a b", "spaces"),
            (&"x".repeat(10_241), "10,240"),
        ] {
            let refused = platform.put_user_api_key(&mia, id, own_key(wrong)).await;
            let refused = refused.unwrap_err().validations();
            assert_eq!(refused[0].field, "api_key");
            assert!(refused[0].detail.contains(words), "{}", refused[0].detail);
        }
        let put = platform
            .put_user_api_key(&mia, id, own_key("sk-mia"))
            .await
            .unwrap();
        assert!(put.has_user_api_key);
        assert!(!serde_json::to_string(&put).unwrap().contains("sk-mia"));
        assert_eq!(offered(&mia).await, None);
        assert_eq!(call(&test, &mia, model).await, "own key");
        // It is nobody else's.
        assert!(!platform.list_user_providers(&sam).await.unwrap()[0].has_user_api_key);
        assert_eq!(call(&test, &sam, model).await, "no key");

        // With the fallback, others use the deployment's.
        allow(policy(true, true, true)).await.unwrap();
        assert!(platform.list_user_providers(&sam).await.unwrap()[0].has_central_api_key_fallback);
        assert_eq!(call(&test, &sam, model).await, "deployment's key");
        assert_eq!(call(&test, &mia, model).await, "own key");

        // A key that nobody uses for a while leaves the memory with the next call of anybody, and is read again when needed.
        let registry = &platform.0.registry;
        assert_eq!(registry.own_keys_in_memory(), 1);
        registry.let_own_keys_rest(std::time::Duration::from_mins(16));
        assert_eq!(call(&test, &sam, model).await, "deployment's key");
        assert_eq!(registry.own_keys_in_memory(), 0);
        assert_eq!(call(&test, &mia, model).await, "own key");

        // The key stays when the owner takes the permission back, is not used, and can still be removed.
        allow(policy(true, false, false)).await.unwrap();
        assert_eq!(call(&test, &mia, model).await, "deployment's key");
        let listed = platform.list_user_providers(&mia).await.unwrap();
        assert!(listed[0].has_user_api_key && !listed[0].allows_user_api_key);
        assert_eq!(platform.list_user_providers(&sam).await.unwrap(), []);
        platform.delete_user_api_key(&mia, id).await.unwrap();
        assert_eq!(platform.list_user_providers(&mia).await.unwrap(), []);
        let again = platform.delete_user_api_key(&mia, id).await;
        assert!(matches!(again, Err(ProviderError::NoOwnKeys)), "{again:?}");
        let unknown = ProviderConfigId::generate();
        let missing = platform
            .put_user_api_key(&mia, unknown, own_key("sk-mia"))
            .await;
        assert!(
            matches!(missing, Err(ProviderError::NotFound)),
            "{missing:?}"
        );
        // It goes with its provider.
        allow(policy(true, true, true)).await.unwrap();
        platform
            .put_user_api_key(&mia, id, own_key("sk-mia"))
            .await
            .unwrap();
        let moved = UpdateProviderConfig {
            base_url: Some("https://elsewhere.example".to_owned()),
            api_key: Some(standin::WRONG_KEY.to_owned()),
            ..UpdateProviderConfig::default()
        };
        platform.update_provider(&owner, id, moved).await.unwrap();
        let listed = platform.list_user_providers(&mia).await.unwrap();
        assert!(
            !listed[0].has_user_api_key,
            "no key goes where nobody sent it"
        );
        let again = platform.put_user_api_key(&mia, id, own_key("sk-mia"));
        again.await.unwrap();
        platform.delete_provider(&owner, id).await.unwrap();
        let keys = store::user_provider_keys::list(&platform.0.db, mia.user_id).await;
        assert_eq!(keys.unwrap(), []);
    })
    .await;
}
