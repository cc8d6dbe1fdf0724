//! What went wrong with a call, sorted so that a caller can act on it.
//!
//! The kind decides what a person is told and whether the call is tried again; `classify` holds the table.
//! No error text ever carries a secret of its call: everything a provider says is redacted ([`redact`], and
//! [`crate::http::redaction`] for what the request itself carried).

mod body;
mod classify;
mod redact;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use body::ProviderWords;
pub use classify::Signals;
pub use redact::{REPLACEMENT, redact};

/// Longest provider text kept in [`Error::detail`], in characters.
const DETAIL_LIMIT: usize = 500;

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// None of the others.
    Generic,
    /// The provider has too much to do.
    Overloaded,
    /// The key is wrong or may not do this.
    Auth,
    /// Too many requests.
    RateLimit,
    /// The account's quota or credit is used up.
    UsageLimit,
    /// A connection that failed, broke or took too long.
    Timeout,
    /// Nothing came before the first-token deadline.
    StartupTimeout,
    /// Nothing came for too long in the middle of an answer.
    StreamSilence,
    /// The model, the address or the size of the conversation does not fit.
    Config,
    /// There is no key to call with.
    MissingKey,
    /// The provider is switched off.
    ProviderDisabled,
}

impl ErrorKind {
    /// Name on the wire and in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Overloaded => "overloaded",
            Self::Auth => "auth",
            Self::RateLimit => "rate_limit",
            Self::UsageLimit => "usage_limit",
            Self::Timeout => "timeout",
            Self::StartupTimeout => "startup_timeout",
            Self::StreamSilence => "stream_silence",
            Self::Config => "config",
            Self::MissingKey => "missing_key",
            Self::ProviderDisabled => "provider_disabled",
        }
    }
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// Its kind.
    pub kind: ErrorKind,
    /// One sentence for people that says what to do next.
    pub message: String,
    /// The provider's own words, at most 500 characters, without keys.
    pub detail: Option<String>,
    /// Name of the provider.
    pub provider: Option<String>,
    /// HTTP status of the answer, when there was one.
    pub status_code: Option<u16>,
    /// How long the provider asks to wait.
    pub retry_after_ms: Option<u64>,
    /// Whether the same call may succeed later.
    pub is_retryable: bool,
    /// Whether the caller itself ended the call.
    pub is_cancelled: bool,
}

impl Error {
    /// An error of this kind with its usual sentence; retryable when the kind is.
    pub fn new(kind: ErrorKind, provider: Option<&str>) -> Self {
        Self {
            kind,
            message: sentence(kind, provider.unwrap_or("The provider")),
            detail: None,
            provider: provider.map(str::to_owned),
            status_code: None,
            retry_after_ms: None,
            is_retryable: is_usually_retryable(kind),
            is_cancelled: false,
        }
    }

    /// The caller cancelled the call.
    pub fn cancelled(provider: Option<&str>) -> Self {
        let message = "The request was cancelled.".to_owned();
        Self {
            message,
            is_cancelled: true,
            is_retryable: false,
            ..Self::new(ErrorKind::Generic, provider)
        }
    }

    /// The connection ended before the provider said that the answer is whole.
    pub fn truncated(provider: Option<&str>) -> Self {
        let name = provider.unwrap_or("The provider");
        let message = format!("{name} ended the connection in the middle of the answer.");
        Self {
            message,
            ..Self::new(ErrorKind::Timeout, provider)
        }
    }

    /// The answer is longer than any answer may be. The same call would most likely end the same way.
    pub(crate) fn too_long(max_bytes: usize) -> Self {
        let megabytes = max_bytes / (1024 * 1024);
        Self::new(ErrorKind::Generic, None).with_message(format!(
            "The answer was longer than {megabytes} MB and was stopped. Ask for less, or check the provider's address."
        ))
    }

    /// There is no key to call with.
    pub fn missing_key(provider: &str) -> Self {
        Self::new(ErrorKind::MissingKey, Some(provider))
    }

    /// The answer does not follow the protocol. Trying again may help: it is usually a broken proxy on the way. The detail may
    /// repeat what came: whoever gives it on has it redacted ([`Self::redacted`]).
    pub(crate) fn protocol(provider: &str, detail: impl Into<String>) -> Self {
        let message = format!("{provider} sent an answer that does not follow its protocol.");
        Self {
            message,
            detail: Some(detail.into()),
            is_retryable: true,
            ..Self::new(ErrorKind::Generic, Some(provider))
        }
    }

    /// Adds the provider's words, cut to the limit; blank words add nothing.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self.redacted(|detail| detail)
    }

    /// Redacts the provider's words and then cuts them to the limit: what is left of a secret that a cut went through would
    /// not be known for one any more.
    #[must_use]
    pub(crate) fn redacted(mut self, redact: impl FnOnce(String) -> String) -> Self {
        let detail = self.detail.take().map(redact).unwrap_or_default();
        let trimmed = detail.trim();
        self.detail = (!trimmed.is_empty()).then(|| trimmed.chars().take(DETAIL_LIMIT).collect());
        self
    }

    /// Replaces the sentence for people.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.detail {
            Some(detail) => write!(formatter, " ({detail})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

fn is_usually_retryable(kind: ErrorKind) -> bool {
    use ErrorKind::{Overloaded, RateLimit, StartupTimeout, StreamSilence, Timeout};
    matches!(
        kind,
        Overloaded | RateLimit | Timeout | StartupTimeout | StreamSilence
    )
}

fn sentence(kind: ErrorKind, name: &str) -> String {
    match kind {
        ErrorKind::Generic => format!("{name} answered with an error."),
        ErrorKind::Overloaded => format!("{name} is overloaded. Try again in a moment."),
        ErrorKind::Auth => {
            format!(
                "{name} refused the API key. Check the key and what it may do in the provider's settings."
            )
        }
        ErrorKind::RateLimit => {
            format!("{name} limits the rate of requests. Try again in a moment.")
        }
        ErrorKind::UsageLimit => {
            format!(
                "The quota or credit at {name} is used up. Check the plan and billing of the account."
            )
        }
        ErrorKind::Timeout => {
            format!("{name} could not be reached or did not answer in time. Try again.")
        }
        ErrorKind::StartupTimeout => format!("{name} did not begin to answer in time. Try again."),
        ErrorKind::StreamSilence => {
            format!("{name} stopped sending in the middle of the answer. Try again.")
        }
        ErrorKind::Config => {
            format!(
                "{name} refused the model or its configuration. Check the model's name and limits."
            )
        }
        ErrorKind::MissingKey => {
            format!("{name} has no API key. Add one in the provider's settings.")
        }
        ErrorKind::ProviderDisabled => {
            format!("{name} is switched off. Choose another model or switch it on.")
        }
    }
}

#[cfg(test)]
#[path = "error/tests.rs"]
mod tests;
