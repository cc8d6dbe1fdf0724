//! Diff status: what a chat's branch has become at its git host.
//!
//! Reading a chat never waits for a host: lists, chats and watches tell what the database knows. `worker` keeps that fresh,
//! by the same `refresh` that requests use, each row under the identity of its chat's owner and with their token; when what is
//! said in `schedule`. Whatever marks a row as out of date concerns that one chat; `hints` are what hosts say by themselves.

mod diff;
mod hints;
mod refresh;
mod schedule;
#[cfg(test)]
mod tests;
mod worker;

use chrono::TimeDelta;
use forge::Remote;
use sdk::chats::Chat;
use sdk::diff_statuses::DiffStatus;
use sdk::external_auth::GitPush;
use sdk::ids::{AgentId, ChatId, UserId};
use sdk::stream::WatchEventKind;
use store::chats::ChatRow;
use store::diff_statuses::{self, DiffStatusRow, StaleReference};
use store::{Notice, StoreError};
use url::Url;

pub(crate) use self::hints::Told;
use crate::Platform;
use crate::external_auth::ExternalAuthError;

const MAX_BRANCH_BYTES: usize = 255;
const MAX_ORIGIN_BYTES: usize = 2048;

impl Platform {
    /// Git of a chat's command has pushed, says the agent of the workspace in which it ran; that of another workspace than the
    /// chat's is refused.
    pub async fn note_git_push(
        &self,
        agent: AgentId,
        push: &GitPush,
    ) -> Result<(), ExternalAuthError> {
        let chat = self.chat_of_agent(agent, push.chat_id).await?;
        if let Err(error) = push.git_remote_origin.parse::<Remote>() {
            return Err(ExternalAuthError::Refused(format!(
                "The remote is of no git host: {error}."
            )));
        }
        let reference = (&*push.git_branch, &*push.git_remote_origin);
        self.mark_diff_status_stale(&chat, reference, false).await;
        Ok(())
    }

    /// Git speaks with the host of the chat's branch, so what is known of it there may be old. What cannot be noted is only
    /// logged: git is not kept from its work by it.
    pub(crate) async fn mark_diff_status_stale(
        &self,
        chat: &ChatRow,
        (branch, origin): (&str, &str),
        is_fetch: bool,
    ) {
        let is_sound = |text: &str, most: usize| {
            !text.is_empty() && text.len() <= most && !text.chars().any(char::is_control)
        };
        if !is_sound(branch, MAX_BRANCH_BYTES) || !is_sound(origin, MAX_ORIGIN_BYTES) {
            return;
        }
        let now = self.0.clock.now();
        let origin = without_credentials(origin);
        let reference = StaleReference {
            chat_id: chat.id,
            git_branch: branch,
            git_remote_origin: &origin,
            is_fetch,
            stale_at: now - TimeDelta::seconds(1),
            now,
        };
        match diff_statuses::mark_stale(&self.0.db, reference).await {
            Ok(has_changed) => {
                let chat_id = chat.id;
                self.0.notices.publish(Notice::DiffStatusStale { chat_id });
                if has_changed {
                    self.tell_diff_status(chat_id, chat.owner_id);
                }
            }
            Err(error) => {
                tracing::warn!(%error, chat_id = %chat.id, "a chat's branch cannot be marked as out of date");
            }
        }
    }

    /// A person has a new token: what could not be looked at for want of one can be now.
    pub(crate) async fn hurry_diff_statuses(&self, owner: UserId) {
        if let Err(error) = diff_statuses::hurry(&self.0.db, owner, self.0.clock.now()).await {
            tracing::warn!(%error, "branches are looked at with the new token only when they are due");
        }
    }

    /// Fills in what is known of the chats' branches, those of their children too.
    pub(crate) async fn add_diff_statuses(&self, chats: &mut [Chat]) -> Result<(), StoreError> {
        let mut ids: Vec<ChatId> = Vec::new();
        for chat in chats.iter() {
            ids.push(chat.id);
            ids.extend(chat.children.iter().map(|child| child.id));
        }
        let mut known = diff_statuses::of_chats(&self.0.db, &ids).await?;
        let mut take = |id: ChatId| {
            let place = known.iter().position(|row| row.chat_id == id)?;
            Some(Box::new(wire(known.swap_remove(place))))
        };
        for chat in chats {
            chat.diff_status = take(chat.id);
            for child in &mut chat.children {
                child.diff_status = take(child.id);
            }
        }
        Ok(())
    }

    fn tell_diff_status(&self, chat_id: ChatId, owner_id: UserId) {
        self.0.notices.publish(Notice::ChatWatch {
            chat_id,
            owner_id,
            event: WatchEventKind::DiffStatusChange,
        });
    }
}

/// A row as clients see it.
pub(crate) fn wire(row: DiffStatusRow) -> DiffStatus {
    let known = DiffStatus {
        url: row.url,
        git_branch: row.git_branch,
        git_remote_origin: row.git_remote_origin,
        created_at: Some(row.created_at),
        updated_at: Some(row.updated_at),
        problem: row.problem,
        refreshed_at: row.refreshed_at,
        stale_at: Some(row.stale_at),
        ..DiffStatus::new(row.chat_id)
    };
    let Some(pull) = row.pull_request else {
        return known;
    };
    let count = |number: i32| u32::try_from(number).unwrap_or_default();
    DiffStatus {
        pull_request_state: Some(pull.state),
        pull_request_title: pull.title,
        pull_request_draft: pull.is_draft,
        changes_requested: pull.has_changes_requested,
        additions: count(pull.additions),
        deletions: count(pull.deletions),
        changed_files: count(pull.changed_files),
        author_login: pull.author_login,
        author_avatar_url: pull.author_avatar_url,
        base_branch: Some(pull.base_branch),
        head_branch: Some(pull.head_branch),
        pr_number: Some(count(pull.number)),
        commits: Some(count(pull.commits)),
        approved: Some(pull.is_approved),
        reviewer_count: Some(count(pull.reviewer_count)),
        check_state: pull.check_state,
        ..known
    }
}

/// The address of a remote as it may be kept: agents should have taken secrets out of it, and may not have.
fn without_credentials(origin: &str) -> String {
    let Ok(mut url) = Url::parse(origin) else {
        return origin.to_owned();
    };
    let has_user = matches!(url.scheme(), "http" | "https") && !url.username().is_empty();
    if !has_user && url.password().is_none() {
        return origin.to_owned();
    }
    // Neither fails for an address with a host, and one without has neither.
    let _ = url.set_password(None);
    if has_user {
        let _ = url.set_username("");
    }
    url.to_string()
}
