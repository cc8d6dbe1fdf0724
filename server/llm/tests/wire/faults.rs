//! What fails, and how.

use std::time::Duration;

use futures::StreamExt;
use llm::http::HttpOptions;
use llm::{
    Accumulator, CancellationToken, Content, ErrorKind, HttpClient, ProviderConfig, ProviderKind,
    StreamPart, Timeouts, collect, connect,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::setup::{KINDS, answer, config, http, provider, request, stream};

#[tokio::test]
async fn statuses_become_kinds() {
    let server = standin::start().await.unwrap();
    let cases = [
        (
            "!error 429 retry_after=2 \"slow down\"",
            ErrorKind::RateLimit,
            true,
            Some(2_000),
        ),
        (
            "!error 429 \"You exceeded your current quota\"",
            ErrorKind::UsageLimit,
            false,
            None,
        ),
        ("!error 500 \"oops\"", ErrorKind::Generic, true, None),
        ("!error 503 \"come back\"", ErrorKind::Timeout, true, None),
        (
            "!error 529 retry_after=0.5 \"Overloaded\"",
            ErrorKind::Overloaded,
            true,
            Some(500),
        ),
        ("!error 403 \"no\"", ErrorKind::Auth, false, None),
        (
            "!error 400 \"maximum context length is 10\"",
            ErrorKind::Config,
            false,
            None,
        ),
    ];
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        for (message, expected, is_retryable, retry_after_ms) in cases {
            let error = answer(&provider, message).await.unwrap_err();
            assert_eq!(
                (error.kind, error.is_retryable),
                (expected, is_retryable),
                "{kind:?} {message}"
            );
            assert_eq!(error.retry_after_ms, retry_after_ms);
            assert_eq!(error.provider.as_deref(), Some(kind.as_str()));
            assert!(
                message.contains(error.detail.as_deref().unwrap()),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_model_is_a_matter_of_configuration() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let model = provider.model(standin::MISSING_MODEL);
        let error = collect(model.stream(request("!text x"), CancellationToken::new()))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind, error.status_code),
            (ErrorKind::Config, Some(404)),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn passes_after_the_errors_are_used_up() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let message = "!error-once 529\n!text through";
        assert_eq!(
            answer(&provider, message).await.unwrap_err().kind,
            ErrorKind::Overloaded
        );
        assert_eq!(answer(&provider, message).await.unwrap().text(), "through");
    }
}

#[tokio::test]
async fn what_came_before_an_error_or_a_cut_is_kept() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        for (ending, expected) in [
            ("!error 529 \"Overloaded\"", ErrorKind::Overloaded),
            ("!cut", ErrorKind::Timeout),
        ] {
            let mut parts = stream(
                &provider,
                request(&format!("!text half an answer\n{ending}")),
            );
            let mut accumulator = Accumulator::default();
            let error = loop {
                match parts.next().await.unwrap() {
                    Ok(part) => accumulator.push(&part).unwrap(),
                    Err(error) => break error,
                }
            };
            assert_eq!(
                (error.kind, error.is_retryable),
                (expected, true),
                "{kind:?} {ending}"
            );
            assert_eq!(
                accumulator.content(),
                [Content::Text("half an answer".to_owned())]
            );
            assert!(parts.next().await.is_none(), "an error is the last item");
        }
    }
}

