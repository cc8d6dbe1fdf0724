#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;

#[test]
fn cuts_the_providers_words_at_five_hundred_characters() {
    let error = Error::new(ErrorKind::Generic, None).with_detail("é".repeat(700));
    assert_eq!(error.detail.unwrap().chars().count(), 500);
    assert_eq!(
        Error::new(ErrorKind::Generic, None)
            .with_detail("  \n")
            .detail,
        None
    );
}

#[test]
fn deadlines_and_truncation_may_be_tried_again() {
    assert!(Error::new(ErrorKind::StartupTimeout, None).is_retryable);
    assert!(Error::new(ErrorKind::StreamSilence, None).is_retryable);
    assert!(Error::truncated(Some("p")).is_retryable);
    assert!(!Error::missing_key("p").is_retryable);
    assert!(!Error::cancelled(None).is_retryable);
}

#[test]
fn kinds_have_the_same_name_everywhere() {
    use ErrorKind::*;
    for kind in [
        Generic,
        Overloaded,
        Auth,
        RateLimit,
        UsageLimit,
        Timeout,
        StartupTimeout,
        StreamSilence,
        Config,
        MissingKey,
        ProviderDisabled,
    ] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}

#[test]
fn says_what_happened_and_in_whose_words() {
    let error = Error::new(ErrorKind::Overloaded, Some("anthropic")).with_detail("Overloaded");
    assert_eq!(
        error.to_string(),
        "anthropic is overloaded. Try again in a moment. (Overloaded)"
    );
}
