//! Many chats at once, for developers and measurements.

use chatd::seed::{self, Plan, Seeded};
use chrono::TimeDelta;
use sdk::ids::ChatId;
use store::StoreError;
use store::diff_statuses::{self, StaleReference};

use super::ChatFailure;
use crate::{Actor, Platform};

impl Platform {
    /// Copies a chat of the caller's many times; nothing runs and nobody is told. For deployments that nobody uses yet.
    pub async fn seed_chats(
        &self,
        actor: &Actor,
        template: ChatId,
        plan: Plan,
    ) -> Result<Seeded, ChatFailure> {
        let template = self.own_chat(actor, template).await?;
        let now = self.0.clock.now();
        Ok(seed::seed(&self.0.db, &template, plan, now).await?)
    }

    /// Puts each of these chats on a branch of its own of the repository at `remote`. They are looked at in half a minute,
    /// by which time this process has ended.
    pub async fn seed_branches(&self, chats: &[ChatId], remote: &str) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        for (number, chat) in chats.iter().enumerate() {
            let reference = StaleReference {
                chat_id: *chat,
                git_branch: &format!("topic-{number}"),
                git_remote_origin: remote,
                is_fetch: false,
                stale_at: now + TimeDelta::seconds(30),
                now,
            };
            diff_statuses::mark_stale(&self.0.db, reference).await?;
        }
        Ok(())
    }
}
