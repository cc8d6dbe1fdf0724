//! What a turn does while the database has no space or does not answer: it keeps what it has made, tells the readers
//! why they wait, and tries again until the write is taken or somebody else owns the chat.

use std::time::Duration;

use sdk::stream::RetryInfo;
use tokio::time::sleep;

use super::Runner;
use crate::state::StateError;

/// Longest pause between two tries.
const LONGEST_PAUSE_SECONDS: u32 = 10;
/// What readers are told of a failure that is not the database's own.
const DEFECT: &str =
    "The server failed while it worked on this turn. Nothing that was saved is lost.";

/// One write that is tried until it is taken.
#[derive(Debug, Default)]
pub(super) struct Outage {
    failures: u32,
    /// The last failure: whether the write had been taken all the same is not known.
    last: Option<StateError>,
}

impl Runner {
    /// The outcome of a write; `None` when it must be tried again.
    pub(super) async fn outlast<T>(
        &mut self,
        outage: &mut Outage,
        outcome: Result<T, StateError>,
    ) -> Option<Result<T, StateError>> {
        match outcome {
            Err(error) if is_temporary(&error) => {
                outage.failures += 1;
                tracing::error!(chat = %self.chat_id, %error, failures = outage.failures, "a step waits to be saved");
                if !self.wait_out(&error, outage.failures).await {
                    return Some(Err(error));
                }
                outage.last = Some(error);
                None
            }
            // Our own write may have been taken before its connection broke: whoever calls must look again.
            Err(StateError::Stale) => Some(Err(outage.last.take().unwrap_or(StateError::Stale))),
            outcome => Some(outcome),
        }
    }

    /// Tells the readers why the turn stands still, without the database, and waits. False when it is of no use to
    /// try again.
    pub(super) async fn wait_out(&self, error: &StateError, failures: u32) -> bool {
        let pause = Duration::from_secs(failures.min(LONGEST_PAUSE_SECONDS).into())
            .min(self.shared.timings.longest_retry_pause);
        let delay_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let (reason, kind) = if is_temporary(error) {
            (error.to_string(), "storage")
        } else {
            (DEFECT.to_owned(), "generic")
        };
        let retry = RetryInfo {
            attempt: failures.into(),
            delay_ms,
            error: reason,
            kind: kind.to_owned(),
            provider: None,
            status_code: None,
            retrying_at: self.shared.clock.now() + chrono::TimeDelta::milliseconds(delay_ms),
        };
        self.channel.live.retry(self.chat_id, retry);
        tokio::select! {
            () = sleep(pause) => true,
            () = self.control.given_up() => false,
        }
    }
}

/// Whether the same write may be taken later.
pub(super) fn is_temporary(error: &StateError) -> bool {
    matches!(error, StateError::Store(error) if error.is_temporary())
}
