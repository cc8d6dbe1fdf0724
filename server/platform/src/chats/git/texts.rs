//! Whole texts of the versions that comments on lines of a diff were made on. By them the lines are found again, so they are kept
//! with the chat: git keeps no version of a work tree, and others only as long as something leads to them.

use std::collections::HashSet;

use sdk::git::GitVersion;
use sdk::ids::ChatId;
use sdk::parts::{DiffComment, DiffSide, Part};
use store::diff_texts;
use workspace::protocol::GitFileQuery;

use super::content::{failure, unread};
use crate::chats::ChatFailure;
use crate::{Actor, FailureKind, Platform};

/// Longer texts are not kept, and not compared.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Versions kept for a chat, the newest ones.
const MAX_TEXTS: i64 = 200;
/// Versions that are read for one message; comments on others are placed by what they quote.
const MAX_TEXTS_OF_MESSAGE: usize = 50;

impl Platform {
    /// Keeps the text of a version as long as the chat; `false` where there is none to keep: it is longer than 1 MiB or no text,
    /// or neither git nor the work tree has it any more. Starts no workspace.
    pub async fn keep_git_text(
        &self,
        actor: &Actor,
        id: ChatId,
        version: GitVersion,
    ) -> Result<bool, ChatFailure> {
        self.own_chat(actor, id).await?;
        check(&version.blob)?;
        if diff_texts::read(&self.0.db, id, &version.blob)
            .await?
            .is_some()
        {
            return Ok(true);
        }
        let Some(text) = self.unkept_text(actor, id, &version).await? else {
            return Ok(false);
        };
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        diff_texts::put(&mut tx, id, &version.blob, &text, MAX_TEXTS, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The text of a version, as it is kept or as the workspace has it; nothing where neither has it, where it is longer than 1 MiB,
    /// and where it is no text. Starts no workspace.
    pub async fn git_text(
        &self,
        actor: &Actor,
        id: ChatId,
        version: &GitVersion,
    ) -> Result<Option<String>, ChatFailure> {
        self.own_chat(actor, id).await?;
        check(&version.blob)?;
        match diff_texts::read(&self.0.db, id, &version.blob).await? {
            Some(text) => Ok(Some(text)),
            None => self.unkept_text(actor, id, version).await,
        }
    }

    /// Keeps the texts that comments of a message were made on, once it is sent: whatever the workspace does, the message does not
    /// wait for it.
    pub(crate) fn keep_commented(
        &self,
        actor: &Actor,
        chat: ChatId,
        mut versions: Vec<GitVersion>,
    ) {
        versions.truncate(MAX_TEXTS_OF_MESSAGE);
        if versions.is_empty() {
            return;
        }
        let (platform, actor) = (self.clone(), *actor);
        self.0.background.spawn(async move {
            for version in versions {
                if let Err(error) = platform.keep_git_text(&actor, chat, version).await {
                    tracing::debug!(%error, %chat, "the text of a commented version is not kept");
                }
            }
        });
    }

    async fn unkept_text(
        &self,
        actor: &Actor,
        id: ChatId,
        version: &GitVersion,
    ) -> Result<Option<String>, ChatFailure> {
        let Some(repo_root) = version.repo_root.clone() else {
            return Ok(None);
        };
        let looked = self.chat_agent(actor, id).await?;
        let query = GitFileQuery {
            repo_root,
            blob: Some(version.blob.clone()),
            path: version.path.clone(),
        };
        let read = looked.client.git_file(&query).await.map_err(unread);
        match read {
            Ok(bytes) if bytes.len() > MAX_TEXT_BYTES || bytes.contains(&0) => Ok(None),
            Ok(bytes) => Ok(String::from_utf8(bytes.into()).ok()),
            Err(ChatFailure::Workspace {
                kind: FailureKind::NotFound | FailureKind::TooLarge,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The versions that comments of a message were made on, each once.
pub(crate) fn versions_of(content: &[Part]) -> Vec<GitVersion> {
    let mut blobs = HashSet::new();
    let versions = content.iter().filter_map(commented);
    versions
        .filter(|version| blobs.insert(version.blob.clone()))
        .collect()
}

/// The version that a comment was made on. Those on a pull request do not say where it is to be read.
fn commented(part: &Part) -> Option<GitVersion> {
    let Part::DiffComment(comment) = part else {
        return None;
    };
    let DiffComment {
        file_name,
        side,
        repo_root,
        blob,
        ..
    } = comment;
    Some(GitVersion {
        repo_root: Some(repo_root.clone()?),
        blob: blob.clone()?,
        path: (*side == DiffSide::New).then(|| file_name.clone()),
    })
}

fn check(blob: &str) -> Result<(), ChatFailure> {
    if is_blob(blob) {
        return Ok(());
    }
    Err(failure(
        FailureKind::Invalid,
        "Name the version by 4 to 64 hexadecimal digits, as the diff's index line does.",
    ))
}

/// Whether this may be the name of a version.
pub(crate) fn is_blob(name: &str) -> bool {
    (4..=64).contains(&name.len()) && name.bytes().all(|letter| letter.is_ascii_hexdigit())
}
