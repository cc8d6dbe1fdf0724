//! How tagged objects are read: each as one flat struct of all fields that any of its kinds has, then told apart by its
//! tag.
//!
//! Serde's own way keeps an object in a buffer until it has seen the tag and reads it again from there, for which every
//! type inside is compiled a second time. That was an eighth of what a browser had to load. Writing is serde's own.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::chats::ChatError;
use crate::git::{GitWatchMessage, GitWatchProblem, RepositoryChanges};
use crate::ids::{ChatId, DebugRunId, FileId};
use crate::messages::{Message, QueuedMessage};
use crate::parts::{
    DiffComment, DiffSide, FilePart, LineReference, Part, ReasoningPart, SourcePart, ToolCallPart,
    ToolResultPart,
};
use crate::stream::{
    ActionRequired, DebugRunUpdate, HistoryReset, LivePart, PreviewReset, RetryInfo, StatusUpdate,
    StreamEvent, StreamEventKind,
};
use crate::workspaces::Sandbox;

/// A field that its kind cannot do without is absent.
#[derive(Debug, thiserror::Error)]
#[error("missing field `{0}`")]
pub(crate) struct Missing(&'static str);

fn need<T>(field: Option<T>, name: &'static str) -> Result<T, Missing> {
    field.ok_or(Missing(name))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct FlatPart {
    r#type: Option<String>,
    text: Option<String>,
    created_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    provider_metadata: Option<Value>,
    tool_call_id: Option<String>,
    tool_name: Option<String>,
    args: Option<Value>,
    args_delta: Option<String>,
    provider_executed: bool,
    result: Option<Value>,
    result_delta: Option<String>,
    is_error: bool,
    interrupted: bool,
    is_media: bool,
    url: Option<String>,
    source_id: Option<String>,
    title: Option<String>,
    media_type: Option<String>,
    file_id: Option<FileId>,
    name: Option<String>,
    data: Option<String>,
    file_name: Option<String>,
    start_line: Option<i64>,
    end_line: Option<i64>,
    side: Option<DiffSide>,
    content: Option<String>,
    diff_hunk: Option<String>,
    repo_root: Option<String>,
    blob: Option<String>,
    context_file_path: Option<String>,
    context_file_truncated: bool,
    skill_name: Option<String>,
    skill_description: String,
}

impl TryFrom<FlatPart> for Part {
    type Error = Missing;

    fn try_from(flat: FlatPart) -> Result<Self, Missing> {
        Ok(match need(flat.r#type.as_deref(), "type")? {
            "text" => Self::Text {
                text: need(flat.text, "text")?,
            },
            "reasoning" => Self::Reasoning(ReasoningPart {
                text: need(flat.text, "text")?,
                created_at: flat.created_at,
                completed_at: flat.completed_at,
                provider_metadata: flat.provider_metadata,
            }),
            "tool-call" => Self::ToolCall(ToolCallPart {
                tool_call_id: need(flat.tool_call_id, "tool_call_id")?,
                tool_name: need(flat.tool_name, "tool_name")?,
                args: flat.args,
                args_delta: flat.args_delta,
                provider_executed: flat.provider_executed,
                created_at: flat.created_at,
                provider_metadata: flat.provider_metadata,
            }),
            "tool-result" => Self::ToolResult(ToolResultPart {
                tool_call_id: need(flat.tool_call_id, "tool_call_id")?,
                tool_name: need(flat.tool_name, "tool_name")?,
                result: flat.result,
                result_delta: flat.result_delta,
                is_error: flat.is_error,
                interrupted: flat.interrupted,
                is_media: flat.is_media,
                provider_executed: flat.provider_executed,
                created_at: flat.created_at,
                provider_metadata: flat.provider_metadata,
            }),
            "source" => Self::Source(SourcePart {
                url: need(flat.url, "url")?,
                source_id: flat.source_id,
                title: flat.title,
                provider_metadata: flat.provider_metadata,
            }),
            "file" => Self::File(FilePart {
                media_type: need(flat.media_type, "media_type")?,
                file_id: flat.file_id,
                name: flat.name,
                data: flat.data,
            }),
            "file-reference" => Self::FileReference(LineReference {
                file_name: need(flat.file_name, "file_name")?,
                start_line: flat.start_line.unwrap_or_default(),
                end_line: flat.end_line.unwrap_or_default(),
                content: flat.content.unwrap_or_default(),
            }),
            "diff-comment" => Self::DiffComment(DiffComment {
                file_name: need(flat.file_name, "file_name")?,
                start_line: need(flat.start_line, "start_line")?,
                end_line: need(flat.end_line, "end_line")?,
                side: need(flat.side, "side")?,
                content: need(flat.content, "content")?,
                diff_hunk: flat.diff_hunk,
                repo_root: flat.repo_root,
                blob: flat.blob,
            }),
            "context-file" => Self::ContextFile {
                context_file_path: need(flat.context_file_path, "context_file_path")?,
                context_file_truncated: flat.context_file_truncated,
            },
            "skill" => Self::Skill {
                skill_name: need(flat.skill_name, "skill_name")?,
                skill_description: flat.skill_description,
            },
            _ => Self::Unknown,
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct FlatStreamEvent {
    chat_id: ChatId,
    r#type: String,
    status: Option<StatusUpdate>,
    message_part: Option<LivePart>,
    message: Option<Box<Message>>,
    #[serde(default)]
    queued_messages: Vec<QueuedMessage>,
    error: Option<ChatError>,
    retry: Option<RetryInfo>,
    action_required: Option<ActionRequired>,
    preview_reset: Option<PreviewReset>,
    /// Read by hand: a reader of its own would be more for a browser to load.
    debug_run: Option<Value>,
    history_reset: Option<HistoryReset>,
}

impl TryFrom<FlatStreamEvent> for StreamEvent {
    type Error = Missing;

    fn try_from(flat: FlatStreamEvent) -> Result<Self, Missing> {
        let kind = match flat.r#type.as_str() {
            "status" => StreamEventKind::Status {
                status: need(flat.status, "status")?,
            },
            "message_part" => StreamEventKind::MessagePart {
                message_part: need(flat.message_part, "message_part")?,
            },
            "message" => StreamEventKind::Message {
                message: need(flat.message, "message")?,
            },
            "queue_update" => StreamEventKind::QueueUpdate {
                queued_messages: flat.queued_messages,
            },
            "error" => StreamEventKind::Error {
                error: need(flat.error, "error")?,
            },
            "retry" => StreamEventKind::Retry {
                retry: need(flat.retry, "retry")?,
            },
            "action_required" => StreamEventKind::ActionRequired {
                action_required: need(flat.action_required, "action_required")?,
            },
            "preview_reset" => StreamEventKind::PreviewReset {
                preview_reset: need(flat.preview_reset, "preview_reset")?,
            },
            "history_reset" => StreamEventKind::HistoryReset {
                history_reset: need(flat.history_reset, "history_reset")?,
            },
            "debug_run" => StreamEventKind::DebugRun {
                debug_run: DebugRunUpdate {
                    run_id: need(flat.debug_run.as_ref().and_then(run_id), "run_id")?,
                },
            },
            "ping" => StreamEventKind::Ping,
            _ => StreamEventKind::Unknown,
        };
        Ok(Self {
            chat_id: flat.chat_id,
            kind,
        })
    }
}

fn run_id(update: &Value) -> Option<DebugRunId> {
    update.get("run_id")?.as_str()?.parse().ok()
}

#[derive(Deserialize)]
pub(crate) struct FlatGitWatchMessage {
    r#type: String,
    scanned_at: Option<DateTime<Utc>>,
    repositories: Option<Vec<RepositoryChanges>>,
    #[serde(default)]
    omitted_repositories: u32,
    message: Option<String>,
    reason: Option<GitWatchProblem>,
    since: Option<DateTime<Utc>>,
}

impl TryFrom<FlatGitWatchMessage> for GitWatchMessage {
    type Error = Missing;

    fn try_from(flat: FlatGitWatchMessage) -> Result<Self, Missing> {
        match flat.r#type.as_str() {
            "changes" => Ok(Self::Changes {
                scanned_at: need(flat.scanned_at, "scanned_at")?,
                repositories: need(flat.repositories, "repositories")?,
                omitted_repositories: flat.omitted_repositories,
            }),
            "error" => Ok(Self::Error {
                message: need(flat.message, "message")?,
                reason: flat.reason,
                since: flat.since,
            }),
            _ => Err(Missing("type")),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct FlatSandbox {
    kind: String,
    reason: Option<String>,
}

impl TryFrom<FlatSandbox> for Sandbox {
    type Error = Missing;

    fn try_from(flat: FlatSandbox) -> Result<Self, Missing> {
        match flat.kind.as_str() {
            "bubblewrap" => Ok(Self::Bubblewrap),
            "none" => Ok(Self::None {
                reason: need(flat.reason, "reason")?,
            }),
            _ => Err(Missing("kind")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )]

    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;

    fn comes_back<T>(value: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
        // A tag is an object's name, wherever it stands in it.
        let mut object = serde_json::to_value(value).unwrap();
        let fields = object.as_object_mut().unwrap();
        let tag = fields.remove("type").or_else(|| fields.remove("kind"));
        assert!(tag.is_some(), "{text}");
        assert!(serde_json::from_value::<T>(object).is_err(), "{text}");
    }

    #[test]
    fn every_part_is_read_as_it_was_written() {
        let now = "2026-01-02T03:04:05.000006Z".parse().ok();
        for part in [
            Part::text("words"),
            Part::Reasoning(ReasoningPart {
                text: "thought".into(),
                created_at: now,
                completed_at: now,
                provider_metadata: Some(json!({ "signature": "s" })),
            }),
            Part::ToolCall(ToolCallPart {
                tool_call_id: "1".into(),
                tool_name: "execute".into(),
                args: Some(json!({ "command": "ls" })),
                args_delta: Some("{".into()),
                provider_executed: true,
                created_at: now,
                provider_metadata: Some(json!([1])),
            }),
            Part::ToolResult(ToolResultPart {
                tool_call_id: "1".into(),
                tool_name: "execute".into(),
                result: Some(json!("done")),
                result_delta: Some("d".into()),
                is_error: true,
                interrupted: true,
                is_media: true,
                provider_executed: true,
                created_at: now,
                provider_metadata: Some(json!({"block": {"id": 1}})),
            }),
            Part::Source(SourcePart {
                url: "https://example.com".into(),
                source_id: Some("source-1".into()),
                title: Some("Example".into()),
                provider_metadata: Some(json!([1])),
            }),
            Part::File(FilePart {
                media_type: "image/png".into(),
                file_id: Some(FileId(uuid::Uuid::nil())),
                name: Some("a.png".into()),
                data: Some("AA==".into()),
            }),
            Part::FileReference(LineReference {
                file_name: "a.rs".into(),
                start_line: 1,
                end_line: 2,
                content: "fn".into(),
            }),
            Part::DiffComment(DiffComment {
                file_name: "a.rs".into(),
                start_line: 1,
                end_line: 2,
                side: DiffSide::Old,
                content: "why".into(),
                diff_hunk: Some("@@ -1,2 +1 @@\n-a\n b".into()),
                repo_root: Some("/srv/a".into()),
                blob: Some("1a2b3c4".into()),
            }),
            Part::ContextFile {
                context_file_path: "AGENTS.md".into(),
                context_file_truncated: true,
            },
            Part::Skill {
                skill_name: "review".into(),
                skill_description: "reviews".into(),
            },
        ] {
            comes_back(&part);
        }
    }

    #[test]
    fn a_part_of_a_newer_version_is_unknown_and_one_without_its_fields_is_refused() {
        let newer = r#"{"type": "hologram", "beam": 1}"#;
        assert_eq!(serde_json::from_str::<Part>(newer).unwrap(), Part::Unknown);
        for kind in [
            "text",
            "reasoning",
            "tool-call",
            "tool-result",
            "source",
            "file",
            "file-reference",
            "diff-comment",
            "context-file",
            "skill",
        ] {
            let empty = json!({ "type": kind });
            let error = serde_json::from_value::<Part>(empty).unwrap_err();
            assert!(
                error.to_string().starts_with("missing field"),
                "{kind}: {error}"
            );
        }
    }

    #[test]
    fn messages_of_the_sockets_are_read_as_they_were_written() {
        let scanned_at = "2026-01-02T03:04:05Z".parse().unwrap();
        comes_back(&GitWatchMessage::Changes {
            scanned_at,
            repositories: vec![RepositoryChanges::default()],
            omitted_repositories: 2,
        });
        comes_back(&GitWatchMessage::Error {
            message: "gone".into(),
            reason: None,
            since: None,
        });
        comes_back(&GitWatchMessage::Error {
            message: "away".into(),
            reason: Some(GitWatchProblem::Reconnecting),
            since: Some(scanned_at),
        });
        comes_back(&Sandbox::Bubblewrap);
        comes_back(&Sandbox::None {
            reason: "not installed".into(),
        });
        let chat_id = ChatId(uuid::Uuid::nil());
        for kind in [
            StreamEventKind::Ping,
            StreamEventKind::DebugRun {
                debug_run: DebugRunUpdate {
                    run_id: DebugRunId(uuid::Uuid::max()),
                },
            },
            StreamEventKind::QueueUpdate {
                queued_messages: Vec::new(),
            },
            StreamEventKind::PreviewReset {
                preview_reset: PreviewReset {
                    history_version: 1,
                    generation_attempt: 2,
                },
            },
        ] {
            comes_back(&StreamEvent { chat_id, kind });
        }
    }
}
