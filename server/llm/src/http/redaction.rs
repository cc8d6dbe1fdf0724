//! What of an exchange may be kept: headers, addresses and bodies without keys, tokens and passwords.
//!
//! It fails closed: what cannot be read as what it says it is becomes a placeholder. What people and models wrote is not
//! looked into, except for the secrets of this very request, which are taken out wherever they stand.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::transport::HttpRequest;
use crate::error::{REPLACEMENT, redact};

/// Stands for a body that is not the JSON that it should be.
pub const NOT_JSON: &str = "[REDACTED: this is not JSON]";
/// Stands for a body whose kind nothing is known of.
pub const UNKNOWN_KIND: &str = "[REDACTED: this is neither JSON nor text]";

const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
];
const SECRET_IN_HEADERS: [&str; 6] = ["api-key", "api_key", "apikey", "token", "secret", "bearer"];
const SECRET_IN_KEYS: [&str; 4] = ["secret", "password", "authorization", "credential"];
/// Without the lines between words. A plain "token" within a name is none: `input_tokens` counts.
const SECRET_KEYS: [&str; 14] = [
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "apitoken",
    "apikey",
    "xapikey",
    "authtoken",
    "bearertoken",
    "sessiontoken",
    "securitytoken",
    "privatekey",
    "signingkey",
    "secretkey",
];
/// Names that are secrets in the query of an address only.
const SECRET_QUERY_KEYS: [&str; 5] = ["key", "sig", "signature", "xamzsignature", "code"];
/// What is shorter stands in too many words to be taken out of them.
const SHORTEST_SECRET: usize = 8;
/// Stands for a secret while addresses are looked for: its letters end none, so that what stands beside the secret, such as the
/// rest of a password, is not left over.
const MARK: &str = "0redacted0";

/// Takes the secrets of one request out of what it is about to leave behind.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Redactor")
            .field("secrets", &self.secrets.len())
            .finish()
    }
}

impl Redactor {
    /// Knows the secrets that the request carries in its headers and its address.
    pub fn of(request: &HttpRequest) -> Self {
        let mut redactor = Self::default();
        redactor.learn_headers(&request.headers);
        redactor.learn(request.url.username());
        redactor.learn(request.url.password().unwrap_or_default());
        for (key, value) in request.url.query_pairs() {
            if is_secret_query_key(&key) {
                redactor.learn(&value);
            }
        }
        // A server that repeats its address repeats it as it was sent.
        for pair in request.url.query().unwrap_or_default().split('&') {
            if let Some((key, value)) = pair.split_once('=')
                && is_secret_query_key(key)
            {
                redactor.learn(value);
            }
        }
        redactor
    }

