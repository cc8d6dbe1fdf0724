//! What the model is told of the tools. Short on purpose: it is sent with every call.

use serde_json::{Value, json};

fn tool(name: &str, description: &str, properties: &Value, required: &[&str]) -> llm::Tool {
    llm::Tool {
        name: name.to_owned(),
        description: description.to_owned(),
        input_schema: json!({ "type": "object", "properties": properties, "required": required }),
    }
}

/// The tools of a chat with a workspace.
pub(super) fn workspace() -> Vec<llm::Tool> {
    vec![
        tool(
            "read_file",
            "Read lines of a text file, numbered. At most 2000 lines and 32 KiB a call.",
            &json!({
                "path": {"type": "string", "description": "Absolute path"},
                "offset": {"type": "integer", "description": "First line, from 1"},
                "limit": {"type": "integer", "description": "Number of lines"},
            }),
            &["path"],
        ),
        tool(
            "write_file",
            "Create a file or replace its whole content.",
            &json!({
                "path": {"type": "string", "description": "Absolute path"},
                "content": {"type": "string"},
            }),
            &["path", "content"],
        ),
        tool(
            "edit_files",
            "Replace text in files. All edits of a call happen or none. `search` must occur exactly once unless \
             replace_all is set.",
            &json!({
                "files": {"type": "array", "items": {"type": "object", "required": ["path", "edits"], "properties": {
                    "path": {"type": "string", "description": "Absolute path"},
                    "edits": {"type": "array", "items": {
                        "type": "object",
                        "required": ["search", "replace"],
                        "properties": {
                            "search": {"type": "string"},
                            "replace": {"type": "string"},
                            "replace_all": {"type": "boolean"},
                        },
                    }},
                }}},
            }),
            &["files"],
        ),
        tool(
            "execute",
            "Run a shell command (bash). When the timeout is reached it keeps running and \
             background_process_id is returned.",
            &json!({
                "command": {"type": "string"},
                "timeout": {"type": "string", "description": "Such as 30s or 2m; 10s when absent, at most 5m"},
                "workdir": {"type": "string", "description": "Absolute path"},
                "run_in_background": {"type": "boolean", "description": "For servers and watchers"},
            }),
            &["command"],
        ),
        tool(
            "process_output",
            "Output of a background process; waits for its end.",
            &json!({
                "process_id": {"type": "string"},
                "wait_timeout": {"type": "string", "description": "10s when absent; 0s = look once"},
            }),
            &["process_id"],
        ),
        tool(
            "process_list",
            "The processes that this chat started.",
            &json!({}),
            &[],
        ),
        tool(
            "process_signal",
            "End a process.",
            &json!({
                "process_id": {"type": "string"},
                "signal": {"type": "string", "enum": ["terminate", "kill"]},
            }),
            &["process_id", "signal"],
        ),
    ]
}
