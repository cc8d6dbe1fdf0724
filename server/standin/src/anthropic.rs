//! Anthropic's side: Messages and the model list.
//!
//! `validate` refuses what Anthropic refuses, `convert` reads the conversation, `wire` writes the answer.

mod computer;
mod convert;
mod searches;
mod validate;
mod wire;

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::MODELS;
use crate::auth::{self, KeyProblem};
use crate::beats::{self, WholeEnd};
use crate::refusal::Refusal;
use crate::state::Standin;

/// The header that every client of Anthropic sends.
pub(crate) const VERSION_HEADER: &str = "anthropic-version";

/// `POST /v1/messages`.
pub(crate) async fn messages(
    State(state): State<Arc<Standin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    state.record.add("/v1/messages", &headers, &body);
    match answer(&state, &headers, &body).await {
        Ok(response) => response,
        Err(refusal) => refuse(refusal),
    }
}

/// `GET /v1/models`.
pub(crate) fn list_models(state: &Standin, headers: &HeaderMap) -> Response {
    if let Err(problem) = auth::check_anthropic(state, headers) {
        return refuse(key_refusal(problem));
    }
    let data: Vec<Value> = MODELS
        .iter()
        .map(|id| {
            json!({
                "type": "model",
                "id": id,
                "display_name": id,
                "created_at": "2026-11-01T00:00:00Z",
                "lifecycle": "active",
                "max_input_tokens": 200_000,
                "max_tokens": 64_000,
            })
        })
        .collect();
    beats::document(
        &json!({"data": data, "first_id": MODELS.first(), "last_id": MODELS.last(), "has_more": false}),
    )
}

async fn answer(
    state: &Arc<Standin>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    auth::check_anthropic(state, headers).map_err(key_refusal)?;
    if !headers.contains_key(VERSION_HEADER) {
        return Err(Refusal::bad("anthropic-version: header is required"));
    }
    let body = validate::request(body, headers)?;
    let request = convert::request(&body);
    let mut play = state.player.play(&request);
    beats::prelude(state, &mut play).await?;
    if body
        .get("stream")
        .and_then(Value::as_bool)
        .unwrap_or_default()
    {
        let wire = wire::Events::new(&request.model, computer::has_toolset(&body));
        return Ok(beats::stream(state, play, wire));
    }
    match beats::whole(state, &play).await {
        Ok(()) => Ok(beats::document(&wire::whole(
            &play,
            &request.model,
            computer::has_toolset(&body),
        ))),
        Err(WholeEnd::Refused(refusal)) => Err(refusal),
        Err(WholeEnd::Cut) => Ok(beats::broken()),
    }
}

fn key_refusal(problem: KeyProblem) -> Refusal {
    Refusal::new(
        401,
        match problem {
            KeyProblem::Wrong => "invalid x-api-key",
            KeyProblem::Missing => "x-api-key header is required",
        },
    )
}

fn refuse(refusal: Refusal) -> Response {
    let body = error_body(&refusal).to_string();
    refusal.into_response(body)
}

/// Anthropic's error document, also inside a stream.
fn error_body(refusal: &Refusal) -> Value {
    let kind = match refusal.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": refusal.message}, "request_id": "req_standin"})
}
