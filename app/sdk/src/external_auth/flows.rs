//! How a person signs in at a git host: by going there and coming back, or by entering a code there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ExternalAuthFlowId;

/// Where people can sign in.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuthProvider {
    /// The configuration.
    pub id: String,
    /// What people are shown.
    pub display_name: String,
    /// The host that the token will be for.
    pub host: String,
    /// Whether one can go there and come back.
    pub code_flow: bool,
    /// Whether one can enter a code there.
    pub device_flow: bool,
}

/// Answer of `POST /external-auth/{config}/device`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuthDevice {
    /// What is asked about.
    pub flow_id: ExternalAuthFlowId,
    /// What the person enters.
    pub user_code: String,
    /// Where they enter it: a page of the host.
    pub verification_uri: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// Seconds between two questions.
    pub interval_seconds: i64,
}

/// What became of a flow.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalAuthFlowStatus {
    /// The person has not come back yet, or not entered the code.
    Pending,
    /// There is a link.
    Linked,
    /// There is none; `problem` says why.
    Failed,
}

/// Answer of `GET /external-auth/flows/{flow}`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuthFlow {
    /// Its id.
    pub id: ExternalAuthFlowId,
    /// The configuration.
    pub config: String,
    /// The host.
    pub host: String,
    /// What became of it.
    pub status: ExternalAuthFlowStatus,
    /// Why there is no link, in a sentence, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Seconds between two questions, of a device code.
    pub interval_seconds: i64,
    /// Until when it holds.
    pub expires_at: DateTime<Utc>,
}
