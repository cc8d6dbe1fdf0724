//! The built-in provider: a scripted model inside the process, for trying things out and for tests.
//!
//! It is no AI and says so. It really streams and really calls the tools it is offered, and it is deterministic: the
//! answer follows from the conversation alone (and, for errors that happen a number of times, from how often the same
//! call was made). [`script`] describes the directives that a message can hold, [`play`] turns a call into beats that
//! this module streams and the stand-in server puts on the wire.

mod conversation;
mod parse;
pub mod play;
mod scenario;
pub mod script;
mod searches;
mod stream;
mod title;
mod words;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use self::play::Player;
use crate::limits::{self, ModelLimits};
use crate::provider::{ConnectionReport, Model, ModelInfo, Provider, ProviderKind};
use crate::{Error, PartStream, Request, Timeouts};

/// The provider's name.
pub const NAME: &str = "demo";

/// Id of its only model.
pub const MODEL: &str = "demo";

/// Pause between two deltas unless a message says otherwise: about as fast as a person likes to read along.
pub const DEFAULT_PACE: Duration = Duration::from_millis(12);

/// The provider.
#[derive(Clone, Debug)]
pub struct Demo {
    player: Arc<Player>,
    timeouts: Timeouts,
}

impl Demo {
    /// The provider with its usual pace.
    pub fn new() -> Self {
        Self::with_pace(DEFAULT_PACE)
    }

    /// The provider with a pace of its own; zero is as fast as possible.
    pub fn with_pace(pace: Duration) -> Self {
        Self {
            player: Arc::new(Player::new(pace).with_notice()),
            timeouts: Timeouts::default(),
        }
    }

    /// Other deadlines; a scripted stall runs into them like a real one.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }
}

impl Default for Demo {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Provider for Demo {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Demo
    }

    fn name(&self) -> &str {
        NAME
    }

    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        let display_name = "Demo (scripted, not an AI)".to_owned();
        Ok(vec![ModelInfo {
            id: MODEL.to_owned(),
            display_name,
            limits: limits::known(MODEL),
        }])
    }

    fn model(&self, id: &str) -> Arc<dyn Model> {
        Arc::new(DemoModel {
            id: id.to_owned(),
            demo: self.clone(),
        })
    }

    async fn test_connection(&self) -> Result<ConnectionReport, Error> {
        let message =
            "The demo model is a script inside this server; there is nothing to connect to."
                .to_owned();
        Ok(ConnectionReport {
            model_count: 1,
            message,
        })
    }
}

#[derive(Debug)]
struct DemoModel {
    id: String,
    demo: Demo,
}

impl Model for DemoModel {
    fn id(&self) -> &str {
        &self.id
    }

    fn provider(&self) -> &str {
        NAME
    }

    fn limits(&self) -> ModelLimits {
        limits::known(MODEL)
    }

    fn stream(&self, request: Request, cancel: CancellationToken) -> PartStream {
        stream::parts(
            Arc::clone(&self.demo.player),
            self.demo.timeouts,
            request,
            cancel,
        )
    }
}

#[cfg(test)]
#[path = "demo/tests.rs"]
mod tests;
