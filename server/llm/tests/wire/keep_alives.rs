//! A connection that lives while the answer does not: signs of life end no deadline for content.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, StatusCode};
use llm::http::{HttpRequest, HttpResponse, Transport, TransportError};
use llm::{Error, ErrorKind, HttpClient, ProviderKind, Response, Timeouts, collect, connect};
use tokio::time::{Instant, sleep};

use crate::setup::{config, request, stream as open};

/// How often the server shows that it is there.
const BEAT: Duration = Duration::from_secs(5);

/// Answers with some events at once and then with one event at every beat, for ever.
#[derive(Clone, Copy, Debug)]
struct KeepsAlive {
    opening: &'static str,
    beat: &'static str,
    beats: usize,
    ending: &'static str,
}

#[async_trait]
impl Transport for KeepsAlive {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Self {
            opening,
            beat,
            beats,
            ending,
        } = *self;
        let opening = stream::iter([Ok(Bytes::from_static(opening.as_bytes()))]);
        let beats = stream::iter(0..beats).then(move |_| async move {
            sleep(BEAT).await;
            Ok(Bytes::from_static(beat.as_bytes()))
        });
        let ending = stream::iter([Ok(Bytes::from_static(ending.as_bytes()))]);
        Ok(HttpResponse {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: opening.chain(beats).chain(ending).boxed(),
        })
    }
}

async fn heard(kind: ProviderKind, server: KeepsAlive) -> Result<Response, Error> {
    let client = HttpClient::with_transport(Arc::new(server));
    let patient = llm::ProviderConfig {
        timeouts: Timeouts::default(),
        ..config(kind, "http://127.0.0.1:9")
    };
    let provider = connect(&client, patient).unwrap();
    collect(open(&provider, request("hello"))).await
}

const ANTHROPIC_START: &str = concat!(
    "data: {\"type\": \"message_start\", \"message\": {\"id\": \"m\", \"usage\": {\"input_tokens\": 1}}}\n\n",
    "data: {\"type\": \"ping\"}\n\n",
);
const ANTHROPIC_THINKING: &str = concat!(
    "data: {\"type\": \"message_start\", \"message\": {\"id\": \"m\"}}\n\n",
    "data: {\"type\": \"content_block_start\", \"index\": 0, \"content_block\": {\"type\": \"thinking\"}}\n\n",
);
const ANTHROPIC_PING: &str = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
const ANTHROPIC_END: &str = concat!(
    "data: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"thinking\": \"so\"}}\n\n",
    "data: {\"type\": \"message_stop\"}\n\n",
);
const OPENAI_START: &str = "data: {\"id\": \"c\", \"choices\": [{\"index\": 0, \"delta\": {\"role\": \"assistant\", \"content\": \"\"}}]}\n\n";
const OPENAI_TEXT: &str =
    "data: {\"id\": \"c\", \"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Well\"}}]}\n\n";
const OPENAI_COMMENT: &str = ": keep-alive\n\n";
const OPENAI_EMPTY: &str =
    "data: {\"id\": \"c\", \"choices\": [{\"index\": 0, \"delta\": {\"content\": \"\"}}]}\n\n";
const OPENAI_END: &str = concat!(
    "data: {\"id\": \"c\", \"choices\": [{\"index\": 0, \"delta\": {}, \"finish_reason\": \"stop\"}]}\n\n",
    "data: [DONE]\n\n",
);

const FOR_EVER: usize = usize::MAX;

#[tokio::test(start_paused = true)]
async fn an_answer_without_content_never_began_whatever_keeps_the_connection_alive() {
    let anthropic = (ProviderKind::Anthropic, ANTHROPIC_START, ANTHROPIC_PING);
    for (kind, opening, beat) in [
        anthropic,
        (ProviderKind::OpenAiCompatible, OPENAI_START, OPENAI_COMMENT),
        (ProviderKind::OpenAiCompatible, OPENAI_START, OPENAI_EMPTY),
    ] {
        let began = Instant::now();
        let server = KeepsAlive {
            opening,
            beat,
            beats: FOR_EVER,
            ending: "",
        };
        let error = heard(kind, server).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::StartupTimeout, "{kind:?} {beat}");
        assert_eq!(began.elapsed().as_secs(), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stops_moving_ends_although_the_connection_is_kept_alive() {
    for (kind, opening, beat) in [
        (ProviderKind::Anthropic, ANTHROPIC_THINKING, ANTHROPIC_PING),
        (ProviderKind::OpenAiCompatible, OPENAI_TEXT, OPENAI_COMMENT),
    ] {
        let began = Instant::now();
        let server = KeepsAlive {
            opening,
            beat,
            beats: FOR_EVER,
            ending: "",
        };
        let error = heard(kind, server).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::StreamSilence);
        assert!(error.is_retryable);
        assert_eq!(
            error.detail.as_deref(),
            Some("nothing but keep-alives for 600 s")
        );
        assert_eq!(began.elapsed().as_secs(), 600);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_kept_alive_may_be_long_in_the_middle_of_an_answer() {
    for (kind, opening, beat, ending) in [
        (
            ProviderKind::Anthropic,
            ANTHROPIC_THINKING,
            ANTHROPIC_PING,
            ANTHROPIC_END,
        ),
        (
            ProviderKind::OpenAiCompatible,
            OPENAI_TEXT,
            OPENAI_COMMENT,
            OPENAI_END,
        ),
    ] {
        let began = Instant::now();
        let server = KeepsAlive {
            opening,
            beat,
            beats: 100,
            ending,
        };
        let response = heard(kind, server).await.unwrap();
        assert_eq!(response.content.len(), 1, "{kind:?}");
        assert_eq!(began.elapsed().as_secs(), 500);
    }
}
