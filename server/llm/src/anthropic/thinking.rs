//! How a Claude model is told to think. Three generations: not at all, with a budget of tokens, with an effort.

use serde_json::{Map, Value, json};

use crate::ReasoningEffort;

/// Smallest budget the API takes.
const SMALLEST_BUDGET: u32 = 1_024;
/// Room that is left for the answer itself.
const ANSWER_ROOM: u32 = 1_024;

/// Families that take a budget; newer ones choose it themselves and take an effort.
const WITH_BUDGET: &[&str] = &[
    "claude-3-7",
    "claude-sonnet-4-0",
    "claude-sonnet-4-2",
    "claude-sonnet-4-5",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-2",
    "claude-opus-4-5",
    "claude-haiku-4-5",
];
const WITHOUT_THINKING: &[&str] = &[
    "claude-3-5",
    "claude-3-haiku",
    "claude-3-opus",
    "claude-3-sonnet",
    "claude-2",
];

/// Sets the fields for `effort` and says whether the model will think, which rules out other settings.
pub(super) fn apply(
    body: &mut Map<String, Value>,
    model: &str,
    effort: Option<ReasoningEffort>,
    max_tokens: u32,
) -> bool {
    let is_one_of = |families: &[&str]| families.iter().any(|family| model.contains(family));
    let Some(effort) = effort else { return false };
    if is_one_of(WITHOUT_THINKING) {
        return false;
    }
    if effort == ReasoningEffort::None {
        body.insert("thinking".to_owned(), json!({"type": "disabled"}));
        return false;
    }
    if is_one_of(WITH_BUDGET) {
        return apply_budget(body, effort, max_tokens);
    }
    let effort = if effort == ReasoningEffort::Minimal {
        ReasoningEffort::Low
    } else {
        effort
    };
    body.insert(
        "thinking".to_owned(),
        json!({"type": "adaptive", "display": "summarized"}),
    );
    body.insert(
        "output_config".to_owned(),
        json!({"effort": effort.as_str()}),
    );
    true
}

/// The budget counts against `max_tokens`, so a small ceiling leaves less of it or none.
fn apply_budget(body: &mut Map<String, Value>, effort: ReasoningEffort, max_tokens: u32) -> bool {
    let wanted = match effort {
        ReasoningEffort::None | ReasoningEffort::Minimal => SMALLEST_BUDGET,
        ReasoningEffort::Low => 4_096,
        ReasoningEffort::Medium => 10_240,
        ReasoningEffort::High => 20_480,
        ReasoningEffort::ExtraHigh => 32_768,
        ReasoningEffort::Max => 49_152,
    };
    let budget = wanted.min(max_tokens.saturating_sub(ANSWER_ROOM));
    if budget < SMALLEST_BUDGET {
        return false;
    }
    body.insert(
        "thinking".to_owned(),
        json!({"type": "enabled", "budget_tokens": budget}),
    );
    true
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

    fn applied(model: &str, effort: ReasoningEffort, max_tokens: u32) -> (Value, bool) {
        let mut body = Map::new();
        let thinks = apply(&mut body, model, Some(effort), max_tokens);
        (Value::Object(body), thinks)
    }

    #[test]
    fn speaks_to_each_generation_in_its_own_way() {
        let high = ReasoningEffort::High;
        let budget = json!({"thinking": {"type": "enabled", "budget_tokens": 20480}});
        assert_eq!(
            applied("claude-sonnet-4-5-20250929", high, 32_000),
            (budget, true)
        );
        let adaptive = json!({"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}});
        assert_eq!(applied("claude-opus-4-6", high, 32_000), (adaptive, true));
        assert_eq!(
            applied("claude-3-5-haiku-latest", high, 32_000),
            (json!({}), false)
        );
    }

    #[test]
    fn leaves_room_for_the_answer() {
        let (body, _) = applied("claude-haiku-4-5", ReasoningEffort::Max, 8_192);
        assert_eq!(body["thinking"]["budget_tokens"], 7_168);
        assert_eq!(
            applied("claude-haiku-4-5", ReasoningEffort::Low, 1_500),
            (json!({}), false)
        );
    }

    #[test]
    fn none_switches_thinking_off_and_silence_leaves_it_alone() {
        let off = json!({"thinking": {"type": "disabled"}});
        assert_eq!(
            applied("claude-opus-4-6", ReasoningEffort::None, 32_000),
            (off, false)
        );
        let mut body = Map::new();
        assert!(!apply(&mut body, "claude-opus-4-6", None, 32_000) && body.is_empty());
    }
}
