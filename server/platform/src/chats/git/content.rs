//! What a diff is made of: the lines around its changes, and its pictures. Read from the workspace by who may look into it.

use bytes::Bytes;
use chatd::files::{picture_size, picture_type};
use sdk::git::{GitLines, ReadGitImage, ReadGitLines};
use sdk::ids::ChatId;
use workspace::connection::AgentError;
use workspace::protocol::{GitFileQuery, GitLinesQuery};

use crate::chats::ChatFailure;
use crate::{Actor, FailureKind, Platform};

/// A picture's bytes with what they are.
pub struct GitImage {
    /// Media type, by the bytes.
    pub media_type: &'static str,
    /// The bytes.
    pub data: Bytes,
}

impl GitImage {
    /// Width and height in pixels, where its bytes tell.
    pub fn size_px(&self) -> Option<(u32, u32)> {
        picture_size(&self.data)
    }
}

impl Platform {
    /// Lines of a version of a file that the workspace's git keeps. Starts no workspace.
    pub async fn read_git_lines(
        &self,
        actor: &Actor,
        id: ChatId,
        query: ReadGitLines,
    ) -> Result<GitLines, ChatFailure> {
        let looked = self.chat_agent(actor, id).await?;
        let query = GitLinesQuery {
            repo_root: query.repo_root,
            blob: query.blob,
            first_line: query.first_line,
            last_line: query.last_line,
            from_end: query.from_end,
        };
        let read = looked.client.git_lines(&query).await.map_err(unread)?;
        Ok(GitLines {
            first_line: read.first_line,
            lines: read.lines,
            total_lines: read.total_lines,
            is_unterminated: read.is_unterminated,
        })
    }

    /// A picture of the workspace's repository, as git keeps it or as it lies in the work tree. Only what its bytes say is a
    /// PNG, JPEG, GIF or WebP is given out. Starts no workspace.
    pub async fn read_git_image(
        &self,
        actor: &Actor,
        id: ChatId,
        query: ReadGitImage,
    ) -> Result<GitImage, ChatFailure> {
        let looked = self.chat_agent(actor, id).await?;
        if query.blob.is_some() == query.path.is_some() {
            return Err(failure(
                FailureKind::Invalid,
                "Name either the version or the path of the picture.",
            ));
        }
        let query = GitFileQuery {
            repo_root: query.repo_root,
            blob: query.blob,
            path: query.path,
        };
        let data = looked.client.git_file(&query).await.map_err(unread)?;
        match picture_type(&data) {
            Some(media_type) => Ok(GitImage { media_type, data }),
            None => Err(failure(
                FailureKind::Invalid,
                "This is no picture that can be shown (PNG, JPEG, GIF, WebP). Look at it in the workspace.",
            )),
        }
    }
}

pub(super) fn unread(error: AgentError) -> ChatFailure {
    match error {
        AgentError::NotFound { message } => failure(FailureKind::NotFound, &message),
        AgentError::Refused { status, message } if status.as_u16() == 413 => {
            failure(FailureKind::TooLarge, &message)
        }
        AgentError::Refused { message, .. } => failure(FailureKind::Invalid, &message),
        error => ChatFailure::WorkspaceUnavailable(error.to_string()),
    }
}

pub(super) fn failure(kind: FailureKind, message: &str) -> ChatFailure {
    ChatFailure::Workspace {
        message: crate::failure::sentence_case(message),
        kind,
        validations: Vec::new(),
    }
}
