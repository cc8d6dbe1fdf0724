//! Files of a chat's workspace, found by a few letters of their path.

use serde::{Deserialize, Serialize};

/// Query of `GET /api/v2/chats/{chat}/files`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindFiles {
    /// Letters of the path in their order; none finds what lies at the top.
    #[serde(default)]
    pub q: String,
    /// 1 to 100; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// The paths that match best, the best first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFiles {
    /// Files and folders that git does not ignore.
    pub files: Vec<FoundFile>,
    /// Whether the workspace has more of them than are looked at.
    pub is_cut: bool,
}

/// A file or folder.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFile {
    /// Relative to the working directory.
    pub path: String,
    /// Whether it is a folder.
    pub is_dir: bool,
}
