//! What models were asked: runs and steps in every state, with kinds that only a newer server knows.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use sdk::debug::{
    DebugAttempt, DebugChange, DebugDifference, DebugRun, DebugStep, DebugStepDetail,
};
use sdk::ids::{ChatId, DebugRunId, DebugStepId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::part;
use crate::api::debug::DebugStepView;
use crate::components::chat::debug_panel::{Body, RunsView, Seen, StepBody, StepList, StepReader};
use crate::error::{AppError, ErrorCode};
use crate::view;

const CHAT: ChatId = ChatId(Uuid::nil());
const RUN: DebugRunId = DebugRunId(Uuid::nil());

/// Each state.
pub fn states(now: DateTime<Utc>) -> impl IntoView {
    let failed = || {
        Some(AppError::new(
            ErrorCode::Offline,
            "The server cannot be reached. Look at your connection, then try again.",
        ))
    };
    let seen = |value, error| Seen { value, error };
    let lists: Vec<_> = [
        seen(None, None),
        seen(None, failed()),
        seen(Some(Vec::new()), None),
        seen(Some(runs(now)), failed()),
        seen(Some(runs(now)), None),
    ]
    .into_iter()
    .map(|seen| {
        let body = Body::new(move |run| step_list(run, Vec::new()));
        let seen = Signal::stored(seen);
        view! { <div class="card debug"><RunsView chat=CHAT seen on_retry=Callback::new(|()| {}) body/></div> }
    })
    .collect();
    let run = Memo::new(move |_| runs(now).into_iter().nth(1));
    let running = Memo::new(move |_| runs(now).into_iter().next());
    let bodies: Vec<_> = [
        seen_step(None, None),
        seen_step(None, failed()),
        seen_step(Some(whole(now)), failed()),
        seen_step(Some(whole(now)), None),
        seen_step(Some(broken(now)), None),
        seen_step(Some(bare(now)), None),
    ]
    .into_iter()
    .map(|seen| {
        let model = Memo::new(|_| "claude-opus-4".to_owned());
        let seen = Signal::stored(seen);
        view! { <div class="card debug"><StepBody seen model on_retry=Callback::new(|()| {})/></div> }
    })
    .collect();
    part(
        "Debug",
        view! {
            <div class="stack">
                {lists}
                <div class="card debug">{step_list(run, steps(now))}</div>
                <div class="card debug">{step_list(run, Vec::new())}</div>
                <div class="card debug">{step_list(running, Vec::new())}</div>
                {bodies}
            </div>
        },
    )
}

fn seen_step(value: Option<DebugStepView>, error: Option<AppError>) -> Seen<DebugStepView> {
    Seen { value, error }
}

fn step_list(run: Memo<Option<DebugRun>>, steps: Vec<DebugStep>) -> AnyView {
    let read = StepReader::new(|_| {
        let nothing = Signal::stored(Seen::default());
        (nothing, Callback::new(|()| {}))
    });
    let steps = Signal::stored(steps);
    view! { <StepList run steps read/> }
}

fn runs(now: DateTime<Utc>) -> Vec<DebugRun> {
    let run = |number: u128, kind: &str, status: &str, first: &str, steps: i64| {
        let started_at = now - Duration::minutes(i64::try_from(number).unwrap_or(0) * 7);
        DebugRun {
            id: DebugRunId(Uuid::from_u128(number)),
            chat_id: CHAT,
            kind: kind.to_owned(),
            status: status.to_owned(),
            provider: Some("anthropic".to_owned()),
            model: Some("claude-opus-4".to_owned()),
            summary: json!({
                "first_message": first, "step_count": steps, "total_input_tokens": 18_200 * steps,
                "total_output_tokens": 640 * steps, "endpoint_label": "POST /v1/messages",
            }),
            started_at,
            updated_at: started_at + Duration::seconds(9),
            finished_at: (status != "in_progress").then(|| started_at + Duration::seconds(9)),
        }
    };
    let mut runs = vec![
        run(
            1,
            "chat_turn",
            "in_progress",
            "Why does the build fail on Windows?",
            2,
        ),
        run(
            2,
            "chat_turn",
            "completed",
            "Read the logs of yesterday’s deployment, tell me which requests failed and why they did, then fix it",
            3,
        ),
        run(
            3,
            "title_generation",
            "completed",
            "Read the logs of yesterday’s deployment",
            1,
        ),
        run(4, "compaction", "error", "", 1),
        run(5, "chat_turn", "interrupted", "Stop here", 1),
        run(6, "dream_sequence", "half_asleep", "", 1),
    ];
    if let Some(bare) = runs.last_mut() {
        (bare.summary, bare.model) = (json!({}), None);
    }
    runs
}

fn steps(now: DateTime<Utc>) -> Vec<DebugStep> {
    let mut steps = vec![
        step(1, "completed", now, (0, 3200, Some(840))),
        step(2, "error", now, (3300, 900, None)),
        step(3, "completed", now, (4300, 4100, Some(420))),
        step(4, "in_progress", now, (8500, 700, None)),
        step(5, "interrupted", now, (9300, 300, Some(200))),
        step(6, "half_asleep", now, (9700, 10, None)),
    ];
    if let Some(unknown) = steps.last_mut() {
        "dream".clone_into(&mut unknown.operation);
        unknown.usage = None;
        unknown.attempts = Vec::new();
    }
    steps
}

fn step(
    number: i32,
    status: &str,
    now: DateTime<Utc>,
    (start_ms, length_ms, first_ms): (i64, i64, Option<i64>),
) -> DebugStep {
    let started_at = now + Duration::milliseconds(start_ms);
    let ended_at = started_at + Duration::milliseconds(length_ms);
    let mut metadata = json!({ "duration_ms": length_ms, "finish_reason": "tool_calls" });
    if let (Some(first), Value::Object(fields)) = (first_ms, &mut metadata) {
        fields.insert("first_part_ms".to_owned(), first.into());
    }
    DebugStep {
        id: DebugStepId(Uuid::nil()),
        run_id: RUN,
        chat_id: CHAT,
        step_number: number,
        operation: "stream".to_owned(),
        status: status.to_owned(),
        history_tip_message_id: None,
        assistant_message_id: None,
        normalized_request: json!({}),
        normalized_response: None,
        usage: Some(json!({
            "input_tokens": 1_204, "output_tokens": 640, "total_tokens": 18_844, "reasoning_tokens": 0,
            "cache_creation_tokens": 1_000, "cache_read_tokens": 16_000,
        })),
        attempts: vec![attempt(1, Some(200))],
        error: None,
        metadata,
        started_at,
        updated_at: ended_at,
        finished_at: (status != "in_progress").then_some(ended_at),
    }
}

fn attempt(number: i32, response_status: Option<u16>) -> DebugAttempt {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    DebugAttempt {
        number,
        status: if response_status.is_some() {
            "completed"
        } else {
            "failed"
        }
        .to_owned(),
        method: "POST".to_owned(),
        url: "https://api.example.com/v1/messages?beta=[REDACTED]".to_owned(),
        path: "/v1/messages".to_owned(),
        duration_ms: 3_180,
        first_byte_ms: response_status.map(|_| 790),
        request_headers: [
            header("content-type", "application/json"),
            header("x-api-key", "[REDACTED]"),
        ]
        .into(),
        response_headers: response_status
            .map(|_| header("content-type", "text/event-stream"))
            .into_iter()
            .collect(),
        request_body: "{\n  \"model\": \"claude-opus-4\",\n  \"stream\": true\n}".to_owned(),
        response_body: response_status
            .map(|_| "event: ping\ndata: {\"type\":\"ping\"}\n".to_owned())
            .unwrap_or_default(),
        response_status,
        ..DebugAttempt::default()
    }
}

fn view_of(step: DebugStep, change: Option<DebugChange>) -> DebugStepView {
    DebugStepView {
        detail: DebugStepDetail {
            step,
            change,
            cost_micros: None,
            cache_saving_micros: None,
        },
        cost: String::new(),
        cache_saving: String::new(),
    }
}

/// Everything that a step can have.
fn whole(now: DateTime<Utc>) -> DebugStepView {
    let long =
        "The deployment of yesterday ended at 14:02 with 312 requests that failed. ".repeat(9);
    let mut step = step(3, "completed", now, (4300, 4100, Some(420)));
    let text = |role: &str, text: &str| json!({ "role": role, "parts": [{ "type": "text", "text": text, "text_length": text.chars().count() }] });
    step.normalized_request = json!({
        "messages": [
            text("system", "You are a coding agent in Switchyard."),
            text("user", "Read the logs."),
            { "role": "assistant", "parts": [
                { "type": "reasoning", "text": "The logs are under /var/log.", "text_length": 28 },
                { "type": "tool_call", "tool_call_id": "call-1", "tool_name": "execute", "arguments": "{\"command\":\"tail -n 200 /var/log/app.log\"}" },
            ] },
            { "role": "tool", "parts": [{ "type": "tool_result", "tool_call_id": "call-1", "tool_name": "execute", "is_error": true, "result": long, "text_length": long.chars().count() }] },
        ],
        "tools": [{ "type": "function", "name": "execute", "description": "Runs a command.", "input_schema": { "type": "object", "properties": { "command": { "type": "string" } } } }],
        "options": { "max_output_tokens": 32_000, "reasoning_effort": "medium" },
        "tool_choice": "auto",
        "provider_option_count": 1,
        "schema_name": "report",
        "schema_description": "What is found.",
        "structured_output": { "type": "object" },
    });
    step.normalized_response = Some(json!({
        "content": [
            { "type": "text", "text": "Three services were down. <img src=x onerror=alert(1)>" },
            { "type": "source", "url": "https://example.com/status", "title": "Status" },
            { "type": "hologram", "beam": 3 },
        ],
        "finish_reason": "stop",
        "warnings": [{ "type": "unsupported_setting", "message": "The temperature was ignored." }],
    }));
    step.attempts = vec![
        DebugAttempt {
            retry_classification: Some("rate_limit".to_owned()),
            retry_delay_ms: Some(2_000),
            ..attempt(1, Some(429))
        },
        attempt(2, Some(200)),
    ];
    let change = DebugChange {
        previous_run_id: RUN,
        previous_step_number: 2,
        kept_message_count: 2,
        previous_message_count: 3,
        message_count: 4,
        kept_characters: 11_200,
        characters: 14_100,
        first_difference: Some(DebugDifference {
            place: "message".to_owned(),
            number: 3,
            name: "assistant".to_owned(),
            character: 42,
            before: "The logs are in the folder".to_owned(),
            after: "The logs are under /var/log.".to_owned(),
        }),
        changed_options: vec!["reasoning_effort".to_owned()],
    };
    DebugStepView {
        cost: "$0.0312".to_owned(),
        cache_saving: "$0.07".to_owned(),
        ..view_of(step, Some(change))
    }
}

/// A call that failed before anything was answered.
fn broken(now: DateTime<Utc>) -> DebugStepView {
    let mut step = step(2, "error", now, (3300, 900, None));
    step.usage = None;
    step.normalized_request =
        json!({ "messages": [], "tools": [], "options": {}, "tool_choice": "dance" });
    step.error = Some(json!({
        "message": "The provider is overloaded (529).", "type": "overloaded", "provider_status": 529, "is_retryable": true,
    }));
    let mut cut = attempt(1, None);
    (cut.error, cut.request_body) = (
        Some("connection closed before the answer was whole".to_owned()),
        "[TRUNCATED]".to_owned(),
    );
    step.attempts = vec![cut];
    view_of(step, None)
}

/// A step of which nothing is known but that it began.
fn bare(now: DateTime<Utc>) -> DebugStepView {
    let mut step = step(1, "in_progress", now, (0, 100, None));
    (step.usage, step.attempts, step.metadata) = (None, Vec::new(), json!({}));
    view_of(step, None)
}
