//! How runs and steps are said in words and numbers. Pure.

use chrono::{DateTime, Utc};
use sdk::debug::{DebugRun, DebugStep};
use serde_json::Value;

use crate::components::badge::Tone;
use crate::components::chat::words;
use crate::components::icons::Icon;

/// Characters of a run's label, and of a text that is not opened.
pub const LABEL_LENGTH: usize = 80;

/// What stands on a run's card: what the person wrote, else what it is for.
pub fn label(run: &DebugRun) -> String {
    let first = run.summary.get("first_message").and_then(Value::as_str);
    let first = first.map(str::trim).filter(|first| !first.is_empty());
    let label = first.map_or_else(|| kind(&run.kind), str::to_owned);
    shortened(&label, LABEL_LENGTH)
}

/// What a run is for.
pub fn kind(kind: &str) -> String {
    match kind {
        "chat_turn" => "Turn".to_owned(),
        "title_generation" => "Title".to_owned(),
        "compaction" => "Summary".to_owned(),
        "quickgen" => "Quick answer".to_owned(),
        other => unknown(other),
    }
}

/// What kind of call a step is.
pub fn operation(operation: &str) -> String {
    match operation {
        "stream" => "Stream".to_owned(),
        "generate" => "Generate".to_owned(),
        other => unknown(other),
    }
}

/// How far something is: its colour, its mark, its word.
pub fn status(status: &str) -> (Tone, Option<Icon>, String) {
    let (tone, mark, word) = match status {
        "in_progress" => (Tone::Accent, Icon::LoaderCircle, "Running"),
        "completed" => (Tone::Green, Icon::Check, "Completed"),
        "error" => (Tone::Red, Icon::CircleAlert, "Error"),
        "interrupted" => (Tone::Amber, Icon::Square, "Interrupted"),
        other => return (Tone::Neutral, None, unknown(other)),
    };
    (tone, Some(mark), word.to_owned())
}

/// What only a newer server knows, as it says it.
fn unknown(word: &str) -> String {
    let word = word.replace('_', " ");
    if word.trim().is_empty() {
        return "Unknown".to_owned();
    }
    shortened(&word, LABEL_LENGTH)
}

/// The beginning of a text, with an ellipsis when something is left out.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

/// What a run's card says below its label.
pub fn facts(run: &DebugRun) -> Vec<String> {
    let number = |key: &str| run.summary.get(key).and_then(Value::as_i64);
    let kind = kind(&run.kind);
    // One that has no words of a person is called by what it is for already.
    let is_told = label(run) == kind;
    let mut facts: Vec<_> = (!is_told).then_some(kind).into_iter().collect();
    facts.extend(run.model.clone());
    if let Some(steps) = number("step_count") {
        let steps = usize::try_from(steps).unwrap_or_default();
        facts.push(words::count(steps, "step", "steps"));
    }
    if let Some(finished_at) = run.finished_at {
        facts.push(words::duration(
            (finished_at - run.started_at).num_milliseconds(),
        ));
    }
    let tokens = |key| number(key).map(words::tokens);
    if let (Some(read), Some(written)) =
        (tokens("total_input_tokens"), tokens("total_output_tokens"))
    {
        facts.push(format!("{read} in"));
        facts.push(format!("{written} out"));
    }
    facts
}

/// Whether a run has all words of a query in its label, its model or its states.
pub fn is_found(run: &DebugRun, query: &str) -> bool {
    let endpoint = run.summary.get("endpoint_label").and_then(Value::as_str);
    let text = [
        label(run),
        kind(&run.kind),
        status(&run.status).2,
        run.model.clone().unwrap_or_default(),
        run.provider.clone().unwrap_or_default(),
        endpoint.unwrap_or_default().to_owned(),
    ];
    let text = text.join("\n").to_lowercase();
    let query = query.to_lowercase();
    query.split_whitespace().all(|word| text.contains(word))
}

