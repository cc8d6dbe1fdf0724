//! Models, the default, and what members see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod prices;
mod several;

use chatd::ModelSource as _;
use sdk::ids::ProviderConfigId;
use sdk::models::{ModelCallConfig, ModelPrices};
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateProviderConfig};

use super::*;
use crate::testing::{TestPlatform, on_both};

async fn provider(test: &TestPlatform, owner: &Actor, name: &str) -> ProviderConfigId {
    let request = CreateProviderConfig {
        provider: ProviderKind::OpenAi,
        display_name: Some(name.to_owned()),
        base_url: Some("http://127.0.0.1:1".to_owned()),
        api_key: Some("key".to_owned()),
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    };
    test.platform
        .create_provider(owner, request)
        .await
        .unwrap()
        .id
}

fn new(provider_config_id: ProviderConfigId, model: &str) -> CreateModelConfig {
    CreateModelConfig {
        provider_config_id,
        model: model.to_owned(),
        display_name: None,
        enabled: None,
        is_default: None,
        context_limit: 100_000,
        compression_threshold: None,
        model_config: None,
    }
}

async fn add(
    test: &TestPlatform,
    owner: &Actor,
    provider: ProviderConfigId,
    model: &str,
) -> ModelConfig {
    test.platform
        .create_model_config(owner, new(provider, model))
        .await
        .unwrap()
}

async fn update(
    test: &TestPlatform,
    owner: &Actor,
    id: ModelConfigId,
    change: impl FnOnce(&mut UpdateModelConfig),
) -> Result<ModelConfig, ModelError> {
    let mut request = UpdateModelConfig::default();
    change(&mut request);
    test.platform.update_model_config(owner, id, request).await
}

async fn switch_provider(test: &TestPlatform, owner: &Actor, id: ProviderConfigId, enabled: bool) {
    let request = UpdateProviderConfig {
        enabled: Some(enabled),
        ..UpdateProviderConfig::default()
    };
    test.platform
        .update_provider(owner, id, request)
        .await
        .unwrap();
}

/// The default's identifier; there is never more than one.
async fn default(test: &TestPlatform, owner: &Actor) -> Option<String> {
    let listed = test.platform.list_model_configs(owner).await.unwrap();
    let defaults: Vec<_> = listed
        .into_iter()
        .filter(|model| model.is_default)
        .collect();
    assert!(defaults.len() <= 1, "{defaults:?}");
    assert!(defaults.iter().all(|model| model.enabled), "{defaults:?}");
    let stored = model_configs::get_default(&test.platform.0.db)
        .await
        .unwrap();
    let default = defaults.into_iter().next();
    assert_eq!(
        stored.map(|row| row.config.id),
        default.as_ref().map(|model| model.id)
    );
    default.map(|model| model.model)
}

