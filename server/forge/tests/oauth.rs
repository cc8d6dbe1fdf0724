//! Signing in at a GitHub and what is made of its answers, against the stand-in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use forge::{ForgeError, ForgeKind, Forges, HostConfig, Oauth, OauthApp, OauthError, OauthTokens};
use secrecy::ExposeSecret as _;
use standin::github::{App, DeviceOutcome, Fault};
use url::Url;

const CALLBACK: &str = "https://switchyard.example.com/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

struct Stage {
    standin: standin::Handle,
    oauth: Oauth,
}

impl Stage {
    async fn of(app: App) -> Self {
        let standin = standin::start().await.unwrap();
        let base = standin.base_url();
        let config = HostConfig::new(ForgeKind::Github, &base, None).unwrap();
        let forges = Forges::new(&[], "test").unwrap();
        let as_whom = OauthApp {
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone().into(),
            scopes: vec!["repo".to_owned(), "read:org".to_owned()],
        };
        standin.github().put_app(App {
            callback_url: CALLBACK.to_owned(),
            ..app
        });
        Self {
            oauth: forges.oauth(&config, as_whom),
            standin,
        }
    }

    /// What somebody comes back with who goes to the host.
    async fn come_back(&self, redirect_uri: &str) -> std::collections::HashMap<String, String> {
        let url = self
            .oauth
            .authorize_url("the-state", VERIFIER, &redirect_uri.parse().unwrap());
        assert!(url.as_str().contains("scope=repo+read%3Aorg"), "{url}");
        assert!(!url.as_str().contains(VERIFIER), "{url}");
        let browser = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let answer = browser.get(url).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        let location = Url::parse(location).unwrap();
        assert!(location.as_str().starts_with(CALLBACK), "{location}");
        location.query_pairs().into_owned().collect()
    }

    async fn exchange(&self, code: &str, verifier: &str) -> Result<OauthTokens, OauthError> {
        let callback = CALLBACK.parse().unwrap();
        self.oauth.exchange(code, verifier, &callback).await
    }

    fn fail(&self, status: u16, body: &str, headers: &[(&str, &str)]) {
        let fault = Fault {
            body: body.to_owned(),
            ..Fault::refusal(status, "", headers)
        };
        self.standin.github().fail_oauth(fault);
    }
}

fn code_of<T: std::fmt::Debug>(outcome: Result<T, OauthError>) -> String {
    outcome.unwrap_err().code().unwrap_or("none").to_owned()
}

#[tokio::test]
async fn a_code_becomes_a_token_once_and_only_with_its_verifier() {
    let stage = Stage::of(App::default()).await;
    let back = stage.come_back(CALLBACK).await;
    assert_eq!(back["state"], "the-state");
    let tokens = stage.exchange(&back["code"], VERIFIER).await.unwrap();
    assert!(tokens.access_token.expose_secret().starts_with("gho_"));
    assert!(tokens.refresh_token.is_none() && tokens.expires_in.is_none());
    let again = stage.exchange(&back["code"], VERIFIER).await;
    assert_eq!(code_of(again), "bad_verification_code");

    let back = stage.come_back(CALLBACK).await;
    let other = stage
        .exchange(&back["code"], &VERIFIER.replace('d', "e"))
        .await;
    assert_eq!(code_of(other), "bad_verification_code");
    let asked = stage.standin.github().take_oauth_requests();
    assert!(
        asked
            .iter()
            .all(|asked| asked.form["redirect_uri"] == CALLBACK)
    );
}

#[tokio::test]
async fn what_the_host_says_against_it_is_told() {
    let stage = Stage::of(App {
        is_denied: true,
        ..App::default()
    })
    .await;
    assert_eq!(stage.come_back(CALLBACK).await["error"], "access_denied");
    let elsewhere = stage.come_back("https://evil.example.com/callback").await;
    assert_eq!(elsewhere["error"], "redirect_uri_mismatch");
    stage.standin.github().put_app(App {
        client_secret: "another".to_owned(),
        ..App::default()
    });
    let refused = stage.exchange("x", VERIFIER).await;
    assert_eq!(code_of(refused), "incorrect_client_credentials");
}

