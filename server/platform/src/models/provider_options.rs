//! What the settings of single providers may be: which there are, of which kind, in which range.

use sdk::models::ModelCallConfig;
use serde_json::{Map, Value};

use self::Kind::{Domains, Flag, Group, OneOf, Whole, WholeObject, Words};

/// Bytes of all of them as JSON.
const MAX_BYTES: usize = 16 * 1024;
const MAX_TEXTS: usize = 100;
const MAX_TEXT_CHARACTERS: usize = 256;

/// What a setting is.
enum Kind {
    Flag,
    OneOf(&'static [&'static str]),
    /// A whole number that is at least this.
    Whole(u64),
    /// A text that is not empty.
    Words,
    /// A list of domains such as `docs.rs`, maybe with the beginning of a path.
    Domains,
    /// Settings of its own.
    Group(&'static [(&'static str, Kind)]),
    /// Whatever the provider makes of it.
    WholeObject,
}

const PROVIDERS: &[(&str, Kind)] = &[
    ("openai", Group(OPENAI)),
    ("anthropic", Group(ANTHROPIC)),
    ("openaicompat", Group(OPENAI_COMPATIBLE)),
    ("google", WholeObject),
    ("openrouter", WholeObject),
    ("vercel", WholeObject),
];

const OPENAI: &[(&str, Kind)] = &[
    ("reasoning_effort", OneOf(EFFORTS)),
    ("reasoning_summary", OneOf(&["auto", "concise", "detailed"])),
    ("text_verbosity", OneOf(SIZES)),
    ("parallel_tool_calls", Flag),
    ("max_tool_calls", Whole(1)),
    ("max_completion_tokens", Whole(1)),
    ("store", Flag),
    ("prompt_cache_key", Words),
    (
        "service_tier",
        OneOf(&["auto", "default", "flex", "scale", "priority"]),
    ),
    ("web_search_enabled", Flag),
    ("search_context_size", OneOf(SIZES)),
    ("allowed_domains", Domains),
];

const ANTHROPIC: &[(&str, Kind)] = &[
    ("send_reasoning", Flag),
    ("thinking", Group(&[("budget_tokens", Whole(1024))])),
    ("effort", OneOf(&["low", "medium", "high", "xhigh", "max"])),
    ("disable_parallel_tool_use", Flag),
    ("web_search_enabled", Flag),
    ("allowed_domains", Domains),
    ("blocked_domains", Domains),
];

const OPENAI_COMPATIBLE: &[(&str, Kind)] = &[
    ("reasoning_effort", OneOf(EFFORTS)),
    ("extra_body", WholeObject),
];

const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh"];
const SIZES: &[&str] = &["low", "medium", "high"];

/// What is wrong, each with the rest of the field's name.
pub(super) fn problems(options: &ModelCallConfig) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let Some(all) = &options.provider_options else {
        return problems;
    };
    if serde_json::to_vec(all).map_or(0, |bytes| bytes.len()) > MAX_BYTES {
        let detail = format!("Use at most {MAX_BYTES} bytes.");
        return vec![(String::new(), detail)];
    }
    group("", all, PROVIDERS, &mut problems);
    if has_both_lists(all) {
        let detail = "Name domains that are allowed or domains that are blocked, not both.";
        problems.push((".anthropic.blocked_domains".to_owned(), detail.to_owned()));
    }
    problems
}

fn group(
    place: &str,
    found: &Map<String, Value>,
    known: &[(&str, Kind)],
    problems: &mut Vec<(String, String)>,
) {
    for (name, value) in found {
        let field = format!("{place}.{name}");
        match known.iter().find(|(known, _)| known == name) {
            // Said as nothing, it is as if it were not there.
            Some(_) if value.is_null() => {}
            Some((_, kind)) => check(&field, value, kind, problems),
            None => {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                let detail = format!("This is not known here. Known are {}.", names.join(", "));
                problems.push((field, detail));
            }
        }
    }
}

fn check(field: &str, value: &Value, kind: &Kind, problems: &mut Vec<(String, String)>) {
    if let (Group(known), Value::Object(found)) = (kind, value) {
        return group(field, found, known, problems);
    }
    let detail = match kind {
        Flag if value.is_boolean() => return,
        Flag => "Use true or false.".to_owned(),
        OneOf(words) if value.as_str().is_some_and(|word| words.contains(&word)) => return,
        OneOf(words) => format!("Choose one of {}.", words.join(", ")),
        Whole(least) if is_whole(value, *least) => return,
        Whole(least) => format!("Use a whole number from {least} to {}.", u32::MAX),
        Words if is_text(value) => return,
        Words => format!("Use 1 to {MAX_TEXT_CHARACTERS} characters."),
        Domains if is_list(value) => return,
        Domains => format!(
            "Use a list of at most {MAX_TEXTS} domains such as docs.rs, without https:// before them."
        ),
        WholeObject if value.is_object() => return,
        WholeObject | Group(_) => "Use an object.".to_owned(),
    };
    problems.push((field.to_owned(), detail));
}

