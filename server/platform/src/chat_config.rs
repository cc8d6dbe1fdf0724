//! What is configured about agents: instructions, when histories are summarized, whether calls are recorded, what
//! workspaces agents may make for how long, whether workspaces may have a desktop, how long archived chats are kept, and at
//! which private addresses models may be.
//!
//! What the deployment configures is for those who administer or audit it and does not exist for others; what is a person's own is read
//! and changed by them alone.

mod compaction_thresholds;
mod debug_logging;
mod desktop;
mod error;
mod model_overrides;
mod private_provider_hosts;
mod prompts;
mod retention;
#[cfg(test)]
pub(crate) mod tests;
mod workspaces;

pub(crate) use debug_logging::DebugLoggingPolicy;
pub use error::ChatConfigError;

use sdk::audit_log::AuditAction;
use serde_json::Value;
use store::dialect::{Decision, lock_decision};
use store::{StoreError, Tx};

use crate::audit_log::{Change, Setting};
use crate::{Actor, Platform};

impl Platform {
    /// Begins a transaction in which the deployment's settings may be changed.
    async fn begin_settings(&self) -> Result<Tx, StoreError> {
        let mut tx = self.0.db.begin().await?;
        lock_decision(&mut tx, Decision::Settings).await?;
        Ok(tx)
    }

    /// Tells the audit log of a setting: what it was, and what it is.
    async fn record_setting(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        name: &'static str,
        [before, after]: [Value; 2],
    ) -> Result<(), StoreError> {
        let (before, after) = (Setting(name, before), Setting(name, after));
        let change = Change::updated(AuditAction::SettingUpdate, &before, &after);
        self.record(tx, actor, change).await
    }
}
