//! The chat on whose behalf a call is made, as request headers.
//!
//! A missing or malformed header never fails a call: it means "no chat". Single bad ancestors are skipped.

use http::HeaderMap;
use uuid::Uuid;

/// Carries the calling chat's id.
pub const CHAT_ID_HEADER: &str = "switchyard-chat-id";
/// Carries the ids of the chat's ancestors as a JSON array, nearest first.
pub const ANCESTOR_CHAT_IDS_HEADER: &str = "switchyard-ancestor-chat-ids";

/// The chat a call is made for, and the chats above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatScope {
    /// The chat; `None` when the control plane itself asks.
    pub chat_id: Option<Uuid>,
    /// The chat's ancestors, nearest first.
    pub ancestor_chat_ids: Vec<Uuid>,
}

impl ChatScope {
    /// The scope of one chat and its ancestors.
    pub fn new(chat_id: Uuid, ancestor_chat_ids: Vec<Uuid>) -> Self {
        Self {
            chat_id: Some(chat_id),
            ancestor_chat_ids,
        }
    }

    /// Reads the scope from request headers; what cannot be read counts as absent.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let chat_id = text(CHAT_ID_HEADER).and_then(|value| Uuid::parse_str(value.trim()).ok());
        let ancestor_chat_ids = text(ANCESTOR_CHAT_IDS_HEADER)
            .and_then(|value| serde_json::from_str::<Vec<serde_json::Value>>(value).ok())
            .unwrap_or_default()
            .iter()
            .filter_map(|value| Uuid::parse_str(value.as_str()?).ok())
            .collect();
        Self {
            chat_id,
            ancestor_chat_ids,
        }
    }

    /// The header values that carry this scope.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if let Some(chat_id) = self.chat_id {
            headers.push((CHAT_ID_HEADER, chat_id.to_string()));
        }
        if !self.ancestor_chat_ids.is_empty() {
            let ids: Vec<String> = self.ancestor_chat_ids.iter().map(Uuid::to_string).collect();
            headers.push((ANCESTOR_CHAT_IDS_HEADER, serde_json::json!(ids).to_string()));
        }
        headers
    }

    /// The chat and its ancestors.
    pub fn chats(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.chat_id
            .into_iter()
            .chain(self.ancestor_chat_ids.iter().copied())
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

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn survives_its_own_headers() {
        let scope = ChatScope::new(Uuid::now_v7(), vec![Uuid::now_v7(), Uuid::now_v7()]);
        assert_eq!(ChatScope::from_headers(&headers(&scope.headers())), scope);
    }

    #[test]
    fn reads_malformed_headers_as_absent_and_skips_single_bad_ancestors() {
        let good = Uuid::now_v7();
        let scope = ChatScope::from_headers(&headers(&[
            (CHAT_ID_HEADER, "not-an-id".into()),
            (ANCESTOR_CHAT_IDS_HEADER, format!("[\"{good}\", 7, \"x\"]")),
        ]));
        assert_eq!(
            scope,
            ChatScope {
                chat_id: None,
                ancestor_chat_ids: vec![good]
            }
        );
        let scope = ChatScope::from_headers(&headers(&[(ANCESTOR_CHAT_IDS_HEADER, "{".into())]));
        assert_eq!(scope, ChatScope::default());
    }
}
