//! Webhooks of git hosts over HTTP: which are let in, and what those who know no secret learn. What they lead to is told in
//! `platform::diff_statuses`.

use reqwest::{Method, StatusCode};
use sdk::client::Client;
use sdk::external_auth::{CreateExternalAuthConfig, UpdateExternalAuthConfig};
use serde_json::{Value, json};
use server::http::limits::LONGEST_DELIVERY_BYTES;

use crate::support::{on_both, refusal};

const SECRET: &str = "a-webhook-secret-of-the-test";
const BODY: &str = r#"{"ref":"refs/heads/topic","repository":{"full_name":"ada/greeter"}}"#;
/// Of these bodies with [`SECRET`], made with `openssl dgst -sha256 -hmac`.
const SIGNATURE: &str = "sha256=09dcefda109f88b6554349b23887f4281e09162130b3dfe0e1c68b4c70b0835e";
const BROKEN: (&str, &str) = (
    "{",
    "sha256=dfdfc8d099f1593dacd80000778e776263998456e622ef5ff62ad325b0b7e119",
);
/// With `another-secret-of-the-test`.
const OTHER_SIGNATURE: &str =
    "sha256=825510129604fdd491dfd30db7825925de13225d855cc9708be5c7c01a5117fc";

fn config(id: &str, webhook_secret: Option<&str>) -> CreateExternalAuthConfig {
    CreateExternalAuthConfig {
        id: Some(id.to_owned()),
        base_url: format!("https://{id}.example.com"),
        client_id: "c".to_owned(),
        client_secret: Some("s".to_owned()),
        webhook_secret: webhook_secret.map(str::to_owned),
        ..CreateExternalAuthConfig::default()
    }
}

struct Sent<'a> {
    config: &'a str,
    signature: Option<&'a str>,
    event: &'a str,
    body: &'a str,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Self {
            config: "signed",
            signature: Some(SIGNATURE),
            event: "push",
            body: BODY,
        }
    }
}

