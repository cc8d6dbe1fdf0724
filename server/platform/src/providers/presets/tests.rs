//! Providers that are there by themselves, and the demo.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use sdk::models::UnavailableReason;
use sdk::providers::{ProviderConfig, UpdateProviderConfig};
use store::testing::TestDb;

use super::*;
use crate::testing::{TestPlatform, closed_address, on_both, open};
use crate::{Actor, Failure as _, FailureKind, PlatformOptions};

const KEY: &str = "sk-test-0123456789abcdef";

fn openai_at(base_url: &str) -> impl Fn(&mut PlatformOptions) {
    move |options| {
        options.environment = EnvironmentPresets {
            openai_api_key: Some(KEY.to_owned().into()),
            openai_base_url: Some(base_url.to_owned()),
            ..EnvironmentPresets::default()
        };
    }
}

async fn switch(
    test: &TestPlatform,
    owner: &Actor,
    id: ProviderConfigId,
    enabled: bool,
) -> ProviderConfig {
    let request = UpdateProviderConfig {
        enabled: Some(enabled),
        ..UpdateProviderConfig::default()
    };
    test.platform
        .update_provider(owner, id, request)
        .await
        .unwrap()
}

async fn find(test: &TestPlatform, owner: &Actor, name: &str) -> Option<ProviderConfig> {
    let listed = test.platform.list_providers(owner).await.unwrap();
    listed
        .into_iter()
        .find(|provider| provider.display_name.starts_with(name))
}

#[tokio::test]
async fn without_any_provider_the_demo_is_offered_as_what_it_is() {
    on_both(async |test| {
        let owner = test.owner().await;
        test.platform.start().await.unwrap();
        let catalogue = test.platform.list_models(&owner).await.unwrap();
        assert_eq!(catalogue.providers.len(), 1);
        let demo = &catalogue.providers[0];
        assert_eq!(demo.display_name, "Demo (scripted, no AI)");
        assert!(demo.available);
        assert_eq!(demo.models.len(), 1);
        assert!(demo.models[0].is_default);
        let provider = find(&test, &owner, "Demo").await.unwrap();
        assert_eq!(provider.source, ProviderSource::BuiltIn);
        test.platform.start_presets().await.unwrap();
        assert_eq!(
            test.platform.list_providers(&owner).await.unwrap().len(),
            1,
            "a second start adds another"
        );
    })
    .await;
}

#[tokio::test]
async fn the_environment_brings_a_provider_with_its_models_and_its_key_stays_outside() {
    let standin = standin::start().await.unwrap();
    let database = TestDb::sqlite().await;
    let test = open(&database, openai_at(&standin.base_url())).await;
    let owner = test.owner().await;
    test.platform.start().await.unwrap();
    let provider = find(&test, &owner, "OpenAI").await.unwrap();
    assert_eq!(provider.source, ProviderSource::EnvPreset);
    assert!(provider.has_api_key);
    let catalogue = test.platform.list_models(&owner).await.unwrap();
    assert_eq!(catalogue.providers.len(), 1, "the demo is still offered");
    assert!(catalogue.providers[0].models.len() >= 2);
    let defaults = catalogue.providers[0]
        .models
        .iter()
        .filter(|model| model.is_default);
    assert_eq!(defaults.count(), 1);
    assert!(
        test.platform
            .test_provider(&owner, provider.id)
            .await
            .unwrap()
            .ok
    );

    let debug = format!(
        "{:?}{:?}{:?}",
        test.platform, test.platform.0.registry, test.options
    );
    assert!(!debug.contains(KEY), "{debug}");
    test.platform.shut_down().await;
    let file = std::fs::read(database.folder().join("switchyard.db")).unwrap();
    assert!(
        !file
            .windows(KEY.len())
            .any(|window| window == KEY.as_bytes())
    );
}

#[tokio::test]
async fn a_preset_that_is_gone_comes_back_as_the_same() {
    let standin = standin::start().await.unwrap();
    let database = TestDb::sqlite().await;
    let test = open(&database, openai_at(&standin.base_url())).await;
    let owner = test.owner().await;
    test.platform.start().await.unwrap();
    let models = async |test: &TestPlatform| {
        let listed = test.platform.list_model_configs(&owner).await.unwrap();
        let others = listed
            .into_iter()
            .filter(|model| model.provider != ProviderKind::Demo);
        others.map(|model| model.id).collect::<Vec<_>>()
    };
    let first = models(&test).await;
    assert!(!first.is_empty());
    let deleted = first[0];
    test.platform
        .delete_model_config(&owner, deleted)
        .await
        .unwrap();
    test.platform.shut_down().await;

    let test = open(&database, |_| {}).await;
    test.platform.start().await.unwrap();
    assert!(models(&test).await.is_empty());
    assert!(find(&test, &owner, "OpenAI").await.is_none());
    let catalogue = test.platform.list_models(&owner).await.unwrap();
    assert_eq!(
        catalogue.providers[0].provider,
        ProviderKind::Demo,
        "the demo steps in"
    );
    test.platform.shut_down().await;

    let test = open(&database, openai_at(&standin.base_url())).await;
    test.platform.start().await.unwrap();
    assert_eq!(
        models(&test).await,
        first[1..],
        "what an owner deleted came back"
    );
    let catalogue = test.platform.list_models(&owner).await.unwrap();
    assert_eq!(catalogue.providers.len(), 1, "the demo stayed");
}

