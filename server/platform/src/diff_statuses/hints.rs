//! What git hosts say by themselves: chats whose branch may have changed are looked at at once.
//!
//! A hint says where to look and never what is there: the look is the one that would have come later anyway, under the
//! identity of each chat's owner. However many hints there are, a branch is looked at once in [`PAUSE`].

use std::collections::HashSet;

use chrono::TimeDelta;
use forge::{Forge, Remote};
use store::diff_statuses::{self, Hint, Named, Reference};
use store::{Notice, StoreError};

use crate::Platform;

/// Checks end in bursts, and anybody may send a webhook again that they came by.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
const BATCH: i64 = 500;

/// What a host says that may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A branch.
    Branch {
        /// Its repository, `owner/name`.
        repository: String,
        /// Its name.
        branch: String,
    },
    /// A pull request.
    PullRequest {
        /// The repository that it is to go into, `owner/name`.
        repository: String,
        /// Its number.
        number: i32,
    },
}

impl Told {
    fn repository(&self) -> &str {
        match self {
            Self::Branch { repository, .. } | Self::PullRequest { repository, .. } => repository,
        }
    }

    fn named(&self) -> Named<'_> {
        match self {
            Self::Branch { branch, .. } => Named::Branch(branch),
            Self::PullRequest { number, .. } => Named::PullRequest(*number),
        }
    }
}

impl Platform {
    /// Makes due what the host of this name spoke of, and gives how many chats that were.
    pub(crate) async fn hint_diff_statuses(
        &self,
        host: &str,
        told: &[Told],
    ) -> Result<usize, StoreError> {
        let forges = self.0.links.forges().await?;
        let Some(forge) = forges.named(host) else {
            return Ok(0);
        };
        let mut marked = HashSet::new();
        for told in told {
            let mut after = None;
            loop {
                let batch =
                    diff_statuses::list_named(&self.0.db, told.named(), after, BATCH).await?;
                after = batch.last().map(|reference| reference.chat_id);
                for reference in &batch {
                    let chat_id = reference.chat_id;
                    if !is_in(reference, forge.as_ref(), told.repository())
                        || marked.contains(&chat_id)
                    {
                        continue;
                    }
                    if diff_statuses::hint(&self.0.db, chat_id, self.hint()).await? {
                        marked.insert(chat_id);
                    }
                }
                if i64::try_from(batch.len()).is_ok_and(|count| count < BATCH) {
                    break;
                }
            }
        }
        // One wakes the workers, who look for all that is due.
        if let Some(chat_id) = marked.iter().next().copied() {
            self.0.notices.publish(Notice::DiffStatusStale { chat_id });
        }
        Ok(marked.len())
    }

    fn hint(&self) -> Hint {
        let now = self.0.clock.now();
        Hint {
            now,
            recently: now - PAUSE,
            later: now + PAUSE,
        }
    }
}

/// Whether a chat's remote is this repository of this host. Hosts tell no repositories apart by capitals.
fn is_in(reference: &Reference, forge: &dyn Forge, repository: &str) -> bool {
    let remote: Option<Remote> = reference.git_remote_origin.parse().ok();
    let found = remote.and_then(|remote| forge.repository(&remote));
    found.is_some_and(|found| {
        format!("{}/{}", found.owner, found.name).eq_ignore_ascii_case(repository)
    })
}
