//! External auth: what a person signs in to other systems with, now git hosts. One link for each person and host.
//!
//! Secrets go in and never come out again, but to git in a workspace of the person's own chat. `configs` is what owners
//! set up so that people can sign in at a host, `flows` how they do it.

mod configs;
mod flows;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ChatId;

pub use configs::{
    CreateExternalAuthConfig, ExternalAuthConfig, ExternalAuthConfigSource, GitHostKind,
    NewWebhookSecret, UpdateExternalAuthConfig,
};
pub use flows::{
    ExternalAuthDevice, ExternalAuthFlow, ExternalAuthFlowStatus, ExternalAuthProvider,
};

/// How a link's secret came.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalAuthKind {
    /// The person entered an access token of theirs.
    Token,
    /// The person signed in at the host.
    Oauth,
}

/// A person's link to a git host; never the secret.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuthLink {
    /// The host in lower case, with the port where it is not 443. The secret goes to this host and to no other.
    pub host: String,
    /// How the secret came.
    pub kind: ExternalAuthKind,
    /// By which configuration the person signed in; absent for a token that was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Why it works no more, in a sentence, and what to do; absent while it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The name that git signs in with.
    pub username: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When the secret was last replaced.
    pub updated_at: DateTime<Utc>,
    /// When git last asked for it, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Answer of `GET /external-auth`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuth {
    /// The caller's links, by host.
    pub links: Vec<ExternalAuthLink>,
    /// Where the caller can sign in, by display name.
    #[serde(default)]
    pub providers: Vec<ExternalAuthProvider>,
}

/// Body of `PUT /external-auth/{host}`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Serialize, Deserialize)]
pub struct PutExternalAuth {
    /// A personal access token of that host, 8 to 4,096 visible ASCII characters.
    pub token: String,
    /// The name to sign in with; absent or empty = `x-access-token`, which hosts that look at the token alone take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

impl fmt::Debug for PutExternalAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PutExternalAuth")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Answer of `DELETE /external-auth/{host}`: here the link is gone in any case.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuthDeleted {
    /// Whether the host took back what it gave. A token that the person entered is theirs to revoke there.
    pub token_revoked: bool,
    /// Why the host did not, though it was to, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_revocation_error: Option<String>,
}

/// Body of `POST /agents/external-auth`: the agent of a workspace asks for a chat's git.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskExternalAuth {
    /// The chat whose command runs git.
    pub chat_id: ChatId,
    /// Where git wants to sign in, as `https://host` with a port where it is not the usual one.
    pub url: String,
    /// The branch that is checked out there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub git_branch: String,
    /// The address of the remote `origin`, without a secret in it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub git_remote_origin: String,
    /// Whether git only fetches, or the agent tells of a push when it is done (`/agents/git-pushes`): then a branch that the chat
    /// has pushed stays the one whose pull request is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_fetch: bool,
}

/// Body of `POST /agents/git-pushes`: git of a chat's command has pushed a branch, whatever it signed in with.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitPush {
    /// The chat whose command ran git.
    pub chat_id: ChatId,
    /// The branch at the remote, at most 255 bytes.
    pub git_branch: String,
    /// The address of the remote, without a secret in it, at most 2,048 bytes.
    pub git_remote_origin: String,
}

/// Answer of `POST /agents/external-auth`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAuthCredential {
    /// The name to sign in with.
    pub username: String,
    /// The token.
    pub access_token: String,
}

impl fmt::Debug for ExternalAuthCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExternalAuthCredential")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