/// `Cache read tokens`: a key in words.
pub fn key(key: &str) -> String {
    let words = unknown(key);
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// `1,234,567`.
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::new();
    if number < 0 {
        shown.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A value in one line of a table.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(given) => given.as_i64().map_or_else(|| given.to_string(), number),
        other => other.to_string(),
    }
}

/// JSON with a line for each field.
pub fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The time that steps share, from the first one's beginning to the last one's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    start_ms: i64,
    length_ms: i64,
}

/// Where a step stands on it, in thousandths of its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Where it begins.
    pub start: i64,
    /// How long it waited for the first token.
    pub wait: i64,
    /// How long it answered.
    pub answer: i64,
}

impl Axis {
    /// Of these steps.
    pub fn of(steps: &[DebugStep]) -> Self {
        let start = steps.iter().map(|step| step.started_at).min();
        let end = steps.iter().map(end_of).max();
        match (start, end) {
            (Some(start), Some(end)) => Self {
                start_ms: start.timestamp_millis(),
                length_ms: (end - start).num_milliseconds().max(1),
            },
            _ => Self::default(),
        }
    }

    /// A step's place; a bar is never too short to be seen.
    pub fn bar(self, step: &DebugStep) -> Bar {
        let thousandths = |ms: i64| (ms.max(0) * 1000 / self.length_ms.max(1)).clamp(0, 1000);
        let start = thousandths(step.started_at.timestamp_millis() - self.start_ms).min(990);
        let length = thousandths(duration_ms(step)).clamp(10, 1000 - start);
        let wait = first_token_ms(step).map_or(length, |wait| thousandths(wait).min(length));
        Bar {
            start,
            wait,
            answer: length - wait,
        }
    }

    /// What the bars mean; nothing without steps.
    pub fn legend(self) -> Option<String> {
        let length = words::duration(self.length_ms);
        (self.length_ms > 0).then(|| format!("answering, {length} in all"))
    }
}

fn end_of(step: &DebugStep) -> DateTime<Utc> {
    step.finished_at.unwrap_or(step.updated_at)
}

/// How long a step took, or has taken so far.
pub fn duration_ms(step: &DebugStep) -> i64 {
    let measured = step.metadata.get("duration_ms").and_then(Value::as_i64);
    measured.unwrap_or_else(|| (end_of(step) - step.started_at).num_milliseconds())
}

/// From its beginning to the first part of the answer.
pub fn first_token_ms(step: &DebugStep) -> Option<i64> {
    step.metadata.get("first_part_ms").and_then(Value::as_i64)
}

