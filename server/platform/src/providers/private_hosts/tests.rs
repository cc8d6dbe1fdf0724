//! Which providers are called when they are at private addresses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use llm::http::NameLookup;
use sdk::chat_config::UpdatePrivateProviderHosts;
use sdk::ids::ProviderConfigId;
use sdk::providers::{
    CreateProviderConfig, ProviderKind, ProviderSource, ProviderTest, UpdateProviderConfig,
};
use store::testing::for_both;

use super::*;
use crate::chat_config::ChatConfigError;
use crate::providers::ProviderError;
use crate::testing::{TestPlatform, open};
use crate::{Actor, EnvironmentPresets, Failure as _, FailureKind};

/// A name that no proxy of the environment is asked for; where it leads is up to the test.
const NAME: &str = "localhost";
const HERE: [u8; 4] = [127, 0, 0, 1];

/// Every name leads there.
#[derive(Debug)]
struct Leads(Mutex<IpAddr>);

impl Leads {
    fn to(address: impl Into<IpAddr>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(address.into())))
    }

    fn turn(&self, address: impl Into<IpAddr>) {
        *self.0.lock().unwrap() = address.into();
    }
}

#[async_trait]
impl NameLookup for Leads {
    async fn look_up(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![*self.0.lock().unwrap()])
    }
}

/// Runs a test on a new platform that was started without any private host, on each database.
async fn on_both(leads: impl Fn() -> Arc<Leads>, test: impl AsyncFn(TestPlatform, Arc<Leads>)) {
    for_both(async |database| {
        let leads = leads();
        let platform = open(database, |options| {
            options.private_provider_hosts = Vec::new();
            options.name_lookup = Arc::clone(&leads) as Arc<dyn NameLookup>;
        });
        test(platform.await, leads).await;
    })
    .await;
}

fn new(base_url: &str) -> CreateProviderConfig {
    CreateProviderConfig {
        provider: ProviderKind::OpenAiCompatible,
        display_name: Some("Workshop".to_owned()),
        base_url: Some(base_url.to_owned()),
        api_key: Some("sk-test".to_owned()),
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    }
}

async fn allow(test: &TestPlatform, actor: &Actor, hosts: &[&str]) -> Result<(), ChatConfigError> {
    let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
    let change = UpdatePrivateProviderHosts { hosts };
    let platform = &test.platform;
    platform.update_private_provider_hosts(actor, change).await
}

async fn ask(test: &TestPlatform, owner: &Actor, id: ProviderConfigId) -> ProviderTest {
    test.platform.test_provider(owner, id).await.unwrap()
}

fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, ProviderError>, host: &str) {
    let refusal = outcome.unwrap_err();
    assert_eq!(refusal.kind(), FailureKind::Invalid);
    let at = &refusal.validations()[0];
    assert_eq!(at.field, "base_url");
    let words = format!("The host {host} is at a private address");
    assert!(at.detail.starts_with(&words), "{}", at.detail);
}