/// The status and the body of the answer.
async fn send(host: &Client, sent: Sent<'_>) -> (u16, Value) {
    let path = format!("/api/v2/external-auth/{}/webhook", sent.config);
    let mut request = host
        .request(Method::POST, &path)
        .unwrap()
        .header("content-type", "application/json")
        .header("x-github-event", sent.event)
        .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        .body(sent.body.to_owned());
    if let Some(signature) = sent.signature {
        request = request.header("x-hub-signature-256", signature);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

#[tokio::test]
async fn what_the_host_signed_is_taken_and_may_come_again() {
    on_both(async |server| {
        let owner = server.owner().await;
        let made = owner
            .create_external_auth_config(&config("signed", Some(SECRET)))
            .await
            .unwrap();
        assert!(made.has_webhook_secret);
        let address = format!("{}/api/v2/external-auth/signed/webhook", server.base_url);
        assert_eq!(made.webhook_url, address);
        let host = server.anonymous();
        for event in ["push", "ping", "pull_request", "check_run", "push"] {
            let sent = Sent {
                event,
                ..Sent::default()
            };
            assert_eq!(send(&host, sent).await.0, 204, "{event}");
        }
        for event in ["issues", "installation", ""] {
            let sent = Sent {
                event,
                ..Sent::default()
            };
            assert_eq!(send(&host, sent).await.0, 202, "{event}");
        }
        let (body, signature) = BROKEN;
        let broken = Sent {
            body,
            signature: Some(signature),
            ..Sent::default()
        };
        let (status, told) = send(&host, broken).await;
        assert_eq!(status, 400);
        let words = told["message"].as_str().unwrap();
        assert!(words.contains("application/json"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn who_knows_no_secret_is_told_nothing_of_what_there_is() {
    on_both(async |server| {
        let owner = server.owner().await;
        for made in [
            config("signed", Some(SECRET)),
            config("other", Some("another-secret-of-the-test")),
            config("without", None),
        ] {
            owner.create_external_auth_config(&made).await.unwrap();
        }
        let host = server.anonymous();
        let tampered = BODY.replace("topic", "main");
        let sha1 = SIGNATURE.replace("sha256=", "sha1=");
        let bare = SIGNATURE.replace("sha256=", "");
        let mut answers = Vec::new();
        for sent in [
            Sent {
                signature: None,
                ..Sent::default()
            },
            Sent {
                signature: Some(OTHER_SIGNATURE),
                ..Sent::default()
            },
            Sent {
                signature: Some("sha256=00"),
                ..Sent::default()
            },
            Sent {
                signature: Some(&sha1),
                ..Sent::default()
            },
            Sent {
                signature: Some(&bare),
                ..Sent::default()
            },
            Sent {
                body: &tampered,
                ..Sent::default()
            },
            Sent {
                body: "",
                ..Sent::default()
            },
            Sent {
                event: "ping",
                signature: None,
                ..Sent::default()
            },
            Sent {
                config: "other",
                ..Sent::default()
            },
            Sent {
                config: "without",
                ..Sent::default()
            },
            Sent {
                config: "without",
                signature: None,
                ..Sent::default()
            },
            Sent {
                config: "nothing",
                ..Sent::default()
            },
            Sent {
                config: "..%2f",
                ..Sent::default()
            },
        ] {
            let name = format!("{} {:?} {}", sent.config, sent.signature, sent.body);
            let (status, mut told) = send(&host, sent).await;
            assert_eq!(status, 401, "{name}");
            told.as_object_mut().unwrap().remove("request_id");
            answers.push((name, told));
        }
        for (name, told) in &answers {
            assert_eq!(told, &answers[0].1, "{name}");
        }
        // With an account neither.
        let sent = Sent {
            signature: None,
            ..Sent::default()
        };
        assert_eq!(send(&owner, sent).await.0, 401);
        let large = " ".repeat(LONGEST_DELIVERY_BYTES + 1);
        for config in ["signed", "nothing"] {
            let sent = Sent {
                config,
                body: &large,
                ..Sent::default()
            };
            assert_eq!(send(&host, sent).await.0, 413, "{config}");
        }
        let read = host.request(Method::GET, "/api/v2/external-auth/signed/webhook");
        let read = read.unwrap().send().await.unwrap();
        assert_eq!(read.status(), StatusCode::METHOD_NOT_ALLOWED);
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_given_made_replaced_and_removed_and_never_shown_again() {
    on_both(async |server| {
        let (owner, mia) = (server.owner().await, server.member("mia").await);
        let made = owner
            .create_external_auth_config(&config("signed", None))
            .await;
        assert!(!made.unwrap().has_webhook_secret);
        let refused = refusal(mia.generate_webhook_secret("signed").await);
        assert_eq!(refused["status"], 403);
        let nothing = refusal(owner.generate_webhook_secret("nothing").await);
        assert_eq!(nothing["status"], 404);
        let host = server.anonymous();
        let generated = owner.generate_webhook_secret("signed").await.unwrap();
        assert!(generated.webhook_secret.len() >= 40);
        assert!(generated.webhook_url.ends_with("/signed/webhook"));
        assert!(!format!("{generated:?}").contains(&generated.webhook_secret));
        assert_eq!(send(&host, Sent::default()).await.0, 401);
        let again = owner.generate_webhook_secret("signed").await.unwrap();
        assert_ne!(again.webhook_secret, generated.webhook_secret);

        let change = |secret: &str| UpdateExternalAuthConfig {
            webhook_secret: Some(secret.to_owned()),
            ..UpdateExternalAuthConfig::default()
        };
        for bad in ["short", "with a space in between", &"x".repeat(513)] {
            let refused = owner
                .update_external_auth_config("signed", &change(bad))
                .await;
            let refused = refusal(refused);
            assert_eq!(refused["body"]["validations"][0]["field"], "webhook_secret");
        }
        let changed = owner
            .update_external_auth_config("signed", &change(SECRET))
            .await;
        assert!(changed.unwrap().has_webhook_secret);
        assert_eq!(send(&host, Sent::default()).await.0, 204);
        // What is left out stays.
        let other = UpdateExternalAuthConfig {
            display_name: Some("Ours".to_owned()),
            ..UpdateExternalAuthConfig::default()
        };
        owner
            .update_external_auth_config("signed", &other)
            .await
            .unwrap();
        assert_eq!(send(&host, Sent::default()).await.0, 204);
        for path in [
            "/api/v2/external-auth/configs",
            "/api/v2/external-auth",
            "/api/v2/audit-log",
            "/settings/git-hosts",
        ] {
            let shown = owner
                .request(Method::GET, path)
                .unwrap()
                .send()
                .await
                .unwrap();
            let shown = shown.text().await.unwrap();
            for secret in [SECRET, &generated.webhook_secret, &again.webhook_secret] {
                assert!(!shown.contains(secret), "{path}");
            }
        }
        let log = owner.request(Method::GET, "/api/v2/audit-log").unwrap();
        let log: Value = log.send().await.unwrap().json().await.unwrap();
        assert!(log.to_string().contains("webhook_secret"), "{log}");
        let removed = owner
            .update_external_auth_config("signed", &change(""))
            .await;
        let removed = removed.unwrap();
        assert!(!removed.has_webhook_secret && removed.has_client_secret);
        assert_eq!(send(&host, Sent::default()).await.0, 401);
        owner
            .update_external_auth_config("signed", &change(SECRET))
            .await
            .unwrap();
        owner.delete_external_auth_config("signed").await.unwrap();
        assert_eq!(send(&host, Sent::default()).await.0, 401);
        let gone = json!(owner.list_external_auth_configs().await.unwrap());
        assert_eq!(gone, json!([]));
    })
    .await;
}
