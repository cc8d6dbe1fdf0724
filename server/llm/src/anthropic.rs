//! Anthropic Messages, streamed.
//!
//! `request` writes the body, `events` reads the answer, `thinking` chooses how a model is told to think. What must be
//! sent back with a thought travels in `provider_metadata` under the key `anthropic`. `computer` and `searches` are of the tools
//! that Anthropic has itself.

mod computer;
mod events;
mod models;
mod request;
mod searches;
mod thinking;

use std::sync::Arc;

use async_trait::async_trait;
use computer::{Form, Forms};
use futures::{StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::http::{
    BaseUrl, Call, Endpoint, Learner, ask_until_taken, failed, open_stream, secret_header,
    write_body,
};
use crate::limits::{self, ModelLimits};
use crate::provider::{ConnectionReport, Model, ModelInfo, Provider, ProviderConfig, ProviderKind};
use crate::{Error, HttpClient, PartStream, Request, RequestMetadata, web};

/// Where Anthropic listens.
pub const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";

const VERSION: &str = "2023-06-01";

/// The provider.
#[derive(Clone, Debug)]
pub struct Anthropic {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    endpoint: Endpoint,
    computers: Forms,
}

impl Anthropic {
    /// Checks the configuration; sends nothing.
    pub fn new(http: HttpClient, config: ProviderConfig) -> Result<Self, Error> {
        let address = config.base_url.as_deref().unwrap_or(DEFAULT_BASE_URL);
        let base = BaseUrl::parse(&config.name, address)?.without_version();
        Ok(Self {
            shared: Arc::new(Shared {
                endpoint: Endpoint { http, config, base },
                computers: Forms::default(),
            }),
        })
    }
}

#[async_trait]
impl Provider for Anthropic {
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
        Arc::new(AnthropicModel {
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
struct AnthropicModel {
    id: String,
    shared: Arc<Shared>,
}

impl Model for AnthropicModel {
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
        request::provider_tools(request).into_iter().collect()
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
    /// That of the computer tool.
    type Form = Form;

    fn form(&self, request: &Request) -> Form {
        self.computers.of(request)
    }

    async fn ask(
        &self,
        request: &Arc<Request>,
        computer: Form,
        cancel: CancellationToken,
    ) -> PartStream {
        match self.message(request, computer).await {
            Ok(call) => {
                let decoder = events::EventDecoder::new(self.endpoint.name());
                let account = self.endpoint.config.account.clone();
                let parts = open_stream(call, decoder, cancel).map_ok(move |mut part| {
                    web::note_account(&mut part, account.as_deref());
                    part
                });
                parts.boxed()
            }
            Err(error) => failed(error),
        }
    }

    fn learn(&self, model: &str, tried: Form, error: &Error) -> bool {
        self.computers.learn(model, tried, error)
    }
}

impl Shared {
    async fn message(&self, request: &Arc<Request>, computer: Form) -> Result<Call, Error> {
        let account = self.endpoint.config.account.clone();
        let write = move |request: &Request| request::write(request, computer, account.as_deref());
        let body = write_body(self.endpoint.name(), request, write).await?;
        let url = self.endpoint.base.join("/v1/messages");
        self.call(
            (Method::POST, url),
            body,
            &request.metadata,
            computer.beta(),
        )
    }

    fn call(
        &self,
        target: (Method, Url),
        body: Vec<u8>,
        metadata: &RequestMetadata,
        beta: Option<&'static str>,
    ) -> Result<Call, Error> {
        let name = self.endpoint.name();
        let key = self.endpoint.config.api_key.as_ref();
        let key = key.ok_or_else(|| Error::missing_key(name))?;
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-version", HeaderValue::from_static(VERSION));
        headers.insert("x-api-key", secret_header(name, "", key)?);
        if let Some(beta) = beta {
            headers.insert("anthropic-beta", HeaderValue::from_static(beta));
        }
        Ok(self.endpoint.call(target, body, metadata, headers))
    }
}