    /// Knows the secrets in these headers, too.
    pub(super) fn learn_headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            if is_secret_header(name, value) {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                self.learn(&value);
                match name.as_str() {
                    "set-cookie" => self.learn(cookie_value(value.split(';').next())),
                    "cookie" => {
                        let pairs = value.split(';');
                        pairs.for_each(|pair| self.learn(cookie_value(Some(pair))));
                    }
                    // `Bearer …`
                    _ => self.learn(value.rsplit(' ').next().unwrap_or_default()),
                }
            }
        }
    }

    /// Knows what another one knows.
    pub(super) fn join(&mut self, other: &Self) {
        other.secrets.iter().for_each(|secret| self.learn(secret));
    }

    fn learn(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() >= SHORTEST_SECRET && !self.secrets.iter().any(|known| known == secret) {
            self.secrets.push(secret.to_owned());
            // The longest first, so that no rest of one is left.
            self.secrets
                .sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
    }

    /// A text that people or models wrote, without the request's own secrets.
    pub fn own_secrets(&self, text: &str) -> String {
        self.replaced(text, REPLACEMENT)
    }

    fn replaced(&self, text: &str, replacement: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = clean.replace(secret.as_str(), replacement);
            }
        }
        clean
    }

    /// A text of a program, such as an error: without secrets, what looks like a key, and what addresses in it hide.
    pub fn text(&self, text: &str) -> String {
        let marked = self.replaced(text, MARK);
        let clean = self.addresses_within(&marked);
        redact(&clean.replace(MARK, REPLACEMENT), None)
    }

    /// An address without user name, password, fragment and the secrets of its query.
    pub fn url(&self, url: &Url) -> String {
        let mut clean = url.clone();
        // An address that can have none has none.
        let _ = clean.set_username("");
        let _ = clean.set_password(None);
        clean.set_fragment(None);
        if url.query().is_some() {
            let pairs: Vec<(String, String)> = url
                .query_pairs()
                .map(|(key, value)| {
                    let value = if is_secret_query_key(&key) {
                        REPLACEMENT.to_owned()
                    } else {
                        self.own_secrets(&value)
                    };
                    (self.own_secrets(&key), value)
                })
                .collect();
            clean.query_pairs_mut().clear().extend_pairs(pairs);
        }
        redact(&self.own_secrets(clean.as_str()), None)
    }

    /// Headers by name, several values of one name joined with a comma.
    pub fn headers(&self, headers: &HeaderMap) -> BTreeMap<String, String> {
        let mut clean: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in headers {
            let shown = if is_secret_header(name, value) {
                REPLACEMENT.to_owned()
            } else {
                self.text(&String::from_utf8_lossy(value.as_bytes()))
            };
            clean
                .entry(name.as_str().to_owned())
                .and_modify(|values| {
                    values.push_str(", ");
                    values.push_str(&shown);
                })
                .or_insert(shown);
        }
        clean
    }

    /// A body of that content type.
    pub fn body(&self, content_type: Option<&str>, body: &[u8]) -> String {
        if body.is_empty() {
            return String::new();
        }
        let kind = content_type.unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        match kind.as_str() {
            "" | "application/json" => self.document(body),
            kind if kind.ends_with("+json") => self.document(body),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/json-seq" => self.lines(body),
            "text/event-stream" => self.events(body),
            kind if kind.starts_with("text/") => self.text(&String::from_utf8_lossy(body)),
            _ => UNKNOWN_KIND.to_owned(),
        }
    }

    /// One JSON document, its keys in the order of the alphabet.
    fn document(&self, body: &[u8]) -> String {
        match serde_json::from_slice::<Value>(body) {
            Ok(mut value) => {
                self.value(&mut value);
                value.to_string()
            }
            Err(_) => NOT_JSON.to_owned(),
        }
    }

    fn lines(&self, body: &[u8]) -> String {
        let lines = body.split(|byte| *byte == b'\n').map(|line| {
            if line.trim_ascii().is_empty() {
                String::new()
            } else {
                self.document(line)
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Events as they were sent, their data read as JSON; other data and comments become placeholders.
    fn events(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
        let mut clean = String::with_capacity(text.len());
        let mut data: Vec<&str> = Vec::new();
        for line in text.split('\n') {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            if field == "data" {
                data.push(value);
                continue;
            }
            self.event_data(&mut data, &mut clean);
            let kept = match field {
                "" if line.is_empty() => String::new(),
                "event" | "id" | "retry" if is_plain(value) => {
                    format!("{field}: {}", self.text(value))
                }
                "" => format!(": {REPLACEMENT}"),
                _ => REPLACEMENT.to_owned(),
            };
            clean.extend([kept.as_str(), "\n"]);
        }
        self.event_data(&mut data, &mut clean);
        clean
    }

    fn event_data(&self, lines: &mut Vec<&str>, clean: &mut String) {
        if lines.is_empty() {
            return;
        }
        let data = std::mem::take(lines).join("\n");
        let data = match data.as_str() {
            "" | "[DONE]" => data,
            json => self.document(json.as_bytes()),
        };
        clean.extend(["data: ", data.as_str(), "\n"]);
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.own_secrets(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                for (key, field) in std::mem::take(fields) {
                    let mut field = field;
                    if is_secret_key(&key) {
                        field = Value::String(REPLACEMENT.to_owned());
                    } else {
                        self.value(&mut field);
                    }
                    fields.insert(self.own_secrets(&key), field);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn addresses_within(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(place) = rest.find("://") {
            let (before, after) = rest.split_at(place);
            let scheme_length = before
                .bytes()
                .rev()
                .take_while(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
                })
                .count();
            let start = place - scheme_length;
            let end = after
                .find(|letter: char| letter.is_whitespace() || "\"'<>`()[]{}\\".contains(letter))
                .map_or(rest.len(), |end| place + end);
            let (address, tail) = (rest.get(start..end).unwrap_or_default(), rest.get(end..));
            clean.push_str(rest.get(..start).unwrap_or_default());
            match Url::parse(address) {
                Ok(url) => clean.push_str(&self.url(&url)),
                Err(_) => clean.push_str(REPLACEMENT),
            }
            rest = tail.unwrap_or_default();
        }
        clean.push_str(rest);
        clean
    }
}

fn cookie_value(pair: Option<&str>) -> &str {
    let pair = pair.and_then(|pair| pair.split_once('='));
    pair.map(|(_, value)| value).unwrap_or_default()
}

/// Whether a header's value is kept out of everything.
fn is_secret_header(name: &HeaderName, value: &HeaderValue) -> bool {
    let name = name.as_str();
    value.is_sensitive()
        || SECRET_HEADERS.contains(&name)
        || (SECRET_IN_HEADERS.iter().any(|part| name.contains(part)) && !is_known_count(name))
}

/// Headers that tell how many tokens are left. Each by its whole name, so that one that is not known is hidden.
fn is_known_count(name: &str) -> bool {
    const LEFT: [&str; 3] = ["limit", "remaining", "reset"];
    if let Some(rest) = name.strip_prefix("x-ratelimit-") {
        return LEFT.iter().any(|left| {
            rest.strip_prefix(left)
                .is_some_and(|rest| matches!(rest, "-requests" | "-tokens"))
        });
    }
    let ratelimit = ["requests", "tokens", "input-tokens", "output-tokens"];
    let of_kind = ["input-tokens", "output-tokens"];
    let kinds: [(&str, &[&str]); 3] = [
        ("anthropic-ratelimit-", &ratelimit),
        ("anthropic-priority-", &of_kind),
        ("anthropic-fast-", &of_kind),
    ];
    kinds.iter().any(|(prefix, counted)| {
        name.strip_prefix(prefix).is_some_and(|rest| {
            counted.iter().any(|counted| {
                rest.strip_prefix(counted)
                    .and_then(|rest| rest.strip_prefix('-'))
                    .is_some_and(|left| LEFT.contains(&left))
            })
        })
    })
}

/// Whether what stands under a key of JSON is a secret.
fn is_secret_key(key: &str) -> bool {
    let lower = key.to_lowercase();
    let name: String = lower
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-'))
        .collect();
    SECRET_IN_KEYS.iter().any(|part| name.contains(part)) || SECRET_KEYS.contains(&name.as_str())
}

fn is_secret_query_key(key: &str) -> bool {
    let lower = key.to_lowercase();
    let name: String = lower
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-'))
        .collect();
    is_secret_key(key)
        || SECRET_QUERY_KEYS.contains(&name.as_str())
        || SECRET_IN_HEADERS.iter().any(|part| lower.contains(part))
}

/// Whether a field of an event is a name or a number.
fn is_plain(value: &str) -> bool {
    value.len() <= 64
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
