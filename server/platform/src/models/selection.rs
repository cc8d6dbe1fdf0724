//! Which of the models that a provider lists are worth offering, in which order, and which is best to begin with.
//!
//! Providers list everything they have: embeddings, speech, pictures, dated copies. The words here follow the
//! providers' naming of November 2026; what they get wrong an owner corrects on the page.

use sdk::providers::ProviderKind;
use store::provider_configs::ProviderRow;

const MAX_MODELS: usize = 50;
/// Less does not hold a system prompt, tools and a file.
const MIN_CONTEXT_TOKENS: u64 = 16_000;

/// Parts of names of models that do not chat, or not over this protocol.
const NOT_FOR_CHAT: [&str; 22] = [
    "audio",
    "realtime",
    "transcribe",
    "tts",
    "image",
    "embed",
    "moderation",
    "whisper",
    "dall-e",
    "sora",
    "search",
    "instruct",
    "codex",
    "deep-research",
    "computer-use",
    "davinci",
    "babbage",
    "rerank",
    "bge-",
    "minilm",
    "guard",
    "-pro",
];
/// Beginnings of names of models that chat, at OpenAI itself.
const OPENAI_CHAT: [&str; 5] = ["gpt-", "o1", "o3", "o4", "chatgpt-"];

/// What to begin with, best first: capable of long work with tools, not the dearest.
const PREFERRED: [&str; 14] = [
    "claude-sonnet",
    "claude-opus",
    "gpt-5",
    "claude-haiku",
    "gpt-4.1",
    "o3",
    "gpt-4o",
    "qwen3-coder",
    "gpt-oss",
    "devstral",
    "qwen2.5-coder",
    "qwen3",
    "llama3",
    "claude",
];
/// Smaller editions come after the whole ones.
const SMALL: [&str; 3] = ["mini", "nano", "lite"];

/// The listed models that can do the work, in the order to show them in.
pub(crate) fn usable(row: &ProviderRow, mut models: Vec<llm::ModelInfo>) -> Vec<llm::ModelInfo> {
    let is_openai = row.provider == ProviderKind::OpenAi && is_openai_itself(&row.base_url);
    models.retain(|model| can_work(model, is_openai));
    let identifiers: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
    models.retain(|model| {
        undated(&model.id).is_none_or(|undated| !identifiers.iter().any(|id| id == undated))
    });
    // The sort is stable: Anthropic lists the newest first, and that order stays within a rank.
    models.sort_by_key(|model| preference(row.provider, &model.id));
    models.truncate(MAX_MODELS);
    models
}

/// The lower the better to begin with.
pub(crate) fn preference(provider: ProviderKind, model: &str) -> (bool, usize, bool) {
    let bare = model.rsplit('/').next().unwrap_or(model).to_lowercase();
    let rank = PREFERRED.iter().position(|prefix| bare.starts_with(prefix));
    let is_small = SMALL.iter().any(|word| bare.contains(word));
    (
        provider == ProviderKind::Demo,
        rank.unwrap_or(PREFERRED.len()),
        is_small,
    )
}

fn can_work(model: &llm::ModelInfo, is_openai: bool) -> bool {
    let name = model.id.to_lowercase();
    let is_excluded = NOT_FOR_CHAT.iter().any(|word| name.contains(word));
    // Elsewhere such words are part of ordinary names: `qwen2.5-7b-instruct`, `gemini-pro`.
    let is_chat = if is_openai {
        !is_excluded && OPENAI_CHAT.iter().any(|prefix| name.starts_with(prefix))
    } else {
        !is_excluded || name.contains("instruct") || name.contains("-pro")
    };
    is_chat && model.limits.context_tokens >= MIN_CONTEXT_TOKENS
}

fn is_openai_itself(base_url: &str) -> bool {
    base_url.is_empty()
        || url::Url::parse(base_url).is_ok_and(|url| {
            url.host_str()
                .is_some_and(|host| host == "openai.com" || host.ends_with(".openai.com"))
        })
}

