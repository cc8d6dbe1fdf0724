//! How much fits into a model, for providers that do not say.
//!
//! The table holds what the providers documented for these families at the start of 2026; newer members of a family
//! inherit its numbers, which errs on the small side. An unknown model gets careful defaults, and an admin's own
//! number wins over both (that is the caller's business).

use serde::{Deserialize, Serialize};

/// How much fits into a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelLimits {
    /// Tokens of prompt and answer together.
    pub context_tokens: u64,
    /// Tokens of one answer.
    pub max_output_tokens: u64,
}

impl ModelLimits {
    const fn new(context_tokens: u64, max_output_tokens: u64) -> Self {
        Self {
            context_tokens,
            max_output_tokens,
        }
    }
}

/// For models that nobody described.
pub const DEFAULT: ModelLimits = ModelLimits::new(128_000, 16_384);

/// Prefixes of model ids, the more special before the more general.
const KNOWN: &[(&str, ModelLimits)] = &[
    ("claude-haiku-4", ModelLimits::new(200_000, 64_000)),
    ("claude-opus-4-5", ModelLimits::new(200_000, 64_000)),
    ("claude-sonnet-4-5", ModelLimits::new(200_000, 64_000)),
    ("claude-3-7", ModelLimits::new(200_000, 64_000)),
    ("claude-3-5", ModelLimits::new(200_000, 8_192)),
    ("claude-3-", ModelLimits::new(200_000, 4_096)),
    ("claude-", ModelLimits::new(200_000, 64_000)),
    ("gpt-4.1", ModelLimits::new(1_047_576, 32_768)),
    ("gpt-4o", ModelLimits::new(128_000, 16_384)),
    ("gpt-4-turbo", ModelLimits::new(128_000, 4_096)),
    ("gpt-4", ModelLimits::new(8_192, 8_192)),
    ("gpt-3.5", ModelLimits::new(16_385, 4_096)),
    ("gpt-5-chat", ModelLimits::new(128_000, 16_384)),
    ("gpt-", ModelLimits::new(400_000, 128_000)),
    ("o1-mini", ModelLimits::new(128_000, 65_536)),
    ("o1", ModelLimits::new(200_000, 100_000)),
    ("o3", ModelLimits::new(200_000, 100_000)),
    ("o4", ModelLimits::new(200_000, 100_000)),
    ("demo", ModelLimits::new(200_000, 64_000)),
];

/// Limits of a model by its id; a vendor prefix such as `openai/` is ignored.
pub fn known(model: &str) -> ModelLimits {
    let bare = model.rsplit('/').next().unwrap_or(model);
    KNOWN
        .iter()
        .find(|(prefix, _)| bare.starts_with(prefix))
        .map_or(DEFAULT, |(_, limits)| *limits)
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

    #[test]
    fn knows_families_by_their_prefix() {
        assert_eq!(known("claude-sonnet-4-5-20250929").context_tokens, 200_000);
        assert_eq!(known("gpt-4o-mini").context_tokens, 128_000);
        assert_eq!(known("gpt-4").context_tokens, 8_192);
        assert_eq!(known("claude-3-5-haiku-latest").max_output_tokens, 8_192);
        assert_eq!(known("claude-3-opus-latest").max_output_tokens, 4_096);
        assert_eq!(known("openai/gpt-4.1-mini").context_tokens, 1_047_576);
    }

    #[test]
    fn gives_unknown_models_the_default() {
        assert_eq!(known("qwen3:8b"), DEFAULT);
        assert_eq!(known(""), DEFAULT);
    }

    #[test]
    fn no_entry_is_hidden_by_one_before_it() {
        for (position, (prefix, _)) in KNOWN.iter().enumerate() {
            let hidden = KNOWN
                .iter()
                .take(position)
                .any(|(earlier, _)| prefix.starts_with(earlier));
            assert!(!hidden, "{prefix} can never match");
        }
    }
}
