//! Finds an Ollama server and its models.
//!
//! Only the search speaks Ollama's own protocol; calls go through the OpenAI adapter on its `/v1`.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Deserialize;

use crate::http::{BaseUrl, Call, HttpRequest};
use crate::limits::{self, ModelLimits};
use crate::{Error, HttpClient, ModelInfo, Timeouts};

/// Where Ollama listens unless told otherwise.
pub const DEFAULT_BASE_URL: &str = "http://127.0.0.1:11434";

const NAME: &str = "ollama";

/// An Ollama server that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ollama {
    /// Address for a provider of kind `openai-compat`.
    pub openai_base_url: String,
    /// The models that are pulled.
    pub models: Vec<ModelInfo>,
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    #[serde(default)]
    details: Details,
}

#[derive(Default, Deserialize)]
struct Details {
    context_length: Option<u64>,
}

/// Asks `base_url` for its models; an error when nothing that looks like Ollama answers within `timeout`.
pub async fn detect(http: &HttpClient, base_url: &str, timeout: Duration) -> Result<Ollama, Error> {
    let base = BaseUrl::parse(NAME, base_url)?.without_version();
    let request = HttpRequest {
        method: Method::GET,
        url: base.join("/api/tags"),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        extensions: http::Extensions::new(),
    };
    let timeouts = Timeouts {
        short_call: timeout,
        ..Timeouts::default()
    };
    let call = Call {
        http: http.clone(),
        provider: NAME.to_owned(),
        api_key: None,
        timeouts,
        request,
    };
    let tags: Tags = call.fetch().await?;
    Ok(Ollama {
        openai_base_url: base.join("/v1").to_string(),
        models: tags.models.into_iter().map(Tag::into_model).collect(),
    })
}

impl Tag {
    fn into_model(self) -> ModelInfo {
        let known = limits::known(&self.name);
        let context_tokens = self.details.context_length.unwrap_or(known.context_tokens);
        let limits = ModelLimits {
            context_tokens,
            max_output_tokens: known.max_output_tokens.min(context_tokens),
        };
        ModelInfo {
            display_name: self.name.clone(),
            id: self.name,
            limits,
        }
    }
}
