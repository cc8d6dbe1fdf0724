//! Providers that owners add, against a server that speaks their protocols.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use sdk::models::UnavailableReason;
use sdk::users::Role;
use store::testing::TestDb;

use super::*;
use crate::testing::{TestPlatform, closed_address, on_both, open};

const KEY: &str = "sk-test-0123456789abcdef";

fn new(display_name: &str, base_url: &str, api_key: &str) -> CreateProviderConfig {
    CreateProviderConfig {
        provider: ProviderKind::OpenAi,
        display_name: Some(display_name.to_owned()),
        base_url: Some(base_url.to_owned()),
        api_key: Some(api_key.to_owned()),
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    }
}

async fn find(test: &TestPlatform, owner: &Actor, name: &str) -> Option<ProviderConfig> {
    let listed = test.platform.list_providers(owner).await.unwrap();
    listed
        .into_iter()
        .find(|provider| provider.display_name.starts_with(name))
}

#[tokio::test]
async fn a_key_goes_in_and_never_comes_out() {
    on_both(async |test| {
        let owner = test.owner().await;
        let standin = standin::start().await.unwrap();
        let provider = test
            .platform
            .create_provider(&owner, new("Mine", &standin.base_url(), KEY))
            .await
            .unwrap();
        assert!(provider.has_api_key);
        let listed = test.platform.list_providers(&owner).await.unwrap();
        assert!(!serde_json::to_string(&listed).unwrap().contains(KEY));
        let row = provider_configs::get(&test.platform.0.db, provider.id)
            .await
            .unwrap()
            .unwrap();
        assert!(!row.api_key_sealed.is_empty());
        assert!(
            !row.api_key_sealed
                .windows(KEY.len())
                .any(|window| window == KEY.as_bytes())
        );
        assert!(
            test.platform
                .test_provider(&owner, provider.id)
                .await
                .unwrap()
                .ok
        );
        assert!(!format!("{:?}", test.platform.0.registry).contains(KEY));

        let clear = UpdateProviderConfig {
            api_key: Some(String::new()),
            ..UpdateProviderConfig::default()
        };
        let cleared = test
            .platform
            .update_provider(&owner, provider.id, clear)
            .await
            .unwrap();
        assert!(!cleared.has_api_key);
        let catalogue = test.platform.list_models(&owner).await.unwrap();
        let entry = catalogue
            .providers
            .iter()
            .find(|entry| entry.id == provider.id)
            .unwrap();
        assert_eq!(
            entry.unavailable_reason,
            Some(UnavailableReason::MissingApiKey)
        );
        let asked = test
            .platform
            .test_provider(&owner, provider.id)
            .await
            .unwrap();
        assert!(
            !asked.ok && asked.message.contains("no API key"),
            "{}",
            asked.message
        );
    })
    .await;
}

#[tokio::test]
async fn a_test_tells_the_providers_own_words_and_a_change_needs_no_restart() {
    on_both(async |test| {
        let owner = test.owner().await;
        let standin = standin::start().await.unwrap();
        let request = new("Mine", &standin.base_url(), standin::WRONG_KEY);
        let id = test
            .platform
            .create_provider(&owner, request)
            .await
            .unwrap()
            .id;
        let asked = test.platform.test_provider(&owner, id).await.unwrap();
        assert!(!asked.ok);
        let words = asked.detail.unwrap();
        assert!(words.contains("Incorrect API key"), "{words}");
        assert_eq!(asked.status_code, Some(401));
        assert!(asked.message.ends_with('.'), "{}", asked.message);

        let fix = UpdateProviderConfig {
            api_key: Some(KEY.to_owned()),
            ..UpdateProviderConfig::default()
        };
        test.platform
            .update_provider(&owner, id, fix)
            .await
            .unwrap();
        let asked = test.platform.test_provider(&owner, id).await.unwrap();
        assert!(asked.ok, "{}", asked.message);
        assert!(
            asked
                .models
                .iter()
                .any(|model| model.model == "standin-large"),
            "{asked:?}"
        );

        let moved = UpdateProviderConfig {
            base_url: Some(closed_address().await),
            api_key: Some(KEY.to_owned()),
            ..UpdateProviderConfig::default()
        };
        test.platform
            .update_provider(&owner, id, moved)
            .await
            .unwrap();
        assert!(!test.platform.test_provider(&owner, id).await.unwrap().ok);
    })
    .await;
}

