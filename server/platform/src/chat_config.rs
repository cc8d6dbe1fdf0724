//! What is configured about agents: instructions, when histories are summarized, and whether calls are recorded.
//!
//! What the deployment configures is for owners alone and does not exist for others; what is a person's own is read
//! and changed by them alone.

mod compaction_thresholds;
mod debug_logging;
mod error;
mod prompts;
#[cfg(test)]
mod tests;

pub use error::ChatConfigError;