/// Words are cut at 500 characters, wherever that is in them.
#[tokio::test]
async fn a_key_in_the_words_of_an_error_is_hidden_also_where_they_are_cut() {
    const CUT: usize = 500;
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let plain = |key: &str| {
            let config = ProviderConfig {
                api_key: Some(key.to_owned().into()),
                ..config(kind, &server.base_url())
            };
            connect(&http(), config).unwrap()
        };
        // The second does not look like a key: only the call knows that it is one.
        for key in ["sk-canary-0123456789", "correct/horse/battery"] {
            let provider = plain(key);
            for shown in [0, 1, 4, key.len() - 1, key.len()] {
                let words = format!("{} {key} is no key", "x".repeat(CUT - 1 - shown));
                for before in ["", "!text half\n"] {
                    let message = format!("{before}!error 400 \"{words}\"");
                    let error = answer(&provider, &message).await.unwrap_err();
                    let detail = error.detail.unwrap();
                    assert!(detail.chars().count() <= CUT);
                    let rest = detail.trim_start_matches('x').trim_start();
                    assert!(
                        "[REDACTED] is no key".starts_with(rest),
                        "{kind:?}, {shown} characters before the cut: {rest}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn stalls_run_into_their_deadlines() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let timeouts = Timeouts {
            first_part: Duration::from_millis(300),
            silence: Duration::from_millis(300),
            ..Timeouts::default()
        };
        let impatient = ProviderConfig {
            timeouts,
            ..config(kind, &server.base_url())
        };
        let provider = connect(&http(), impatient).unwrap();
        for (message, expected) in [
            ("!stall 30s\n!text x", ErrorKind::StartupTimeout),
            ("!text x\n!stall 30s\n!text y", ErrorKind::StreamSilence),
        ] {
            let error = answer(&provider, message).await.unwrap_err();
            assert_eq!(
                (error.kind, error.is_retryable),
                (expected, true),
                "{kind:?}"
            );
        }
        assert!(
            answer(&provider, "!text x\n!stall 10ms\n!text y")
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_long_answer_outlives_the_silence_limit_while_it_moves() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let timeouts = Timeouts {
            silence: Duration::from_millis(400),
            ..Timeouts::default()
        };
        let provider = connect(
            &http(),
            ProviderConfig {
                timeouts,
                ..config(kind, &server.base_url())
            },
        )
        .unwrap();
        let response = answer(&provider, "!pace 60ms\n!tokens 20").await.unwrap();
        assert_eq!(response.text().split_whitespace().count(), 20);
    }
}

#[tokio::test]
async fn cancelling_and_dropping_close_the_connection() {
    let server = standin::start().await.unwrap();
    let mut expected = 0;
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        for is_dropped in [false, true] {
            let cancel = CancellationToken::new();
            let model = provider.model("standin-large");
            let mut parts = model.stream(request("!pace 5ms\n!tokens 100000"), cancel.clone());
            while !matches!(
                parts.next().await.unwrap().unwrap(),
                StreamPart::TextDelta { .. }
            ) {}
            assert_eq!(server.traffic().open_streams, 1);
            if !is_dropped {
                cancel.cancel();
                let error = loop {
                    if let Err(error) = parts.next().await.unwrap() {
                        break error;
                    }
                };
                assert!(error.is_cancelled && !error.is_retryable);
                assert!(parts.next().await.is_none());
            }
            drop(parts);
            expected += 1;
            until(|| server.traffic().open_streams == 0).await;
            assert_eq!(server.traffic().abandoned_streams, expected);
        }
    }
}

#[tokio::test]
async fn cancelling_before_and_while_it_waits_for_the_head() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let cancel = CancellationToken::new();
        let later = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            later.cancel();
        });
        let model = provider.model("standin-large");
        let error = collect(model.stream(request("!stall 30s"), cancel.clone()))
            .await
            .unwrap_err();
        assert!(error.is_cancelled);
        let count = server.traffic().count;
        let error = collect(model.stream(request("!text x"), cancel))
            .await
            .unwrap_err();
        assert!(error.is_cancelled);
        assert_eq!(
            server.traffic().count,
            count,
            "nothing is sent when it is cancelled already"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_down_cannot_be_reached() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for kind in KINDS {
        let error = answer(&provider(kind, &address), "!text x")
            .await
            .unwrap_err();
        assert_eq!((error.kind, error.is_retryable), (ErrorKind::Timeout, true));
        assert!(
            error.message.contains("cannot be reached") && error.message.contains("127.0.0.1"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_take_the_connection_cannot_be_reached() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts: once the queue is full, a further connection waits for ever.
    let mut queued = Vec::new();
    while let Ok(connected) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        queued.push(connected.unwrap());
        assert!(queued.len() < 100, "the queue is never full");
    }
    let impatient = HttpClient::new(&HttpOptions {
        connect_timeout: Duration::from_millis(200),
        ..HttpOptions::default()
    })
    .unwrap();
    for kind in KINDS {
        let provider = connect(&impatient, config(kind, &format!("http://{address}"))).unwrap();
        let error = timeout(Duration::from_secs(10), answer(&provider, "!text x"))
            .await
            .expect("the deadline for connecting ends it")
            .unwrap_err();
        assert_eq!((error.kind, error.is_retryable), (ErrorKind::Timeout, true));
        assert!(error.message.contains("cannot be reached"), "{error}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = standin::start().await.unwrap();
    let server = MockServer::start().await;
    let location = format!("{}/v1/messages", target.base_url());
    Mock::given(any())
        .respond_with(ResponseTemplate::new(308).insert_header("location", location.as_str()))
        .mount(&server)
        .await;
    for kind in KINDS {
        let error = answer(&provider(kind, &server.uri()), "!text x")
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind, error.status_code),
            (ErrorKind::Config, Some(308))
        );
        assert!(error.detail.unwrap().contains(&location));
    }
    assert_eq!(
        target.traffic().count,
        0,
        "the key stays where it was meant to go"
    );
}

#[tokio::test]
async fn what_is_no_stream_is_not_taken_for_one() {
    for (content_type, body) in [
        ("text/html", "<html>Welcome</html>"),
        ("application/json", "{}"),
    ] {
        let server = MockServer::start().await;
        let template = ResponseTemplate::new(200).set_body_raw(body, content_type);
        Mock::given(any())
            .respond_with(template)
            .mount(&server)
            .await;
        for kind in KINDS {
            let error = answer(&provider(kind, &server.uri()), "!text x")
                .await
                .unwrap_err();
            assert_eq!(
                (error.kind, error.is_retryable),
                (ErrorKind::Config, false),
                "{kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn error_bodies_of_any_kind_are_survived() {
    let huge = "x".repeat(2_000_000);
    for body in [
        "",
        "nonsense",
        "<html>Bad gateway</html>",
        "[]",
        "null",
        huge.as_str(),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(502).set_body_string(body))
            .mount(&server)
            .await;
        for kind in KINDS {
            let error = answer(&provider(kind, &server.uri()), "!text x")
                .await
                .unwrap_err();
            assert_eq!(
                (error.kind, error.status_code),
                (ErrorKind::Timeout, Some(502))
            );
            assert!(error.detail.unwrap().chars().count() <= 500);
        }
    }
}

#[tokio::test]
async fn garbage_on_the_connection_is_an_error() {
    for answer_bytes in [
        &b"not http at all\r\n\r\n"[..],
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: \xff\xfe\n\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 1000\r\n\r\ndata: {}",
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut head = vec![0; 65_536];
                let received = connection.read(&mut head).await.unwrap_or(0);
                assert!(received > 0, "a request comes before the answer");
                connection.write_all(answer_bytes).await.ok();
            }
        });
        for kind in KINDS {
            let error = answer(&provider(kind, &address), "!text x").await.unwrap_err();
            assert!(error.is_retryable, "{kind:?} {error}");
        }
        server.abort();
    }
}

#[tokio::test]
async fn keys_with_strange_characters_are_refused_without_being_shown() {
    for kind in KINDS {
        let odd = ProviderConfig {
            api_key: Some("se\ncret".into()),
            ..config(kind, "http://127.0.0.1:9")
        };
        let error = answer(&connect(&http(), odd).unwrap(), "x")
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(!format!("{error:?}").contains("cret"));
    }
    let kind = ProviderKind::Anthropic;
    let provider = provider(kind, "http://127.0.0.1:9");
    assert!(!format!("{provider:?}").contains("0123456789"));
}

async fn until(condition: impl Fn() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never happens");
}
