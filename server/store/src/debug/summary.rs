//! What a run's summary says of its steps. It is merged into what is there: nothing that somebody else wrote is lost.

use serde_json::{Map, Value};

const LONGEST_LABEL: usize = 200;
/// Always told.
const ALWAYS: [(&str, &str); 2] = [
    ("input_tokens", "total_input_tokens"),
    ("output_tokens", "total_output_tokens"),
];
/// Told when there are any.
const IF_ANY: [(&str, &str); 3] = [
    ("reasoning_tokens", "total_reasoning_tokens"),
    ("cache_creation_tokens", "total_cache_creation_tokens"),
    ("cache_read_tokens", "total_cache_read_tokens"),
];

/// What a summary needs to know of a step.
#[derive(Clone, Debug, Default)]
pub(super) struct StepFacts {
    pub(super) usage: Option<Value>,
    pub(super) has_error: bool,
}

/// The summary with these steps counted.
pub(super) fn merge(
    known: Value,
    steps: impl Iterator<Item = StepFacts>,
    endpoint_label: Option<String>,
) -> Value {
    let mut summary = match known {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let (mut step_count, mut has_error) = (0_i64, false);
    let mut always = [0_i64; ALWAYS.len()];
    let mut if_any = [0_i64; IF_ANY.len()];
    for step in steps {
        step_count += 1;
        has_error |= step.has_error;
        let count = |key: &str| {
            let counted = step
                .usage
                .as_ref()
                .and_then(|usage| usage.get(key)?.as_i64());
            counted.unwrap_or(0).max(0)
        };
        for (total, (key, _)) in always.iter_mut().zip(ALWAYS) {
            *total = total.saturating_add(count(key));
        }
        for (total, (key, _)) in if_any.iter_mut().zip(IF_ANY) {
            *total = total.saturating_add(count(key));
        }
    }
    let mut set = |key: &str, value: Option<Value>| match value {
        Some(value) => drop(summary.insert(key.to_owned(), value)),
        None => drop(summary.remove(key)),
    };
    set("step_count", Some(step_count.into()));
    for (total, (_, key)) in always.into_iter().zip(ALWAYS) {
        set(key, Some(total.into()));
    }
    for (total, (_, key)) in if_any.into_iter().zip(IF_ANY) {
        set(key, (total > 0).then(|| total.into()));
    }
    set("has_error", has_error.then_some(Value::Bool(true)));
    if let Some(label) = endpoint_label {
        summary
            .entry("endpoint_label")
            .or_insert(Value::String(label));
    }
    Value::Object(summary)
}

/// A text as a label: its white space collapsed, not too long. `None` when nothing is left.
pub(super) fn label(text: &str) -> Option<String> {
    let words = text.split_whitespace().flat_map(|word| [" ", word]).skip(1);
    let mut label = String::new();
    let mut left = LONGEST_LABEL;
    for word in words {
        for letter in word.chars().filter(|letter| *letter != '\0') {
            if left == 0 {
                return Some(label);
            }
            label.push(letter);
            left -= 1;
        }
    }
    (!label.is_empty()).then_some(label)
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

    use serde_json::json;

    use super::*;

    fn step(usage: Value) -> StepFacts {
        StepFacts {
            usage: Some(usage),
            has_error: false,
        }
    }

    #[test]
    fn counts_are_sums_and_what_is_not_there_is_not_told() {
        let steps = [
            step(json!({"input_tokens": 5, "output_tokens": 2, "cache_read_tokens": 7})),
            step(json!({"input_tokens": 6, "reasoning_tokens": 0})),
            step(json!("nonsense")),
            StepFacts::default(),
        ];
        let summary = merge(json!({}), steps.into_iter(), Some("POST /v1/x".to_owned()));
        assert_eq!(
            summary,
            json!({"step_count": 4, "total_input_tokens": 11, "total_output_tokens": 2,
                "total_cache_read_tokens": 7, "endpoint_label": "POST /v1/x"})
        );
    }

    #[test]
    fn what_is_known_stays_and_an_error_that_is_gone_goes() {
        let failed = StepFacts {
            has_error: true,
            ..StepFacts::default()
        };
        let known = json!({"first_message": "hi", "other": 1, "endpoint_label": "POST /a"});
        let summary = merge(known, [failed].into_iter(), Some("POST /b".to_owned()));
        assert_eq!(summary["has_error"], true);
        assert_eq!(
            (&summary["first_message"], &summary["other"]),
            (&json!("hi"), &json!(1))
        );
        assert_eq!(summary["endpoint_label"], "POST /a");
        let summary = merge(summary, [StepFacts::default()].into_iter(), None);
        assert!(summary.get("has_error").is_none());
        assert_eq!(merge(json!([1]), std::iter::empty(), None)["step_count"], 0);
    }

    #[test]
    fn sums_do_not_overflow() {
        let most = json!({"input_tokens": i64::MAX, "output_tokens": -5});
        let summary = merge(
            json!({}),
            [step(most.clone()), step(most)].into_iter(),
            None,
        );
        assert_eq!(summary["total_input_tokens"], i64::MAX);
        assert_eq!(summary["total_output_tokens"], 0);
    }

    #[test]
    fn labels_are_one_line_of_two_hundred_characters() {
        assert_eq!(label("  a \n\t b\0 ").as_deref(), Some("a b"));
        assert_eq!(label(" \n "), None);
        assert_eq!(
            label(&"ä".repeat(500)).unwrap().chars().count(),
            LONGEST_LABEL
        );
    }
}
