//! Lists of models, connection tests, Ollama.

use std::time::Duration;

use llm::{Error, ErrorKind, ProviderConfig, ProviderKind, connect, ollama};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::setup::{KINDS, answer, config, http, provider};

#[tokio::test]
async fn lists_models_and_tests_the_connection() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        for base_url in [
            server.base_url(),
            format!("{}/v1", server.base_url()),
            format!("{}/v1/", server.base_url()),
        ] {
            let provider = provider(kind, &base_url);
            let ids: Vec<String> = provider
                .list_models()
                .await
                .unwrap()
                .into_iter()
                .map(|model| model.id)
                .collect();
            assert_eq!(ids, standin::MODELS, "{kind:?}");
            let report = provider.test_connection().await.unwrap();
            assert_eq!(report.model_count, 3);
            assert!(report.message.contains("standin-large"));
        }
    }
}

#[tokio::test]
async fn a_wrong_key_fails_in_the_providers_own_words_and_is_not_shown() {
    let server = standin::start().await.unwrap();
    for (kind, words) in [
        (ProviderKind::Anthropic, "invalid x-api-key"),
        (
            ProviderKind::OpenAi,
            "Incorrect API key provided: [REDACTED].",
        ),
    ] {
        let wrong = ProviderConfig {
            api_key: Some(standin::WRONG_KEY.into()),
            ..config(kind, &server.base_url())
        };
        assert!(!format!("{wrong:?}").contains(standin::WRONG_KEY));
        let provider = connect(&http(), wrong).unwrap();
        let failures: [Error; 2] = [
            provider.test_connection().await.unwrap_err(),
            answer(&provider, "!text x").await.unwrap_err(),
        ];
        for error in failures {
            assert_eq!(
                (error.kind, error.status_code, error.is_retryable),
                (ErrorKind::Auth, Some(401), false)
            );
            let detail = error.detail.unwrap();
            assert!(detail.starts_with(words), "{detail}");
        }
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_sent() {
    let server = standin::start().await.unwrap();
    for kind in [ProviderKind::Anthropic, ProviderKind::OpenAi] {
        let provider = connect(
            &http(),
            ProviderConfig {
                api_key: None,
                ..config(kind, &server.base_url())
            },
        )
        .unwrap();
        assert_eq!(
            answer(&provider, "!text x").await.unwrap_err().kind,
            ErrorKind::MissingKey
        );
        assert_eq!(
            provider.list_models().await.unwrap_err().kind,
            ErrorKind::MissingKey
        );
    }
    assert_eq!(server.traffic().count, 0);
}

#[tokio::test]
async fn finds_ollama_and_talks_to_it_without_a_key() {
    let options = standin::Options {
        requires_key: false,
        ..standin::Options::default()
    };
    let server = standin::start_with(options).await.unwrap();
    let found = ollama::detect(&http(), &server.base_url(), Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(found.models[0].id, "standin-large:latest");
    let kind = ProviderKind::OpenAiCompatible;
    let keyless = ProviderConfig {
        api_key: None,
        ..config(kind, &found.openai_base_url)
    };
    let provider = connect(&http(), keyless).unwrap();
    assert_eq!(
        answer(&provider, "!text hello").await.unwrap().text(),
        "hello"
    );
}

#[tokio::test]
async fn finds_no_ollama_where_there_is_none() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    assert!(
        ollama::detect(&http(), &silent, Duration::from_millis(50))
            .await
            .is_err()
    );
    drop(listener);
    assert!(
        ollama::detect(&http(), &silent, Duration::from_secs(1))
            .await
            .is_err()
    );
    assert!(
        ollama::detect(&http(), "nonsense", Duration::from_secs(1))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_unusable_address_is_refused_before_anything_is_sent() {
    for kind in KINDS {
        let error = connect(&http(), config(kind, "localhost:3000")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
    }
}

#[tokio::test]
async fn an_error_that_repeats_the_address_is_told_without_its_secrets() {
    const SECRET: &str = "in-the-address";
    let echo = format!("no route /?api_key={SECRET}, ask https://u:{SECRET}9@h.example/");
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(400).set_body_raw(echo, "text/plain"))
        .mount(&server)
        .await;
    for kind in KINDS {
        let address = format!("{}/v1?api_key={SECRET}", server.uri());
        let provider = provider(kind, &address);
        let told = "no route /?api_key=[REDACTED], ask https://h.example/";
        let error = provider.test_connection().await.unwrap_err();
        assert_eq!(error.detail.as_deref(), Some(told), "{kind:?}");
        let error = answer(&provider, "x").await.unwrap_err();
        assert_eq!(error.detail.as_deref(), Some(told), "{kind:?}");
    }
}
