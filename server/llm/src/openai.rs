//! OpenAI's two APIs, streamed: Responses at OpenAI itself, Chat Completions at every server that speaks it.
//!
//! What follows is of Chat Completions; `responses` holds the other. `request` writes the body, `events` and `calls` read
//! the answer, `reasoning` keeps what must be sent back with a thought, `dialect` learns which fields a server refuses and
//! leaves them out from then on.

mod calls;
mod dialect;
mod events;
mod models;
mod reasoning;
mod request;
mod responses;

use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::dialect::{Dialect, Dialects};
use crate::http::{
    BaseUrl, Call, Endpoint, Learner, ask_until_taken, failed, open_stream, secret_header,
    write_body,
};
use crate::limits::{self, ModelLimits};
use crate::provider::{ConnectionReport, Model, ModelInfo, Provider, ProviderConfig, ProviderKind};
use crate::{Error, HttpClient, PartStream, Request, RequestMetadata};

/// Where OpenAI listens.
pub const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// The provider.
#[derive(Clone, Debug)]
pub struct OpenAi {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    endpoint: Endpoint,
    dialects: Dialects,
    speaks_responses: bool,
}

impl OpenAi {
    /// Checks the configuration; sends nothing.
    pub fn new(http: HttpClient, config: ProviderConfig) -> Result<Self, Error> {
        let address = config.base_url.as_deref().unwrap_or(DEFAULT_BASE_URL);
        let base = BaseUrl::parse(&config.name, address)?.with_default_version();
        let is_official = is_official(&base);
        let dialects = Dialects::new(is_official);
        let speaks_responses = config.speaks_responses.unwrap_or(is_official);
        Ok(Self {
            shared: Arc::new(Shared {
                endpoint: Endpoint { http, config, base },
                dialects,
                speaks_responses,
            }),
        })
    }
}

/// OpenAI itself, which is stricter than the servers that imitate it.
fn is_official(base: &BaseUrl) -> bool {
    ["openai.com", "openai.azure.com"]
        .iter()
        .any(|domain| base.is_below(domain))
}

#[async_trait]
impl Provider for OpenAi {
    fn kind(&self) -> ProviderKind {
        self.shared.endpoint.config.kind
    }

    fn name(&self) -> &str {
        self.shared.endpoint.name()
    }

    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        models::list(&self.shared).await
    }

    fn model(&self, id: &str) -> Arc<dyn Model> {
        Arc::new(OpenAiModel {
            id: id.to_owned(),
            shared: Arc::clone(&self.shared),
        })
    }

    async fn test_connection(&self) -> Result<ConnectionReport, Error> {
        let models = self.list_models().await?;
        Ok(ConnectionReport::of(
            self.shared.endpoint.base.authority(),
            &models,
        ))
    }
}

#[derive(Debug)]
struct OpenAiModel {
    id: String,
    shared: Arc<Shared>,
}

impl Model for OpenAiModel {
    fn id(&self) -> &str {
        &self.id
    }

    fn provider(&self) -> &str {
        self.shared.endpoint.name()
    }

    fn limits(&self) -> ModelLimits {
        limits::known(&self.id)
    }

    fn provider_tools(&self, request: &Request) -> Vec<Value> {
        let dialect = self.shared.form(request);
        let tools = dialect
            .has_responses
            .then(|| responses::request::provider_tools(request, dialect));
        tools.flatten().into_iter().collect()
    }

    fn stream(&self, mut request: Request, cancel: CancellationToken) -> PartStream {
        if request.model.is_empty() {
            request.model.clone_from(&self.id);
        }
        ask_until_taken(Arc::clone(&self.shared), request, cancel)
    }
}

#[async_trait]
impl Learner for Shared {
    type Form = Dialect;

    fn form(&self, request: &Request) -> Dialect {
        let mut dialect = self.dialects.of(&request.model);
        dialect.has_responses &= self.speaks_responses;
        dialect
    }

    async fn ask(
        &self,
        request: &Arc<Request>,
        dialect: Dialect,
        cancel: CancellationToken,
    ) -> PartStream {
        let name = self.endpoint.name();
        let answer = if dialect.has_responses {
            let call = self.response(request, dialect).await;
            call.map(|call| open_stream(call, responses::events::EventDecoder::new(name), cancel))
        } else {
            let call = self.completion(request, dialect).await;
            let needs_done = self.dialects.is_official();
            call.map(|call| open_stream(call, events::EventDecoder::new(name, needs_done), cancel))
        };
        answer.unwrap_or_else(failed)
    }

    fn learn(&self, model: &str, tried: Dialect, error: &Error) -> bool {
        self.dialects.learn(model, tried, error)
    }
}

impl Shared {
    async fn response(&self, request: &Arc<Request>, dialect: Dialect) -> Result<Call, Error> {
        let write = move |request: &Request| responses::request::write(request, dialect);
        let body = write_body(self.endpoint.name(), request, write).await?;
        let url = self.endpoint.base.join("/responses");
        self.call((Method::POST, url), body, &request.metadata)
    }

    async fn completion(&self, request: &Arc<Request>, dialect: Dialect) -> Result<Call, Error> {
        let write = move |request: &Request| request::write(request, dialect);
        let body = write_body(self.endpoint.name(), request, write).await?;
        let url = self.endpoint.base.join("/chat/completions");
        self.call((Method::POST, url), body, &request.metadata)
    }

    /// OpenAI cannot be called without a key; a compatible server on a private network often has none.
    fn call(
        &self,
        target: (Method, Url),
        body: Vec<u8>,
        metadata: &RequestMetadata,
    ) -> Result<Call, Error> {
        let config = &self.endpoint.config;
        let mut headers = HeaderMap::new();
        match &config.api_key {
            Some(key) => {
                headers.insert(AUTHORIZATION, secret_header(&config.name, "Bearer ", key)?);
            }
            None if config.kind == ProviderKind::OpenAi => {
                return Err(Error::missing_key(&config.name));
            }
            None => {}
        }
        Ok(self.endpoint.call(target, body, metadata, headers))
    }
}
