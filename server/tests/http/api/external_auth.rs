//! Tokens for git hosts: everybody's own, never shown.

use reqwest::Method;
use sdk::client::Client;
use sdk::external_auth::{ExternalAuth, PutExternalAuth};

use crate::support::{TestServer, answer, on_both, refusal};

fn token(token: &str) -> PutExternalAuth {
    PutExternalAuth {
        token: token.to_owned(),
        username: None,
    }
}

async fn hosts(client: &Client) -> Vec<String> {
    let listed = client.list_external_auth().await.unwrap();
    listed.links.into_iter().map(|link| link.host).collect()
}

#[tokio::test]
async fn a_token_is_added_replaced_and_removed_and_never_shown() {
    on_both(async |server| {
        let mia = server.member("mia").await;
        assert_eq!(
            mia.list_external_auth().await.unwrap(),
            ExternalAuth::default()
        );
        let added = mia
            .put_external_auth("https://Git.Example.com/", &token("first-secret"))
            .await
            .unwrap();
        assert_eq!(
            (&*added.host, &*added.username, added.last_used_at),
            ("git.example.com", "x-access-token", None)
        );
        let other = PutExternalAuth {
            username: Some(" mia ".to_owned()),
            ..token(" second-secret\n")
        };
        let replaced = mia
            .put_external_auth("git.example.com", &other)
            .await
            .unwrap();
        assert_eq!(
            (&*replaced.username, replaced.created_at),
            ("mia", added.created_at)
        );
        mia.put_external_auth("git.example.com:8443", &token("third-secret"))
            .await
            .unwrap();
        mia.put_external_auth("[::1]:8443", &token("third-secret"))
            .await
            .unwrap();
        let listed = mia.request(Method::GET, "/api/v2/external-auth").unwrap();
        let listed = answer(listed).await.to_string();
        assert!(!listed.contains("secret"), "{listed}");
        assert_eq!(
            hosts(&mia).await,
            ["[::1]:8443", "git.example.com", "git.example.com:8443"]
        );
        mia.delete_external_auth("git.example.com:8443")
            .await
            .unwrap();
        mia.delete_external_auth("[::1]:8443").await.unwrap();
        assert_eq!(hosts(&mia).await, ["git.example.com"]);
        let gone = refusal(mia.delete_external_auth("git.example.com:8443").await);
        assert_eq!(gone["status"], 404);
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_or_removes_those_of_others() {
    on_both(async |server| {
        let (owner, mia, sam) = (
            server.owner().await,
            server.member("mia").await,
            server.member("sam").await,
        );
        mia.put_external_auth("git.example.com", &token("mias-secret"))
            .await
            .unwrap();
        for other in [&owner, &sam] {
            assert!(hosts(other).await.is_empty());
            let refused = refusal(other.delete_external_auth("git.example.com").await);
            assert_eq!(refused["status"], 404);
        }
        sam.put_external_auth("git.example.com", &token("sams-secret"))
            .await
            .unwrap();
        sam.delete_external_auth("git.example.com").await.unwrap();
        assert_eq!(hosts(&mia).await, ["git.example.com"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_host_or_no_token_is_refused() {
    let server = TestServer::start().await;
    let mia = server.member("mia").await;
    for host in [
        "git.example.com/team",
        "me@git.example.com",
        "http://git.example.com",
        "ssh://git.example.com",
        "git.example.com.",
        "*.example.com",
        "a b",
        "git.example.com:99999",
        "\u{0}",
    ] {
        let refused = refusal(mia.put_external_auth(host, &token("long-enough")).await);
        assert_eq!(refused["status"], 400, "{host}");
        assert_eq!(refused["body"]["validations"][0]["field"], "host", "{host}");
        let gone = refusal(mia.delete_external_auth(host).await);
        assert_eq!(gone["status"], 404, "{host}");
    }
    let wrong = PutExternalAuth {
        token: "two words".to_owned(),
        username: Some("a:b".to_owned()),
    };
    let refused = refusal(
        mia.put_external_auth("https://git.example.com/x", &wrong)
            .await,
    );
    insta::assert_json_snapshot!(refused);
    let long = "x".repeat(4097);
    for wrong in ["", "short", "a\nlong\nsecret", "sécret-sécret", &long] {
        let refused = refusal(
            mia.put_external_auth("git.example.com", &token(wrong))
                .await,
        );
        assert_eq!(
            refused["body"]["validations"][0]["field"], "token",
            "{wrong}"
        );
    }
    for index in 0..50 {
        let host = format!("git{index}.example.com");
        mia.put_external_auth(&host, &token("long-enough"))
            .await
            .unwrap();
    }
    let refused = refusal(
        mia.put_external_auth("git50.example.com", &token("long-enough"))
            .await,
    );
    assert_eq!(refused["status"], 409);
    mia.put_external_auth("git0.example.com", &token("replaced-one"))
        .await
        .unwrap();
}
