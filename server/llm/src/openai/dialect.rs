//! Which optional fields a model takes. Servers differ, and say so only by refusing.
//!
//! OpenAI's newer models refuse `max_tokens`, older servers refuse `max_completion_tokens`, some models take no
//! temperature or no reasoning effort. What was refused once is left out for that model until the process ends.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::Error;

/// Fields for one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one switch for each field of the wire format"
)]
pub(super) struct Dialect {
    /// OpenAI itself: it knows no thoughts and takes only plain ids.
    pub is_official: bool,
    /// Spell the ceiling `max_completion_tokens`, not `max_tokens`.
    pub says_max_completion_tokens: bool,
    /// Send `temperature`.
    pub has_temperature: bool,
    /// Send `top_p`, `top_k` and the penalties.
    pub has_sampling: bool,
    /// Send `reasoning_effort`.
    pub has_reasoning_effort: bool,
    /// Send `stream_options`.
    pub has_stream_options: bool,
    /// Ask for a summary of thoughts.
    pub has_reasoning_summary: bool,
    /// Ask for thoughts in their encrypted form.
    pub has_encrypted_reasoning: bool,
    /// Offer OpenAI's own computer tool.
    pub has_computer: bool,
    /// Call the Responses API, where the server is said to speak it.
    pub has_responses: bool,
    /// Whether the spelling of the ceiling was changed already.
    pub has_changed_ceiling: bool,
}

impl Dialect {
    pub(super) const fn new(is_official: bool) -> Self {
        Self {
            is_official,
            says_max_completion_tokens: is_official,
            has_temperature: true,
            has_sampling: true,
            has_reasoning_effort: true,
            has_stream_options: true,
            has_reasoning_summary: true,
            has_encrypted_reasoning: true,
            has_computer: true,
            has_responses: true,
            has_changed_ceiling: false,
        }
    }

    /// The dialect without what an error refuses; `None` when it refuses no field that can be left out.
    fn without_refused(self, error: &Error) -> Option<Self> {
        let words = error.detail.as_deref().unwrap_or_default().to_lowercase();
        let is_unknown_place = error.status_code == Some(404) && !words.contains("model");
        if self.has_responses && (is_unknown_place || error.status_code == Some(405)) {
            return Some(Self {
                has_responses: false,
                ..self
            });
        }
        if !matches!(error.status_code, Some(400 | 422))
            || !REFUSALS.iter().any(|refusal| words.contains(refusal))
        {
            return None;
        }
        let mut changed = self;
        if words.contains("max_tokens") || words.contains("max_completion_tokens") {
            if self.has_changed_ceiling {
                return None;
            }
            changed.says_max_completion_tokens = !self.says_max_completion_tokens;
            changed.has_changed_ceiling = true;
        } else if words.contains("encrypted") {
            changed.has_encrypted_reasoning = false;
        } else if words.contains("reasoning summar") || words.contains("reasoning.summary") {
            changed.has_reasoning_summary = false;
        } else if words.contains("reasoning_effort") || words.contains("reasoning.effort") {
            changed.has_reasoning_effort = false;
        } else if words.contains("stream_options") {
            changed.has_stream_options = false;
        } else if SAMPLING.iter().any(|name| words.contains(name)) && self.has_sampling {
            changed.has_sampling = false;
        } else if words.contains("temperature") {
            changed.has_temperature = false;
        } else if words.contains("computer") {
            changed.has_computer = false;
        }
        (changed != self).then_some(changed)
    }
}

const SAMPLING: [&str; 4] = ["top_p", "top_k", "presence_penalty", "frequency_penalty"];
const REFUSALS: &[&str] = &[
    "unsupported",
    "not supported",
    "does not support",
    "unrecognized",
    "unknown",
    "unexpected",
    "not permitted",
    "not allowed",
    "extra inputs",
    "must be verified",
    "invalid value: 'computer'",
];

/// What was learnt, by model.
#[derive(Debug)]
pub(super) struct Dialects {
    is_official: bool,
    learnt: Mutex<HashMap<String, Dialect>>,
}

