//! The seam where a recording transport sits: it sees requests with what the caller attached, and bodies as they pass.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use llm::http::{HttpRequest, HttpResponse, Transport, TransportError};
use llm::{HttpClient, collect, connect};

use crate::setup::{KINDS, config, http, request, stream};

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
