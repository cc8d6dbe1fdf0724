//! What a person may send: input parts, checked one by one.

use sdk::errors::Validation;
use sdk::files::ChatFile;
use sdk::ids::FileId;
use sdk::parts::{DiffComment, FilePart, InputPart, Part};
use store::files;

use crate::chats::ChatFailure;
use crate::chats::git::is_blob;
use crate::{Actor, Platform};

impl Platform {
    /// The parts of a message, or which of them are wrong. Files must be the person's own.
    pub(crate) async fn check_content(
        &self,
        actor: &Actor,
        input: Vec<InputPart>,
    ) -> Result<Vec<Part>, ChatFailure> {
        let ids: Vec<FileId> = input.iter().filter_map(file_id).collect();
        let owned = if ids.is_empty() {
            Vec::new()
        } else {
            files::owned(&self.0.db, actor.user_id, &ids).await?
        };
        check(input, &owned)
    }
}

const fn file_id(part: &InputPart) -> Option<FileId> {
    match part {
        InputPart::File { file_id } => Some(*file_id),
        _ => None,
    }
}

fn check(input: Vec<InputPart>, owned: &[ChatFile]) -> Result<Vec<Part>, ChatFailure> {
    if input.is_empty() {
        return Err(ChatFailure::field("content", "Send at least one part."));
    }
    let mut parts = Vec::with_capacity(input.len());
    let mut refused = Vec::new();
    for (index, part) in input.into_iter().enumerate() {
        match check_part(part, owned) {
            Ok(part) => parts.push(part),
            Err((field, detail)) => {
                refused.push(Validation {
                    field: format!("content[{index}].{field}"),
                    detail: detail.to_owned(),
                });
            }
        }
    }
    if refused.is_empty() {
        Ok(parts)
    } else {
        Err(ChatFailure::Invalid(refused))
    }
}

fn check_part(part: InputPart, owned: &[ChatFile]) -> Result<Part, (&'static str, &'static str)> {
    match part {
        InputPart::Text { text } => {
            let text = text.trim();
            if text.is_empty() {
                Err(("text", "Enter a text."))
            } else {
                Ok(Part::text(text))
            }
        }
        InputPart::File { file_id } => {
            let file = owned.iter().find(|file| file.id == file_id);
            let file = file.ok_or(("file_id", "You have no such file. Upload it again."))?;
            Ok(Part::File(FilePart {
                media_type: file.mime_type.clone(),
                file_id: Some(file.id),
                name: Some(file.name.clone()),
                data: None,
            }))
        }
        InputPart::FileReference(lines) => {
            if lines.file_name.trim().is_empty() {
                return Err(("file_name", "Name a file."));
            }
            Ok(Part::FileReference(lines))
        }
        InputPart::DiffComment(comment) => {
            check_comment(&comment)?;
            Ok(Part::DiffComment(comment))
        }
    }
}

/// Most of a diff that a comment quotes; a body may hold a little more.
const MAX_HUNK_BYTES: usize = 200 * 1024;

fn check_comment(comment: &DiffComment) -> Result<(), (&'static str, &'static str)> {
    if comment.file_name.trim().is_empty() {
        return Err(("file_name", "Name a file."));
    }
    if comment.start_line < 1 || comment.end_line < comment.start_line {
        return Err((
            "start_line",
            "Count lines from 1, and name the first one before the last.",
        ));
    }
    if comment.content.trim().is_empty() {
        return Err(("content", "Enter a comment."));
    }
    if let Some(hunk) = &comment.diff_hunk {
        if hunk.len() > MAX_HUNK_BYTES {
            return Err(("diff_hunk", "Quote at most 200 KiB of the diff."));
        }
        if comment.quoted_lines().is_none() {
            return Err((
                "diff_hunk",
                "Quote the commented lines as a hunk of a unified diff, or leave the hunk out.",
            ));
        }
    }
    if let Some(root) = &comment.repo_root
        && (!root.starts_with('/') || root.len() > MAX_PATH_BYTES)
    {
        return Err(("repo_root", "Name a work tree by its absolute path."));
    }
    if comment.blob.as_deref().is_some_and(|blob| !is_blob(blob)) {
        return Err((
            "blob",
            "Name the version by 4 to 64 hexadecimal digits, as the diff's index line does, or leave it out.",
        ));
    }
    Ok(())
}

/// The longest path of a file system.
const MAX_PATH_BYTES: usize = 4096;

/// Text that a title can be made from.
pub(crate) fn title_source(parts: &[Part]) -> String {
    let texts: Vec<String> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { text } => Some(text.clone()),
            Part::FileReference(lines) => Some(lines.file_name.clone()),
            Part::DiffComment(comment) => Some(comment.content.clone()),
            _ => None,
        })
        .collect();
    texts.join(" ")
}