#[tokio::test]
async fn fields_are_checked() {
    on_both(async |test| {
        let owner = test.owner().await;
        let good = || new("Good", "http://127.0.0.1:1", "key");
        let long = "x".repeat(10_241);
        for (request, field) in [
            (
                CreateProviderConfig {
                    base_url: Some("ftp://x".to_owned()),
                    ..good()
                },
                "base_url",
            ),
            (
                CreateProviderConfig {
                    base_url: Some("/relative".to_owned()),
                    ..good()
                },
                "base_url",
            ),
            (
                CreateProviderConfig {
                    base_url: Some("http://user:pw@host".to_owned()),
                    ..good()
                },
                "base_url",
            ),
            (
                CreateProviderConfig {
                    base_url: Some("http://169.254.169.254".to_owned()),
                    ..good()
                },
                "base_url",
            ),
            (
                CreateProviderConfig {
                    api_key: Some(long),
                    ..good()
                },
                "api_key",
            ),
            (
                CreateProviderConfig {
                    api_key: Some("line\nbreak".to_owned()),
                    ..good()
                },
                "api_key",
            ),
            (
                CreateProviderConfig {
                    display_name: Some("x".repeat(65)),
                    ..good()
                },
                "display_name",
            ),
            (
                CreateProviderConfig {
                    provider: ProviderKind::OpenAiCompatible,
                    base_url: None,
                    ..good()
                },
                "base_url",
            ),
        ] {
            let refusal = test
                .platform
                .create_provider(&owner, request)
                .await
                .unwrap_err();
            assert_eq!(refusal.kind(), FailureKind::Invalid);
            assert_eq!(refusal.validations()[0].field, field);
        }
        let demo = CreateProviderConfig {
            provider: ProviderKind::Demo,
            ..good()
        };
        assert!(matches!(
            test.platform.create_provider(&owner, demo).await,
            Err(ProviderError::BuiltIn)
        ));
        let plain = CreateProviderConfig {
            display_name: None,
            base_url: None,
            ..good()
        };
        let made = test
            .platform
            .create_provider(&owner, plain.clone())
            .await
            .unwrap();
        assert_eq!(
            (made.display_name.as_str(), made.base_url.as_str()),
            ("OpenAI", "https://api.openai.com/v1")
        );
        let twin = test
            .platform
            .create_provider(&owner, plain)
            .await
            .unwrap_err();
        assert!(matches!(twin, ProviderError::NameTaken));
        let blank = UpdateProviderConfig {
            display_name: Some("  ".to_owned()),
            ..UpdateProviderConfig::default()
        };
        let same = test
            .platform
            .update_provider(&owner, made.id, blank)
            .await
            .unwrap();
        assert_eq!(same.display_name, "OpenAI");
    })
    .await;
}

#[tokio::test]
async fn members_get_no_provider_settings() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        assert_eq!(member.role, Role::Member);
        let made = test
            .platform
            .create_provider(&owner, new("Mine", "http://127.0.0.1:1", KEY))
            .await
            .unwrap();
        // What one may not see is not there; what one may not change is refused.
        let unseen = test.platform.list_providers(&member).await.unwrap_err();
        assert_eq!(unseen.kind(), FailureKind::NotFound);
        let outcomes = [
            test.platform
                .create_provider(&member, new("Other", "", ""))
                .await
                .err(),
            test.platform
                .update_provider(&member, made.id, UpdateProviderConfig::default())
                .await
                .err(),
            test.platform.delete_provider(&member, made.id).await.err(),
            test.platform.test_provider(&member, made.id).await.err(),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.unwrap().kind(), FailureKind::Forbidden);
        }
    })
    .await;
}

