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
    let mut facts = vec![kind(&run.kind)];
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
