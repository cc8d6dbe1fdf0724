//! The seam where a recording transport sits: it sees requests with what the caller attached, and bodies as they pass.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use llm::http::{
    HttpRequest, HttpResponse, LONGEST_RECORDED_BYTES, Recording, TRUNCATED, Transport,
    TransportError,
};
use llm::{HttpClient, collect, connect};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::setup::{KINDS, config, http, provider, request, stream};

/// What a caller attaches to its call.
#[derive(Clone, Debug)]
struct RunId(u32);

#[derive(Debug)]
struct Recorder {
    inner: Arc<dyn Transport>,
    seen: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let run = request.extensions.get::<RunId>().map_or(0, |run| run.0);
        let line = format!("run {run}: {} {:?}", request.url.path(), request.headers);
        self.seen.lock().unwrap().push(line);
        let response = self.inner.send(request).await?;
        let seen = Arc::clone(&self.seen);
        let body = response.body.inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                seen.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(chunk).into_owned());
            }
        });
        Ok(HttpResponse {
            body: body.boxed(),
            ..response
        })
    }
}

#[tokio::test]
async fn a_transport_around_the_real_one_sees_everything_but_the_key() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let recorder = Recorder {
            inner: http().transport(),
            seen: Arc::clone(&seen),
        };
        let client = HttpClient::with_transport(Arc::new(recorder));
        let provider = connect(&client, config(kind, &server.base_url())).unwrap();
        let mut request = request("!text recorded");
        request.metadata.extensions.insert(RunId(7));
        collect(stream(&provider, request)).await.unwrap();
        let seen = seen.lock().unwrap().join("\n");
        assert!(seen.starts_with("run 7: /v1/"), "{seen}");
        assert!(
            seen.contains("recorded") && !seen.contains("sk-test-0123456789"),
            "{seen}"
        );
        assert!(
            ["[DONE]", "message_stop", "response.completed"]
                .iter()
                .any(|end| seen.contains(end)),
            "{seen}"
        );
    }
}

fn recorded(message: &str) -> (llm::Request, Recording) {
    let mut request = request(message);
    let recording = Recording::default();
    request.metadata.extensions.insert(recording.clone());
    (request, recording)
}

#[tokio::test]
async fn a_whole_answer_is_one_attempt() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let (request, recording) = recorded("!text recorded");
        let answer = collect(stream(&provider, request)).await.unwrap();
        assert_eq!(answer.text(), "recorded");
        let attempts = recording.take_attempts();
        let [attempt] = attempts.as_slice() else {
            panic!("{attempts:?}");
        };
        assert!(
            attempt.is_completed && attempt.error.is_none(),
            "{attempt:?}"
        );
        assert_eq!(attempt.method, "POST");
        assert!(attempt.path.starts_with("/v1/") && attempt.url.ends_with(&attempt.path));
        assert_eq!(attempt.response_status, Some(200));
        assert!(attempt.first_byte_ms.unwrap() <= attempt.duration_ms);
        assert!(attempt.request_body.contains("!text recorded"));
        assert!(attempt.response_body.contains("recorded"));
        assert!(!format!("{attempt:?}{recording:?}").contains("sk-test-0123456789"));
        assert!(recording.take_attempts().is_empty());
    }
}