#[tokio::test]
async fn a_deleted_provider_is_gone_with_its_key() {
    on_both(async |test| {
        let owner = test.owner().await;
        let made = test
            .platform
            .create_provider(&owner, new("Mine", "http://127.0.0.1:1", KEY))
            .await
            .unwrap();
        test.platform
            .delete_provider(&owner, made.id)
            .await
            .unwrap();
        assert!(find(&test, &owner, "Mine").await.is_none());
        let row = provider_configs::get(&test.platform.0.db, made.id)
            .await
            .unwrap()
            .unwrap();
        assert!(row.deleted && row.api_key_sealed.is_empty());
        let again = test
            .platform
            .delete_provider(&owner, made.id)
            .await
            .unwrap_err();
        assert!(matches!(again, ProviderError::NotFound));
        let asked = test
            .platform
            .test_provider(&owner, made.id)
            .await
            .unwrap_err();
        assert!(matches!(asked, ProviderError::NotFound));
        test.platform
            .create_provider(&owner, new("Mine", "http://127.0.0.1:1", KEY))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_key_moved_to_another_row_does_not_open() {
    on_both(async |test| {
        let owner = test.owner().await;
        let standin = standin::start().await.unwrap();
        let one = test
            .platform
            .create_provider(&owner, new("One", &standin.base_url(), KEY))
            .await
            .unwrap();
        let two = test
            .platform
            .create_provider(&owner, new("Two", &standin.base_url(), KEY))
            .await
            .unwrap();
        let db = &test.platform.0.db;
        let stolen = provider_configs::get(db, one.id)
            .await
            .unwrap()
            .unwrap()
            .api_key_sealed;
        let row = provider_configs::get(db, two.id).await.unwrap().unwrap();
        let mut tx = db.begin().await.unwrap();
        provider_configs::save(
            &mut tx,
            &ProviderRow {
                api_key_sealed: stolen,
                ..row
            },
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert!(
            test.platform
                .test_provider(&owner, one.id)
                .await
                .unwrap()
                .ok
        );
        let asked = test.platform.test_provider(&owner, two.id).await.unwrap();
        assert!(
            !asked.ok && asked.message.contains("cannot be read"),
            "{}",
            asked.message
        );
    })
    .await;
}

#[tokio::test]
async fn with_another_encryption_key_everything_but_the_sealed_keys_works() {
    let standin = standin::start().await.unwrap();
    let database = TestDb::sqlite().await;
    let test = open(&database, |_| {}).await;
    let owner = test.owner().await;
    let made = test
        .platform
        .create_provider(&owner, new("Mine", &standin.base_url(), KEY))
        .await
        .unwrap();
    test.platform.shut_down().await;
    let other = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned();
    let test = open(&database, |options| {
        options.encryption_key = Some(other.clone().into());
    })
    .await;
    assert_eq!(test.platform.list_providers(&owner).await.unwrap().len(), 1);
    let asked = test.platform.test_provider(&owner, made.id).await.unwrap();
    assert!(
        !asked.ok && asked.message.contains("SWITCHYARD_ENCRYPTION_KEY"),
        "{}",
        asked.message
    );
    let again = UpdateProviderConfig {
        api_key: Some(KEY.to_owned()),
        ..UpdateProviderConfig::default()
    };
    test.platform
        .update_provider(&owner, made.id, again)
        .await
        .unwrap();
    assert!(
        test.platform
            .test_provider(&owner, made.id)
            .await
            .unwrap()
            .ok
    );
}

#[tokio::test]
async fn where_no_further_provider_fits_each_of_them_can_still_be_changed() {
    on_both(async |test| {
        let owner = test.owner().await;
        let url = closed_address().await;
        let create = async |number: usize| {
            let request = new(&format!("Provider {number}"), &url, KEY);
            test.platform.create_provider(&owner, request).await
        };
        let mut last = None;
        let refused = loop {
            let count = test.platform.list_providers(&owner).await.unwrap().len();
            match create(count).await {
                Ok(provider) => last = Some(provider),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, ProviderError::TooMany), "{refused}");
        let off = UpdateProviderConfig {
            enabled: Some(false),
            ..UpdateProviderConfig::default()
        };
        let last = last.unwrap();
        let changed = test.platform.update_provider(&owner, last.id, off).await;
        assert!(!changed.unwrap().enabled);
    })
    .await;
}
