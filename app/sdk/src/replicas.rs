//! What the server processes of one deployment tell each other; no client needs it.

use serde::{Deserialize, Serialize};

/// Live parts of one attempt: a frame of `GET /api/experimental/replicas/chats/{chat}/live`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveBatch {
    /// The history that the generation started from.
    pub history_version: i64,
    /// Which attempt at it.
    pub generation_attempt: i64,
    /// Position of the first event within the attempt.
    pub first_seq: usize,
    /// Stream events, each as JSON text.
    pub events: Vec<String>,
}