fn is_whole(value: &Value, least: u64) -> bool {
    let range = least..=u64::from(u32::MAX);
    value.as_u64().is_some_and(|number| range.contains(&number))
}

fn is_text(value: &Value) -> bool {
    let is_right = |text: &str| {
        (1..=MAX_TEXT_CHARACTERS).contains(&text.chars().count())
            && !text.chars().any(char::is_control)
    };
    value.as_str().is_some_and(is_right)
}

/// Providers refuse the whole call for an address where they expect a domain.
fn is_domain(value: &Value) -> bool {
    let has_no_scheme = |text: &str| {
        !text.contains("://") && !text.contains(|sign: char| sign.is_whitespace() || sign == '@')
    };
    is_text(value) && value.as_str().is_some_and(has_no_scheme)
}

/// Anthropic takes one of its two lists of domains.
fn has_both_lists(all: &Map<String, Value>) -> bool {
    let own = all.get("anthropic");
    let is_filled = |name: &str| {
        let list = own.and_then(|own| own.get(name)?.as_array());
        list.is_some_and(|list| !list.is_empty())
    };
    is_filled("allowed_domains") && is_filled("blocked_domains")
}

fn is_list(value: &Value) -> bool {
    let is_right = |texts: &Vec<Value>| texts.len() <= MAX_TEXTS && texts.iter().all(is_domain);
    value.as_array().is_some_and(is_right)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn fields(options: &Value) -> Vec<String> {
        let config = ModelCallConfig {
            provider_options: Some(options.as_object().unwrap().clone()),
            ..ModelCallConfig::default()
        };
        let problems = problems(&config);
        assert!(problems.iter().all(|(_, detail)| detail.ends_with('.')));
        problems.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn what_the_contract_names_is_taken() {
        let right = json!({
            "openai": {
                "reasoning_effort": "xhigh", "reasoning_summary": "concise", "text_verbosity": "low",
                "parallel_tool_calls": false, "max_tool_calls": 3, "max_completion_tokens": 4096, "store": true,
                "prompt_cache_key": "team-a", "service_tier": "flex", "web_search_enabled": true,
                "search_context_size": "high", "allowed_domains": ["example.com"],
            },
            "anthropic": {
                "send_reasoning": false, "thinking": {"budget_tokens": 1024}, "effort": "max",
                "disable_parallel_tool_use": true, "web_search_enabled": null, "blocked_domains": [],
            },
            "openaicompat": {"reasoning_effort": "none", "extra_body": {"min_p": 0.05}},
            "google": {"thinking_config": {"thinking_budget": 1}},
        });
        assert_eq!(fields(&right), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_said_at_the_field() {
        for (wrong, field) in [
            (json!({"opneai": {}}), ".opneai"),
            (json!({"openai": 1}), ".openai"),
            (json!({"openai": {"logit_bias": {}}}), ".openai.logit_bias"),
            (
                json!({"openai": {"reasoning_effort": "much"}}),
                ".openai.reasoning_effort",
            ),
            (json!({"openai": {"store": "yes"}}), ".openai.store"),
            (
                json!({"openai": {"max_tool_calls": 0}}),
                ".openai.max_tool_calls",
            ),
            (
                json!({"openai": {"max_tool_calls": 1.5}}),
                ".openai.max_tool_calls",
            ),
            (
                json!({"openai": {"max_completion_tokens": 1_u64 << 32}}),
                ".openai.max_completion_tokens",
            ),
            (
                json!({"openai": {"prompt_cache_key": ""}}),
                ".openai.prompt_cache_key",
            ),
            (
                json!({"openai": {"allowed_domains": "example.com"}}),
                ".openai.allowed_domains",
            ),
            (
                json!({"anthropic": {"thinking": {"budget_tokens": 1023}}}),
                ".anthropic.thinking.budget_tokens",
            ),
            (
                json!({"anthropic": {"thinking": {"budget": 2048}}}),
                ".anthropic.thinking.budget",
            ),
            (
                json!({"anthropic": {"blocked_domains": [1]}}),
                ".anthropic.blocked_domains",
            ),
            (
                json!({"openai": {"allowed_domains": ["https://example.com"]}}),
                ".openai.allowed_domains",
            ),
            (
                json!({"anthropic": {"allowed_domains": ["a.example"], "blocked_domains": ["b.example"]}}),
                ".anthropic.blocked_domains",
            ),
            (
                json!({"openaicompat": {"extra_body": []}}),
                ".openaicompat.extra_body",
            ),
            (json!({"vercel": "x"}), ".vercel"),
            (json!({"google": {"x": "y".repeat(MAX_BYTES)}}), ""),
        ] {
            assert_eq!(fields(&wrong), [field], "{wrong}");
        }
    }
}
