//! The table that sorts failures. First match wins; the order is part of the contract.
//!
//! Providers agree on little: the same fault comes as a status, as a type in a body, or only as words. So the table
//! looks at the status and at the words together, with `_` and `-` read as spaces and letter case ignored.

use super::{Error, ErrorKind};

/// What is known about a failure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signals<'a> {
    /// Name of the provider.
    pub provider: &'a str,
    /// HTTP status of the answer.
    pub status_code: Option<u16>,
    /// Status that an error inside a stream stands for; used like `status_code`, but not reported as one.
    pub implied_status: Option<u16>,
    /// The provider's sentence. It ends up in [`Error::detail`]: redact it first.
    pub text: &'a str,
    /// The provider's type and code words.
    pub code: &'a str,
    /// How long the provider asks to wait.
    pub retry_after_ms: Option<u64>,
    /// Whether the caller ended the call.
    pub is_cancelled: bool,
}

const OVERLOADED: &[&str] = &["overloaded"];
const AUTH: &[&str] = &[
    "authentication",
    "unauthorized",
    "invalid api key",
    "incorrect api key",
    "invalid x api key",
    "api key not valid",
];
const USAGE_LIMIT: &[&str] = &[
    "quota",
    "billing",
    "insufficient quota",
    "payment required",
    "credit balance",
];
const FORBIDDEN: &[&str] = &["forbidden"];
const RATE_LIMIT: &[&str] = &["rate limit", "too many requests"];
const TIMEOUT: &[&str] = &[
    "timeout",
    "timed out",
    "deadline exceeded",
    "unavailable",
    "connection reset",
    "connection refused",
    "eof",
    "broken pipe",
    "bad gateway",
    "gateway timeout",
    "client conn",
    "goaway",
    "http2 stream closed",
    "use of closed network connection",
];
const CONFIG: &[&str] = &[
    "invalid model",
    "model not found",
    "unsupported model",
    "unknown model",
    "context length exceeded",
    "context length",
    "maximum context",
    "context window",
    "prompt is too long",
    "malformed config",
];
const SERVER_ERROR: &[&str] = &["server error", "internal error", "server had an error"];

impl Error {
    /// Sorts a failure by the table.
    pub fn classify(signals: &Signals<'_>) -> Self {
        Self::classify_raw(signals).redacted(|detail| detail)
    }

    /// The same with the provider's words as they came, for whoever has them redacted ([`Self::redacted`]).
    pub(crate) fn classify_raw(signals: &Signals<'_>) -> Self {
        let provider = (!signals.provider.is_empty()).then_some(signals.provider);
        if signals.is_cancelled {
            return Self::cancelled(provider);
        }
        let (kind, is_retryable) = sort(signals);
        Self {
            detail: Some(signals.text.to_owned()),
            status_code: signals.status_code,
            retry_after_ms: signals.retry_after_ms,
            is_retryable,
            ..Self::new(kind, provider)
        }
    }
}

fn sort(signals: &Signals<'_>) -> (ErrorKind, bool) {
    let status = signals.status_code.or(signals.implied_status).unwrap_or(0);
    let words = normalised(signals);
    let has = |list: &[&str]| list.iter().any(|word| contains_word(&words, word));
    let is_config = has(CONFIG) || names_missing_model(&words);

    if status == 529 || has(OVERLOADED) {
        (ErrorKind::Overloaded, true)
    } else if status == 401 {
        (ErrorKind::Auth, false)
    } else if status == 402 || has(USAGE_LIMIT) {
        (ErrorKind::UsageLimit, false)
    } else if has(AUTH) || ((status == 403 || has(FORBIDDEN)) && !is_config) {
        (ErrorKind::Auth, false)
    } else if (status == 429 || has(RATE_LIMIT)) && !is_config {
        (ErrorKind::RateLimit, true)
    } else if (matches!(status, 408 | 502 | 503 | 504) || has(TIMEOUT)) && !is_config {
        (
            ErrorKind::Timeout,
            !words.contains("context deadline exceeded"),
        )
    } else if is_config || status == 404 {
        (ErrorKind::Config, false)
    } else {
        (
            ErrorKind::Generic,
            (500..600).contains(&status) || has(SERVER_ERROR),
        )
    }
}

fn normalised(signals: &Signals<'_>) -> String {
    let mut words = format!("{} {}", signals.code, signals.text).to_lowercase();
    for separator in ['_', '-'] {
        words = words.replace(separator, " ");
    }
    words
}

/// Providers put the model's name in the middle: `model 'x' not found`, `The model "x" does not exist`.
fn names_missing_model(words: &str) -> bool {
    words.contains("model")
        && ["not found", "does not exist"]
            .iter()
            .any(|phrase| words.contains(phrase))
}

