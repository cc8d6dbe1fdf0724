//! Titles over HTTP: who may change one while another is being made.

use sdk::chats::{ChatStatus, CreateChat, UpdateChat};
use sdk::models::CreateModelConfig;
use sdk::providers::{CreateProviderConfig, ProviderKind};
use tokio::net::{TcpListener, TcpStream};

use super::{PATIENCE, follow, new_chat, run, status};
use crate::support::TestServer;

fn named(title: &str) -> UpdateChat {
    UpdateChat {
        title: Some(title.to_owned()),
        ..UpdateChat::default()
    }
}

/// The next call of the model, which is never answered.
async fn call(provider: &TcpListener) -> TcpStream {
    let accepted = tokio::time::timeout(PATIENCE, provider.accept()).await;
    accepted.unwrap().unwrap().0
}

#[tokio::test]
async fn the_same_title_changes_nothing() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let (chat, _) = run(&owner, "!text \"ok\"").await;
    owner.update_chat(chat.id, &named("Mine")).await.unwrap();
    let before = owner.get_chat(chat.id).await.unwrap();
    owner.update_chat(chat.id, &named(" Mine ")).await.unwrap();
    assert_eq!(owner.get_chat(chat.id).await.unwrap(), before);
    server.stop().await;
}

#[tokio::test]
async fn no_title_is_made_while_the_chat_is_at_work() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let chat = owner.create_chat(&new_chat("!stall 50s")).await.unwrap().id;
    assert_eq!(status(owner.regenerate_title(chat)).await, 409);
    owner.interrupt_chat(chat).await.unwrap();
    follow(&owner, chat).await;
    owner.regenerate_title(chat).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_title_cannot_be_changed_while_another_is_made() {
    let provider = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", provider.local_addr().unwrap());
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let config = CreateProviderConfig {
        provider: ProviderKind::OpenAiCompatible,
        display_name: None,
        base_url: Some(base_url),
        api_key: None,
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    };
    let model = CreateModelConfig {
        provider_config_id: owner.create_provider(&config).await.unwrap().id,
        model: "silent".into(),
        display_name: None,
        enabled: None,
        is_default: None,
        context_limit: 8192,
        compression_threshold: None,
        model_config: None,
    };
    let new = CreateChat {
        model_config_id: Some(owner.create_model_config(&model).await.unwrap().id),
        ..new_chat("hello")
    };
    let chat = owner.create_chat(&new).await.unwrap().id;
    // The turn and its title.
    let _first_calls = [call(&provider).await, call(&provider).await];
    owner.interrupt_chat(chat).await.unwrap();
    assert_eq!(follow(&owner, chat).await.status, Some(ChatStatus::Waiting));

    let asking = tokio::spawn({
        let owner = owner.clone();
        async move { owner.regenerate_title(chat).await }
    });
    let title_call = call(&provider).await;
    assert_eq!(status(owner.update_chat(chat, &named("Mine"))).await, 409);
    assert_eq!(status(owner.regenerate_title(chat)).await, 409);
    let same = owner.get_chat(chat).await.unwrap().title;
    owner.update_chat(chat, &named(&same)).await.unwrap();
    // The provider goes away, and with it the wish.
    drop((title_call, provider));
    assert!(asking.await.unwrap().is_err());
    owner.update_chat(chat, &named("Mine")).await.unwrap();
    assert_eq!(owner.get_chat(chat).await.unwrap().title, "Mine");
    server.stop().await;
}
