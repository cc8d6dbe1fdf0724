//! What is configured about agents: instructions, when histories are summarized, whether calls are recorded, what
//! workspaces agents may make for how long, whether workspaces may have a desktop, and how long archived chats are kept.
//!
//! What the deployment configures is for owners alone and does not exist for others; what is a person's own is read
//! and changed by them alone.

mod compaction_thresholds;
mod debug_logging;
mod desktop;
mod error;
mod explore;
mod prompts;
mod retention;
#[cfg(test)]
mod tests;
mod workspaces;

pub(crate) use debug_logging::DebugLoggingPolicy;
pub use error::ChatConfigError;