#[tokio::test]
async fn a_refresh_token_holds_once() {
    let stage = Stage::of(App {
        has_expiring_tokens: true,
        ..App::default()
    })
    .await;
    let back = stage.come_back(CALLBACK).await;
    let first = stage.exchange(&back["code"], VERIFIER).await.unwrap();
    assert_eq!(first.expires_in.unwrap().as_secs(), 28_800);
    let refresh_token = first.refresh_token.unwrap();
    let refresh_token = refresh_token.expose_secret();
    let second = stage.oauth.refresh(refresh_token).await.unwrap();
    assert_ne!(
        first.access_token.expose_secret(),
        second.access_token.expose_secret()
    );
    let dead = stage.oauth.refresh(refresh_token).await.unwrap_err();
    assert!(dead.is_dead_refresh_token(), "{dead}");
}

#[tokio::test]
async fn a_device_code_is_asked_about_until_it_is_entered() {
    let stage = Stage::of(App {
        interval_seconds: 0,
        ..App::default()
    })
    .await;
    for (outcome, told) in [
        (DeviceOutcome::Denied, "access_denied"),
        (DeviceOutcome::Expired, "expired_token"),
    ] {
        let device = stage.oauth.device_code().await.unwrap();
        let code = device.device_code.expose_secret();
        let pending = stage.oauth.device_tokens(code).await;
        assert_eq!(code_of(pending), "authorization_pending");
        stage
            .standin
            .github()
            .enter_device_code(&device.user_code, outcome);
        assert_eq!(code_of(stage.oauth.device_tokens(code).await), told);
    }
    let device = stage.oauth.device_code().await.unwrap();
    stage
        .standin
        .github()
        .enter_device_code(&device.user_code, DeviceOutcome::Entered);
    let code = device.device_code.expose_secret();
    stage.oauth.device_tokens(code).await.unwrap();
    assert_eq!(
        code_of(stage.oauth.device_tokens(code).await),
        "incorrect_device_code"
    );
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_slow_down() {
    let stage = Stage::of(App::default()).await;
    let device = stage.oauth.device_code().await.unwrap();
    let code = device.device_code.expose_secret();
    assert_eq!(device.interval.as_secs(), 5);
    let first = stage.oauth.device_tokens(code).await;
    assert_eq!(code_of(first), "authorization_pending");
    assert_eq!(code_of(stage.oauth.device_tokens(code).await), "slow_down");
}

#[tokio::test]
async fn rubbish_too_much_and_ways_elsewhere_are_no_tokens() {
    let stage = Stage::of(App::default()).await;
    let elsewhere = standin::start().await.unwrap();
    let target = format!("{}/login/oauth/access_token", elsewhere.base_url());
    let huge = "x".repeat(100_000);
    for (status, body, headers) in [
        (200, "<html>Log in</html>", Vec::new()),
        (200, "", Vec::new()),
        (200, "{\"access_token\":\"a b\"}", Vec::new()),
        (404, "not here", Vec::new()),
        (502, "bad gateway", Vec::new()),
        (200, huge.as_str(), Vec::new()),
        (302, "", vec![("location", target.as_str())]),
        (307, "", vec![("location", target.as_str())]),
    ] {
        stage.fail(status, body, &headers);
        let error = stage.exchange("x", VERIFIER).await.unwrap_err();
        assert!(matches!(error, OauthError::Host(_)), "{status}: {error}");
        let text = error.to_string();
        assert!(
            !text.contains("the-client-secret") && !text.contains(VERIFIER),
            "{text}"
        );
    }
    assert_eq!(elsewhere.github().take_oauth_requests(), []);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_answer_is_left_at_the_deadline() {
    let stage = Stage::of(App::default()).await;
    let fault = Fault {
        delay_ms: 3_600_000,
        ..Fault::refusal(200, "", &[])
    };
    stage.standin.github().fail_oauth(fault);
    let error = stage.exchange("x", VERIFIER).await.unwrap_err();
    assert!(
        matches!(&error, OauthError::Host(ForgeError::Unreachable { .. })),
        "{error}"
    );
}
