//! Providers at private addresses over the wire: who says which may be called, and what a chat is told of one that may not.

use reqwest::Method;
use sdk::audit_log::ListAuditLog;
use sdk::chat_config::UpdatePrivateProviderHosts;
use sdk::chats::{ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::deployment::{ServerOption, SettingSource};
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateKeyPolicy, UpdateProviderConfig};
use sdk::users::Role;

use super::adapters::model_of;
use super::{follow, message, new_chat, status};
use crate::support::{TestServer, refusal};

fn hosts(hosts: &[&str]) -> UpdatePrivateProviderHosts {
    UpdatePrivateProviderHosts {
        hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
    }
}

/// A deployment that was started without any private host.
async fn strict() -> TestServer {
    TestServer::start_with(|options, _| options.private_provider_hosts = Vec::new()).await
}

async fn assert_refused(owner: &Client, base_url: &str) {
    let provider = CreateProviderConfig {
        provider: ProviderKind::OpenAiCompatible,
        display_name: Some("Workshop".into()),
        base_url: Some(base_url.into()),
        api_key: None,
        enabled: None,
        key_policy: UpdateKeyPolicy::default(),
    };
    let refused = refusal(owner.create_provider(&provider).await);
    assert_eq!(refused["status"], 400, "{refused}");
    let at = &refused["body"]["validations"][0];
    assert_eq!(at["field"], "base_url", "{refused}");
    let words = at["detail"].as_str().unwrap();
    assert!(words.contains("is at a private address"), "{refused}");
    assert!(words.contains("Add it there"), "{refused}");
}

#[tokio::test]
async fn owners_say_which_private_hosts_are_called_and_others_do_not() {
    let server = strict().await;
    let owner = server.owner().await;
    let admin = server.person("adam", Role::Admin).await;
    let auditor = server.person("aud", Role::Auditor).await;
    let member = server.member("mia").await;
    for base_url in [
        "http://127.0.0.1:9/v1",
        "http://0x7f.1:9/v1",
        "http://[::1]:9/v1",
        "https://192.168.0.1/v1",
        "http://localhost:9/v1",
    ] {
        assert_refused(&owner, base_url).await;
    }

    let change = hosts(&["LocalHost", "192.168.0.0/16"]);
    for stranger in [&auditor, &member] {
        assert_eq!(
            status(stranger.update_private_provider_hosts(&change)).await,
            403
        );
    }
    assert_eq!(status(member.get_private_provider_hosts()).await, 404);
    admin.update_private_provider_hosts(&change).await.unwrap();
    let known = auditor.get_private_provider_hosts().await.unwrap();
    assert_eq!(known.hosts, ["localhost", "192.168.0.0/16"]);
    assert!(known.fixed_hosts.is_empty());
    let entries = owner
        .list_audit_log(&ListAuditLog::default())
        .await
        .unwrap();
    let told = serde_json::to_string(&entries.entries[0]).unwrap();
    for words in ["private_provider_hosts", "192.168.0.0/16", "adam"] {
        assert!(told.contains(words), "{told}");
    }

    let wrong = refusal(owner.update_private_provider_hosts(&hosts(&["a:80"])).await);
    assert_eq!(wrong["status"], 400, "{wrong}");
    assert_eq!(wrong["body"]["validations"][0]["field"], "hosts", "{wrong}");

    let kind = ProviderKind::OpenAiCompatible;
    model_of(&owner, kind, "http://localhost:9/v1").await;
    assert_refused(&owner, "http://127.0.0.1:9/v1").await;
    let made = owner.list_providers().await.unwrap();
    let made = made.iter().find(|provider| provider.provider == kind);
    let moved = |base_url: &str| UpdateProviderConfig {
        base_url: Some(base_url.to_owned()),
        api_key: Some(String::new()),
        ..UpdateProviderConfig::default()
    };
    let id = made.unwrap().id;
    let refused = refusal(owner.update_provider(id, &moved("http://10.0.0.1")).await);
    assert_eq!(
        refused["body"]["validations"][0]["field"], "base_url",
        "{refused}"
    );
    let allowed = moved("http://192.168.7.7/v1");
    owner.update_provider(id, &allowed).await.unwrap();
}

#[tokio::test]
async fn the_page_says_where_each_host_comes_from() {
    let option = ServerOption {
        name: "private_provider_hosts".to_owned(),
        flag: "--private-provider-hosts".to_owned(),
        variable: "SWITCHYARD_PRIVATE_PROVIDER_HOSTS".to_owned(),
        description: String::new(),
        default: String::new(),
        value: "localhost".to_owned(),
        is_secret: false,
        source: SettingSource::CommandLine,
    };
    let server = TestServer::start_with(|options, _| options.server_options = vec![option]).await;
    let owner = server.owner().await;
    let shown = async || {
        let path = "/api/page/get_private_provider_hosts";
        let request = owner.request(Method::POST, path).unwrap();
        let answer = request.json(&serde_json::json!({})).send().await.unwrap();
        let shown: serde_json::Value = answer.json().await.unwrap();
        let sources = [&shown["source"], &shown["fixed_source"]];
        sources.map(|source| source.as_str().unwrap().to_owned())
    };
    assert_eq!(shown().await, ["default", "command_line"]);
    let change = hosts(&["models.corp"]);
    owner.update_private_provider_hosts(&change).await.unwrap();
    assert_eq!(shown().await, ["database", "command_line"]);
}

#[tokio::test]
async fn a_chat_is_told_when_its_provider_may_be_called_no_more() {
    let server = strict().await;
    let owner = server.owner().await;
    let standin = standin::start().await.unwrap();
    owner
        .update_private_provider_hosts(&hosts(&["127.0.0.1"]))
        .await
        .unwrap();
    let model = model_of(&owner, ProviderKind::OpenAi, &standin.base_url()).await;
    let new = CreateChat {
        model_config_id: Some(model),
        ..new_chat("!text \"hello\"")
    };
    let chat = owner.create_chat(&new).await.unwrap();
    let live = follow(&owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);

    owner
        .update_private_provider_hosts(&hosts(&[]))
        .await
        .unwrap();
    let sent = message("!text \"again\"");
    owner.send_message(chat.id, &sent).await.unwrap();
    let live = follow(&owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Error));
    let error = live.error.unwrap();
    assert_eq!((error.kind.as_str(), error.retryable), ("config", false));
    let words = "The host 127.0.0.1 is at a private address";
    assert!(error.message.contains(words), "{}", error.message);

    owner
        .update_private_provider_hosts(&hosts(&["127.0.0.0/8"]))
        .await
        .unwrap();
    owner.retry_chat(chat.id).await.unwrap();
    let live = follow(&owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
}