/// Finds a word where a word begins; a short one must end there too (`eof` is not in `thereof` nor in `eofx`).
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let before = text.get(..start).and_then(|head| head.chars().next_back());
        let after = text
            .get(start + word.len()..)
            .and_then(|tail| tail.chars().next());
        let is_free = |neighbour: Option<char>| {
            neighbour.is_none_or(|character| !character.is_alphanumeric())
        };
        is_free(before) && (word.len() > 4 || is_free(after))
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    const TABLE: &[(Option<u16>, &str, ErrorKind, bool)] = &[
        // overloaded comes before everything a provider can say beside it
        (Some(529), "", ErrorKind::Overloaded, true),
        (Some(401), "Overloaded", ErrorKind::Overloaded, true),
        (Some(429), "overloaded_error", ErrorKind::Overloaded, true),
        (
            None,
            "The engine is currently overloaded",
            ErrorKind::Overloaded,
            true,
        ),
        // the key
        (Some(401), "", ErrorKind::Auth, false),
        (Some(401), "rate limit", ErrorKind::Auth, false),
        (Some(400), "Invalid API key", ErrorKind::Auth, false),
        (Some(400), "invalid_api_key", ErrorKind::Auth, false),
        (None, "authentication_error", ErrorKind::Auth, false),
        (None, "Unauthorized", ErrorKind::Auth, false),
        // the account
        (Some(402), "", ErrorKind::UsageLimit, false),
        (
            Some(429),
            "You exceeded your current quota",
            ErrorKind::UsageLimit,
            false,
        ),
        (
            Some(429),
            "insufficient_quota",
            ErrorKind::UsageLimit,
            false,
        ),
        (
            Some(400),
            "Your credit balance is too low",
            ErrorKind::UsageLimit,
            false,
        ),
        (None, "billing_error", ErrorKind::UsageLimit, false),
        (None, "Payment Required", ErrorKind::UsageLimit, false),
        // forbidden
        (Some(403), "", ErrorKind::Auth, false),
        (None, "Forbidden", ErrorKind::Auth, false),
        (Some(403), "invalid model", ErrorKind::Config, false),
        // rate
        (Some(429), "", ErrorKind::RateLimit, true),
        (None, "rate_limit_error", ErrorKind::RateLimit, true),
        (
            None,
            "You are being rate limited",
            ErrorKind::RateLimit,
            true,
        ),
        (
            Some(429),
            "context length exceeded",
            ErrorKind::Config,
            false,
        ),
        // time and connections
        (Some(408), "", ErrorKind::Timeout, true),
        (Some(502), "", ErrorKind::Timeout, true),
        (Some(503), "", ErrorKind::Timeout, true),
        (Some(504), "", ErrorKind::Timeout, true),
        (None, "connection reset by peer", ErrorKind::Timeout, true),
        (
            None,
            "Connection refused (os error 111)",
            ErrorKind::Timeout,
            true,
        ),
        (None, "unexpected EOF", ErrorKind::Timeout, true),
        (None, "broken pipe", ErrorKind::Timeout, true),
        (
            None,
            "http2: client conn could not be established",
            ErrorKind::Timeout,
            true,
        ),
        (None, "GOAWAY received", ErrorKind::Timeout, true),
        (
            None,
            "use of closed network connection",
            ErrorKind::Timeout,
            true,
        ),
        (None, "request timed out", ErrorKind::Timeout, true),
        (None, "context deadline exceeded", ErrorKind::Timeout, false),
        (Some(503), "model not found", ErrorKind::Config, false),
        // configuration
        (Some(400), "invalid model", ErrorKind::Config, false),
        (
            Some(404),
            "model 'nope' not found",
            ErrorKind::Config,
            false,
        ),
        (Some(404), "", ErrorKind::Config, false),
        (
            Some(400),
            "The model `nope` does not exist",
            ErrorKind::Config,
            false,
        ),
        (
            Some(400),
            "context_length_exceeded",
            ErrorKind::Config,
            false,
        ),
        (
            Some(400),
            "This model's maximum context length is 8192 tokens",
            ErrorKind::Config,
            false,
        ),
        (
            Some(400),
            "prompt is too long: 210000 tokens > 200000 maximum",
            ErrorKind::Config,
            false,
        ),
        (Some(500), "malformed config", ErrorKind::Config, false),
        // the provider's own faults
        (Some(500), "", ErrorKind::Generic, true),
        (Some(520), "", ErrorKind::Generic, true),
        (None, "Internal server error", ErrorKind::Generic, true),
        (None, "server_error", ErrorKind::Generic, true),
        // anything else
        (
            Some(400),
            "messages: at least one message is required",
            ErrorKind::Generic,
            false,
        ),
        (Some(418), "I'm a teapot", ErrorKind::Generic, false),
        (None, "the owner thereof", ErrorKind::Generic, false),
        (None, "", ErrorKind::Generic, false),
    ];

    #[test]
    fn sorts_by_the_table() {
        for (status_code, text, kind, is_retryable) in TABLE {
            let signals = Signals {
                provider: "p",
                status_code: *status_code,
                text,
                ..Signals::default()
            };
            let error = Error::classify(&signals);
            assert_eq!(
                (error.kind, error.is_retryable),
                (*kind, *is_retryable),
                "{status_code:?} {text:?}"
            );
            assert_eq!(error.status_code, *status_code);
        }
    }

    #[test]
    fn reads_the_code_words_like_the_text() {
        let signals = Signals {
            code: "invalid_request_error context_length_exceeded",
            ..Signals::default()
        };
        assert_eq!(Error::classify(&signals).kind, ErrorKind::Config);
    }

    #[test]
    fn cancellation_comes_before_everything() {
        let signals = Signals {
            status_code: Some(529),
            is_cancelled: true,
            ..Signals::default()
        };
        let error = Error::classify(&signals);
        assert!(error.is_cancelled && !error.is_retryable);
        assert_eq!(error.kind, ErrorKind::Generic);
    }

    #[test]
    fn an_implied_status_sorts_but_is_not_reported() {
        let error = Error::classify(&Signals {
            implied_status: Some(529),
            ..Signals::default()
        });
        assert_eq!(
            (error.kind, error.status_code),
            (ErrorKind::Overloaded, None)
        );
    }
}
