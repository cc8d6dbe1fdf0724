//! Signing in at a git host for a person: OAuth 2 (RFC 6749) with PKCE (RFC 7636) and the device flow (RFC 8628).
//!
//! Hosts differ in where they are asked ([`crate::Forge::oauth_endpoints`]) and in what they make of an error's status:
//! GitHub answers 200 with a field `error`. Secrets go to these endpoints alone; nothing that sends elsewhere is followed.

mod answers;
mod client;

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::ForgeError;

pub use self::client::Oauth;

/// Where a host is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthEndpoints {
    /// Where a person is sent to agree.
    pub authorize: Url,
    /// Where codes and refresh tokens become tokens.
    pub token: Url,
    /// Where a device flow begins.
    pub device_code: Url,
    /// What the host's API has of applications, by their client ids; a token is taken back there.
    pub applications: Url,
}

/// As whom a host knows this deployment.
#[derive(Clone, Debug)]
pub struct OauthApp {
    /// The client id.
    pub client_id: String,
    /// The client secret; empty for the device flow of a public client.
    pub client_secret: SecretString,
    /// What tokens shall be good for; empty = what the host gives by itself.
    pub scopes: Vec<String>,
}

/// What a host gave.
#[derive(Clone, Debug)]
pub struct OauthTokens {
    /// The token.
    pub access_token: SecretString,
    /// What the next one is got with, when the token ends.
    pub refresh_token: Option<SecretString>,
    /// How long the token lives; nothing = until it is revoked.
    pub expires_in: Option<Duration>,
}

/// A device flow that has begun.
#[derive(Clone, Debug)]
pub struct DeviceCode {
    /// What is asked with. A secret.
    pub device_code: SecretString,
    /// What the person enters.
    pub user_code: String,
    /// Where they enter it: a page of the same host.
    pub verification_uri: String,
    /// How long it holds.
    pub expires_in: Duration,
    /// The least time between two questions.
    pub interval: Duration,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OauthError {
    /// The host said no.
    #[error("{host} refused it: {words} ({code})")]
    Refused {
        /// The host.
        host: String,
        /// The error's code, such as `access_denied`.
        code: String,
        /// The host's own words, or what the code means.
        words: String,
        /// Of `slow_down`: the interval from now on, when the host names one.
        interval: Option<Duration>,
    },
    /// There was no answer, or none that is one.
    #[error(transparent)]
    Host(#[from] ForgeError),
}

impl OauthError {
    /// What a host said by sending a person back with an error.
    pub fn refused(host: &str, code: &str, words: Option<&str>) -> Self {
        answers::refused(host, code, words)
    }

    /// The code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Host(_) => None,
        }
    }

    /// Whether a refresh token was refused for good: no other try helps, only linking again.
    pub fn is_dead_refresh_token(&self) -> bool {
        matches!(self.code(), Some("bad_refresh_token" | "invalid_grant"))
    }
}
