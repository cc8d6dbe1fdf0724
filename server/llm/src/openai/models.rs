//! The list of models a server offers.

use http::Method;
use serde::Deserialize;

use super::Shared;
use crate::limits::{self, ModelLimits};
use crate::{Error, ModelInfo, RequestMetadata};

/// OpenAI lists everything it has in one list; these families are not for conversations.
const NOT_FOR_CHAT: &[&str] = &[
    "audio",
    "realtime",
    "transcribe",
    "tts",
    "whisper",
    "image",
    "dall-e",
    "embedding",
    "moderation",
    "instruct",
    "babbage",
    "davinci",
    "sora",
    "search",
    "deep-research",
    "computer-use",
    "codex-mini",
];

#[derive(Deserialize)]
struct Page {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    /// OpenRouter's name for people.
    #[serde(default)]
    name: Option<String>,
    /// OpenRouter's and others' context size.
    #[serde(default)]
    context_length: Option<u64>,
    /// vLLM's.
    #[serde(default)]
    max_model_len: Option<u64>,
}

pub(super) async fn list(shared: &Shared) -> Result<Vec<ModelInfo>, Error> {
    let url = shared.endpoint.base.join("/models");
    let call = shared.call((Method::GET, url), Vec::new(), &RequestMetadata::default())?;
    let page: Page = call.fetch().await?;
    let is_official = shared.dialects.is_official();
    let wanted = page
        .data
        .into_iter()
        .filter(|entry| !is_official || is_for_chat(&entry.id));
    Ok(wanted.map(Entry::into_model).collect())
}

fn is_for_chat(id: &str) -> bool {
    !NOT_FOR_CHAT.iter().any(|family| id.contains(family))
}

impl Entry {
    fn into_model(self) -> ModelInfo {
        let known = limits::known(&self.id);
        let context_tokens = self
            .context_length
            .or(self.max_model_len)
            .unwrap_or(known.context_tokens);
        let limits = ModelLimits {
            context_tokens,
            max_output_tokens: known.max_output_tokens.min(context_tokens),
        };
        ModelInfo {
            display_name: self.name.unwrap_or_else(|| self.id.clone()),
            id: self.id,
            limits,
        }
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

    #[test]
    fn leaves_out_what_cannot_hold_a_conversation() {
        for id in [
            "gpt-5.1",
            "gpt-4o-mini",
            "o3",
            "chatgpt-4o-latest",
            "gpt-6-sol",
            "ft:gpt-4o:me::x",
        ] {
            assert!(is_for_chat(id), "{id}");
        }
        for id in [
            "text-embedding-3-large",
            "whisper-1",
            "gpt-4o-audio-preview",
            "dall-e-3",
            "gpt-3.5-turbo-instruct",
        ] {
            assert!(!is_for_chat(id), "{id}");
        }
    }

    #[test]
    fn takes_the_context_size_from_whoever_says_it() {
        let entry: Entry =
            serde_json::from_str(r#"{"id": "qwen3", "max_model_len": 4096, "object": "model"}"#)
                .unwrap();
        let model = entry.into_model();
        assert_eq!(
            (model.limits.context_tokens, model.limits.max_output_tokens),
            (4_096, 4_096)
        );
        let entry: Entry =
            serde_json::from_str(r#"{"id": "a/b", "name": "B", "context_length": 1000000}"#)
                .unwrap();
        let model = entry.into_model();
        assert_eq!(
            (model.display_name.as_str(), model.limits.context_tokens),
            ("B", 1_000_000)
        );
    }
}
