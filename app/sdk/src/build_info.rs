//! What is running: the answer of `GET /api/v2/buildinfo`.

use serde::{Deserialize, Serialize};

/// Version facts of the server, public.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildInfo {
    /// Semantic version of the binary.
    pub version: String,
    /// Commit it was built from, `unknown` outside a repository.
    pub commit: String,
    /// The database in use.
    pub database: DatabaseKind,
}

/// The two databases Switchyard runs on.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseKind {
    /// One file in the data folder.
    Sqlite,
    /// PostgreSQL, reached by URL.
    Postgres,
}
