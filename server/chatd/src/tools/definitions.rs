//! What the model is told of the tools. Short on purpose: it is sent with every call.

use serde_json::{Value, json};

fn tool(name: &str, description: &str, properties: &Value, required: &[&str]) -> llm::Tool {
    llm::Tool {
        name: name.to_owned(),
        description: description.to_owned(),
        input_schema: json!({ "type": "object", "properties": properties, "required": required }),
        ..llm::Tool::default()
    }
}

/// The tools with which a root chat gets a workspace. Of a chat that has none this is said, because the model cannot
/// know it otherwise.
pub(super) fn lifecycle(has_workspace: bool) -> Vec<llm::Tool> {
    let parameters = json!({
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "Values of the template's parameters by name",
    });
    let create = if has_workspace {
        "Make a workspace from a template and use it in this chat. This chat has one already: it is returned."
    } else {
        "Make a workspace from a template and use it in this chat. This chat has no workspace yet; files and commands \
         need one. Make one only when the work needs it."
    };
    vec![
        tool(
            "list_templates",
            "The templates that workspaces can be made from, 10 a page.",
            &json!({
                "query": {"type": "string", "description": "Part of the name or the description"},
                "page": {"type": "integer", "description": "From 1"},
            }),
            &[],
        ),
        tool(
            "read_template",
            "A template with its parameters.",
            &json!({"template_id": {"type": "string"}}),
            &["template_id"],
        ),
        tool(
            "create_workspace",
            create,
            &json!({
                "template_id": {"type": "string"},
                "name": {"type": "string", "description": "Made up when absent"},
                "parameters": parameters,
            }),
            &["template_id"],
        ),
        tool(
            "start_workspace",
            "Start this chat's workspace when it is stopped or failed, or wait for a start that is under way.",
            &json!({"parameters": parameters}),
            &[],
        ),
        tool(
            "stop_workspace",
            "Stop this chat's workspace and everything that runs in it. Files stay.",
            &json!({}),
            &[],
        ),
    ]
}

/// The tools with which the agent of a root chat hands work to others.
pub(super) fn subagents() -> Vec<llm::Tool> {
    let agent = json!({"type": "string", "description": "As spawn_agent answered"});
    vec![
        tool(
            "spawn_agent",
            "Hand a part of the work to another agent. It works in the same workspace beside you, sees nothing of this \
             conversation and cannot ask you, so say all it needs: the goal, where to look, what to report. At most 5 \
             work at once; give them parts that do not touch the same files.",
            &json!({
                "prompt": {"type": "string", "description": "The whole task"},
                "title": {"type": "string", "description": "A few words for the user"},
                "type": {
                    "type": "string",
                    "enum": ["general", "explore"],
                    "description": "explore only looks and reports, for questions about the code; general when absent",
                },
            }),
            &["prompt"],
        ),
        tool(
            "wait_agent",
            "Wait until an agent is done; its last words are the report.",
            &json!({
                "chat_id": agent,
                "timeout_seconds": {"type": "integer", "description": "300 when absent, at most 600"},
            }),
            &["chat_id"],
        ),
        tool(
            "message_agent",
            "Say more to an agent. It reads that after its turn, or at once with interrupt; one that is done begins to \
             work again.",
            &json!({
                "chat_id": agent,
                "message": {"type": "string"},
                "interrupt": {"type": "boolean", "description": "Stop what it is doing for it"},
            }),
            &["chat_id", "message"],
        ),
        tool(
            "interrupt_agent",
            "Stop what an agent is doing.",
            &json!({"chat_id": agent}),
            &["chat_id"],
        ),
        tool(
            "list_agents",
            "The agents of this chat and how far they are.",
            &json!({}),
            &[],
        ),
    ]
}

/// Hands work on the desktop to another agent.
pub(super) fn computer_use() -> llm::Tool {
    tool(
        super::subagents::SPAWN_COMPUTER_USE,
        "Hand work on the graphical desktop of this chat's workspace to another agent, which sees the screen and uses mouse and \
         keyboard: for what commands cannot do or show, such as looking at a page in a browser. One at a time, for there \
         is one screen. It sees nothing of this conversation; say all it needs. Go on as with spawn_agent.",
        &json!({
            "prompt": {"type": "string", "description": "The whole task, with the programs to use"},
            "title": {"type": "string", "description": "A few words for the user"},
        }),
        &["prompt"],
    )
}

/// The tools with which a root chat in plan mode turns to the person.
pub(super) fn planning() -> Vec<llm::Tool> {
    vec![
        tool(
            "propose_plan",
            "Show the user the plan file and end the turn. They ask for changes or let you implement it.",
            &json!({"path": {"type": "string", "description": "The plan file; its usual place when absent"}}),
            &[],
        ),
        tool(
            "ask_user_question",
            "Ask the user 1 to 4 questions with 2 to 4 options each and end the turn. They can also answer something else.",
            &json!({
                "questions": {"type": "array", "items": {"type": "object", "required": ["header", "question", "options"], "properties": {
                    "header": {"type": "string", "description": "What it is about, in a word or two"},
                    "question": {"type": "string"},
                    "options": {"type": "array", "items": {
                        "type": "object",
                        "required": ["label", "description"],
                        "properties": {"label": {"type": "string"}, "description": {"type": "string"}},
                    }},
                }}},
            }),
            &["questions"],
        ),
    ]
}

/// The tools of a workspace that has skills.
pub(super) fn skills() -> Vec<llm::Tool> {
    vec![
        tool(
            "read_skill",
            "Read a skill's instructions before you do what it is for. Also names its files.",
            &json!({"name": {"type": "string"}}),
            &["name"],
        ),
        tool(
            "read_skill_file",
            "Read a file of a skill.",
            &json!({
                "name": {"type": "string"},
                "path": {"type": "string", "description": "As read_skill names it"},
            }),
            &["name", "path"],
        ),
    ]
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
            "attach_file",
            "Show the user a file of the workspace in this chat: PNG, JPEG, GIF, WebP or text, at most 10 MiB. Use it for what \
             they should see or keep.",
            &json!({
                "path": {"type": "string", "description": "Absolute path"},
                "name": {"type": "string", "description": "Its name in the chat; the file's own when absent"},
            }),
            &["path"],
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
