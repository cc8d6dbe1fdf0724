//! What a model is told of a chat's workspace before it reads anything there.

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/v2/chats/{chat}/context`: as it is now, and so as the next step will be told.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatContext {
    /// Absolute path of the folder that the agent works in.
    pub working_directory: String,
    /// Absolute path of the workspace's home folder.
    pub home_directory: String,
    /// `AGENTS.md` and the like, the widest first.
    pub instruction_files: Vec<ContextFile>,
    /// What a model may read when the work needs it, sorted by name.
    pub skills: Vec<ContextSkill>,
}

/// A file with instructions.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextFile {
    /// Absolute path.
    pub path: String,
    /// Whether only its beginning is told.
    pub is_cut: bool,
}

/// A skill.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextSkill {
    /// Name.
    pub name: String,
    /// When it helps; may be empty.
    pub description: String,
    /// Absolute path of its folder.
    pub path: String,
}