#[tokio::test]
async fn refusals_and_failures_are_attempts_too() {
    let server = MockServer::start().await;
    let body = "{\"error\":{\"message\":\"no\",\"token\":\"t-0123\"}}";
    let refusal = ResponseTemplate::new(400).set_body_raw(body, "application/json");
    Mock::given(any())
        .respond_with(refusal)
        .mount(&server)
        .await;
    let (request, recording) = recorded("hi");
    let model = provider(KINDS[0], &server.uri());
    collect(stream(&model, request)).await.unwrap_err();
    let attempts = recording.take_attempts();
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0].is_completed);
    assert_eq!(attempts[0].response_status, Some(400));
    assert_eq!(
        attempts[0].response_body,
        "{\"error\":{\"message\":\"no\",\"token\":\"[REDACTED]\"}}"
    );

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let (request, recording) = recorded("hi");
    collect(stream(&provider(KINDS[0], &address), request))
        .await
        .unwrap_err();
    let attempts = recording.take_attempts();
    assert!(!attempts[0].is_completed && attempts[0].response_status.is_none());
    assert!(!attempts[0].error.as_deref().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_nobody_reads_to_its_end_failed() {
    let server = standin::start().await.unwrap();
    let provider = provider(KINDS[0], &server.base_url());
    let (request, recording) = recorded("!slow 20000 !text one two three four");
    let mut parts = stream(&provider, request);
    parts.next().await.unwrap().unwrap();
    assert!(
        recording.take_attempts().is_empty(),
        "it is still under way"
    );
    drop(parts);
    let attempts = recording.take_attempts();
    assert!(!attempts[0].is_completed, "{attempts:?}");
    assert_eq!(attempts[0].response_status, Some(200));

    let (request, recording) = recorded("!text never asked for");
    let mut waits = Box::pin(collect(stream(&provider, request)));
    let _ = futures::poll!(&mut waits);
    drop(waits);
    let attempts = recording.take_attempts();
    assert!(
        attempts.iter().all(|attempt| !attempt.is_completed),
        "{attempts:?}"
    );
}

#[tokio::test]
async fn long_bodies_are_cut_and_still_read_whole() {
    let server = standin::start().await.unwrap();
    let provider = provider(KINDS[1], &server.base_url());
    let long = "x".repeat(LONGEST_RECORDED_BYTES);
    let (request, recording) = recorded(&format!("!text {long}"));
    let answer = collect(stream(&provider, request)).await.unwrap();
    assert_eq!(answer.text().len(), long.len());
    let attempts = recording.take_attempts();
    assert_eq!(attempts[0].request_body, TRUNCATED);
    assert_eq!(attempts[0].response_body, TRUNCATED);
    assert!(attempts[0].is_completed);
}

#[tokio::test]
async fn secrets_that_a_server_sends_back_are_not_kept() {
    const CANARY: &str = "sk-test-0123456789";
    let events = format!(
        "event: {CANARY}\ndata: {{\"type\":\"error\",\"error\":{{\"message\":\"{CANARY}\",\"api_key\":\"other\"}}}}\n\n\
         : {CANARY}\ndata: {CANARY}\n\n{CANARY}: x\n\n"
    );
    for (status, kind, body) in [
        (200, "text/event-stream", events.as_str()),
        (
            500,
            "text/plain",
            &format!("key {CANARY} at https://u:{CANARY}@h.example/?a={CANARY}"),
        ),
        (
            401,
            "application/json",
            &format!("{{\"{CANARY}\":\"{CANARY}\"}}"),
        ),
        (400, "application/octet-stream", CANARY),
    ] {
        let server = MockServer::start().await;
        let response = ResponseTemplate::new(status)
            .insert_header("x-echo", CANARY)
            .insert_header(
                "x-where",
                format!("https://u:{CANARY}@h.example/?token={CANARY}").as_str(),
            )
            .set_body_raw(body.to_owned(), kind);
        Mock::given(any())
            .respond_with(response)
            .mount(&server)
            .await;
        let (mut request, recording) = recorded(&format!("!text {CANARY}"));
        for name in ["x-auth-token", "cookie", "x-note"] {
            request
                .metadata
                .headers
                .insert(name.to_owned(), format!("a={CANARY}"));
        }
        collect(stream(&provider(KINDS[0], &server.uri()), request))
            .await
            .unwrap_err();
        let attempts = recording.take_attempts();
        assert!(!attempts.is_empty());
        let shown = format!("{attempts:?}");
        assert!(
            !shown.contains(CANARY) && !shown.contains("other"),
            "{shown}"
        );
    }
}
