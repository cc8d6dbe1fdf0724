//! OpenAI's side: Chat Completions, Responses and the model list.
//!
//! `validate` refuses what OpenAI refuses, `convert` reads the conversation, `wire` writes the answer.

mod convert;
pub(crate) mod responses;
mod validate;
mod wire;

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::auth::{self, KeyProblem};
use crate::beats::{self, WholeEnd};
use crate::refusal::Refusal;
use crate::state::Standin;
use crate::{MODELS, WRONG_KEY};

/// `POST /v1/chat/completions`.
pub(crate) async fn chat_completions(
    State(state): State<Arc<Standin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    state.record.add("/v1/chat/completions", &headers, &body);
    match answer(&state, &headers, &body).await {
        Ok(response) => response,
        Err(refusal) => refuse(refusal),
    }
}

/// `GET /v1/models`.
pub(crate) fn list_models(state: &Standin, headers: &HeaderMap) -> Response {
    if let Err(problem) = auth::check_openai(state, headers) {
        return refuse(key_refusal(problem));
    }
    let data: Vec<Value> = MODELS
        .iter()
        .map(|id| json!({"id": id, "object": "model", "created": wire::CREATED, "owned_by": "standin"}))
        .collect();
    beats::document(&json!({"object": "list", "data": data}))
}

async fn answer(
    state: &Arc<Standin>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    auth::check_openai(state, headers).map_err(key_refusal)?;
    let body = validate::request(body)?;
    let request = convert::request(&body);
    let mut play = state.player.play(&request);
    beats::prelude(state, &mut play).await?;
    let is_stream = body
        .get("stream")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    if is_stream {
        let has_usage = body
            .pointer("/stream_options/include_usage")
            .and_then(Value::as_bool)
            .unwrap_or_default();
        let wire = wire::Chunks::new(&play, &request.model, has_usage);
        return Ok(beats::stream(state, play, wire));
    }
    match beats::whole(state, &play).await {
        Ok(()) => Ok(beats::document(&wire::whole(&play, &request.model))),
        Err(WholeEnd::Refused(refusal)) => Err(refusal),
        Err(WholeEnd::Cut) => Ok(beats::broken()),
    }
}

fn key_refusal(problem: KeyProblem) -> Refusal {
    let message = match problem {
        KeyProblem::Wrong => format!(
            "Incorrect API key provided: {WRONG_KEY}. You can find your API key at \
             https://platform.openai.com/account/api-keys."
        ),
        KeyProblem::Missing => {
            "You didn't provide an API key. You need to provide your API key in an Authorization \
                                header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
                .to_owned()
        }
    };
    Refusal {
        code: Some("invalid_api_key"),
        ..Refusal::new(401, message)
    }
}

fn refuse(refusal: Refusal) -> Response {
    let body = error_body(&refusal).to_string();
    refusal.into_response(body)
}

/// OpenAI's error document, also inside a stream.
fn error_body(refusal: &Refusal) -> Value {
    let (kind, usual_code) = match refusal.status {
        429 => ("requests", Some("rate_limit_exceeded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    };
    json!({"error": {
        "message": refusal.message,
        "type": kind,
        "param": refusal.parameter,
        "code": refusal.code.or(usual_code),
    }})
}
