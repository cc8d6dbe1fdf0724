//! Several server processes on one PostgreSQL database: how they find and believe each other.
//!
//! Each writes its address into the database and beats; what one shows another as its right to ask is a secret that all
//! derive from the deployment's encryption key. Who owns which chat is `chatd`'s business; live parts travel by a
//! [`chatd::LiveSource`] that the wiring gives.

use std::sync::Arc;
use std::time::Duration;

use chatd::LiveSource;
use chatd::live::Batch;
use chrono::TimeDelta;
use futures::Stream;
use sdk::ids::{ChatId, WorkerId};
use secrecy::{ExposeSecret as _, SecretString};
use store::{Clock, Db, replicas};
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::Platform;

const BEAT_INTERVAL: Duration = Duration::from_secs(9);
/// A process that was silent this long is not asked.
const EXPIRY: TimeDelta = TimeDelta::seconds(30);

/// How one process reaches the others. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Replicas {
    db: Db,
    clock: Clock,
    token: Arc<SecretString>,
}

impl Replicas {
    /// Where a process is reached; `None` when it is gone or was not told its address.
    pub async fn address_of(&self, worker: WorkerId) -> Option<Url> {
        let alive_since = self.clock.now() - EXPIRY;
        match replicas::address(&self.db, worker, alive_since).await {
            Ok(address) => address.and_then(|address| Url::parse(&address).ok()),
            Err(error) => {
                tracing::warn!(%error, "another process's address could not be read");
                None
            }
        }
    }

    /// What this process shows to others.
    pub fn token(&self) -> &str {
        self.token.expose_secret()
    }
}

impl Platform {
    /// How this process reaches the others.
    pub fn replicas(&self) -> Replicas {
        Replicas {
            db: self.0.db.clone(),
            clock: self.0.clock.clone(),
            token: Arc::clone(&self.0.replica_token),
        }
    }

    /// Makes this process known to the others and brings their live parts here. Only PostgreSQL is shared.
    pub fn join_replicas(&self, address: Option<&Url>, source: Arc<dyn LiveSource>) {
        if !matches!(self.0.db, Db::Postgres(_)) {
            return;
        }
        self.0.daemon.relay_from(source);
        let Some(address) = address.cloned() else {
            tracing::warn!(
                "other processes on this database are not told where this one is: what its agents write is shown there \
                 only when it is committed. Name its address with --replica-url."
            );
            return;
        };
        let (db, clock) = (self.0.db.clone(), self.0.clock.clone());
        let id = self.0.daemon.worker_id();
        self.0.background.spawn(async move {
            loop {
                if let Err(error) = replicas::beat(&db, id, address.as_str(), clock.now()).await {
                    tracing::warn!(%error, "this process could not tell the others that it is there");
                }
                tokio::time::sleep(BEAT_INTERVAL).await;
            }
        });
    }

    /// Tells the others that this process ends.
    pub(crate) async fn leave_replicas(&self) {
        if !matches!(self.0.db, Db::Postgres(_)) {
            return;
        }
        let dead_since = self.0.clock.now() - EXPIRY * 10;
        let id = self.0.daemon.worker_id();
        if let Err(error) = replicas::remove(&self.0.db, id, dead_since).await {
            tracing::warn!(%error, "this process could not tell the others that it ends");
        }
    }

    /// Whether a token is that of this deployment's processes.
    pub fn is_replica(&self, token: &str) -> bool {
        let own = self.0.replica_token.expose_secret();
        own.as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// What this process streams of a chat, for another one's readers.
    pub fn live_batches(&self, chat: ChatId) -> impl Stream<Item = Batch> + Send + use<> {
        self.0.daemon.live_batches(chat)
    }
}
