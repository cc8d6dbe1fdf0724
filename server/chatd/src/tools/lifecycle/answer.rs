//! What the model is told of a workspace.

use sdk::workspaces::{BuildStatus, Workspace, WorkspaceStatus};
use serde_json::{Map, Value, json};

use super::wait::is_building;
use crate::tools::Outcome;

/// What is told of the log of a build that went well, and of one that failed.
const LOG_BYTES: usize = 1024;
const FAILED_LOG_BYTES: usize = 4096;

/// A workspace with what else is to be said.
pub(super) struct Answer {
    pub(super) workspace: Workspace,
    log: String,
    more: Map<String, Value>,
}

impl Answer {
    pub(super) fn of(workspace: Workspace) -> Self {
        Self {
            workspace,
            log: String::new(),
            more: Map::new(),
        }
    }

    /// With the log of its newest build.
    pub(super) fn after(mut self, log: String) -> Self {
        self.log = log;
        self
    }

    pub(super) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.more.insert(field.to_owned(), value.into());
        self
    }

    /// The answer: also a good one when the build failed.
    pub(super) fn outcome(self) -> Outcome {
        let workspace = &self.workspace;
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                fields.insert(name.to_owned(), value);
            }
        };
        let is_ready = workspace.status == WorkspaceStatus::Ready;
        put("workspace_id", json!(workspace.id));
        put("workspace_name", json!(workspace.name));
        put("status", json!(workspace.status));
        put("branch", json!(workspace.branch));
        let build = workspace.latest_build.as_ref();
        put("build_id", json!(build.map(|build| build.id)));
        if is_ready {
            put("working_directory", json!(workspace.working_directory));
        }
        let failure = failure(workspace);
        let limit = if failure.is_some() {
            FAILED_LOG_BYTES
        } else {
            LOG_BYTES
        };
        put("error", json!(failure));
        put("hint", json!(hint(workspace)));
        if !is_ready && workspace.status != WorkspaceStatus::Stopped {
            put("agent_status", "not_ready".into());
        }
        if !self.log.is_empty() {
            put("log", end_of(&self.log, limit).into());
        }
        fields.extend(self.more);
        Outcome::success(Value::Object(fields))
    }
}

/// Why it cannot be used.
fn failure(workspace: &Workspace) -> Option<String> {
    if is_building(workspace) {
        return None;
    }
    let build = workspace.latest_build.as_ref();
    let of_build = build
        .filter(|build| build.status == BuildStatus::Failed)
        .and_then(|build| build.reason.clone());
    match workspace.status {
        WorkspaceStatus::Failed => {
            let reason = workspace.status_reason.clone().or(of_build);
            Some(reason.unwrap_or_else(|| "The workspace failed.".to_owned()))
        }
        WorkspaceStatus::Reconnecting => Some("The workspace's agent does not answer.".to_owned()),
        _ => None,
    }
}

/// What to do next.
fn hint(workspace: &Workspace) -> Option<&'static str> {
    if is_building(workspace) {
        return Some(
            "It is still being worked on. Call start_workspace to wait on; stop_workspace ends it.",
        );
    }
    match workspace.status {
        WorkspaceStatus::Stopped => {
            Some("The workspace is stopped. Call start_workspace to go on in it.")
        }
        WorkspaceStatus::Failed if workspace.working_directory.is_empty() => Some(
            "Call start_workspace to try again, if need be with other parameters, or create_workspace to make another \
             one.",
        ),
        WorkspaceStatus::Failed => Some(
            "Call start_workspace to try again, if need be with other parameters. Where its files are gone that cannot \
             help: tell the person, who alone can put them back or delete the workspace. After that create_workspace \
             makes another one.",
        ),
        WorkspaceStatus::Reconnecting => {
            Some("Call start_workspace to wait on, or stop_workspace and then start_workspace.")
        }
        _ => None,
    }
}

/// The last lines of a text, whole ones where there are some.
fn end_of(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let from = text.ceil_char_boundary(text.len() - limit);
    let end = text.get(from..).unwrap_or_default();
    let whole = end.split_once('\n').map_or(end, |(_, lines)| lines);
    format!("…\n{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_whole_lines() {
        assert_eq!(end_of("one\ntwo\n", 8), "one\ntwo\n");
        assert_eq!(end_of("one\ntwo\nthree\n", 10), "…\nthree\n");
        assert_eq!(end_of("ääää", 3), "…\nä");
    }
}
