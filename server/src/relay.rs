//! Live parts from other processes of the deployment, over their HTTP address.

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use platform::replicas::Replicas;
use platform::{Batch, LiveSource};
use sdk::client::{Client, ClientError};
use sdk::ids::{ChatId, WorkerId};
use sdk::replicas::LiveBatch;

/// Asks the process that runs a chat.
#[derive(Debug)]
pub struct HttpRelay {
    replicas: Replicas,
}

impl HttpRelay {
    /// Asks the processes that are found this way.
    pub fn new(replicas: Replicas) -> Self {
        Self { replicas }
    }
}

#[async_trait]
impl LiveSource for HttpRelay {
    async fn follow(&self, worker: WorkerId, chat: ChatId) -> Option<BoxStream<'static, Batch>> {
        let address = self.replicas.address_of(worker).await?;
        let client = Client::new(address.as_str()).ok()?;
        let client = client.with_token(self.replicas.token().to_owned());
        match client.follow_replica(chat).await {
            Ok(subscription) => {
                let batches = futures::stream::unfold(subscription, async |mut subscription| {
                    let batch = subscription.next().await?.ok()?;
                    Some((batch_of(batch), subscription))
                });
                Some(batches.boxed())
            }
            Err(error) => {
                warn_about(&error, &address);
                None
            }
        }
    }
}

fn warn_about(error: &ClientError, address: &url::Url) {
    if error.status() == Some(401) {
        tracing::warn!(
            %address,
            "another process on this database does not know this one: give all of them the same SWITCHYARD_ENCRYPTION_KEY"
        );
    } else {
        tracing::debug!(%error, %address, "another process could not be asked for live text");
    }
}

fn batch_of(batch: LiveBatch) -> Batch {
    Batch {
        pair: (batch.history_version, batch.generation_attempt),
        first_seq: batch.first_seq,
        events: batch.events.into_iter().map(Into::into).collect(),
    }
}

/// The same for the wire.
pub fn wire_batch(batch: &Batch) -> LiveBatch {
    LiveBatch {
        history_version: batch.pair.0,
        generation_attempt: batch.pair.1,
        first_seq: batch.first_seq,
        events: batch.events.iter().map(ToString::to_string).collect(),
    }
}