#[tokio::test]
async fn a_provider_is_not_put_at_a_private_address_that_nobody_allowed() {
    on_both(
        || Leads::to([10, 0, 0, 7]),
        async |test, leads| {
            let owner = test.owner().await;
            let platform = &test.platform;
            for (base_url, host) in [
                ("http://models.corp/v1", "models.corp"),
                ("http://167772167/v1", "10.0.0.7"),
                ("http://127.0.0.1:11434", "127.0.0.1"),
                ("http://[::ffff:10.0.0.7]/", "[::ffff:a00:7]"),
            ] {
                let made = platform.create_provider(&owner, new(base_url)).await;
                assert_refused(made, host);
            }
            leads.turn([1, 1, 1, 1]);
            let made = platform.create_provider(&owner, new("http://models.corp/v1"));
            let id = made.await.unwrap().id;
            leads.turn([10, 0, 0, 7]);
            let change = |base_url: &str| UpdateProviderConfig {
                base_url: Some(base_url.to_owned()),
                api_key: Some("sk-test".to_owned()),
                ..UpdateProviderConfig::default()
            };
            let moved = change("http://other.corp/v1");
            let moved = platform.update_provider(&owner, id, moved).await;
            assert_refused(moved, "other.corp");
            // What was there before is not what somebody who changes the key is to be told about.
            let same = change("http://models.corp/v1");
            platform.update_provider(&owner, id, same).await.unwrap();

            allow(&test, &owner, &["other.corp", "10.0.0.0/8"])
                .await
                .unwrap();
            for base_url in ["http://OTHER.corp./v1", "http://10.1.2.3/v1"] {
                let moved = change(base_url);
                platform.update_provider(&owner, id, moved).await.unwrap();
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_stored_provider_is_called_while_its_host_is_allowed() {
    on_both(
        || Leads::to([1, 1, 1, 1]),
        async |test, leads| {
            let owner = test.owner().await;
            let standin = standin::start().await.unwrap();
            let port = standin.base_url().rsplit(':').next().unwrap().to_owned();
            let made = new(&format!("http://{NAME}:{port}/v1"));
            let made = test.platform.create_provider(&owner, made).await.unwrap();

            // The name turns to a private address after it was checked.
            leads.turn(HERE);
            let refused = ask(&test, &owner, made.id).await;
            let words = "Workshop was not called. The host localhost is at a private address";
            assert!(
                !refused.ok && refused.message.starts_with(words),
                "{refused:?}"
            );
            assert!(!format!("{refused:?}").contains("127.0.0.1"), "{refused:?}");
            assert_eq!(standin.traffic().count, 0);

            allow(&test, &owner, &[NAME]).await.unwrap();
            let answered = ask(&test, &owner, made.id).await;
            assert!(answered.ok, "{answered:?}");
            let count = standin.traffic().count;

            allow(&test, &owner, &[]).await.unwrap();
            let refused = ask(&test, &owner, made.id).await;
            assert!(
                !refused.ok && refused.message.starts_with(words),
                "{refused:?}"
            );
            assert_eq!(standin.traffic().count, count);

            // Being allowed is not enough where nothing is ever called.
            allow(&test, &owner, &["metadata.corp"]).await.unwrap();
            leads.turn([169, 254, 169, 254]);
            let change = UpdateProviderConfig {
                base_url: Some("http://metadata.corp".to_owned()),
                api_key: Some(String::new()),
                ..UpdateProviderConfig::default()
            };
            let moved = test.platform.update_provider(&owner, made.id, change).await;
            let refusal = moved.unwrap_err();
            assert!(refusal.validations()[0].detail.contains("never called"));
        },
    )
    .await;
}

#[tokio::test]
async fn what_the_environment_names_needs_no_entry() {
    for_both(async |database| {
        let standin = standin::start().await.unwrap();
        let base_url = standin.base_url();
        let test = open(database, |options| {
            options.private_provider_hosts = Vec::new();
            options.environment = EnvironmentPresets {
                openai_api_key: Some("sk-test".to_owned().into()),
                openai_base_url: Some(base_url.clone()),
                anthropic_base_url: Some("no URL".to_owned()),
                ..EnvironmentPresets::default()
            };
        })
        .await;
        let owner = test.owner().await;
        test.platform.start().await.unwrap();
        let listed = test.platform.list_providers(&owner).await.unwrap();
        let preset = listed
            .iter()
            .find(|provider| provider.source == ProviderSource::EnvPreset);
        let answered = ask(&test, &owner, preset.unwrap().id).await;
        assert!(answered.ok, "{answered:?}");
        let known = test.platform.get_private_provider_hosts(&owner).await;
        let known = known.unwrap();
        assert_eq!(known.fixed_hosts, ["127.0.0.1"]);
        assert!(known.hosts.is_empty());
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn the_list_is_kept_in_one_form_and_refuses_what_could_not_hold() {
    on_both(
        || Leads::to(HERE),
        async |test, _| {
            let owner = test.owner().await;
            let member = test.member(&owner).await;
            let platform = &test.platform;
            let written = [" Models.Corp. ", "models.corp", "2130706433", "10.0.0.0/8"];
            allow(&test, &owner, &written).await.unwrap();
            let known = platform.get_private_provider_hosts(&owner).await.unwrap();
            assert_eq!(known.hosts, ["models.corp", "127.0.0.1", "10.0.0.0/8"]);
            assert!(known.fixed_hosts.is_empty());

            let many = ["models.corp"; 101];
            for (refused, words) in [
                (&["http://models.corp"][..], "without scheme, port and path"),
                (&["10.0.0.1/8"], "Write 10.0.0.0/8."),
                (&["169.254.169.254"], "never called"),
                (&many, "at most 100"),
            ] {
                let error = allow(&test, &owner, refused).await.unwrap_err();
                let at = &error.validations()[0];
                assert_eq!(at.field, "hosts");
                assert!(at.detail.contains(words), "{}", at.detail);
            }
            let kept = platform.get_private_provider_hosts(&owner).await.unwrap();
            assert_eq!(kept, known);

            let read = platform.get_private_provider_hosts(&member).await;
            assert_eq!(read.unwrap_err().kind(), FailureKind::NotFound);
            let written = allow(&test, &member, &[]).await.unwrap_err();
            assert_eq!(written.kind(), FailureKind::Forbidden);
        },
    )
    .await;
}
