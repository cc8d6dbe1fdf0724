//! A step: its line with a bar for its time, and what was asked and answered.

use leptos::prelude::*;
use sdk::debug::DebugStep;
use serde_json::{Map, Value};

use super::attempts::attempts;
use super::change::change;
use super::read::Seen;
use super::run::status;
use super::text::{Clamped, CopyWords};
use super::transcript::{Transcript, answer};
use super::words;
use crate::api::debug::DebugStepView;
use crate::components::chat::words::{count, duration};
use crate::components::control_flow::Show;
use crate::components::feedback::{ErrorState, Notice, NoticeKind, skeleton_rows};
use crate::components::icons::{Icon, icon};
use crate::view;

/// A step's line. What it holds is drawn when it is first opened.
#[component]
pub(super) fn StepCard(
    /// The step; nothing when it is gone.
    step: Memo<Option<DebugStep>>,
    /// The time that it shares with the others.
    axis: Memo<words::Axis>,
    /// Draws what it holds.
    body: ChildrenFn,
) -> impl IntoView {
    let is_opened = RwSignal::new(false);
    let line = move || step.with(|step| step.as_ref().map(|step| line(step, axis.get())));
    view! {
        <li>
            <details class="debug-step" on:toggle=move |_| is_opened.set(true)>
                <summary>{move || line()}</summary>
                <Show when=move || is_opened.get()>{body()}</Show>
            </details>
        </li>
    }
}

fn line(step: &DebugStep, axis: words::Axis) -> AnyView {
    let bar = axis.bar(step);
    let is_over = step.finished_at.is_some();
    let time = is_over.then(|| duration(words::duration_ms(step)));
    view! {
        <span class="debug-chevron">{icon(Icon::ChevronRight)}</span>
        <span class="debug-step-name">
            <span class="debug-step-number">{step.step_number}</span> {words::operation(&step.operation)}
        </span>
        <span class="debug-step-facts">{words::step_facts(step)}</span>
        <span class="debug-step-time">{time}</span>
        {status(&step.status)}
        <svg class="debug-time" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="debug-bar-space" x="0" y="0" width="1000" height="6"></rect>
            <rect class="debug-bar-wait" x=bar.start.to_string() y="0" width=bar.wait.to_string() height="6"></rect>
            <rect class="debug-bar-answer" x=(bar.start + bar.wait).to_string() y="0" width=bar.answer.to_string() height="6"></rect>
        </svg>
    }
}

/// What was asked and answered.
#[component]
pub fn StepBody(
    /// What was read.
    seen: Signal<Seen<DebugStepView>>,
    /// The run's model.
    model: Memo<String>,
    /// Reads again.
    on_retry: Callback<()>,
) -> impl IntoView {
    // It stays while the step is read anew.
    let query = RwSignal::new(String::new());
    let known = Memo::new(move |_| seen.with(|seen| seen.value.clone()));
    view! {
        <div class="debug-step-body">
            {move || seen.with(Seen::warning)}
            {move || {
                if known.with(Option::is_some) {
                    return None;
                }
                Some(match seen.with(|seen| seen.error.clone()) {
                    None => skeleton_rows(3).into_any(),
                    Some(error) => view! { <ErrorState error on_retry/> },
                })
            }}
            {move || known.with(|view| view.as_ref().map(|view| opened(view, model, query)))}
        </div>
    }
}

fn opened(view: &DebugStepView, model: Memo<String>, query: RwSignal<String>) -> AnyView {
    let step = &view.detail.step;
    let request = step.normalized_request.clone();
    let list = |key: &str| {
        request
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let (messages, tools) = (list("messages"), list("tools"));
    let (asked, answered) = (
        StoredValue::new(request.clone()),
        StoredValue::new(step.normalized_response.clone()),
    );
    let copy_request = Callback::new(move |()| asked.with_value(words::indented));
    let copy_response = Callback::new(move |()| {
        answered.with_value(|answer| answer.as_ref().map(words::indented).unwrap_or_default())
    });
    let has_answer = step.normalized_response.is_some();
    let cached = usage(step, "cache_read_tokens");
    let changed = change(view, cached);
    let facts = facts(view, model);
    let usage_rows = rows(step.usage.as_ref());
    let option_rows = options(&request);
    let schema = schema(&request);
    let error = step.error.as_ref().map(failure);
    let said = answer(step.normalized_response.as_ref(), query);
    let raw = attempts(step.attempts.clone(), query);
    view! {
        <div class="debug-step-tools">
            <div class="debug-search">
                {icon(Icon::Search)}
                <input type="search" class="input" placeholder="Search in this step" aria-label="Search in this step" autocomplete="off"
                    prop:value=move || query.get() on:input=move |event| query.set(event_target_value(&event))/>
            </div>
            <CopyWords label="Copy request" text=copy_request/>
            {has_answer.then(|| view! { <CopyWords label="Copy response" text=copy_response/> })}
        </div>
        {facts}
        {error}
        <section class="debug-section"><h2>"Since the call before"</h2>{changed}</section>
        <div class="debug-tables">
            {table("Options", option_rows, "No option was set.")}
            {table("Usage", usage_rows, "Nothing was counted.")}
        </div>
        {policy(&request, tools)}
        {schema}
        <section class="debug-section"><h2>"Input"</h2><Transcript messages query/></section>
        <section class="debug-section"><h2>"Output"</h2>{said}</section>
        <section class="debug-section">{raw}</section>
    }
}

fn usage(step: &DebugStep, key: &str) -> i64 {
    let usage = step.usage.as_ref();
    usage
        .and_then(|usage| usage.get(key)?.as_i64())
        .unwrap_or(0)
}

/// One line: the model, when it answered, why it ended, what it cost.
fn facts(view: &DebugStepView, model: Memo<String>) -> AnyView {
    let step = &view.detail.step;
    let mut facts = Vec::new();
    if let Some(first) = words::first_token_ms(step) {
        facts.push(format!("First token after {}", duration(first)));
    }
    if step.finished_at.is_some() {
        facts.push(format!("{} in all", duration(words::duration_ms(step))));
    }
    let reason = step.metadata.get("finish_reason").and_then(Value::as_str);
    facts.extend(reason.map(|reason| format!("ended with {}", words::key(reason).to_lowercase())));
    if !view.cost.is_empty() {
        facts.push(view.cost.clone());
    }
    let facts = facts
        .iter()
        .fold(String::new(), |line, fact| line + " · " + fact);
    view! { <p class="debug-facts"><strong>{move || model.get()}</strong>{facts}</p> }
}

/// Keys and values of an object.
fn rows(object: Option<&Value>) -> Vec<(String, String)> {
    let fields = object.and_then(Value::as_object);
    fields.map(fields_of).unwrap_or_default()
}

fn fields_of(fields: &Map<String, Value>) -> Vec<(String, String)> {
    let rows = fields.iter();
    rows.map(|(key, value)| (words::key(key), words::value(value)))
        .collect()
}

fn options(request: &Value) -> Vec<(String, String)> {
    let mut rows = rows(request.get("options"));
    let count = request.get("provider_option_count").and_then(Value::as_i64);
    if let Some(count) = count.filter(|count| *count > 0) {
        rows.push(("Options of the provider".to_owned(), words::number(count)));
    }
    rows
}

fn table(title: &'static str, rows: Vec<(String, String)>, nothing: &'static str) -> AnyView {
    let is_empty = rows.is_empty();
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(key, value)| view! { <tr><th scope="row">{key}</th><td>{value}</td></tr> })
        .collect();
    view! {
        <section class="debug-section">
            <h2>{title}</h2>
            {if is_empty {
                view! { <p class="debug-note">{nothing}</p> }
            } else {
                view! { <table class="debug-table" aria-label=title><tbody>{rows}</tbody></table> }
            }}
        </section>
    }
}

