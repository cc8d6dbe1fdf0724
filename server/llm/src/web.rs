//! What providers found when they searched the web: whether they are to, and what of it people may see.
//!
//! Addresses and titles come from pages of strangers. An address that is none of the web is left out, and a title is text.

use serde_json::{Map, Value, json};
use url::Url;

use crate::options::Own;
use crate::{Request, StreamPart};

/// The tool's name in conversations, and on the wire where it has one.
pub(crate) const SEARCH: &str = "web_search";

/// In what goes back to a provider: the account that it is for.
const ACCOUNT: &str = "account";

const LONGEST_ADDRESS_BYTES: usize = 2_048;
const LONGEST_TITLE_CHARACTERS: usize = 300;

/// Whether a request offers the provider's search. A tool of ours with that name goes before it.
pub(crate) fn is_offered(request: &Request, own: &Own<'_>) -> bool {
    request.web_search
        && own.flag("web_search_enabled") == Some(true)
        && !request.tools.iter().any(|tool| tool.name == SEARCH)
}

/// Notes down whose what was found is: it is encrypted for that account, and another of the same provider cannot read it.
pub(crate) fn note_account(part: &mut StreamPart, account: Option<&str>) {
    let (
        StreamPart::ProviderCallEnd {
            provider_metadata, ..
        }
        | StreamPart::ProviderResult {
            provider_metadata, ..
        }
        | StreamPart::Source {
            provider_metadata, ..
        },
        Some(account),
    ) = (part, account)
    else {
        return;
    };
    if let Some(Value::Object(fields)) = provider_metadata {
        fields.insert(ACCOUNT.to_owned(), account.into());
    }
}

/// Whether an account gets this back. What was kept before accounts were noted down goes to all.
pub(crate) fn is_of(metadata: &Value, account: Option<&str>) -> bool {
    let owner = metadata.get(ACCOUNT).and_then(Value::as_str);
    owner.is_none_or(|owner| Some(owner) == account)
}

/// A page that was found, as people see it; `None` when it has no address of the web.
pub(crate) fn page(found: &Value) -> Option<Value> {
    let url = address(found)?;
    let mut page = Map::from_iter([("url".to_owned(), url.into())]);
    let age = found.get("page_age").and_then(Value::as_str).map(clean);
    for (name, text) in [("title", title(found)), ("page_age", age)] {
        page.extend(text.map(|text| (name.to_owned(), text.into())));
    }
    Some(page.into())
}

/// What a search found, as people see it.
pub(crate) fn result(pages: impl Iterator<Item = Value>) -> Value {
    json!({ "sources": pages.collect::<Vec<_>>() })
}

/// Why a search found nothing, in words for people and with the provider's code.
pub(crate) fn failure(code: &str) -> Value {
    let words = match code {
        "max_uses_exceeded" => "The provider searches no more often for one answer.",
        "too_many_requests" => "The provider was asked for too many searches. Try again later.",
        "query_too_long" => "What was searched for is too long for the provider.",
        "invalid_tool_input" | "invalid_input" => "The model asked for a search in a wrong way.",
        _ => "The provider could not search the web. Try again later.",
    };
    let code: String = code.chars().take(LONGEST_TITLE_CHARACTERS).collect();
    json!({ "error": words, "error_code": code })
}

/// An address of the web.
fn address(found: &Value) -> Option<&str> {
    let text = found.get("url")?.as_str()?;
    let url = Url::parse(text).ok()?;
    let is_of_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_of_web && text.len() <= LONGEST_ADDRESS_BYTES).then_some(text)
}

fn title(found: &Value) -> Option<String> {
    let title = clean(found.get("title")?.as_str()?);
    (!title.is_empty()).then_some(title)
}

/// A line of text without signs that cannot be seen, or that turn the text beside them around.
fn clean(text: &str) -> String {
    let is_shown = |character: &char| {
        let is_format = matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        );
        !character.is_control() && !is_format
    };
    let shown = text.chars().filter(is_shown);
    let shown: String = shown.take(LONGEST_TITLE_CHARACTERS).collect();
    shown.trim().to_owned()
}

/// The sources of a text while it is written: each address once.
#[derive(Debug, Default)]
pub(crate) struct Sources(Vec<(String, Option<String>)>);

impl Sources {
    /// Adds what a citation names.
    pub(crate) fn add(&mut self, citation: &Value) {
        if let Some(url) = address(citation)
            && !self.0.iter().any(|(known, _)| known == url)
        {
            self.0.push((url.to_owned(), title(citation)));
        }
    }

    /// The text is whole. The first source carries what must go back.
    pub(crate) fn take(
        &mut self,
        provider_metadata: Option<Value>,
    ) -> impl Iterator<Item = StreamPart> {
        let mut metadata = provider_metadata;
        let sources = std::mem::take(&mut self.0).into_iter();
        sources.map(move |(url, title)| StreamPart::Source {
            url,
            title,
            provider_metadata: metadata.take(),
        })
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

    #[test]
    fn only_addresses_of_the_web_are_told() {
        for url in [
            "javascript:alert(1)",
            "data:text/html,<script>",
            "file:///etc/passwd",
            "JaVaScRiPt://example.com/%0aalert(1)",
            "//example.com",
            "/relative",
            "",
            "http://",
            &format!("https://example.com/{}", "x".repeat(3_000)),
        ] {
            assert_eq!(page(&json!({"url": url, "title": "t"})), None, "{url}");
        }
        for url in ["https://example.com/a?b=c#d", "http://127.0.0.1:8080/"] {
            assert_eq!(page(&json!({ "url": url })), Some(json!({ "url": url })));
        }
        for found in [json!(null), json!({"title": "t"}), json!({"url": 3})] {
            assert_eq!(page(&found), None);
        }
    }

    #[test]
    fn titles_are_one_line_of_text() {
        let found = json!({
            "url": "https://example.com", "title": " <img \u{202e}src=x\u{200b}>\u{0}\n\u{1b}[31m ", "page_age": "2 days ago",
            "encrypted_content": "secret",
        });
        let expected = json!({
            "url": "https://example.com", "title": "<img src=x>[31m", "page_age": "2 days ago",
        });
        assert_eq!(page(&found), Some(expected));
        let long = json!({"url": "https://example.com", "title": "é".repeat(500)});
        let title = page(&long).unwrap()["title"].as_str().unwrap().to_owned();
        assert_eq!(title.chars().count(), LONGEST_TITLE_CHARACTERS);
    }

    #[test]
    fn an_address_is_a_source_once() {
        let mut sources = Sources::default();
        for url in [
            "https://a.example",
            "https://b.example",
            "https://a.example",
            "data:x",
        ] {
            sources.add(&json!({ "url": url }));
        }
        let told: Vec<_> = sources.take(Some(json!({"x": 1}))).collect();
        let has_metadata = |part: &StreamPart| matches!(part, StreamPart::Source { provider_metadata, .. } if provider_metadata.is_some());
        assert_eq!(
            told.iter().map(has_metadata).collect::<Vec<_>>(),
            [true, false]
        );
        assert_eq!(sources.take(None).count(), 0);
    }
}
