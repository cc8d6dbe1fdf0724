//! What the settings of single providers may be: those of the [table](super::options), and of providers whose own protocols are
//! not spoken here whatever somebody keeps there.

use sdk::models::ModelCallConfig;
use serde_json::{Map, Value};

use super::options::{self, OPTIONS};

/// Bytes of all of them as JSON.
const MAX_BYTES: usize = 16 * 1024;
/// Where they stand.
const PLACE: &str = "model_config.provider_options";
/// Providers whose settings are kept as they are.
const FOREIGN: [&str; 3] = ["google", "openrouter", "vercel"];

/// What is wrong, each with its field.
pub(super) fn problems(options: &ModelCallConfig) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let Some(all) = &options.provider_options else {
        return problems;
    };
    if serde_json::to_vec(all).map_or(0, |bytes| bytes.len()) > MAX_BYTES {
        let detail = format!("Use at most {MAX_BYTES} bytes.");
        return vec![(PLACE.to_owned(), detail)];
    }
    group(PLACE, all, &mut problems);
    if has_both_lists(all) {
        let detail = "Name domains that are allowed or domains that are blocked, not both.";
        problems.push((
            format!("{PLACE}.anthropic.blocked_domains"),
            detail.to_owned(),
        ));
    }
    problems
}

fn group(place: &str, found: &Map<String, Value>, problems: &mut Vec<(String, String)>) {
    let known = known_in(place);
    for (name, value) in found {
        let field = format!("{place}.{name}");
        let problem = match (value, options::named(&field)) {
            _ if !known.contains(&name.as_str()) => Some(format!(
                "This is not known here. Known are {}.",
                known.join(", ")
            )),
            // Said as nothing, it is as if it were not there.
            (Value::Null, _) => None,
            (_, Some(option)) => option.kind.problem(value),
            (Value::Object(_), None) if FOREIGN.contains(&name.as_str()) => None,
            (Value::Object(found), None) => {
                group(&field, found, problems);
                None
            }
            (_, None) => Some("Use an object.".to_owned()),
        };
        problems.extend(problem.map(|problem| (field, problem)));
    }
}

/// The names that there are in a place.
fn known_in(place: &str) -> Vec<&'static str> {
    let foreign: &[&str] = if place == PLACE { &FOREIGN } else { &[] };
    let own = OPTIONS.iter().filter_map(|option| {
        let rest = option.field.strip_prefix(place)?.strip_prefix('.')?;
        rest.split('.').next()
    });
    let mut known = Vec::new();
    for name in own.chain(foreign.iter().copied()) {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
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
        let rest = |field: &str| field.strip_prefix(PLACE).unwrap().to_owned();
        problems.iter().map(|(field, _)| rest(field)).collect()
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
            (json!({"vercel.x": null}), ".vercel.x"),
            (json!({"": {}}), "."),
            (json!({"anthropic": {"thinking": 1}}), ".anthropic.thinking"),
            (
                json!({"anthropic": {"thinking.budget_tokens": 2048}}),
                ".anthropic.thinking.budget_tokens",
            ),
            (json!({"google": {"x": "y".repeat(MAX_BYTES)}}), ""),
        ] {
            assert_eq!(fields(&wrong), [field], "{wrong}");
        }
    }
}
