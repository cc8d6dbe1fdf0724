//! A batch of edits over several files: every edit is tried in memory first, then all files are replaced or none.

use std::{fs::Metadata, path::PathBuf};

use super::{atomic, diff, matching, path, read};
use crate::{
    agent::error::ApiError,
    protocol::{EditFilesResult, FileDiff, FileEdits},
};

/// One file of a batch.
pub struct Target {
    /// Absolute path as asked for.
    pub path: PathBuf,
    /// How diffs name it.
    pub shown: String,
    /// The request.
    pub requested: FileEdits,
}

struct Draft {
    real_path: PathBuf,
    metadata: Metadata,
    before: String,
    after: String,
}

/// Applies the batch.
pub fn edit(files: Vec<Target>) -> Result<EditFilesResult, ApiError> {
    if files.is_empty() {
        return Err(ApiError::bad_request(
            "files is empty; name at least one file with its edits",
        ));
    }
    let mut drafts: Vec<Draft> = Vec::new();
    let mut results = Vec::new();
    for file in files {
        let real_path = path::resolve(&file.path)?;
        let known = drafts.iter().position(|draft| draft.real_path == real_path);
        let position = if let Some(position) = known {
            position
        } else {
            drafts.push(load(real_path)?);
            drafts.len() - 1
        };
        let Some(draft) = drafts.get_mut(position) else {
            continue;
        };
        let before = draft.after.clone();
        apply(&file, draft)?;
        let diff = diff::unified(&file.shown, before.as_bytes(), draft.after.as_bytes())
            .unwrap_or_default();
        results.push(FileDiff {
            path: file.requested.path,
            diff,
        });
    }
    let staged: Result<Vec<_>, _> = drafts
        .into_iter()
        .filter(|draft| draft.before != draft.after)
        .map(|draft| {
            atomic::Staged::new(
                draft.real_path,
                Some(draft.metadata),
                draft.after.as_bytes(),
            )
        })
        .collect();
    atomic::commit(staged?)?;
    Ok(EditFilesResult { files: results })
}

fn load(real_path: PathBuf) -> Result<Draft, ApiError> {
    let metadata = atomic::expect_writable(&real_path)?.ok_or_else(|| {
        ApiError::not_found(format!(
            "{} does not exist; create it with write_file",
            real_path.display()
        ))
    })?;
    if metadata.len() > read::MAX_FILE_BYTES * 10 {
        return Err(ApiError::bad_request(format!(
            "{} is too large to be edited",
            real_path.display()
        )));
    }
    let bytes = read::read_at_most(&real_path, read::MAX_FILE_BYTES * 10)?;
    let before = String::from_utf8(bytes).map_err(|_| {
        ApiError::bad_request(format!(
            "{} is not UTF-8 text; change it with a command",
            real_path.display()
        ))
    })?;
    Ok(Draft {
        real_path,
        metadata,
        after: before.clone(),
        before,
    })
}

fn apply(file: &Target, draft: &mut Draft) -> Result<(), ApiError> {
    if file.requested.edits.is_empty() {
        return Err(ApiError::bad_request(format!(
            "edits of {} is empty",
            file.path.display()
        )));
    }
    for (number, edit) in (1..).zip(&file.requested.edits) {
        draft.after = matching::replace(&draft.after, edit).map_err(|problem| {
            ApiError::bad_request(format!(
                "edit {number} of {}: {problem}. Nothing was changed in any file",
                file.path.display()
            ))
        })?;
    }
    Ok(())
}