impl Dialects {
    pub(super) fn new(is_official: bool) -> Self {
        Self {
            is_official,
            learnt: Mutex::default(),
        }
    }

    /// Whether the server is OpenAI's own.
    pub(super) fn is_official(&self) -> bool {
        self.is_official
    }

    pub(super) fn of(&self, model: &str) -> Dialect {
        let learnt = self
            .learnt
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        learnt
            .get(model)
            .copied()
            .unwrap_or(Dialect::new(self.is_official))
    }

    /// Learns from an error; says whether asking again in the new dialect makes sense.
    pub(super) fn learn(&self, model: &str, tried: Dialect, error: &Error) -> bool {
        let Some(better) = tried.without_refused(error) else {
            return false;
        };
        tracing::debug!(
            model,
            ?better,
            "the server refused a field; it is left out from now on"
        );
        let mut learnt = self
            .learnt
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        learnt.insert(model.to_owned(), better);
        true
    }
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
    use crate::ErrorKind;

    fn refusal(text: &str) -> Error {
        Error {
            status_code: Some(400),
            ..Error::new(ErrorKind::Generic, None)
        }
        .with_detail(text)
    }

    #[test]
    fn changes_the_spelling_of_the_ceiling_once() {
        let dialects = Dialects::new(false);
        let error = refusal(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        );
        assert!(dialects.learn("m", dialects.of("m"), &error));
        assert!(dialects.of("m").says_max_completion_tokens);
        assert!(!dialects.of("other").says_max_completion_tokens);
        assert!(
            !dialects.learn("m", dialects.of("m"), &error),
            "it must not go back and forth"
        );
    }

    #[test]
    fn leaves_out_refused_fields_one_by_one() {
        let dialects = Dialects::new(true);
        assert!(dialects.learn(
            "m",
            dialects.of("m"),
            &refusal("Unrecognized request argument supplied: reasoning_effort")
        ));
        assert!(dialects.learn(
            "m",
            dialects.of("m"),
            &refusal("Unsupported value: 'temperature' does not support 0.2")
        ));
        assert!(dialects.learn(
            "m",
            dialects.of("m"),
            &refusal("Unsupported parameter: 'top_p' is not supported with this model.")
        ));
        assert!(!dialects.of("m").has_sampling);
        let dialect = dialects.of("m");
        assert!(
            !dialect.has_temperature && !dialect.has_reasoning_effort && dialect.has_stream_options
        );
    }

    #[test]
    fn learns_nothing_from_other_errors() {
        let dialects = Dialects::new(true);
        let too_large = refusal("max_tokens is too large: 99999");
        let busy = Error {
            status_code: Some(429),
            ..refusal("temperature not supported")
        };
        for error in [too_large, busy, refusal(""), refusal("unknown model")] {
            assert!(!dialects.learn("m", dialects.of("m"), &error), "{error:?}");
        }
    }

    #[test]
    fn leaves_out_what_only_some_models_of_the_responses_api_have() {
        let dialects = Dialects::new(true);
        for words in [
            "Encrypted content is not supported with this model.",
            "Your organization must be verified to generate reasoning summaries.",
            "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
            "Tool 'computer' is not supported with gpt-4o.",
        ] {
            assert!(
                dialects.learn("m", dialects.of("m"), &refusal(words)),
                "{words}"
            );
        }
        let learnt = dialects.of("m");
        assert!(!learnt.has_encrypted_reasoning && !learnt.has_reasoning_summary);
        assert!(!learnt.has_reasoning_effort && !learnt.has_computer && learnt.has_responses);
    }

    #[test]
    fn a_server_without_the_responses_api_is_called_by_the_other() {
        let dialects = Dialects::new(false);
        let nowhere = |words: &str| Error {
            status_code: Some(404),
            ..refusal(words)
        };
        let unknown_model = nowhere("The model `m` does not exist");
        assert!(!dialects.learn("m", dialects.of("m"), &unknown_model));
        assert!(dialects.learn("m", dialects.of("m"), &nowhere("404 page not found")));
        assert!(!dialects.of("m").has_responses);
        assert!(!dialects.learn("m", dialects.of("m"), &nowhere("404 page not found")));
    }
}
