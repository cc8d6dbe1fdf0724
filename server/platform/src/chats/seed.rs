//! Many chats at once, for developers and measurements.

use chatd::seed::{self, Plan, Seeded};
use sdk::ids::ChatId;

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
}
