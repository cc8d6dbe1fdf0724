//! What the views of a diff ask for: the diff of what was pushed, and the lines between changes.

use leptos::prelude::*;
use sdk::git::{GitLines, GitVersion, ReadGitImage, ReadGitLines};
use sdk::ids::ChatId;
use serde::{Deserialize, Serialize};

use crate::api::codec::Page;
#[cfg(feature = "ssr")]
use crate::diff::anchor::whole::Kept;
use crate::error::AppError;

/// What a chat's branch changes at its git host, asked now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteDiff {
    /// The branch; absent while nothing was pushed.
    pub branch: Option<String>,
    /// Where its pull request is to go in.
    pub base_branch: Option<String>,
    /// Where it was pushed to.
    pub remote_origin: Option<String>,
    /// The unified diff; absent where the host is not asked.
    pub diff: Option<String>,
}

/// The diff of a chat's pull request, or of its pushed branch.
#[server(name = GetRemoteDiff, prefix = "/api/page", endpoint = "remote_diff", protocol = Page)]
pub async fn remote_diff(chat_id: ChatId) -> Result<RemoteDiff, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let asked = platform.get_chat_diff(&actor, chat_id).await;
    let asked = asked.map_err(crate::api::failed)?;
    let chat = platform.get_chat(&actor, chat_id).await;
    let known = chat.map_err(crate::api::failed)?.diff_status;
    Ok(RemoteDiff {
        branch: asked.branch,
        base_branch: known.and_then(|known| known.base_branch),
        remote_origin: asked.remote_origin,
        diff: asked.diff,
    })
}

/// Lines between the changes of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinesBetween {
    /// The lines.
    pub read: GitLines,
    /// The same as highlighted HTML; empty when that took too long.
    pub html: Vec<String>,
}

/// Lines of a version of a file in a chat's workspace. Its path tells its language.
#[server(name = GetLinesBetween, prefix = "/api/page", endpoint = "lines_between", protocol = Page)]
pub async fn lines_between(
    chat_id: ChatId,
    path: String,
    query: ReadGitLines,
) -> Result<LinesBetween, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let read = platform.read_git_lines(&actor, chat_id, query).await;
    let read = read.map_err(crate::api::failed)?;
    let html = super::changes::highlight_text(path, read.lines.clone()).await;
    Ok(LinesBetween { read, html })
}

/// Keeps the text of a version that somebody comments on, so that the lines are found again later. It tells whether it is kept.
#[server(name = KeepVersion, prefix = "/api/page", endpoint = "keep_version", protocol = Page)]
pub async fn keep_version(chat_id: ChatId, version: GitVersion) -> Result<bool, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let kept = platform.keep_git_text(&actor, chat_id, version).await;
    kept.map_err(crate::api::failed)
}

/// Lines of a version of a file that were commented on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommentedLines {
    /// The version, as git names it.
    pub blob: String,
    /// The first line, from 1.
    pub start: u32,
    /// The last one.
    pub end: u32,
}

/// Where commented lines are in another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Followed {
    /// It cannot be told: one of the texts is not to be had, or they differ too much.
    Unknown,
    /// Nowhere, or not to be told from other lines.
    Gone,
    /// Together, from this line on.
    From(u32),
}

/// Versions whose comments are followed at once.
#[cfg(feature = "ssr")]
const MAX_VERSIONS: usize = 20;

/// Where commented lines of other versions are in a version of the same file, in the order of `lines`.
#[server(name = FollowComments, prefix = "/api/page", endpoint = "follow_comments", protocol = Page)]
pub async fn follow_comments(
    chat_id: ChatId,
    version: GitVersion,
    lines: Vec<CommentedLines>,
) -> Result<Vec<Followed>, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let read = async |version: &GitVersion| {
        let text = platform.git_text(&actor, chat_id, version).await;
        text.map_err(crate::api::failed)
    };
    let mut answers = vec![Followed::Unknown; lines.len()];
    let Some(text) = read(&version).await? else {
        return Ok(answers);
    };
    let text = std::sync::Arc::new(text);
    let blobs: std::collections::BTreeSet<&str> =
        lines.iter().map(|lines| lines.blob.as_str()).collect();
    for blob in blobs.into_iter().take(MAX_VERSIONS) {
        let commented = GitVersion {
            blob: blob.to_owned(),
            repo_root: version.repo_root.clone(),
            path: None,
        };
        let Some(was) = read(&commented).await? else {
            continue;
        };
        let is = std::sync::Arc::clone(&text);
        let kept = platform::render::offload(move || Kept::between(&was, &is)).await;
        let Some(kept) = kept.flatten() else {
            continue;
        };
        for (lines, answer) in lines.iter().zip(&mut answers) {
            if lines.blob == blob {
                let start = kept.find(lines.start, lines.end);
                *answer = start.map_or(Followed::Gone, Followed::From);
            }
        }
    }
    Ok(answers)
}

/// A picture of a chat's workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Where its bytes are.
    pub address: String,
    /// How many they are.
    pub size_bytes: u64,
    /// Its width, where its bytes tell.
    pub width_px: Option<u32>,
    /// Its height.
    pub height_px: Option<u32>,
}

/// What there is to know of a picture before it is drawn, or why it is not.
#[server(name = GetGitPicture, prefix = "/api/page", endpoint = "git_picture", protocol = Page)]
pub async fn git_picture(chat_id: ChatId, query: ReadGitImage) -> Result<Picture, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let address = sdk::git::image_address(chat_id, &query);
    let image = platform.read_git_image(&actor, chat_id, query).await;
    let image = image.map_err(crate::api::failed)?;
    let (width_px, height_px) = image.size_px().unzip();
    Ok(Picture {
        address,
        size_bytes: image.data.len() as u64,
        width_px,
        height_px,
    })
}
