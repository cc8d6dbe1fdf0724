//! OpenAI's own search of the web: how it is offered, read and sent back.
//!
//! A search is one item, done when it comes. It goes back without its id, as nothing is stored there that the id would name,
//! and without the pages that were found, which only the answer lists.
//!
//! <https://platform.openai.com/docs/guides/tools-web-search>

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::options::Own;
use crate::web;
use crate::{Content, StreamPart};

/// The item of a search.
pub(super) const ITEM: &str = "web_search_call";
/// What has to be asked for so that an item lists the pages that were found.
pub(super) const INCLUDED: &str = "web_search_call.action.sources";

/// What stands in the list of tools.
pub(super) fn definition(own: &Own<'_>) -> Value {
    let mut tool = Map::from_iter([("type".to_owned(), web::SEARCH.into())]);
    let size = own.text("search_context_size");
    tool.extend(size.map(|size| ("search_context_size".to_owned(), size.into())));
    let domains = own.texts("allowed_domains");
    if !domains.is_empty() {
        tool.insert("filters".to_owned(), json!({ "allowed_domains": domains }));
    }
    tool.into()
}

/// A search begins.
pub(super) fn start(item: &Value) -> StreamPart {
    StreamPart::ProviderCallStart {
        id: text(item, "id").to_owned(),
        name: web::SEARCH.to_owned(),
    }
}

/// A search is done: the call and its result.
pub(super) fn end(item: &Value, parts: &mut VecDeque<StreamPart>) {
    let action = item.get("action").and_then(Value::as_object);
    let id = text(item, "id").to_owned();
    parts.push_back(StreamPart::ProviderCallEnd {
        id: id.clone(),
        name: web::SEARCH.to_owned(),
        arguments: arguments(action).to_string(),
        provider_metadata: action.map(|action| {
            let mut action = action.clone();
            action.remove("sources");
            let status = item.get("status").and_then(Value::as_str);
            let status = status.unwrap_or("completed");
            json!({"openai": {"item": {"type": ITEM, "status": status, "action": action}}})
        }),
    });
    let has_failed = text(item, "status") == "failed";
    let pages = action.and_then(|action| action.get("sources")?.as_array());
    let pages = pages.into_iter().flatten().filter_map(web::page);
    parts.push_back(StreamPart::ProviderResult {
        tool_call_id: id,
        name: web::SEARCH.to_owned(),
        result: if has_failed {
            web::failure("failed")
        } else {
            web::result(pages)
        },
        is_error: has_failed,
        provider_metadata: None,
    });
}

/// What was searched for, or what was opened.
fn arguments(action: Option<&Map<String, Value>>) -> Value {
    let mut arguments = action.cloned().unwrap_or_default();
    arguments.remove("sources");
    let kind = arguments.remove("type").unwrap_or_default();
    if kind == "search" {
        let first = arguments.get("queries").and_then(|queries| queries.get(0));
        if let (Some(first), false) = (first.cloned(), arguments.contains_key("query")) {
            arguments.insert("query".to_owned(), first);
        }
    } else if !kind.is_null() {
        arguments.insert("action".to_owned(), kind);
    }
    arguments.into()
}

/// The item that goes back for a search.
pub(super) fn item(content: &Content) -> Option<&Value> {
    let Content::ProviderCall {
        provider_metadata, ..
    } = content
    else {
        return None;
    };
    provider_metadata.as_ref()?.get("openai")?.get("item")
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
#[path = "searches/tests.rs"]
mod tests;
