use sdk::ids::TokenId;
use sdk::tokens::CreateToken;

use crate::support::{TestServer, refusal};

fn token(name: &str) -> CreateToken {
    CreateToken {
        token_name: name.into(),
        lifetime_seconds: None,
    }
}

#[tokio::test]
async fn a_token_works_until_it_is_revoked() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let created = owner.create_token("me", &token("ci")).await.unwrap();
    let by_token = server.anonymous().with_token(&created.key);
    assert_eq!(by_token.get_user("me").await.unwrap().username, "olga");
    let listed = owner.list_tokens("me").await.unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|token| token.token_name.as_str())
            .collect::<Vec<_>>(),
        ["ci"]
    );
    assert!(
        !serde_json::to_string(&listed)
            .unwrap()
            .contains(&created.key)
    );
    owner.delete_token("me", created.id).await.unwrap();
    assert_eq!(
        by_token.get_user("me").await.unwrap_err().status(),
        Some(401)
    );
}

#[tokio::test]
async fn tokens_of_others_do_not_exist() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let created = owner.create_token("me", &token("ci")).await.unwrap();
    let member = server.member("mia").await;
    assert_eq!(
        member.list_tokens("olga").await.unwrap_err().status(),
        Some(404)
    );
    assert_eq!(
        member
            .create_token("olga", &token("x"))
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
    assert_eq!(
        member
            .delete_token("me", created.id)
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
    assert_eq!(owner.list_tokens("me").await.unwrap().len(), 1);
}

#[tokio::test]
async fn unknown_tokens_are_not_found() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    insta::assert_json_snapshot!(refusal(owner.delete_token("me", TokenId::generate()).await));
}

#[tokio::test]
async fn wrong_lifetimes_and_names_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let never = CreateToken {
        token_name: "ci".into(),
        lifetime_seconds: Some(-1),
    };
    insta::assert_json_snapshot!(
        "negative_lifetime",
        refusal(owner.create_token("me", &never).await)
    );
    insta::assert_json_snapshot!(
        "empty_name",
        refusal(owner.create_token("me", &token("")).await)
    );
    owner.create_token("me", &token("ci")).await.unwrap();
    insta::assert_json_snapshot!(
        "taken_name",
        refusal(owner.create_token("me", &token("ci")).await)
    );
}

#[tokio::test]
async fn what_is_expired_is_out() {
    let clock = platform::Clock::manual(chrono::Utc::now());
    let server = TestServer::start_with(|platform, _| platform.clock = clock.clone()).await;
    let owner = server.owner().await;
    let short = CreateToken {
        lifetime_seconds: Some(60),
        ..token("short")
    };
    let created = owner.create_token("me", &short).await.unwrap();
    let by_token = server.anonymous().with_token(&created.key);
    let status = async |client: &sdk::client::Client| {
        client
            .get_user("me")
            .await
            .map_or_else(|error| error.status(), |_| Some(200))
    };
    clock.advance(chrono::TimeDelta::seconds(59));
    assert_eq!(status(&by_token).await, Some(200));
    clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(status(&by_token).await, Some(401));
    assert_eq!(status(&owner).await, Some(200));
    clock.advance(chrono::TimeDelta::days(30));
    assert_eq!(status(&owner).await, Some(401));
}
