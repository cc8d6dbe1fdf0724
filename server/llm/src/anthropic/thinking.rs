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

/// How much a model shall think.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    /// How hard.
    pub(super) effort: Option<ReasoningEffort>,
    /// So many tokens, where the model takes a budget; goes before the effort there.
    pub(super) budget_tokens: Option<u32>,
}

/// Sets the fields for a wish and says whether the model will think, which rules out other settings.
pub(super) fn apply(
    body: &mut Map<String, Value>,
    model: &str,
    wish: Wish,
    max_tokens: u32,
) -> bool {
    let is_one_of = |families: &[&str]| families.iter().any(|family| model.contains(family));
    if is_one_of(WITHOUT_THINKING) {
        return false;
    }
    if let Some(budget) = wish.budget_tokens.filter(|_| is_one_of(WITH_BUDGET)) {
        return apply_budget(body, budget, max_tokens);
    }
    let Some(effort) = wish.effort else {
        return false;
    };
    if effort == ReasoningEffort::None {
        body.insert("thinking".to_owned(), json!({"type": "disabled"}));
        return false;
    }
    if is_one_of(WITH_BUDGET) {
        return apply_budget(body, budget_of(effort), max_tokens);
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

const fn budget_of(effort: ReasoningEffort) -> u32 {
    match effort {
        ReasoningEffort::None | ReasoningEffort::Minimal => SMALLEST_BUDGET,
        ReasoningEffort::Low => 4_096,
        ReasoningEffort::Medium => 10_240,
        ReasoningEffort::High => 20_480,
        ReasoningEffort::ExtraHigh => 32_768,
        ReasoningEffort::Max => 49_152,
    }
}

/// The budget counts against `max_tokens`, so a small ceiling leaves less of it or none.
fn apply_budget(body: &mut Map<String, Value>, wanted: u32, max_tokens: u32) -> bool {
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

    fn with(effort: ReasoningEffort) -> Wish {
        Wish {
            effort: Some(effort),
            ..Wish::default()
        }
    }

    fn applied(model: &str, effort: ReasoningEffort, max_tokens: u32) -> (Value, bool) {
        let mut body = Map::new();
        let thinks = apply(&mut body, model, with(effort), max_tokens);
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
    fn a_budget_goes_before_the_effort_where_there_is_one() {
        let wish = Wish {
            effort: Some(ReasoningEffort::High),
            budget_tokens: Some(2_048),
        };
        let applied = |model: &str, max_tokens| {
            let mut body = Map::new();
            apply(&mut body, model, wish, max_tokens);
            Value::Object(body)
        };
        let body = applied("claude-haiku-4-5", 32_000);
        assert_eq!(body["thinking"]["budget_tokens"], 2_048);
        let body = applied("claude-haiku-4-5", 2_500);
        assert_eq!(
            body["thinking"]["budget_tokens"], 1_476,
            "room for the answer"
        );
        let body = applied("claude-opus-4-6", 32_000);
        assert_eq!(body["output_config"]["effort"], "high");
        assert_eq!(applied("claude-3-5-haiku-latest", 32_000), json!({}));
    }

    #[test]
    fn none_switches_thinking_off_and_silence_leaves_it_alone() {
        let off = json!({"thinking": {"type": "disabled"}});
        assert_eq!(
            applied("claude-opus-4-6", ReasoningEffort::None, 32_000),
            (off, false)
        );
        let mut body = Map::new();
        let silence = Wish::default();
        assert!(!apply(&mut body, "claude-opus-4-6", silence, 32_000) && body.is_empty());
    }
}
