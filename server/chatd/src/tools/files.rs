//! `read_file`, `write_file`, `edit_files` and `attach_file`.

use sdk::parts::ToolCallPart;
use serde::Deserialize;
use serde_json::json;
use workspace::connection::AgentClient;
use workspace::protocol::{EditFilesRequest, FileEdits, ReadLinesQuery};

use super::arguments::{absolute, parse};
use super::workspace_tools::agent_error;
use super::{Outcome, ToolContext};

/// Longest diff of one file in a result.
const MAX_DIFF_BYTES: usize = 32 * 1024;

#[derive(Deserialize)]
struct ReadArguments {
    path: String,
    offset: Option<u64>,
    limit: Option<u64>,
}

#[derive(Deserialize)]
struct WriteArguments {
    path: String,
    content: String,
}

#[derive(Deserialize)]
struct EditArguments {
    files: Vec<FileEdits>,
}

#[derive(Deserialize)]
struct AttachArguments {
    path: String,
    name: Option<String>,
}

pub(super) async fn read_file(
    client: &AgentClient,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: ReadArguments = parse(call)?;
    absolute(&arguments.path)?;
    let query = ReadLinesQuery {
        path: arguments.path,
        offset: arguments.offset.unwrap_or(1).max(1),
        limit: arguments.limit.unwrap_or(0),
    };
    let lines = client
        .read_file_lines(&query)
        .await
        .map_err(|error| agent_error(&error))?;
    if !lines.success {
        let reason = lines
            .error
            .unwrap_or_else(|| "The file cannot be read.".to_owned());
        return Err(Outcome::error(reason));
    }
    Ok(Outcome::success(json!({
        "content": lines.content,
        "file_size": lines.file_size,
        "total_lines": lines.total_lines,
        "lines_read": lines.lines_read,
    })))
}

pub(super) async fn write_file(
    client: &AgentClient,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: WriteArguments = parse(call)?;
    absolute(&arguments.path)?;
    let written = client
        .write_file(&arguments.path, arguments.content)
        .await
        .map_err(|error| agent_error(&error))?;
    let mut result = json!({
        "ok": true,
        "path": arguments.path,
        "is_new": written.is_new,
        "bytes_written": written.bytes_written,
    });
    if let (Some(diff), Some(fields)) = (written.diff, result.as_object_mut()) {
        fields.insert("diff".to_owned(), cut(diff).into());
    }
    Ok(Outcome::success(result))
}

pub(super) async fn edit_files(
    client: &AgentClient,
    call: &ToolCallPart,
) -> Result<Outcome, Outcome> {
    let arguments: EditArguments = parse(call)?;
    if arguments.files.is_empty() {
        return Err(Outcome::error("Name at least one file to edit."));
    }
    for file in &arguments.files {
        absolute(&file.path)?;
    }
    let request = EditFilesRequest {
        files: arguments.files,
    };
    let edited = client
        .edit_files(&request)
        .await
        .map_err(|error| agent_error(&error))?;
    let files: Vec<_> = edited
        .files
        .into_iter()
        .map(|file| json!({ "path": file.path, "diff": cut(file.diff) }))
        .collect();
    Ok(Outcome::success(json!({ "ok": true, "files": files })))
}

/// Hands a file of the workspace to the person.
pub(super) async fn attach_file(
    client: &AgentClient,
    call: &ToolCallPart,
    context: &ToolContext,
) -> Result<Outcome, Outcome> {
    let arguments: AttachArguments = parse(call)?;
    absolute(&arguments.path)?;
    let read = client.read_file(&arguments.path).await;
    let data = read.map_err(|error| agent_error(&error))?;
    let size = data.len();
    let name = arguments.name.as_deref().unwrap_or(&arguments.path);
    let attached = context.chat.attach(name, data.into()).await;
    let file = attached.map_err(Outcome::error)?;
    Ok(Outcome::success(json!({
        "ok": true,
        "path": arguments.path,
        "file_id": file.id,
        "name": file.name,
        "media_type": file.mime_type,
        "size": size,
    })))
}

fn cut(mut diff: String) -> String {
    if diff.len() > MAX_DIFF_BYTES {
        diff.truncate(diff.floor_char_boundary(MAX_DIFF_BYTES));
        diff.push_str("\n… the rest of this diff is left out; read the file to see it.\n");
    }
    diff
}
