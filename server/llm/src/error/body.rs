//! Finds the provider's words in an error body, in every shape that is met in the wild.

use serde_json::Value;

/// What an error body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProviderWords {
    /// The sentence.
    pub text: String,
    /// Type and code words.
    pub code: String,
    /// A status inside the body.
    pub status: Option<u16>,
}

impl ProviderWords {
    /// Reads a body that should be JSON; anything else is taken as text, a page of HTML as nothing.
    pub(crate) fn from_bytes(body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            Self::from_json(&value)
        } else {
            let text = String::from_utf8_lossy(body);
            let is_page = text.trim_start().starts_with('<');
            Self {
                text: if is_page {
                    String::new()
                } else {
                    text.trim().to_owned()
                },
                ..Self::default()
            }
        }
    }

    /// Reads `{"error": {"message", "type", "code"}}`, `{"error": "text"}`, `{"message"}`, `{"detail"}`, or a list of these.
    pub(crate) fn from_json(value: &Value) -> Self {
        match value {
            Value::Array(items) => items.first().map(Self::from_json).unwrap_or_default(),
            Value::String(text) => Self {
                text: text.clone(),
                ..Self::default()
            },
            Value::Object(fields) => match fields.get("error") {
                Some(inner @ (Value::Object(_) | Value::String(_))) => Self::from_json(inner),
                _ => Self::from_fields(value),
            },
            _ => Self::default(),
        }
    }

    fn from_fields(value: &Value) -> Self {
        let text = ["message", "detail", "msg"]
            .iter()
            .find_map(|key| value.get(key)?.as_str())
            .unwrap_or_default();
        let words: Vec<&str> = ["type", "code"]
            .iter()
            .filter_map(|key| value.get(key)?.as_str())
            .collect();
        let status = ["code", "status"]
            .iter()
            .find_map(|key| value.get(key)?.as_u64());
        Self {
            text: text.to_owned(),
            code: words.join(" "),
            status: status
                .and_then(|number| u16::try_from(number).ok())
                .filter(|number| (400..600).contains(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    fn words(body: &str) -> (String, String, Option<u16>) {
        let words = ProviderWords::from_bytes(body.as_bytes());
        (words.text, words.code, words.status)
    }

    fn expected(text: &str, code: &str, status: Option<u16>) -> (String, String, Option<u16>) {
        (text.to_owned(), code.to_owned(), status)
    }

    #[test]
    fn reads_every_shape() {
        let openai = r#"{"error":{"message":"Bad","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#;
        assert_eq!(
            words(openai),
            expected("Bad", "invalid_request_error model_not_found", None)
        );
        let anthropic = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}"#;
        assert_eq!(
            words(anthropic),
            expected("Overloaded", "overloaded_error", None)
        );
        let openrouter = r#"{"error":{"code":502,"message":"Upstream failed"}}"#;
        assert_eq!(
            words(openrouter),
            expected("Upstream failed", "", Some(502))
        );
        assert_eq!(
            words(r#"{"error":"model not found"}"#),
            expected("model not found", "", None)
        );
        assert_eq!(
            words(r#"{"detail":"Not Found"}"#),
            expected("Not Found", "", None)
        );
        assert_eq!(
            words(r#"[{"error":{"message":"x"}}]"#),
            expected("x", "", None)
        );
        assert_eq!(words("plain words\n"), expected("plain words", "", None));
        assert_eq!(words("<html><h1>502</h1></html>"), expected("", "", None));
        assert_eq!(words(""), expected("", "", None));
        assert_eq!(words(r#"{"error":{"message":17}}"#), expected("", "", None));
    }
}