#[tokio::test]
async fn an_owner_may_keep_the_demo_beside_others() {
    let standin = standin::start().await.unwrap();
    let database = TestDb::sqlite().await;
    let test = open(&database, openai_at(&standin.base_url())).await;
    let owner = test.owner().await;
    test.platform.start().await.unwrap();
    let demo = find(&test, &owner, "Demo").await.unwrap();
    assert!(!demo.enabled);
    assert!(switch(&test, &owner, demo.id, true).await.enabled);
    let catalogue = test.platform.list_models(&owner).await.unwrap();
    let is_default =
        |entry: &sdk::models::CatalogueProvider| entry.models.iter().any(|model| model.is_default);
    let default = catalogue
        .providers
        .iter()
        .find(|entry| is_default(entry))
        .unwrap();
    assert_ne!(
        default.provider,
        ProviderKind::Demo,
        "switching it on makes it nobody's default"
    );
    test.platform.shut_down().await;
    let test = open(&database, openai_at(&standin.base_url())).await;
    test.platform.start().await.unwrap();
    assert!(
        find(&test, &owner, "Demo").await.unwrap().enabled,
        "a restart forgot the choice"
    );
}

#[tokio::test]
async fn an_owner_may_switch_the_demo_off_for_good() {
    on_both(async |test| {
        let owner = test.owner().await;
        test.platform.start().await.unwrap();
        let demo = find(&test, &owner, "Demo").await.unwrap();
        switch(&test, &owner, demo.id, false).await;
        test.platform.start_presets().await.unwrap();
        assert!(
            test.platform
                .list_models(&owner)
                .await
                .unwrap()
                .providers
                .is_empty()
        );
        let listed = test.platform.list_model_configs(&owner).await.unwrap();
        assert!(
            listed.iter().all(|model| !model.is_default),
            "nothing is offered, so nothing is the default"
        );
        switch(&test, &owner, demo.id, true).await;
        let listed = test.platform.list_model_configs(&owner).await.unwrap();
        assert!(listed[0].is_default);
    })
    .await;
}

#[tokio::test]
async fn ollama_is_found_and_a_silent_port_is_not_waited_for() {
    let standin = standin::start().await.unwrap();
    let database = TestDb::sqlite().await;
    let url = standin.base_url();
    let test = open(&database, |options| options.ollama_url = Some(url.clone())).await;
    let owner = test.owner().await;
    test.platform.start().await.unwrap();
    let ollama = find(&test, &owner, "Ollama").await.unwrap();
    assert_eq!(
        (ollama.provider, ollama.source),
        (ProviderKind::OpenAiCompatible, ProviderSource::EnvPreset)
    );
    assert!(!ollama.has_api_key);
    let catalogue = test.platform.list_models(&owner).await.unwrap();
    let entry = catalogue
        .providers
        .iter()
        .find(|entry| entry.id == ollama.id)
        .unwrap();
    assert!(entry.available && !entry.models.is_empty());
    test.platform.shut_down().await;

    let closed = closed_address().await;
    let test = open(&database, |options| {
        options.ollama_url = Some(closed.clone());
    })
    .await;
    test.platform.start().await.unwrap();
    assert!(find(&test, &owner, "Ollama").await.is_none());
}

#[tokio::test]
async fn a_preset_that_does_not_answer_is_there_and_says_so() {
    let closed = closed_address().await;
    let database = TestDb::sqlite().await;
    let test = open(&database, openai_at(&closed)).await;
    let owner = test.owner().await;
    test.platform.start().await.unwrap();
    let catalogue = test.platform.list_models(&owner).await.unwrap();
    let openai = catalogue
        .providers
        .iter()
        .find(|entry| entry.provider == ProviderKind::OpenAi)
        .unwrap();
    assert_eq!(
        openai.unavailable_reason,
        Some(UnavailableReason::FetchFailed)
    );
    let demo = catalogue
        .providers
        .iter()
        .find(|entry| entry.provider == ProviderKind::Demo)
        .unwrap();
    assert!(
        demo.models[0].is_default,
        "there is something to try out meanwhile"
    );
    test.platform.shut_down().await;
}

#[tokio::test]
async fn presets_and_the_demo_can_be_switched_and_nothing_else() {
    let standin = standin::start().await.unwrap();
    let database = TestDb::sqlite().await;
    let test = open(&database, openai_at(&standin.base_url())).await;
    let owner = test.owner().await;
    test.platform.start().await.unwrap();
    for (name, fails) in [("OpenAI", "environment"), ("Demo", "built into")] {
        let id = find(&test, &owner, name).await.unwrap().id;
        let request = UpdateProviderConfig {
            api_key: Some("x".to_owned()),
            ..UpdateProviderConfig::default()
        };
        let refusal = test
            .platform
            .update_provider(&owner, id, request)
            .await
            .unwrap_err();
        assert!(refusal.to_string().contains(fails), "{refusal}");
        let refusal = test.platform.delete_provider(&owner, id).await.unwrap_err();
        assert_eq!(refusal.kind(), FailureKind::Conflict);
        assert!(!switch(&test, &owner, id, false).await.enabled);
    }
    assert!(
        test.platform
            .list_models(&owner)
            .await
            .unwrap()
            .providers
            .is_empty()
    );
    test.platform.shut_down().await;
    let test = open(&database, openai_at(&standin.base_url())).await;
    test.platform.start().await.unwrap();
    assert!(
        !find(&test, &owner, "OpenAI").await.unwrap().enabled,
        "a restart switched it on again"
    );
}
