//! The stand-in's model over each of the protocols that models are spoken to in.

use std::sync::Arc;

use async_trait::async_trait;
use chatd::sources::{ModelSource, ResolvedModel};
use llm::{ProviderConfig, ProviderKind};
use sdk::chats::ChatError;
use sdk::ids::{ModelConfigId, UserId};
use sdk::models::ModelCallConfig;
use serde_json::Value;
use standin::{Handle, RecordedRequest};

use crate::harness::{Bench, daemon_with, resolved};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Anthropic,
    ChatCompletions,
    Responses,
}

impl Protocol {
    pub const ALL: [Self; 3] = [Self::Anthropic, Self::ChatCompletions, Self::Responses];

    /// The stand-in's model, by a client that knows nothing of the server yet.
    pub fn model(self, provider: &Handle) -> Arc<dyn llm::Model> {
        let kind = match self {
            Self::Anthropic => ProviderKind::Anthropic,
            Self::ChatCompletions => ProviderKind::OpenAiCompatible,
            Self::Responses => ProviderKind::OpenAi,
        };
        let config = ProviderConfig {
            base_url: Some(provider.base_url()),
            speaks_responses: Some(self == Self::Responses),
            ..ProviderConfig::new(kind, Some("sk-test".into()))
        };
        let http = llm::HttpClient::new(&llm::http::HttpOptions::default()).unwrap();
        llm::connect(&http, config).unwrap().model("standin-large")
    }
}

/// A model for all chats.
#[derive(Debug)]
pub struct OneModel {
    pub model: Arc<dyn llm::Model>,
    pub options: ModelCallConfig,
}

#[async_trait]
impl ModelSource for OneModel {
    async fn resolve(&self, id: ModelConfigId, _: UserId) -> Result<ResolvedModel, ChatError> {
        Ok(ResolvedModel {
            options: self.options.clone(),
            ..resolved(id, Arc::clone(&self.model), 200_000)
        })
    }
}

/// A daemon on the bench's rows, at work, with the stand-in's model.
pub fn daemon(
    bench: &Bench,
    protocol: Protocol,
    provider: &Handle,
    options: ModelCallConfig,
) -> chatd::Daemon {
    let model = protocol.model(provider);
    let models = Arc::new(OneModel { model, options });
    let daemon = daemon_with(&bench.db, &bench.notices, &bench.tools, models);
    daemon.start();
    daemon
}

/// The calls that offer tools: those of turns.
pub fn turns_of(provider: &Handle) -> Vec<RecordedRequest> {
    let mut requests = provider.traffic().requests;
    requests.retain(|request| request.json()["tools"].is_array());
    requests
}

/// Their bodies.
pub fn asked(provider: &Handle) -> Vec<Value> {
    let requests = turns_of(provider).into_iter();
    requests.map(|request| request.json()).collect()
}
