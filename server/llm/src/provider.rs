//! The two traits every provider implements, and the way from a stored configuration to one of them.
//!
//! Both are object-safe: callers hold `Arc<dyn Provider>` and `Arc<dyn Model>` and never learn which adapter it is.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::limits::ModelLimits;
use crate::{Error, HttpClient, PartStream, Request, Timeouts};

/// Which wire protocol a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Chat Completions at OpenAI.
    #[serde(rename = "openai")]
    OpenAi,
    /// Any other server that speaks OpenAI Chat Completions (Ollama, vLLM, llama.cpp, OpenRouter, LM Studio).
    #[serde(rename = "openai-compat")]
    OpenAiCompatible,
    /// The scripted model inside the server.
    Demo,
}

impl ProviderKind {
    /// Name in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::OpenAiCompatible => "openai-compat",
            Self::Demo => "demo",
        }
    }

    /// Parses a name of [`Self::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Anthropic,
            Self::OpenAi,
            Self::OpenAiCompatible,
            Self::Demo,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// How to reach a provider. `Debug` never shows the key.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Wire protocol.
    pub kind: ProviderKind,
    /// Name in errors and logs, for example `anthropic` or `ollama`.
    pub name: String,
    /// Whose calls these are at the provider, in the caller's words. What a provider encrypts for one account goes back to
    /// that account alone; where none is named, to calls that name none.
    pub account: Option<String>,
    /// Where it listens; the provider's public address when `None`. For Anthropic with or without a final `/v1`; for
    /// OpenAI and compatible servers up to and with the version, where `/v1` is added to an address without a path.
    pub base_url: Option<String>,
    /// The key; compatible servers on a private network may need none.
    pub api_key: Option<SecretString>,
    /// Deadlines of its calls.
    pub timeouts: Timeouts,
    /// Whether a server of OpenAI's kind is called by the Responses API; when `None`, OpenAI itself is and others are not.
    pub speaks_responses: Option<bool>,
}

impl ProviderConfig {
    /// A configuration with the protocol's own name, address and deadlines.
    pub fn new(kind: ProviderKind, api_key: Option<SecretString>) -> Self {
        Self {
            kind,
            name: kind.as_str().to_owned(),
            account: None,
            base_url: None,
            api_key,
            timeouts: Timeouts::default(),
            speaks_responses: None,
        }
    }
}

/// Makes the adapter for a configuration. Fails with `config` when the base URL cannot be used; nothing is sent.
pub fn connect(http: &HttpClient, config: ProviderConfig) -> Result<Arc<dyn Provider>, Error> {
    Ok(match config.kind {
        ProviderKind::Anthropic => {
            Arc::new(crate::anthropic::Anthropic::new(http.clone(), config)?)
        }
        ProviderKind::OpenAi | ProviderKind::OpenAiCompatible => {
            Arc::new(crate::openai::OpenAi::new(http.clone(), config)?)
        }
        ProviderKind::Demo => Arc::new(crate::demo::Demo::new()),
    })
}

/// A place that offers models.
#[async_trait]
pub trait Provider: Debug + Send + Sync {
    /// Wire protocol.
    fn kind(&self) -> ProviderKind;

    /// Name in errors and logs.
    fn name(&self) -> &str;

    /// The models it offers now, as it orders them.
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error>;

    /// A handle on one model. The id is not checked: an unknown one fails when it is called.
    fn model(&self, id: &str) -> Arc<dyn Model>;

    /// Asks the provider something cheap, so that a person sees whether address and key are right. A failure's
    /// [`Error::detail`] holds the provider's own words.
    async fn test_connection(&self) -> Result<ConnectionReport, Error>;
}

/// One model of a provider.
pub trait Model: Debug + Send + Sync {
    /// The id it was asked for with.
    fn id(&self) -> &str;

    /// Name of its provider in errors and logs.
    fn provider(&self) -> &str;

    /// How much fits into it.
    fn limits(&self) -> ModelLimits;

    /// Tools that the provider runs itself and that a call with this request offers beside those of the request, as they stand
    /// on the wire.
    fn provider_tools(&self, _request: &Request) -> Vec<Value> {
        Vec::new()
    }

    /// Starts a call. Nothing is sent before the stream is first polled. Cancelling the token ends the stream with
    /// [`Error::cancelled`] and closes the connection; so does dropping the stream, silently.
    fn stream(&self, request: Request, cancel: CancellationToken) -> PartStream;
}

/// A model as its provider lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The id to call it with.
    pub id: String,
    /// A name for people.
    pub display_name: String,
    /// How much fits into it: the provider's numbers, else the table's.
    pub limits: ModelLimits,
}

/// What a connection test found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// How many models are offered.
    pub model_count: usize,
    /// What to show to the person who asked.
    pub message: String,
}

impl ConnectionReport {
    /// What a list of models says about the connection.
    pub(crate) fn of(place: &str, models: &[ModelInfo]) -> Self {
        let message = match models {
            [] => format!("{place} answered, but it offers no models."),
            [only] => format!("{place} answered and offers one model, {}.", only.id),
            [first, ..] => format!(
                "{place} answered and offers {} models, such as {}.",
                models.len(),
                first.id
            ),
        };
        Self {
            model_count: models.len(),
            message,
        }
    }
}
