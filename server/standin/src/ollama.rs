//! The two routes of Ollama that a client needs to find it.

use axum::Json;
use serde_json::{Value, json};

use crate::MODELS;

/// `GET /api/tags`.
pub(crate) async fn tags() -> Json<Value> {
    let models: Vec<Value> = MODELS
        .iter()
        .map(|name| {
            json!({
                "name": format!("{name}:latest"),
                "model": format!("{name}:latest"),
                "modified_at": "2026-11-01T00:00:00Z",
                "size": 1,
                "digest": "0".repeat(64),
                "details": {"format": "gguf", "family": "standin", "parameter_size": "0B", "quantization_level": "none"},
            })
        })
        .collect();
    Json(json!({"models": models}))
}

/// `GET /api/version`.
pub(crate) async fn version() -> Json<Value> {
    Json(json!({"version": "0.30.0"}))
}
