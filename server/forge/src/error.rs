//! Why a git host did not tell what it was asked.

use chrono::{DateTime, Utc};

/// Why a git host did not tell what it was asked. Each text says what to do; none holds a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// There is no token to ask with.
    #[error("there is no token for {host}; add one under Settings → Git hosts")]
    NoToken {
        /// The host that tokens are kept under.
        host: String,
    },
    /// The host does not take the token.
    #[error(
        "{host} refused the token: it has expired, was revoked or is mistyped; replace it under Settings → Git hosts"
    )]
    BadCredentials {
        /// The host.
        host: String,
        /// Whether the host itself said so of this token, and not something in front of it.
        is_told: bool,
    },
    /// The token is good, and does not reach this.
    #[error(
        "{host} does not let this token read it ({detail}); give the token read access to the repository's contents and pull \
         requests"
    )]
    Forbidden {
        /// The host.
        host: String,
        /// The host's own words.
        detail: String,
    },
    /// There is no such thing, or the token may not know of it: hosts say the same to both.
    #[error(
        "{host} does not know it, or hides it from this token; look whether the token may read the repository"
    )]
    NotFound {
        /// The host.
        host: String,
    },
    /// Nothing may be asked before that.
    #[error(
        "{host} takes no further requests of this token before {}; it is asked again by itself then",
        until.format("%Y-%m-%d %H:%M:%S UTC")
    )]
    RateLimited {
        /// The host.
        host: String,
        /// When it may be asked again.
        until: DateTime<Utc>,
    },
    /// No answer came, or not in time, or the host is out of order.
    #[error("{host} cannot be reached ({detail}); it is tried again by itself")]
    Unreachable {
        /// The host.
        host: String,
        /// What was seen.
        detail: String,
    },
    /// An answer came that is not one.
    #[error(
        "{host} answered something unexpected ({detail}); look whether its API address is right"
    )]
    NotUnderstood {
        /// The host.
        host: String,
        /// What was seen.
        detail: String,
    },
    /// The answer is larger than is handed on.
    #[error("{host} answered with more than {limit_bytes} bytes; look at it there")]
    TooLarge {
        /// The host.
        host: String,
        /// What would have been taken.
        limit_bytes: usize,
    },
}

impl ForgeError {
    /// Its class in one word, as it is kept and shown.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::NoToken { .. } => "no_token",
            Self::BadCredentials { .. } => "bad_credentials",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unreachable { .. } => "unreachable",
            Self::NotUnderstood { .. } => "not_understood",
            Self::TooLarge { .. } => "too_large",
        }
    }
}