/// The name without a date at its end (`-2025-08-07` or `-0613`); `None` when there is none.
fn undated(model: &str) -> Option<&str> {
    for length in [11, 5] {
        let Some((name, date)) = model
            .len()
            .checked_sub(length)
            .and_then(|at| model.split_at_checked(at))
        else {
            continue;
        };
        let is_date = date.starts_with('-')
            && date
                .chars()
                .all(|character| character.is_ascii_digit() || character == '-')
            && date.chars().filter(char::is_ascii_digit).count()
                == if length == 11 { 8 } else { 4 };
        if is_date {
            return Some(name);
        }
    }
    None
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

    use chrono::Utc;
    use sdk::ids::ProviderConfigId;
    use sdk::providers::ProviderSource;

    use super::*;

    fn offered(provider: ProviderKind, base_url: &str, ids: &[&str]) -> Vec<String> {
        let row = ProviderRow {
            id: ProviderConfigId::generate(),
            provider,
            display_name: String::new(),
            base_url: base_url.to_owned(),
            api_key_sealed: Vec::new(),
            enabled: true,
            key_policy: sdk::providers::KeyPolicy::default(),
            source: ProviderSource::EnvPreset,
            deleted: false,
            created_at: Utc::now(),
            updated_at: Utc::now(),
        };
        let info = |id: &&str| llm::ModelInfo {
            id: (*id).to_owned(),
            display_name: (*id).to_owned(),
            limits: llm::limits::known(id),
        };
        usable(&row, ids.iter().map(info).collect())
            .into_iter()
            .map(|model| model.id)
            .collect()
    }

    #[test]
    fn offers_what_chats_at_openai_best_first_without_dated_copies() {
        let listed = [
            "text-embedding-3-large",
            "gpt-4",
            "gpt-4o-mini",
            "gpt-4o",
            "gpt-4o-2024-08-06",
            "whisper-1",
            "gpt-5-mini",
            "gpt-5",
            "gpt-5-2025-08-07",
            "gpt-4o-audio-preview",
            "dall-e-3",
            "o3",
            "o3-pro",
            "gpt-image-1",
            "gpt-5-codex",
            "omni-moderation-latest",
            "my-fine-tune",
        ];
        let found = offered(ProviderKind::OpenAi, "", &listed);
        assert_eq!(
            found,
            ["gpt-5", "gpt-5-mini", "o3", "gpt-4o", "gpt-4o-mini"]
        );
    }

    #[test]
    fn keeps_a_dated_model_that_has_no_undated_name() {
        let found = offered(
            ProviderKind::OpenAi,
            "https://eu.api.openai.com/v1",
            &["gpt-5-2025-08-07"],
        );
        assert_eq!(found, ["gpt-5-2025-08-07"]);
    }

    #[test]
    fn keeps_the_order_of_anthropic_within_a_family() {
        let listed = [
            "claude-haiku-4-5-20251001",
            "claude-sonnet-4-5-20250929",
            "claude-opus-4-1-20250805",
            "claude-opus-4-20250514",
            "claude-sonnet-4-20250514",
        ];
        let expected = [
            "claude-sonnet-4-5-20250929",
            "claude-sonnet-4-20250514",
            "claude-opus-4-1-20250805",
            "claude-opus-4-20250514",
            "claude-haiku-4-5-20251001",
        ];
        assert_eq!(offered(ProviderKind::Anthropic, "", &listed), expected);
    }

    #[test]
    fn does_not_judge_other_servers_by_openais_names() {
        let listed = [
            "nomic-embed-text:latest",
            "llama3.2:3b",
            "qwen3-coder:30b",
            "mistral-7b-instruct",
        ];
        let found = offered(ProviderKind::OpenAi, "http://127.0.0.1:8000/v1", &listed);
        assert_eq!(
            found,
            ["qwen3-coder:30b", "llama3.2:3b", "mistral-7b-instruct"]
        );
    }

    #[test]
    fn the_demo_comes_last() {
        let demo = preference(ProviderKind::Demo, "demo");
        assert!(preference(ProviderKind::OpenAiCompatible, "anything") < demo);
    }
}
