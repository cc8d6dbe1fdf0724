//! As whom git hosts know this deployment. Owners set that up, on the page or in the server's environment.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a host speaks.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitHostKind {
    /// GitHub and GitHub Enterprise.
    #[default]
    Github,
}

/// Where a configuration comes from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalAuthConfigSource {
    /// The server's variables or its configuration file; it can be changed there alone.
    Environment,
    /// The settings page or the API.
    Database,
}

/// A configuration; never its secrets.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuthConfig {
    /// Its short name, which stands in the callback URL: 1 to 64 small letters, digits and hyphens.
    pub id: String,
    /// What the host speaks.
    pub kind: GitHostKind,
    /// What people are shown.
    pub display_name: String,
    /// The host that tokens go to, in lower case, with the port where it is not 443.
    pub host: String,
    /// The address of the host's pages.
    pub base_url: String,
    /// The address of its API; empty = where its kind has it.
    pub api_base_url: String,
    /// The application's id there.
    pub client_id: String,
    /// Whether a client secret is stored.
    pub has_client_secret: bool,
    /// What tokens shall be good for; empty = what the application there says.
    pub scopes: Vec<String>,
    /// Whether people may link with a device code.
    pub device_flow: bool,
    /// Where it comes from.
    pub source: ExternalAuthConfigSource,
    /// What the application there has to know as its callback URL, exactly.
    pub callback_url: String,
    /// Where the host sends webhooks to, signed with the webhook secret.
    pub webhook_url: String,
    /// Whether a webhook secret is stored, without which no webhook is taken.
    pub has_webhook_secret: bool,
    /// When it was last changed; absent for one of the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
}

/// Body of `POST /external-auth/configs`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct CreateExternalAuthConfig {
    /// Its short name; absent or empty = made of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the host speaks.
    #[serde(default)]
    pub kind: GitHostKind,
    /// What people are shown; absent or empty = the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The address of the host, such as `https://github.com`.
    pub base_url: String,
    /// The address of its API; absent or empty = where its kind has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_base_url: Option<String>,
    /// The application's id there.
    pub client_id: String,
    /// Its secret; absent or empty = none, which allows device codes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What the host signs its webhooks with, 16 to 512 characters; absent or empty = none, which takes no webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// What tokens shall be good for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether people may link with a device code.
    #[serde(default)]
    pub device_flow: bool,
}

/// Body of `PATCH /external-auth/configs/{config}`: what is absent stays. The host stays too, as people's tokens are for it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct UpdateExternalAuthConfig {
    /// What people are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The address of its API; empty = where its kind has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_base_url: Option<String>,
    /// The application's id there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its secret; empty = removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What the host signs its webhooks with; empty = removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// What tokens shall be good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Whether people may link with a device code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_flow: Option<bool>,
}

/// Answer of `POST /external-auth/configs/{config}/webhook-secret`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWebhookSecret {
    /// What to enter as the secret at the host. It is told here and never again.
    pub webhook_secret: String,
    /// What to enter as the address there.
    pub webhook_url: String,
}

impl fmt::Debug for NewWebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewWebhookSecret")
            .field("webhook_url", &self.webhook_url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CreateExternalAuthConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreateExternalAuthConfig")
            .field("id", &self.id)
            .field("base_url", &self.base_url)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UpdateExternalAuthConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpdateExternalAuthConfig")
            .field("display_name", &self.display_name)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
