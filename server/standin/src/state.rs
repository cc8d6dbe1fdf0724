//! What all handlers share.

use llm::demo::play::Player;
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::github::Github;
use crate::record::Record;

/// The server's memory.
#[derive(Debug)]
pub(crate) struct Standin {
    pub player: Player,
    pub record: Record,
    pub github: Github,
    pub requires_key: bool,
    pub stop: CancellationToken,
}

impl Standin {
    pub(crate) fn new(options: &Options, stop: CancellationToken) -> Self {
        Self {
            player: Player::new(options.pace),
            record: Record::new(options.kept_requests),
            github: Github::default(),
            requires_key: options.requires_key,
            stop,
        }
    }
}
