//! What runs beside requests: ended together, waited for.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longest wait for tasks that were told to end.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);

/// The platform's own tasks.
#[derive(Debug, Default)]
pub(crate) struct Background {
    tasks: TaskTracker,
    stopped: CancellationToken,
}

impl Background {
    /// Runs a task until it ends or everything is shut down; it must bear to be dropped at any await.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped.clone();
        self.tasks.spawn(async move {
            let _ = stopped.run_until_cancelled(task).await;
        });
    }

    /// Ends all tasks.
    pub(crate) async fn shut_down(&self) {
        self.stopped.cancel();
        self.tasks.close();
        if tokio::time::timeout(DRAIN_DEADLINE, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("background tasks did not end in time");
        }
    }
}