#[tokio::test]
async fn one_offered_model_is_always_the_default() {
    on_both(async |test| {
        let owner = test.owner().await;
        let (one, two) = (
            provider(&test, &owner, "One").await,
            provider(&test, &owner, "Two").await,
        );
        assert_eq!(default(&test, &owner).await, None);
        let plain = add(&test, &owner, one, "plain").await;
        assert!(plain.is_default, "the first becomes it");
        let sonnet = add(&test, &owner, two, "claude-sonnet-9").await;
        assert!(
            !sonnet.is_default,
            "a better one takes nothing away by itself"
        );
        assert_eq!(default(&test, &owner).await.unwrap(), "plain");

        let unset = update(&test, &owner, plain.id, |request| {
            request.is_default = Some(false);
        })
        .await
        .unwrap();
        assert!(!unset.is_default);
        assert_eq!(default(&test, &owner).await.unwrap(), "claude-sonnet-9");
        update(&test, &owner, plain.id, |request| {
            request.is_default = Some(true);
        })
        .await
        .unwrap();
        assert_eq!(default(&test, &owner).await.unwrap(), "plain");

        update(&test, &owner, plain.id, |request| {
            request.enabled = Some(false);
        })
        .await
        .unwrap();
        assert_eq!(default(&test, &owner).await.unwrap(), "claude-sonnet-9");
        let only = update(&test, &owner, sonnet.id, |request| {
            request.is_default = Some(false);
        })
        .await
        .unwrap();
        assert!(only.is_default, "the only one stays it");

        update(&test, &owner, plain.id, |request| {
            request.enabled = Some(true);
        })
        .await
        .unwrap();
        switch_provider(&test, &owner, two, false).await;
        assert_eq!(default(&test, &owner).await.unwrap(), "plain");
        test.platform
            .delete_model_config(&owner, plain.id)
            .await
            .unwrap();
        assert_eq!(default(&test, &owner).await, None);
        switch_provider(&test, &owner, two, true).await;
        assert_eq!(default(&test, &owner).await.unwrap(), "claude-sonnet-9");
        test.platform.delete_provider(&owner, two).await.unwrap();
        assert_eq!(default(&test, &owner).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_defaults_at_once_one_holds() {
    on_both(async |test| {
        let owner = test.owner().await;
        let one = provider(&test, &owner, "One").await;
        let models = [
            add(&test, &owner, one, "a").await.id,
            add(&test, &owner, one, "b").await.id,
            add(&test, &owner, one, "c").await.id,
        ];
        for _ in 0..5 {
            let set = |id| update(&test, &owner, id, |request| request.is_default = Some(true));
            let (b, c) = tokio::join!(set(models[1]), set(models[2]));
            assert!(
                b.unwrap().is_default && c.unwrap().is_default,
                "each was it when it was set"
            );
            let found = default(&test, &owner).await.unwrap();
            assert!(["b", "c"].contains(&found.as_str()), "{found}");
            update(&test, &owner, models[0], |request| {
                request.is_default = Some(true);
            })
            .await
            .unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_offered_cannot_be_made_the_default() {
    on_both(async |test| {
        let owner = test.owner().await;
        let one = provider(&test, &owner, "One").await;
        let request = CreateModelConfig {
            enabled: Some(false),
            is_default: Some(true),
            ..new(one, "off")
        };
        let refusal = test
            .platform
            .create_model_config(&owner, request)
            .await
            .unwrap_err();
        assert_eq!(refusal.validations()[0].field, "is_default");
        let off = CreateModelConfig {
            enabled: Some(false),
            ..new(one, "off")
        };
        let off = test
            .platform
            .create_model_config(&owner, off)
            .await
            .unwrap();
        let refusal = update(&test, &owner, off.id, |request| {
            request.is_default = Some(true);
        })
        .await;
        assert_eq!(refusal.unwrap_err().kind(), FailureKind::Invalid);
        assert_eq!(default(&test, &owner).await, None);
    })
    .await;
}

#[tokio::test]
async fn members_see_what_is_offered_and_change_nothing() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let (one, two) = (
            provider(&test, &owner, "One").await,
            provider(&test, &owner, "Two").await,
        );
        let on = add(&test, &owner, one, "on").await;
        let off = CreateModelConfig {
            enabled: Some(false),
            ..new(one, "off")
        };
        let off = test
            .platform
            .create_model_config(&owner, off)
            .await
            .unwrap();
        add(&test, &owner, two, "of a provider that is off").await;
        switch_provider(&test, &owner, two, false).await;

        assert_eq!(
            test.platform
                .list_model_configs(&owner)
                .await
                .unwrap()
                .len(),
            3
        );
        let seen = test.platform.list_model_configs(&member).await.unwrap();
        assert_eq!(
            seen.iter().map(|model| model.id).collect::<Vec<_>>(),
            [on.id]
        );
        let catalogue = test.platform.list_models(&member).await.unwrap();
        assert_eq!(catalogue.providers.len(), 1);
        assert_eq!(catalogue.providers[0].models.len(), 1);

        let outcomes = [
            test.platform
                .create_model_config(&member, new(one, "mine"))
                .await
                .err(),
            update(&test, &member, off.id, |request| {
                request.enabled = Some(true);
            })
            .await
            .err(),
            test.platform
                .delete_model_config(&member, on.id)
                .await
                .err(),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.unwrap().kind(), FailureKind::Forbidden);
        }
    })
    .await;
}

#[tokio::test]
async fn fields_are_checked_and_defaults_filled_in() {
    on_both(async |test| {
        let owner = test.owner().await;
        let one = provider(&test, &owner, "One").await;
        let options = |options: ModelCallConfig| Some(options);
        let bad_price = ModelPrices {
            input_price_per_million_tokens: Some("-0.01".parse().unwrap()),
            ..ModelPrices::default()
        };
        let with = |config: ModelCallConfig| CreateModelConfig {
            model_config: options(config),
            ..new(one, "m")
        };
        for (request, field) in [
            (new(ProviderConfigId::generate(), "m"), "provider_config_id"),
            (new(one, "  "), "model"),
            (new(one, &"x".repeat(257)), "model"),
            (
                CreateModelConfig {
                    display_name: Some("x".repeat(129)),
                    ..new(one, "m")
                },
                "display_name",
            ),
            (
                CreateModelConfig {
                    context_limit: 0,
                    ..new(one, "m")
                },
                "context_limit",
            ),
            (
                CreateModelConfig {
                    context_limit: -1,
                    ..new(one, "m")
                },
                "context_limit",
            ),
            (
                CreateModelConfig {
                    compression_threshold: Some(101),
                    ..new(one, "m")
                },
                "compression_threshold",
            ),
            (
                with(ModelCallConfig {
                    temperature: Some(f32::NAN),
                    ..ModelCallConfig::default()
                }),
                "model_config.temperature",
            ),
            (
                with(ModelCallConfig {
                    max_output_tokens: Some(0),
                    ..ModelCallConfig::default()
                }),
                "model_config.max_output_tokens",
            ),
            (
                with(ModelCallConfig {
                    reasoning_effort: Some("much".to_owned()),
                    ..ModelCallConfig::default()
                }),
                "model_config.reasoning_effort",
            ),
            (
                with(ModelCallConfig {
                    cost: Some(bad_price),
                    ..ModelCallConfig::default()
                }),
                "model_config.cost.input_price_per_million_tokens",
            ),
        ] {
            let refusal = test
                .platform
                .create_model_config(&owner, request)
                .await
                .unwrap_err();
            assert_eq!(refusal.kind(), FailureKind::Invalid);
            assert_eq!(refusal.validations()[0].field, field);
        }
        let made = add(&test, &owner, one, "m").await;
        assert_eq!(
            (
                made.display_name.as_str(),
                made.compression_threshold,
                made.enabled
            ),
            ("m", 70, true)
        );
        let twin = test
            .platform
            .create_model_config(&owner, new(one, " m "))
            .await
            .unwrap_err();
        assert!(matches!(twin, ModelError::AlreadyThere));
        let free = ModelPrices {
            output_price_per_million_tokens: Some("0".parse().unwrap()),
            ..ModelPrices::default()
        };
        let config = ModelCallConfig {
            cost: Some(free),
            ..ModelCallConfig::default()
        };
        let changed = update(&test, &owner, made.id, |request| {
            request.model_config = Some(config.clone());
        })
        .await;
        assert_eq!(
            changed.unwrap().model_config,
            config,
            "zero stays zero, absent stays absent"
        );
        let gone = ModelConfigId::generate();
        assert!(matches!(
            update(&test, &owner, gone, |_| {}).await,
            Err(ModelError::NotFound)
        ));
        assert!(matches!(
            test.platform.delete_model_config(&owner, gone).await,
            Err(ModelError::NotFound)
        ));
    })
    .await;
}

#[tokio::test]
async fn the_daemon_gets_models_that_are_offered_and_reasons_for_the_others() {
    on_both(async |test| {
        let owner = test.owner().await;
        let one = provider(&test, &owner, "One").await;
        let made = add(&test, &owner, one, "m").await;
        let source =
            PlatformModels::new(test.platform.0.db.clone(), test.platform.0.registry.clone());
        let resolve = async |id| source.resolve(id, owner.user_id).await;
        let resolved = resolve(made.id).await.unwrap();
        assert_eq!(
            (resolved.model.id(), resolved.context_limit),
            ("m", 100_000)
        );

        let clear = UpdateProviderConfig {
            api_key: Some(String::new()),
            ..UpdateProviderConfig::default()
        };
        test.platform
            .update_provider(&owner, one, clear)
            .await
            .unwrap();
        assert_eq!(resolve(made.id).await.unwrap_err().kind, "missing_key");
        update(&test, &owner, made.id, |request| {
            request.enabled = Some(false);
        })
        .await
        .unwrap();
        assert_eq!(
            resolve(made.id).await.unwrap_err().kind,
            "provider_disabled"
        );
        test.platform
            .delete_model_config(&owner, made.id)
            .await
            .unwrap();
        let removed = resolve(made.id).await.unwrap_err();
        assert!(removed.message.contains("removed"), "{}", removed.message);
        assert!(!removed.retryable);
        let unknown = resolve(ModelConfigId::generate()).await.unwrap_err();
        assert!(unknown.message.contains("removed"), "{}", unknown.message);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_announced() {
    use store::notices::{Heard, Notice};
    on_both(async |test| {
        let owner = test.owner().await;
        let mut subscription = test.platform.notices().subscribe();
        let one = provider(&test, &owner, "One").await;
        let made = add(&test, &owner, one, "m").await;
        for (config, id) in [
            (ConfigKind::Providers, one.0),
            (ConfigKind::Models, made.id.0),
        ] {
            let Some(Heard::Notice(heard)) = subscription.next().await else {
                panic!("no notice")
            };
            assert_eq!(
                *heard,
                Notice::ConfigChanged {
                    config,
                    id: Some(id)
                }
            );
        }
    })
    .await;
}