/// What a step's line says of its times and tokens.
pub fn step_facts(step: &DebugStep) -> String {
    let mut facts = Vec::new();
    if let Some(first) = first_token_ms(step) {
        facts.push(format!("first token {}", words::duration(first)));
    }
    if let Some(usage) = &step.usage {
        let tokens = |key: &str| usage.get(key).and_then(Value::as_i64).unwrap_or(0);
        facts.push(format!(
            "{} in",
            words::tokens(
                tokens("input_tokens")
                    + tokens("cache_read_tokens")
                    + tokens("cache_creation_tokens")
            )
        ));
        if tokens("cache_read_tokens") > 0 {
            facts.push(format!(
                "{} cached",
                words::tokens(tokens("cache_read_tokens"))
            ));
        }
        facts.push(format!("{} out", words::tokens(tokens("output_tokens"))));
    }
    if step.attempts.len() > 1 {
        facts.push(words::count(step.attempts.len(), "attempt", "attempts"));
    }
    facts.join(" · ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use sdk::ids::{ChatId, DebugRunId, DebugStepId};
    use serde_json::json;

    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000 + ms).unwrap()
    }

    fn run(kind: &str, summary: Value) -> DebugRun {
        DebugRun {
            id: DebugRunId::generate(),
            chat_id: ChatId::generate(),
            kind: kind.to_owned(),
            status: "completed".to_owned(),
            provider: None,
            model: Some("small".to_owned()),
            summary,
            started_at: at(0),
            updated_at: at(4200),
            finished_at: Some(at(4200)),
        }
    }

    fn step(start_ms: i64, end_ms: i64, first_ms: Option<i64>) -> DebugStep {
        DebugStep {
            id: DebugStepId::generate(),
            run_id: DebugRunId::generate(),
            chat_id: ChatId::generate(),
            step_number: 1,
            operation: "stream".to_owned(),
            status: "completed".to_owned(),
            history_tip_message_id: None,
            assistant_message_id: None,
            normalized_request: json!({}),
            normalized_response: None,
            usage: None,
            attempts: Vec::new(),
            error: None,
            metadata: json!({ "first_part_ms": first_ms }),
            started_at: at(start_ms),
            updated_at: at(end_ms),
            finished_at: Some(at(end_ms)),
        }
    }

    #[test]
    fn a_run_is_called_by_what_the_person_wrote_or_by_what_it_is_for() {
        let long = "word ".repeat(40);
        let named = run("chat_turn", json!({ "first_message": long }));
        assert!(label(&named).ends_with("word…"));
        assert!(label(&named).chars().count() <= LABEL_LENGTH + 1);
        for summary in [
            json!({}),
            json!({ "first_message": " " }),
            json!({ "first_message": 3 }),
            json!(null),
        ] {
            assert_eq!(label(&run("compaction", summary)), "Summary");
        }
    }

    #[test]
    fn what_a_newer_server_knows_is_said_in_its_words() {
        assert_eq!(kind("dream_sequence"), "dream sequence");
        assert_eq!(kind(""), "Unknown");
        assert_eq!(
            status("half_asleep"),
            (Tone::Neutral, None, "half asleep".to_owned())
        );
        assert_eq!(operation("dream"), "dream");
        assert!(kind(&"x".repeat(5000)).chars().count() <= LABEL_LENGTH + 1);
    }

    #[test]
    fn facts_are_told_as_far_as_they_are_known() {
        let whole = json!({
            "first_message": "Read the logs", "step_count": 1, "total_input_tokens": 18_200, "total_output_tokens": 64
        });
        assert_eq!(
            facts(&run("chat_turn", whole)).join(" · "),
            "Turn · small · 1 step · 4.2 s · 18k in · 64 out"
        );
        assert_eq!(
            facts(&run("chat_turn", json!({}))).join(" · "),
            "small · 4.2 s"
        );
    }

    #[test]
    fn runs_are_found_by_all_words_in_any_case() {
        let run = run(
            "chat_turn",
            json!({ "first_message": "Read the Logs", "endpoint_label": "POST /v1/messages" }),
        );
        for found in ["", "logs READ", "turn completed", "small", "/v1"] {
            assert!(is_found(&run, found), "{found}");
        }
        assert!(!is_found(&run, "logs large"));
    }

    #[test]
    fn bars_share_one_axis_and_can_always_be_seen() {
        let steps = [step(0, 600, Some(150)), step(990, 1000, None)];
        let axis = Axis::of(&steps);
        assert_eq!(
            axis.bar(&steps[0]),
            Bar {
                start: 0,
                wait: 150,
                answer: 450
            }
        );
        let last = axis.bar(&steps[1]);
        assert_eq!((last.start + last.wait, last.answer), (1000, 0));
        assert_eq!(axis.legend().unwrap(), "answering, 1 s in all");
        // Clocks that went backwards draw nothing outside.
        let odd = step(500, 100, Some(9000));
        let bar = Axis::of(std::slice::from_ref(&odd)).bar(&odd);
        assert!(
            bar.start >= 0 && bar.start + bar.wait + bar.answer <= 1000,
            "{bar:?}"
        );
        assert_eq!(Axis::of(&[]).legend(), None);
    }

    #[test]
    fn keys_and_values_are_said_in_words() {
        assert_eq!(key("cache_read_tokens"), "Cache read tokens");
        assert_eq!(value(&json!(1_234_567)), "1,234,567");
        assert_eq!(value(&json!(0.5)), "0.5");
        assert_eq!(value(&json!({ "a": [1] })), r#"{"a":[1]}"#);
        assert_eq!(number(-1200), "-1,200");
    }
}
