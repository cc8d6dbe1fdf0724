//! Links with which people set their own password, once: an invitation, or the way back in for who forgot it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::secrets::shows_only;

/// Answer of `POST /users/{user}/password-link`: shown here and never again.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordLink {
    /// What the person opens.
    pub url: String,
    /// What it holds, for `POST /password-links`.
    pub token: String,
    /// Until when it holds.
    pub expires_at: DateTime<Utc>,
}

/// Body of `POST /password-links`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Serialize, Deserialize)]
pub struct RedeemPasswordLink {
    /// What the link holds.
    pub token: String,
    /// The new password; at least 8 characters.
    pub password: String,
}

shows_only! {
    PasswordLink { expires_at }
    RedeemPasswordLink {}
}
