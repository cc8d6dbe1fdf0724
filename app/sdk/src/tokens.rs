//! API tokens: named, expiring, shown once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::TokenId;
use crate::secrets::shows_only;

/// A token as lists show it; never the key.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The name its owner gave it, unique per user.
    pub token_name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working; absent = never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Body of `POST /users/{user}/keys/tokens`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateToken {
    /// 1 to 64 characters.
    pub token_name: String,
    /// Seconds until it expires; absent = never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<i64>,
}

/// Answer of `POST /users/{user}/keys/tokens`: the only time the key is shown.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedToken {
    /// The token's id.
    pub id: TokenId,
    /// The key to send as `Authorization: Bearer <key>`.
    pub key: String,
}

shows_only! {
    CreatedToken { id }
}
