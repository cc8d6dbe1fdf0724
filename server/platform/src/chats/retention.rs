//! Archived chats are deleted after the days that an owner set; without such a number they are kept.

use std::time::Duration;

use chrono::TimeDelta;
use store::{StoreError, chat_config, chats};

use crate::Platform;

/// How often it is looked whether there are any.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// Trees of chats in one go: whoever else wants to write waits for it.
const BATCH: i64 = 20;

impl Platform {
    /// Looks again and again, first at once.
    pub(crate) fn start_retention(&self) {
        let platform = self.clone();
        self.0.background.spawn(async move {
            loop {
                match platform.delete_old_chats().await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "archived chats were deleted by their age"),
                    Err(error) => {
                        tracing::warn!(%error, "archived chats could not be deleted by their age; tried again in an hour");
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    }

    /// Deletes the archived chats that are too old; gives how many.
    pub(crate) async fn delete_old_chats(&self) -> Result<u64, StoreError> {
        let days = chat_config::get_retention_days(&self.0.db).await?;
        if days <= 0 {
            return Ok(0);
        }
        let before = self.0.clock.now() - TimeDelta::days(days.into());
        let mut count = 0;
        loop {
            let deleted = chats::retention::delete_archived(&self.0.db, before, BATCH).await?;
            if deleted == 0 {
                return Ok(count);
            }
            count += deleted;
        }
    }
}