/// Which tools the model had, and whether it had to use one.
fn policy(request: &Value, tools: Vec<Value>) -> AnyView {
    let words = match request.get("tool_choice").map(words::value).as_deref() {
        Some("auto") => "The model may use tools".to_owned(),
        Some("none") => "The model must not use tools".to_owned(),
        Some("required") => "The model must use a tool".to_owned(),
        Some(other) => words::key(other),
        None => "Nothing was said about tools".to_owned(),
    };
    let title = count(tools.len(), "tool", "tools");
    let has_tools = !tools.is_empty();
    // Dozens of schemas are drawn when somebody looks at them.
    let is_opened = RwSignal::new(false);
    let tools = StoredValue::new(tools);
    let list = move || tools.with_value(|tools| tools.iter().map(tool).collect::<Vec<_>>());
    view! {
        <section class="debug-section">
            <h2>"Tool policy"</h2>
            <p class="debug-note">{format!("{words}; it had {title}.")}</p>
            {has_tools.then(|| view! {
                <details class="debug-fold" on:toggle=move |_| is_opened.set(true)>
                    <summary>{icon(Icon::ChevronRight)} "Tools and their schemas"</summary>
                    <Show when=move || is_opened.get()><ul class="debug-tool-list">{list()}</ul></Show>
                </details>
            })}
        </section>
    }
}

fn tool(tool: &Value) -> AnyView {
    let name = tool
        .get("name")
        .map_or_else(|| "A tool".to_owned(), words::value);
    let description = tool
        .get("description")
        .map(words::value)
        .unwrap_or_default();
    let schema = tool
        .get("input_schema")
        .filter(|schema| !schema.is_null())
        .map(words::indented);
    view! {
        <li>
            <details class="debug-fold">
                <summary>{icon(Icon::ChevronRight)} <code>{name}</code></summary>
                <p class="debug-note">{description}</p>
                {schema.map(|schema| view! { <pre class="debug-raw" tabindex="0" role="group" aria-label="Input schema">{schema}</pre> })}
            </details>
        </li>
    }
}

/// The shape that the answer had to have.
fn schema(request: &Value) -> Option<AnyView> {
    let name = request.get("schema_name").map(words::value);
    let schema = request
        .get("structured_output")
        .or_else(|| request.get("schema"));
    let schema = schema
        .filter(|schema| !schema.is_null())
        .map(words::indented);
    if name.is_none() && schema.is_none() {
        return None;
    }
    let description = request.get("schema_description").map(words::value);
    Some(view! {
        <section class="debug-section">
            <h2>"JSON schema"</h2>
            {name.map(|name| view! { <p class="debug-note"><code>{name}</code> " " {description}</p> })}
            {schema.map(|schema| view! { <pre class="debug-raw" tabindex="0" role="group" aria-label="JSON schema">{schema}</pre> })}
        </section>
    })
}

/// Why it failed: the sentence, and what else the record says.
fn failure(error: &Value) -> AnyView {
    let message = error
        .get("message")
        .map_or_else(|| words::value(error), words::value);
    let fields = error.as_object().cloned().unwrap_or_default();
    let rest = fields.iter().filter(|(key, _)| *key != "message");
    let rest: Vec<_> = rest
        .map(|(key, value)| format!("{}: {}", words::key(key), words::value(value)))
        .collect();
    let query = RwSignal::new(String::new());
    view! {
        <div class="debug-failure">
            <Notice kind=NoticeKind::Error title="The call failed"><Clamped text=message query/>
                {(!rest.is_empty()).then(|| view! { <p class="debug-cut">{rest.join(" · ")}</p> })}
            </Notice>
        </div>
    }
}
