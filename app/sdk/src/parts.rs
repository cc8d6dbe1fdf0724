//! Parts of a message: the same JSON in the database, on REST and on the stream.
//!
//! Fields that only the server and the model may see (`provider_metadata`, file bytes) are removed by
//! [`Part::for_client`]; every path that leaves the server goes through it.

mod diff_comment;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::flat::FlatPart;
use crate::ids::FileId;

/// Version of the stored part array. Version 0 (legacy shapes) is told apart by structure when read.
pub const CONTENT_VERSION: i16 = 1;

/// The tool call that stands where the history was summarized for the model.
pub const CHAT_SUMMARIZED: &str = "chat_summarized";
/// The tool call that stands where the model's memory begins anew.
pub const CHAT_CLEARED: &str = "chat_cleared";

/// One part of a message.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", try_from = "FlatPart")]
pub enum Part {
    /// Markdown text.
    Text {
        /// The text, or on the stream a delta of it.
        text: String,
    },
    /// What the model thought.
    Reasoning(ReasoningPart),
    /// The model's wish to run a tool.
    ToolCall(ToolCallPart),
    /// What a tool answered.
    ToolResult(ToolResultPart),
    /// What the text before it goes back to.
    Source(SourcePart),
    /// An attached file.
    File(FilePart),
    /// Lines of a file that a person quoted.
    FileReference(LineReference),
    /// A person's comment on lines of a diff.
    DiffComment(DiffComment),
    /// An instruction file that was given to the model.
    ContextFile {
        /// Where it was read.
        context_file_path: String,
        /// Whether it was cut.
        #[serde(default)]
        context_file_truncated: bool,
    },
    /// A skill that the model was told of.
    Skill {
        /// Its name.
        skill_name: String,
        /// What it is for.
        #[serde(default)]
        skill_description: String,
    },
    /// A part of a newer version; shown as a neutral note.
    Unknown,
}

/// What the model thought, with what must be sent back to it unchanged.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReasoningPart {
    /// The text, or on the stream a delta of it.
    pub text: String,
    /// When the model began to think.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Signature and the like. Internal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_metadata: Option<Value>,
}

/// The model's wish to run a tool.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolCallPart {
    /// Pairs the call with its result.
    pub tool_call_id: String,
    /// The tool.
    pub tool_name: String,
    /// Arguments; absent while they stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Value>,
    /// Stream only: the next piece of the arguments' JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args_delta: Option<String>,
    /// Run by the provider itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub provider_executed: bool,
    /// When the call began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// Internal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_metadata: Option<Value>,
}

/// What a tool answered.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolResultPart {
    /// The call it answers.
    pub tool_call_id: String,
    /// The tool.
    pub tool_name: String,
    /// The answer; absent while output streams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Stream only: the next piece of a running command's output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_delta: Option<String>,
    /// Whether the tool failed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_error: bool,
    /// Whether it stands for an answer that the tool did not give: a person stopped the turn, the server stopped, or
    /// the client did not answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// Whether the result is an image or the like.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_media: bool,
    /// Run by the provider itself; then it stands in the answer that made the call, or in the next one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub provider_executed: bool,
    /// When the tool answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// What a provider's own tool found, in the form that goes back to it. Internal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_metadata: Option<Value>,
}

/// A page of the web that the text before it cites. Its address and title are a stranger's words.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourcePart {
    /// Address of the source.
    pub url: String,
    /// Names the source among those of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Citations in the form that goes back to the provider. Internal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_metadata: Option<Value>,
}

/// An attached file.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FilePart {
    /// Its media type.
    pub media_type: String,
    /// The stored file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<FileId>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Base64 bytes, only without `file_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Lines of a file that a person quoted, or the file's name alone, without lines and text.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineReference {
    /// Path in the repository.
    pub file_name: String,
    /// First line, from 1; 0 when the file is only named.
    #[serde(default)]
    pub start_line: i64,
    /// Last line.
    #[serde(default)]
    pub end_line: i64,
    /// The quoted text.
    #[serde(default)]
    pub content: String,
}

impl LineReference {
    /// The lines in words: `path:4` or `path:4-7`; the path alone where no line is named.
    pub fn place(&self) -> String {
        if self.start_line < 1 {
            return self.file_name.clone();
        }
        diff_comment::place(&self.file_name, self.start_line, self.end_line)
    }
}

/// Which version of a file a diff line belongs to.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffSide {
    /// Before the change.
    Old,
    /// After the change.
    New,
}

/// A person's comment on lines of a diff.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiffComment {
    /// Path in the repository.
    pub file_name: String,
    /// First line, from 1, in the version that `side` names.
    pub start_line: i64,
    /// Last line.
    pub end_line: i64,
    /// The version the lines belong to.
    pub side: DiffSide,
    /// The comment's text.
    pub content: String,
    /// The commented lines with some around them, as a hunk of a unified diff: `@@ -1,2 +1,3 @@` and lines with their
    /// signs. By it the lines are found again when the file has changed, and the model is told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_hunk: Option<String>,
    /// The work tree in the workspace that `file_name` lies in; absent for a pull request's diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_root: Option<String>,
    /// The version of the file that the lines were counted in, as the diff's `index` line names it: 4 to 64 hexadecimal
    /// digits. Its text is kept with the chat where it can still be read, and then tells where the lines are later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
}

/// A part as a client sends it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum InputPart {
    /// Text; must not be empty after trimming.
    Text {
        /// The text.
        text: String,
    },
    /// An uploaded file.
    File {
        /// The upload's id.
        file_id: FileId,
    },
    /// Lines of a file.
    FileReference(LineReference),
    /// A comment on lines of a diff.
    DiffComment(DiffComment),
}

impl Part {
    /// A text part.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// The part as a client would send it again; `None` for what only models and tools say.
    pub fn as_input(&self) -> Option<InputPart> {
        Some(match self {
            Self::Text { text } => InputPart::Text { text: text.clone() },
            Self::File(file) => InputPart::File {
                file_id: file.file_id?,
            },
            Self::FileReference(lines) => InputPart::FileReference(lines.clone()),
            Self::DiffComment(comment) => InputPart::DiffComment(comment.clone()),
            _ => return None,
        })
    }

    /// The part without the fields that no client may see.
    #[must_use]
    pub fn for_client(self) -> Self {
        match self {
            Self::Reasoning(mut reasoning) => {
                reasoning.provider_metadata = None;
                Self::Reasoning(reasoning)
            }
            Self::ToolCall(mut call) => {
                call.provider_metadata = None;
                Self::ToolCall(call)
            }
            Self::ToolResult(mut result) => {
                result.provider_metadata = None;
                Self::ToolResult(result)
            }
            Self::Source(mut source) => {
                source.provider_metadata = None;
                Self::Source(source)
            }
            Self::File(mut file) => {
                if file.file_id.is_some() {
                    file.data = None;
                }
                Self::File(file)
            }
            other => other,
        }
    }
}

/// All text parts, joined by blank lines.
pub fn text_of(parts: &[Part]) -> String {
    let texts: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    texts.join("\n\n")
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_false(value: &bool) -> bool {
    !*value
}
