//! The scripted model (being filled in).

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::limits::{self, ModelLimits};
use crate::provider::{ConnectionReport, Model, ModelInfo, Provider, ProviderKind};
use crate::{Error, FinishReason, PartStream, Request, StreamPart, Usage};

/// The built-in provider.
#[derive(Clone, Debug, Default)]
pub struct Demo;

impl Demo {
    /// The provider.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Provider for Demo {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Demo
    }

    fn name(&self) -> &'static str {
        "demo"
    }

    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        Ok(vec![])
    }

    fn model(&self, id: &str) -> Arc<dyn Model> {
        Arc::new(DemoModel { id: id.to_owned() })
    }

    async fn test_connection(&self) -> Result<ConnectionReport, Error> {
        Ok(ConnectionReport {
            model_count: 1,
            message: String::new(),
        })
    }
}

#[derive(Debug)]
struct DemoModel {
    id: String,
}

impl Model for DemoModel {
    fn id(&self) -> &str {
        &self.id
    }

    fn provider(&self) -> &'static str {
        "demo"
    }

    fn limits(&self) -> ModelLimits {
        limits::known("demo")
    }

    fn stream(&self, _request: Request, _cancel: CancellationToken) -> PartStream {
        let text = "This is the scripted demo model, not an AI.".to_owned();
        let finish = StreamPart::Finish {
            reason: FinishReason::Stop,
            usage: Usage::default(),
            response_id: None,
        };
        futures::stream::iter([
            Ok(StreamPart::Start),
            Ok(StreamPart::TextDelta { text }),
            Ok(finish),
        ])
        .boxed()
    }
}
