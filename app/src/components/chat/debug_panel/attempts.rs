//! The HTTP requests of a step as they went over the wire, without keys and tokens.

use std::collections::BTreeMap;

use leptos::prelude::*;
use sdk::debug::DebugAttempt;

use super::text::{CopyWords, is_in, marked};
use super::words;
use crate::components::badge::{Tone, badge};
use crate::components::chat::words::{count, duration};
use crate::components::icons::{Icon, icon};
use crate::view;

/// Stands where a body was longer than what is kept.
const TRUNCATED: &str = "[TRUNCATED]";

/// All attempts of a step.
pub(super) fn attempts(attempts: Vec<DebugAttempt>, query: RwSignal<String>) -> AnyView {
    if attempts.is_empty() {
        return view! { <p class="debug-note">"No HTTP request is recorded of this step. Either none was sent, or it goes on."</p> };
    }
    let title = count(attempts.len(), "raw attempt", "raw attempts");
    let rows: Vec<_> = attempts
        .into_iter()
        .map(|attempt| one(attempt, query))
        .collect();
    view! {
        <details class="debug-fold debug-attempts">
            <summary>{icon(Icon::ChevronRight)} {title}</summary>
            <ol class="debug-attempt-list">{rows}</ol>
        </details>
    }
}

fn one(attempt: DebugAttempt, query: RwSignal<String>) -> AnyView {
    let retried = attempt.retry_classification.as_ref().map(|class| {
        let pause = attempt
            .retry_delay_ms
            .map(|pause| format!(" after {}", duration(pause)));
        format!(
            "Tried again{}: {}.",
            pause.unwrap_or_default(),
            words::key(class).to_lowercase()
        )
    });
    let first_byte = attempt
        .first_byte_ms
        .map(|first| format!("First byte after {}.", duration(first)));
    let (url, whole_url) = (attempt.url.clone(), attempt.url);
    view! {
        <li>
            <details class="debug-fold">
                <summary>
                    {icon(Icon::ChevronRight)}
                    <span class="debug-attempt-line">
                        <span class="debug-url" title=whole_url><strong>{attempt.method}</strong> " " {url}</span>
                        <span class="debug-attempt-end">{state(&attempt.status, attempt.response_status)} <span>{duration(attempt.duration_ms)}</span></span>
                    </span>
                </summary>
                <div class="debug-attempt">
                    {attempt.error.map(|error| view! { <p class="debug-error-text">{error}</p> })}
                    {retried.map(|words| view! { <p class="debug-note">{words}</p> })}
                    {first_byte.map(|words| view! { <p class="debug-note">{words}</p> })}
                    {headers("Request headers", attempt.request_headers)}
                    {body("Request body", "Copy request body", attempt.request_body, query)}
                    {headers("Response headers", attempt.response_headers)}
                    {body("Response body", "Copy response body", attempt.response_body, query)}
                </div>
            </details>
        </li>
    }
}

/// The answer's status, or that there was none.
fn state(status: &str, response_status: Option<u16>) -> AnyView {
    let tone = match (status, response_status) {
        (_, Some(400..)) | ("failed", _) => Tone::Red,
        ("completed", Some(200..=399)) => Tone::Green,
        _ => Tone::Neutral,
    };
    let words = match (status, response_status) {
        ("completed", Some(code)) => code.to_string(),
        (status, Some(code)) => format!("{code}, {}", words::key(status).to_lowercase()),
        (status, None) => words::key(status),
    };
    badge(tone, words).into_any()
}

fn headers(title: &'static str, headers: BTreeMap<String, String>) -> AnyView {
    if headers.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = headers
        .into_iter()
        .map(|(name, value)| view! { <tr><th scope="row">{name}</th><td>{value}</td></tr> })
        .collect();
    view! {
        <h3 class="debug-part-title">{title}</h3>
        <table class="debug-table debug-headers" aria-label=title><tbody>{rows}</tbody></table>
    }
}

fn body(title: &'static str, copy: &'static str, text: String, query: RwSignal<String>) -> AnyView {
    if text.is_empty() {
        return view! { <p class="debug-note">{format!("{title}: none.")}</p> };
    }
    if text == TRUNCATED {
        return view! { <p class="debug-note">{format!("{title}: longer than 50,000 bytes, so it is not kept. What was asked is told above.")}</p> };
    }
    let whole = StoredValue::new(text);
    let copied = Callback::new(move |()| whole.get_value());
    let shown = move || {
        let query = query.get();
        whole.with_value(|text| marked(text, if is_in(text, &query) { &query } else { "" }))
    };
    view! {
        <div class="debug-body-head"><h3 class="debug-part-title">{title}</h3> <span class="spacer"></span> <CopyWords label=copy text=copied/></div>
        <pre class="debug-raw" tabindex="0" role="group" aria-label=title>{move || shown()}</pre>
    }
}
