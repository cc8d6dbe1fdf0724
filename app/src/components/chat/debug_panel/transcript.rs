//! What was asked and answered: messages and their parts, as they are recorded (`chatd::debug`), each kind as what it is and
//! an unknown one as JSON.

use leptos::prelude::*;
use serde_json::Value;

use super::text::{Clamped, is_in, marked};
use super::words;
use crate::components::badge::{Tone, badge};
use crate::components::chat::words::count;
use crate::components::control_flow::Show;
use crate::view;

/// Messages that are shown before all are.
const SHOWN: usize = 2;

/// The messages of a request: the last ones, or all that have what is searched for.
#[component]
pub fn Transcript(
    /// The messages.
    messages: Vec<Value>,
    /// What is searched for.
    query: RwSignal<String>,
) -> impl IntoView {
    let is_whole = RwSignal::new(false);
    let total = messages.len();
    let messages = StoredValue::new(messages);
    let shown = Memo::new(move |_| {
        let query = query.get();
        let first = if is_whole.get() || !query.trim().is_empty() {
            0
        } else {
            total.saturating_sub(SHOWN)
        };
        messages.with_value(|messages| {
            let numbered = messages.iter().enumerate().skip(first);
            let found =
                numbered.filter(|(_, message)| query.trim().is_empty() || is_told(message, &query));
            found.map(|(index, _)| index).collect::<Vec<_>>()
        })
    });
    let rows = move || {
        let shown = shown.get();
        messages.with_value(|messages| {
            let rows = shown
                .into_iter()
                .filter_map(|index| Some((index, messages.get(index)?)));
            rows.map(|(index, message)| self::message(index + 1, message, query))
                .collect::<Vec<_>>()
        })
    };
    view! {
        {(total > SHOWN).then(|| view! {
            <Show when=move || query.with(|query| query.trim().is_empty())>
                <button type="button" class="link debug-more" aria-expanded=move || is_whole.get().to_string()
                    on:click=move |_| is_whole.update(|is_whole| *is_whole = !*is_whole)>
                    {move || if is_whole.get() { "Show the last 2 messages".to_owned() } else { format!("Show all {total} messages") }}
                </button>
            </Show>
        })}
        <div class="debug-messages">{move || rows()}</div>
        {move || shown.with(Vec::is_empty).then(|| view! {
            <p class="debug-note">{if total == 0 { "No message was sent." } else { "No message has these words." }}</p>
        })}
    }
}

/// Whether a message has what is searched for in anything that is shown of it.
fn is_told(message: &Value, query: &str) -> bool {
    match message {
        Value::String(text) => is_in(text, query),
        Value::Array(items) => items.iter().any(|item| is_told(item, query)),
        Value::Object(fields) => fields.values().any(|field| is_told(field, query)),
        _ => false,
    }
}

fn message(number: usize, message: &Value, query: RwSignal<String>) -> AnyView {
    let role = words::key(&word(message, "role").unwrap_or_default());
    let parts = message.get("parts").and_then(Value::as_array);
    let parts = parts.map(Vec::as_slice).unwrap_or_default();
    view! {
        <section class="debug-message">
            <h3 class="debug-role">{role} <span>{format!("#{number}")}</span></h3>
            {self::parts(parts, query)}
        </section>
    }
}

/// Parts of a message, or of an answer.
pub(super) fn parts(parts: &[Value], query: RwSignal<String>) -> Vec<AnyView> {
    parts.iter().map(|part| self::part(part, query)).collect()
}

fn part(part: &Value, query: RwSignal<String>) -> AnyView {
    let kind = word(part, "type").unwrap_or_default();
    let tool = word(part, "tool_name").unwrap_or_default();
    let length = |key: &str| part.get(key).and_then(Value::as_i64);
    let (title, text, length) = match kind.as_str() {
        "text" => (String::new(), word(part, "text"), length("text_length")),
        "reasoning" => (
            "Reasoning".to_owned(),
            word(part, "text"),
            length("text_length"),
        ),
        "file" => (
            "File".to_owned(),
            word(part, "text").or_else(|| word(part, "media_type")),
            None,
        ),
        "tool_call" | "tool_input" => (
            format!("Call of {tool}"),
            word(part, "arguments"),
            length("input_length"),
        ),
        "tool_result" => (
            format!("Result of {tool}"),
            word(part, "result"),
            length("text_length"),
        ),
        "source" => (
            "Source".to_owned(),
            word(part, "url").or_else(|| word(part, "title")),
            None,
        ),
        _ => (words::key(&kind), None, None),
    };
    let text = text.unwrap_or_else(|| words::indented(part));
    let has_failed = part.get("is_error").and_then(Value::as_bool) == Some(true);
    let id = word(part, "tool_call_id");
    let shown = title.clone();
    let length = length.unwrap_or_default();
    view! {
        <div class="debug-part">
            {(!title.is_empty()).then(|| view! {
                <p class="debug-part-title" title=id>
                    {move || marked(&shown, &query.get())} {has_failed.then(|| badge(Tone::Red, "Failed"))}
                </p>
            })}
            {if text.is_empty() { view! { <p class="debug-cut">"Empty"</p> } } else { view! { <Clamped text length query/> } }}
        </div>
    }
}

/// What was answered, and what the provider warned of.
pub(super) fn answer(response: Option<&Value>, query: RwSignal<String>) -> AnyView {
    let Some(response) = response else {
        return view! { <p class="debug-note">"No answer is recorded."</p> };
    };
    let list = |key: &str| {
        response
            .get(key)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let (content, warnings) = (list("content"), list("warnings"));
    let structured = response.get("structured_output").map(words::indented);
    let has_nothing = content.is_empty() && structured.is_none();
    view! {
        <div class="debug-messages"><section class="debug-message">
            {parts(content, query)}
            {structured.map(|text| view! { <div class="debug-part"><p class="debug-part-title">"Structured output"</p><Clamped text query/></div> })}
            {has_nothing.then(|| view! { <p class="debug-cut">"Empty"</p> })}
        </section></div>
        {(!warnings.is_empty()).then(|| {
            let title = count(warnings.len(), "warning", "warnings");
            let lines: Vec<_> = warnings.iter().map(|warning| {
                let text = word(warning, "message").or_else(|| word(warning, "details"));
                let text = text.unwrap_or_else(|| words::value(warning));
                view! { <li>{text}</li> }
            }).collect();
            view! { <p class="debug-part-title">{title}</p><ul class="debug-warnings">{lines}</ul> }
        })}
    }
}

fn word(object: &Value, key: &str) -> Option<String> {
    object.get(key).map(words::value)
}
